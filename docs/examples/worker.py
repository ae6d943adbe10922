#!/usr/bin/env python3
"""A Gleaner worker in one file, with nothing but Python's standard library, written from docs/protocol/protocol.md.

    python3 worker.py --tracker http://127.0.0.1:8080 --jobs 1

It leases jobs, reads their slice of the WAT, extracts the candidates and hands in a manifest. It neither fetches nor scores: every
candidate is handed in as below the threshold. Point it at a campaign of your own that is there for trying, never at a real one.
Addresses are resolved as the WHATWG standard says for what is usual, not for what is rare; its digest then differs from others'.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import json
import os
import posixpath
import re
import sys
import time
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
import uuid
import zlib

AGENT = "gleaner-example/1"
METADATA = ("Envelope", "Payload-Metadata", "HTTP-Response-Metadata", "HTML-Metadata")
PATH_SAFE = "/%!$&'()*+,;=:@[]|^~-._\\"
QUERY_SAFE = PATH_SAFE.replace("'", "") + "?`{}"
PORTS = {"http": 80, "https": 443}


class Problem(Exception):
    """What the tracker says is wrong (docs/protocol/problems.md)."""

    def __init__(self, document):
        super().__init__(f"{document.get('code')}: {document.get('detail')}")
        self.action = document.get("action", "stop")


class Tracker:
    def __init__(self, root: str):
        self.root, self.token = root.rstrip("/"), None

    def post(self, path: str, body: dict) -> dict:
        headers = {"Gleaner-Protocol": "1", "Content-Type": "application/json", "User-Agent": AGENT}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        for attempt in range(6):
            try:
                request = urllib.request.Request(self.root + path, json.dumps(body).encode(), headers)
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                problem = Problem(json.load(error))
                if problem.action != "retry" or attempt == 5:
                    raise problem from None
                time.sleep(float(error.headers.get("Retry-After") or 2**attempt))
            except OSError:
                if attempt == 5:
                    raise
                time.sleep(2**attempt)
        raise AssertionError("the last attempt returns or raises")


class Wat:
    """A slice of a WAT: its gzip members, and the records of type metadata in them."""

    def __init__(self, url: str, index: int, count: int):
        self.url = url
        self.length = int(self.get(0, 0)[1].rpartition("/")[2])
        self.start, self.end = self.length * index // count, self.length * (index + 1) // count
        self.members = self.broken = self.records = 0

    def get(self, first: int, last: int):
        request = urllib.request.Request(self.url, headers={"Range": f"bytes={first}-{last}", "User-Agent": AGENT})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read(), answer.headers["Content-Range"]

    def blocks(self):
        # The last member begins before the slice's end and goes on behind it: this simple worker reads to the end of the file.
        data = self.get(self.start, self.length - 1)[0] if self.start < self.end else b""
        at = data.find(b"\x1f\x8b\x08")
        while 0 <= at < self.end - self.start:
            self.members += 1
            inflater = zlib.decompressobj(31)
            try:
                content = inflater.decompress(data[at:])
                after = len(data) - len(inflater.unused_data) if inflater.eof else len(data)
                self.broken += 0 if inflater.eof else 1
                yield from self.metadata(content if inflater.eof else b"")
            except zlib.error:
                self.broken += 1
                after = at + 1
            at = data.find(b"\x1f\x8b\x08", after)

    def metadata(self, content: bytes):
        at = 0
        while (head := content.find(b"\r\n\r\n", at)) >= 0:
            fields = content[at:head].decode("utf-8", "replace").lower()
            length = re.search(r"^content-length:\s*(\d+)", fields, re.M)
            if not length:
                return
            at = head + 4 + int(length[1])
            if re.search(r"^warc-type:\s*metadata\s*$", fields, re.M):
                self.records += 1
                yield content[head + 4 : at]
            while content[at : at + 2] == b"\r\n":
                at += 2


def clean(alt: str, most: int) -> str:
    """Rule 5 of docs/extraction.md."""
    text = unicodedata.normalize("NFC", html.unescape(html.unescape(alt)))
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip(" ")[:most].strip(" ")


def resolve(link: str, base: str) -> urllib.parse.SplitResult | None:
    """Rule 6: None for a bad address."""
    try:
        url = urllib.parse.urlsplit(urllib.parse.urljoin(base, re.sub(r"[\t\r\n]", "", link)))
        if not url.hostname:
            return None
        host = url.hostname.encode("idna").decode() if not url.hostname.isascii() else url.hostname
        port = f":{url.port}" if url.port is not None and url.port != PORTS.get(url.scheme) else ""
        path = urllib.parse.quote(url.path, PATH_SAFE) or "/"
        return url._replace(netloc=host + port, path=path, query=urllib.parse.quote(url.query, QUERY_SAFE), fragment="")
    except (ValueError, UnicodeError):
        return None


class Extraction:
    """The rules of docs/extraction.md, in their order; candidates, what was dropped and why, and the digest."""

    def __init__(self, policy: dict):
        self.policy, self.seen, self.drops = policy, set(), {}
        self.images = self.candidates = self.digest = self.bad = 0

    def page(self, block: bytes):
        try:
            envelope = node = json.loads(block)
        except ValueError:
            self.bad += 1
            return
        for name in METADATA:
            node = node.get(name) if isinstance(node, dict) else None
        if not isinstance(node, dict) or not isinstance(node.get("Links"), list):
            return
        target = envelope["Envelope"].get("WARC-Header-Metadata", {}).get("WARC-Target-URI") or ""
        base = urllib.parse.urljoin(target, (node.get("Head") or {}).get("Base") or "") or target
        for link in node["Links"]:
            if isinstance(link, dict) and link.get("path") in self.policy["linkPaths"]:
                self.images += 1
                reason = self.judge(link, base)
                if reason:
                    self.drops[reason] = self.drops.get(reason, 0) + 1

    def judge(self, link: dict, base: str) -> str | None:
        text = clean(link.get("alt") or "", self.policy["maxTextCodePoints"])
        if not text:
            return "no_text"
        if len(text) < self.policy["minTextCodePoints"]:
            return "short_text"
        address = (link.get("url") or "").strip().replace("&amp;", "&")
        url = resolve(address, base) if address else None
        if url is None:
            return "bad_url"
        if url.scheme not in PORTS:
            return "bad_scheme"
        whole = url.geturl()
        if len(whole) > self.policy["maxUrlLength"]:
            return "long_url"
        if posixpath.splitext("x" + posixpath.basename(url.path))[1][1:].lower() in self.policy["skippedExtensions"]:
            return "image_type"
        hosts = url.hostname.split(".")
        if any(".".join(hosts[i:]) in self.policy["blockedHosts"] for i in range(len(hosts))) or whole in self.policy["blockedUrls"]:
            return "blocked"
        if whole in self.seen:
            return "duplicate"
        self.seen.add(whole)
        self.candidates += 1
        half = hashlib.sha256(f"{whole}\n{text}".encode("utf-8", "surrogatepass")).digest()[:16]
        self.digest = (self.digest + int.from_bytes(half, "big")) % (1 << 128)
        return None


def work(tracker: Tracker, lease: dict, beat_seconds: int) -> dict:
    """One job; raises Problem when the lease is lost."""
    began = beaten = time.monotonic()
    place = f"/v1/leases/{lease['job']}/{lease['token']}"
    wat = Wat(lease["wat"], lease["slice"]["index"], lease["slice"]["count"])
    extraction = Extraction(lease["policy"])
    for block in wat.blocks():
        extraction.page(block)
        if time.monotonic() - beaten > beat_seconds:
            beaten = time.monotonic()
            report = {"job": lease["job"], "token": lease["token"], "stage": "extract", "candidates": extraction.candidates, "finished": 0, "kept": 0}
            for verdict in tracker.post("/v1/heartbeats", {"leases": [report]})["leases"]:
                if verdict["verdict"] != "CONTINUE":
                    raise Problem({"code": "lease-lost", "detail": "a heartbeat said so", "action": "drop-lease"})
    drops = {"below_threshold": extraction.candidates} if extraction.candidates else {}
    manifest = {
        "bundle": lease["bundle"],
        "precision": "none",
        "watBytes": wat.length,
        "candidateDigest": f"{extraction.digest:032x}",
        "counts": {
            "members": wat.members,
            "brokenMembers": wat.broken,
            "records": wat.records,
            "badRecords": extraction.bad,
            "images": extraction.images,
            "candidates": extraction.candidates,
            "kept": 0,
            "extractDrops": extraction.drops,
            "pairDrops": drops,
            "bytesFetched": 0,
        },
        "objects": [],
        "seconds": round(time.monotonic() - began, 3),
    }
    return {"job": lease["job"], "manifest": manifest, "answer": tracker.post(place + "/submit", manifest)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracker", required=True, help="address of the tracker")
    parser.add_argument("--jobs", type=int, default=1, help="stop after so many (default: %(default)s)")
    parser.add_argument("--name", default="example", help="nickname on the progress page (default: %(default)s)")
    arguments = parser.parse_args()
    tracker = Tracker(arguments.tracker)
    machine = {"cpus": os.cpu_count() or 1, "memoryMiB": 256, "providers": ["cpu"], "os": sys.platform}
    me = tracker.post("/v1/workers", {"nickname": arguments.name, "agent": AGENT, "capabilities": machine})
    tracker.token = me["token"]
    done = 0
    while done < arguments.jobs:
        answer = tracker.post("/v1/leases", {"request": uuid.uuid4().hex, "max": 1, "waitSeconds": 20, "stages": ["WHOLE"]})
        if not answer["leases"]:
            print(f"no job: {answer['idle']}", file=sys.stderr)
            time.sleep(answer["retryAfterSeconds"])
        for lease in answer["leases"]:
            try:
                print(json.dumps(work(tracker, lease, me["heartbeatSeconds"])))
                done += 1
            except Problem as problem:
                if problem.action != "drop-lease":
                    raise
                print(f"job {lease['job']} was lost: {problem}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Problem, OSError) as problem:
        sys.exit(f"worker.py: {problem}")
