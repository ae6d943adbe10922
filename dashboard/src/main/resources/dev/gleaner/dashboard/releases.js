// Dataset versions: which there are, what one of them is made of, and its files.

import { $, bytes, element, fill, fresh, get, number, row } from "./dom.js";

const EVERY_MS = 5000;
const wanted = new URLSearchParams(location.search).get("release");
let last = 0;

function state(release) {
  if (release.state !== "building") return release.state;
  return "being made";
}

function progress({ progress: p }) {
  return p ? `Being made: ${p.step}, ${number.format(p.done)} of ${number.format(p.of)}.` : "Waits for its turn.";
}

function drawOne(release) {
  $("one").hidden = false;
  $("h-one").textContent = release.name;
  const manifest = release.manifest;
  $("about").textContent = manifest ? release.preset.description : release.state === "failed" ? `It failed: ${release.problem}` : progress(release);
  if (!manifest) return;
  fill("sums", [
    row(["in accepted shards", manifest.read]),
    ...Object.entries(manifest.leftOut).sort((a, b) => b[1] - a[1]).map(([reason, count]) => row([`– ${reason}`, count])),
    row(["– address and text stand in it already", manifest.duplicates]),
    row([element("strong", {}, ["in the release"]), manifest.rows]),
  ]);
  $("command").textContent = `java -jar tracker-server.jar release fetch ${release.name} DIR --tracker ${location.origin}`;
  fill("files", manifest.files.map((file) => row([
    element("a", { href: `/v1/releases/${encodeURIComponent(release.name)}/files/${encodeURIComponent(file.name)}` }, [file.name]),
    file.rows || "", bytes(file.bytes), element("code", {}, [file.sha256.slice(0, 16), "…"]),
  ])));
}

async function refresh() {
  try {
    const { releases } = await get("/v1/releases");
    fill("releases", releases.map((release) => row([
      element("a", { href: `releases.html?release=${encodeURIComponent(release.name)}` }, [release.name]),
      release.campaign, release.preset, state(release), release.rows, release.files, bytes(release.bytes), new Date(release.createdAt).toLocaleString(),
    ], { "data-release": release.name })), "no-releases");
    if (wanted) drawOne(await get(`/v1/releases/${encodeURIComponent(wanted)}`));
    last = Date.now();
    fresh(last);
  } catch (error) {
    fresh(last, error instanceof TypeError ? "The tracker does not answer." : error.message);
  }
  setTimeout(() => document.hidden || refresh(), EVERY_MS);
}

document.addEventListener("visibilitychange", () => document.hidden || refresh());
refresh();
