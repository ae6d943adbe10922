"""Adds encoders with fewer bits to a bundle.

    python3 quantize.py --bundle bundle [--kinds int8,fp16]

int8: weights as int8 per column, activations quantised as they come (MatMulInteger), for processors. fp16: half precision, for
graphics processors; inputs and outputs stay as they are. A worker uses them only where they are faster and its own golden test
finds them near enough. Writes the manifest anew, so the bundle gets another id. Needs onnx and onnxruntime.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16


def int8(whole: pathlib.Path, reduced: pathlib.Path):
    # Only products with constant weights: those of attention's own values stay as they are, and so does the first convolution.
    quantize_dynamic(whole, reduced, op_types_to_quantize=["MatMul", "Gemm"], per_channel=True, weight_type=QuantType.QInt8)


def fp16(whole: pathlib.Path, reduced: pathlib.Path):
    onnx.save(convert_float_to_float16(onnx.load(whole), keep_io_types=True), reduced)


KINDS = {"int8": int8, "fp16": fp16}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=pathlib.Path, required=True, help="folder of the bundle; changed in place")
    parser.add_argument("--kinds", default=",".join(KINDS), help="which to add, default: %(default)s")
    arguments = parser.parse_args()
    folder = arguments.bundle
    manifest = json.loads((folder / "bundle.json").read_text())
    for kind in arguments.kinds.split(","):
        names = {}
        for encoder in ("image", "text"):
            whole = manifest[encoder]["file"]
            names[encoder] = f"{whole.removesuffix('.onnx')}-{kind}.onnx"
            KINDS[kind](folder / whole, folder / names[encoder])
            data = (folder / names[encoder]).read_bytes()
            manifest["files"][names[encoder]] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            print(f"{whole}: {(folder / whole).stat().st_size:,} bytes, {kind} {len(data):,}")
        manifest[kind] = names
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / "bundle.json").write_text(text)
    print(f"bundle {hashlib.sha256(text.encode()).hexdigest()} in {folder}")


if __name__ == "__main__":
    main()
