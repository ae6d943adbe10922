"""Writes a model bundle: the ONNX encoders, tokenizer, golden vectors, and `bundle.json` that names them by SHA-256.

The bundle's id is the SHA-256 of `bundle.json`; see docs/model-bundle.md for the format.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import pathlib

CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073]
CLIP_STD = [0.26862954, 0.26130258, 0.27577711]


def png_base64(image) -> str:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


def rounded(vector) -> list[float]:
    return [float(f"{float(v):.6g}") for v in vector]


def write_bundle(folder: pathlib.Path, *, name, licence, embedding, context, pad, golden, safety=None, threshold=0.3) -> str:
    """Completes `folder`, which holds visual.onnx, text.onnx and tokenizer.json, and returns the bundle's id.

    golden: list of {png, text, ids, image, text_embedding, similarity}; safety: list of {prompt, safe, embedding}.
    """
    (folder / "golden.json").write_text(json.dumps({"pairs": golden}, separators=(",", ":")) + "\n")
    names = ["visual.onnx", "text.onnx", "tokenizer.json", "golden.json"]
    if safety:
        (folder / "safety.json").write_text(json.dumps({"categories": safety}, separators=(",", ":")) + "\n")
        names.append("safety.json")
    manifest = {
        "format": 1,
        "name": name,
        "license": licence,
        "embedding": embedding,
        "threshold": threshold,
        "image": {"file": "visual.onnx", "input": "pixel_values", "output": "image_embeds", "size": 224, "mean": CLIP_MEAN, "std": CLIP_STD},
        "text": {"file": "text.onnx", "input": "input_ids", "output": "text_embeds", "context": context, "tokenizer": "tokenizer.json", "pad": pad},
        "golden": {"file": "golden.json", "min_cosine": 0.9999},
        "files": {n: {"bytes": (folder / n).stat().st_size, "sha256": hashlib.sha256((folder / n).read_bytes()).hexdigest()} for n in names},
    }
    if safety:
        manifest["safety"] = {"file": "safety.json"}
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / "bundle.json").write_text(text)
    return hashlib.sha256(text.encode()).hexdigest()
