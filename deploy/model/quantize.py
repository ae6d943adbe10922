"""Adds 8-bit encoders to a bundle: weights as int8 per column, activations quantised as they come (MatMulInteger).

    python3 quantize.py --bundle bundle

A worker uses them only where they are faster and its own golden test finds them near enough. Writes the manifest anew, so the
bundle gets another id. Needs onnx and onnxruntime.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib

from onnxruntime.quantization import QuantType, quantize_dynamic


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=pathlib.Path, required=True, help="folder of the bundle; changed in place")
    folder = parser.parse_args().bundle
    manifest = json.loads((folder / "bundle.json").read_text())
    names = {}
    for encoder in ("image", "text"):
        whole = manifest[encoder]["file"]
        names[encoder] = whole.removesuffix(".onnx") + "-int8.onnx"
        # Only products with constant weights: those of attention's own values stay as they are, and so does the first convolution.
        quantize_dynamic(folder / whole, folder / names[encoder], op_types_to_quantize=["MatMul", "Gemm"], per_channel=True, weight_type=QuantType.QInt8)
        data = (folder / names[encoder]).read_bytes()
        manifest["files"][names[encoder]] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        print(f"{whole}: {(folder / whole).stat().st_size:,} bytes, 8-bit {len(data):,}")
    manifest["int8"] = names
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / "bundle.json").write_text(text)
    print(f"bundle {hashlib.sha256(text.encode()).hexdigest()} in {folder}")


if __name__ == "__main__":
    main()
