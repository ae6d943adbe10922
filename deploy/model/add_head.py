"""Adds a head to a bundle: a small ONNX model that makes one number of a picture's embedding.

    python3 add_head.py --bundle bundle --kind aesthetic --onnx head.onnx

aesthetic: how pleasing the picture is (LAION's goes from 1 to 10). watermark: the probability of one, 0 to 1. The model takes
float32 [batch, embedding] of unit length and gives [batch] or [batch, 1]. What it gives for the golden pictures is written into the
manifest, so that a worker can prove it. The bundle gets another id. Needs numpy and onnxruntime.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib

import numpy as np
import onnxruntime

KINDS = ["aesthetic", "watermark"]


def add_head(folder: pathlib.Path, kind: str, onnx: bytes) -> str:
    """Writes the head and the manifest, and returns the bundle's new id."""
    manifest = json.loads((folder / "bundle.json").read_text())
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    pairs = json.loads((folder / manifest["golden"]["file"]).read_text())["pairs"]
    images = np.array([pair["image"] for pair in pairs], dtype=np.float32)
    golden = session.run(None, {name: images})[0].reshape(len(pairs))
    if not np.isfinite(golden).all() or (kind == "watermark" and not ((golden >= 0) & (golden <= 1)).all()):
        raise SystemExit(f"this is no {kind} head: for the golden pictures it gives {golden}")
    file = f"{kind}.onnx"
    (folder / file).write_bytes(onnx)
    manifest["files"][file] = {"bytes": len(onnx), "sha256": hashlib.sha256(onnx).hexdigest()}
    manifest[kind] = {"file": file, "input": name, "golden": [float(f"{v:.6g}") for v in golden]}
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / "bundle.json").write_text(text)
    return hashlib.sha256(text.encode()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=pathlib.Path, required=True, help="folder of the bundle; changed in place")
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--onnx", type=pathlib.Path, required=True, help="the head")
    arguments = parser.parse_args()
    print(f"bundle {add_head(arguments.bundle, arguments.kind, arguments.onnx.read_bytes())} in {arguments.bundle}")


if __name__ == "__main__":
    main()
