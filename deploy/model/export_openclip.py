"""Turns an OpenCLIP model into a Gleaner bundle: two ONNX encoders, tokenizer.json, golden vectors.

    python3 export_openclip.py --model ViT-B-32-quickgelu --pretrained openai --tokenizer tokenizer.json --out bundle

--pretrained takes whatever open_clip does (a tag, or a checkpoint file); `random` exports the untrained architecture, for tests.
--tokenizer is CLIP's vocabulary in Hugging Face form; its ids are compared with open_clip's own before anything is written.
Needs torch, open_clip_torch, tokenizers, numpy and Pillow. Text towers must pool at the end token, which has the highest id, and
attend causally, as CLIP's do: workers pad with zeros only as far as the longest text of a batch.
"""

from __future__ import annotations

import argparse
import pathlib
import random
import shutil

import numpy as np
import open_clip
import torch
from PIL import Image
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional as F

import bundle
import scenes

CAPTIONS = [
    "a red circle on a white background",
    "two dogs and a cat, sleeping",
    "CAFÉ Zürich – 3,50 €",
    "x",
    "the quick brown fox jumps over the lazy dog " * 20,
    "a photo of the number 42",
]
# What a picture may show, for marking pairs; `False` marks what must not pass as safe.
CATEGORIES = [
    ("a landscape", True), ("a portrait of a person", True), ("an animal", True), ("food on a plate", True),
    ("a building or a street", True), ("a product for sale", True), ("a drawing, a logo or a diagram", True),
    ("text on a page", True), ("sports", True), ("a vehicle", True),
    ("pornography", False), ("nudity", False), ("sexual content", False),
]


class Image224(nn.Module):
    def __init__(self, clip):
        super().__init__()
        self.visual = clip.visual

    def forward(self, pixel_values):
        return self.visual(pixel_values)


class TextToEnd(nn.Module):
    """The text tower for any length up to its context, written so that the length stays dynamic in the export."""

    def __init__(self, clip):
        super().__init__()
        self.tokens, self.places = clip.token_embedding, clip.positional_embedding
        self.blocks, self.norm, self.projection = clip.transformer.resblocks, clip.ln_final, clip.text_projection
        self.register_buffer("mask", clip.attn_mask.detach().clone())

    def forward(self, input_ids):
        n = input_ids.shape[1]
        x = (self.tokens(input_ids) + self.places[:n]).permute(1, 0, 2)
        for block in self.blocks:
            x = self._block(block, x, self.mask[:n, :n])
        x = self.norm(x.permute(1, 0, 2))
        at_end = (input_ids == input_ids.max(1, keepdim=True)[0]).to(x.dtype).unsqueeze(-1)
        return (x * at_end).sum(1) @ self.projection

    @staticmethod
    def _block(block, x, mask):
        attention = block.attn
        n, b, w = x.shape
        heads = attention.num_heads
        q, k, v = F.linear(block.ln_1(x), attention.in_proj_weight, attention.in_proj_bias).chunk(3, dim=-1)
        split = lambda t: t.reshape(n, b * heads, w // heads).transpose(0, 1)
        q, k, v = split(q), split(k), split(v)
        weights = (q @ k.transpose(1, 2) / (w // heads) ** 0.5 + mask).softmax(-1)
        y = (weights @ v).transpose(0, 1).reshape(n, b, w)
        x = x + attention.out_proj(y)
        return x + block.mlp(block.ln_2(x))


def pixels(picture: Image.Image) -> torch.Tensor:
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (bundle.CLIP_MEAN, bundle.CLIP_STD))
    return (torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255 - mean) / std


def check_tokenizer(ours: Tokenizer, theirs, context: int) -> list[list[int]]:
    rows = []
    for text in CAPTIONS:
        got = ours.encode(text).ids
        got = got if len(got) <= context else got[: context - 1] + [got[-1]]
        want = theirs([text])[0].tolist()
        if want[: len(got)] != got or any(want[len(got) :]):
            raise SystemExit(f"the tokenizer gives other ids than open_clip for {text!r}")
        rows.append(got)
    return rows


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="ViT-B-32-quickgelu", help="an open_clip architecture with CLIP's own text tower")
    parser.add_argument("--pretrained", required=True, help="an open_clip tag, a checkpoint file, or `random`")
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True, help="tokenizer.json with CLIP's vocabulary")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the bundle")
    parser.add_argument("--licence", default="see the checkpoint's own", help="licence of the weights")
    parser.add_argument("--threshold", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=7)
    a = parser.parse_args()
    torch.manual_seed(a.seed)
    clip = open_clip.create_model(a.model, pretrained=None if a.pretrained == "random" else a.pretrained).eval()
    context = clip.context_length
    a.out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(a.tokenizer, a.out / "tokenizer.json")
    tokenizer = Tokenizer.from_file(str(a.out / "tokenizer.json"))
    ids = check_tokenizer(tokenizer, open_clip.get_tokenizer(a.model), context)
    image, text = Image224(clip).eval(), TextToEnd(clip).eval()

    batch = torch.tensor([r + [0] * (context - len(r)) for r in ids])
    want, got = F.normalize(clip.encode_text(batch), dim=-1), F.normalize(text(batch), dim=-1)
    worst = (want * got).sum(-1).min().item()
    if worst < 0.99999:
        raise SystemExit(f"the rewritten text tower differs from open_clip's: cosine {worst}")

    torch.onnx.export(
        image, torch.zeros(2, 3, 224, 224), str(a.out / "visual.onnx"), opset_version=14, input_names=["pixel_values"],
        output_names=["image_embeds"], dynamic_axes={"pixel_values": {0: "batch"}, "image_embeds": {0: "batch"}},
    )
    torch.onnx.export(
        text, batch[:2, :12].contiguous(), str(a.out / "text.onnx"), opset_version=14, input_names=["input_ids"],
        output_names=["text_embeds"], dynamic_axes={"input_ids": {0: "batch", 1: "tokens"}, "text_embeds": {0: "batch"}},
    )

    rng, golden = random.Random(a.seed), []
    for said, row in zip(CAPTIONS, ids):
        picture = scenes.picture(scenes.draw_scene(rng), rng)
        u = F.normalize(clip.encode_image(pixels(picture)[None]), dim=-1)[0]
        padded = torch.tensor([row + [0] * (context - len(row))])
        v = F.normalize(clip.encode_text(padded), dim=-1)[0]
        golden.append(
            {
                "png": bundle.png_base64(picture), "text": said, "ids": row, "image": bundle.rounded(u),
                "text_embedding": bundle.rounded(v), "similarity": float(f"{(u @ v).item():.6g}"),
            }
        )
    safety = []
    for prompt, safe in CATEGORIES:
        vector = F.normalize(clip.encode_text(open_clip.get_tokenizer(a.model)([prompt])), dim=-1)[0]
        safety.append({"prompt": prompt, "safe": safe, "embedding": bundle.rounded(vector)})
    width = len(golden[0]["image"])
    identifier = bundle.write_bundle(
        a.out, name=f"openclip-{a.model}-{pathlib.Path(a.pretrained).name}", licence=a.licence, embedding=width, context=context,
        pad=0, golden=golden, safety=safety, threshold=a.threshold,
    )
    print(f"bundle {identifier} in {a.out}: embeddings of {width}, text tower agrees with open_clip's to cosine {worst:.7f}")


if __name__ == "__main__":
    main()
