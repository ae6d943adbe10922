"""Trains the demo CLIP on pictures it draws, exports it to ONNX and writes the bundle.

    python3 train_demo.py --out demo-bundle [--minutes 20]

Needs torch, numpy, Pillow and tokenizers. Everything is seeded; the time limit is only a guard, the number of steps decides.
The loss is the pairwise sigmoid of SigLIP (Zhai et al. 2023, arXiv 2303.15343), with the bias fixed so that a cosine of
0.3, LAION-400M's threshold, is the border between true and false.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import pathlib
import random
import time

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torch import nn
from torch.nn import functional as F

import bundle
import scenes

START, END = "<|startoftext|>", "<|endoftext|>"
CONTEXT = 77
WIDTH = 64
THRESHOLD = 0.3


def every_caption() -> list[str]:
    any_or = lambda n: [scenes.ANY, *range(n)]
    return [
        scenes.caption(scenes.Scene(c, s, k, p, g))
        for c in range(len(scenes.COLOURS))
        for s in range(len(scenes.SHAPES))
        for k in range(len(scenes.COUNTS))
        for p in (any_or(len(scenes.PLACES)) if k == 0 else [scenes.ANY])
        for g in any_or(len(scenes.GROUNDS))
    ]


def train_tokenizer() -> Tokenizer:
    """Byte-level BPE in CLIP's manner (lower case, `</w>` at a word's end), with a few hundred tokens instead of 49,408.

    As in CLIP's vocabulary, the end token has the highest id.
    """
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token=END))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(words, "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=700, end_of_word_suffix="</w>", initial_alphabet=alphabet + [c + "</w>" for c in alphabet], show_progress=False
    )
    tokenizer.train_from_iterator(every_caption(), trainer)
    tokenizer.add_special_tokens([START, END])
    start, end = tokenizer.token_to_id(START), tokenizer.token_to_id(END)
    tokenizer.post_processor = processors.RobertaProcessing((END, end), (START, start), trim_offsets=False, add_prefix_space=False)
    return tokenizer


class ImageEncoder(nn.Module):
    def __init__(self):
        super().__init__()

        def conv(a, b, k, s):
            return nn.Sequential(nn.Conv2d(a, b, k, s, k // 2, bias=False), nn.BatchNorm2d(b), nn.ReLU())

        self.body = nn.Sequential(
            conv(3, 24, 5, 4), conv(24, 48, 3, 2), conv(48, 48, 3, 1), conv(48, 96, 3, 2), conv(96, 96, 3, 1), conv(96, 128, 3, 2), conv(128, 32, 1, 1)
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(32 * 49, 192), nn.ReLU(), nn.Linear(192, WIDTH))

    def forward(self, pixel_values):
        return self.head(self.body(pixel_values))


class Block(nn.Module):
    """A pre-norm transformer block, attention written out so that the export has nothing exotic in it."""

    def __init__(self, heads: int = 4):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x, mask):
        b, n, w = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, n, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-1, -2) / math.sqrt(w // self.heads) + mask).softmax(-1)
        x = x + self.out((weights @ v).permute(0, 2, 1, 3).reshape(b, n, w))
        return x + self.mlp(self.norm2(x))


class TextEncoder(nn.Module):
    def __init__(self, vocabulary: int):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, WIDTH)
        self.places = nn.Parameter(torch.randn(CONTEXT, WIDTH) * 0.02)
        self.blocks = nn.ModuleList([Block() for _ in range(2)])
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.register_buffer("mask", torch.full((CONTEXT, CONTEXT), -1e4).triu(1))

    def forward(self, input_ids):
        n = input_ids.shape[1]
        x = self.tokens(input_ids) + self.places[:n]
        for block in self.blocks:
            x = block(x, self.mask[:n, :n])
        at_end = (input_ids == input_ids.max(1, keepdim=True)[0]).to(x.dtype).unsqueeze(-1)
        return self.head(self.norm((x * at_end).sum(1)))


def draw_one(seed: int):
    rng = random.Random(seed)
    scene = scenes.draw_scene(rng)
    return tuple(scene), np.asarray(scenes.picture(scene, rng))


def draw_many(first: int, count: int, processes: int = 2):
    """`count` scenes and their pictures, seeds from `first` on."""
    with multiprocessing.Pool(processes) as pool:
        drawn = pool.map(draw_one, range(first, first + count), chunksize=256)
    return [scenes.Scene(*s) for s, _ in drawn], np.stack([p for _, p in drawn])


def pixels(batch: np.ndarray, noise: torch.Generator | None = None) -> torch.Tensor:
    x = torch.from_numpy(batch).permute(0, 3, 1, 2).float()
    if noise is not None:
        spread = torch.rand(len(x), 1, 1, 1, generator=noise) * 10
        x = (x + torch.randn(x.shape, generator=noise) * spread).clamp(0, 255)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (bundle.CLIP_MEAN, bundle.CLIP_STD))
    return ((x / 255 - mean) / std).contiguous(memory_format=torch.channels_last)


def ids(tokenizer: Tokenizer, texts: list[str]) -> torch.Tensor:
    rows = [e.ids for e in tokenizer.encode_batch(texts)]
    longest = max(map(len, rows))
    return torch.tensor([r + [0] * (longest - len(r)) for r in rows])


def train(tokenizer, images: int, epochs: int, minutes: float, seed: int):
    torch.manual_seed(seed)
    rng, noise = random.Random(seed), torch.Generator().manual_seed(seed)
    pool, drawn = draw_many(seed * 1_000_000, images)
    image, text = ImageEncoder().to(memory_format=torch.channels_last), TextEncoder(tokenizer.get_vocab_size())
    weights = [*image.parameters(), *text.parameters()]
    batch, steps = 96, images * epochs // 96
    optimiser = torch.optim.AdamW(weights, lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, steps, pct_start=0.1)
    began = time.time()
    for step in range(steps):
        chosen = [rng.randrange(images) for _ in range(batch)]
        shown = [pool[i] for i in chosen]
        true = [scenes.told(s, rng) for s in shown]
        words = true + [scenes.spoiled(w, rng) for w in true]
        truth = np.array([[scenes.is_true(w, s) for w in words] for s in shown])
        a = F.normalize(image(pixels(drawn[np.array(chosen)], noise)), dim=-1)
        b = F.normalize(text(ids(tokenizer, [scenes.caption(w) for w in words])), dim=-1)
        label = torch.from_numpy(truth).float()
        losses = F.binary_cross_entropy_with_logits(24 * (a @ b.T - THRESHOLD), label, reduction="none")
        near = torch.zeros_like(label)
        near[torch.arange(batch), torch.arange(batch)] = 1
        near[torch.arange(batch), torch.arange(batch) + batch] = 1
        far = (1 - near) * (1 - label) / batch * 2 + (1 - near) * label * 0.2
        loss = (losses * (near + far)).sum() / (2 * batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 0 or step == steps - 1:
            print(f"step {step}/{steps} loss {loss.item():.4f} {time.time() - began:.0f} s", flush=True)
        if time.time() - began > minutes * 60:
            raise SystemExit(f"stopped after {minutes} minutes at step {step} of {steps}: give it more time, the bundle was not written")
    return image.to(memory_format=torch.contiguous_format).eval(), text.eval()


@torch.no_grad()
def separation(image, text, tokenizer, seed: int, count: int = 2000) -> dict[str, float]:
    """On unseen pictures: the share of true captions at or above the threshold, and of false ones below it."""
    shown, drawn = draw_many(seed, count)
    rng = random.Random(seed)
    a = torch.cat([F.normalize(image(pixels(drawn[i : i + 100])), dim=-1) for i in range(0, count, 100)])
    embed = lambda words: F.normalize(text(ids(tokenizer, [scenes.caption(w) for w in words])), dim=-1)
    true = [scenes.told(s, rng) for s in shown]
    other = []
    for s in shown:
        while scenes.is_true(w := scenes.told(rng.choice(shown), rng), s):
            pass
        other.append(w)
    changed = [scenes.spoiled(w, rng) for w in true]
    cosine = lambda words: (a * embed(words)).sum(-1)
    return {
        "true_kept": (cosine(true) >= THRESHOLD).float().mean().item(),
        "other_picture_dropped": (cosine(other) < THRESHOLD).float().mean().item(),
        "one_word_changed_dropped": (cosine(changed) < THRESHOLD).float().mean().item(),
    }


@torch.no_grad()
def export(image, text, tokenizer, folder: pathlib.Path):
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    torch.onnx.export(
        image, torch.zeros(2, 3, 224, 224), str(folder / "visual.onnx"), opset_version=14, input_names=["pixel_values"],
        output_names=["image_embeds"], dynamic_axes={"pixel_values": {0: "batch"}, "image_embeds": {0: "batch"}},
    )
    torch.onnx.export(
        text, torch.ones(2, 12, dtype=torch.long), str(folder / "text.onnx"), opset_version=14, input_names=["input_ids"],
        output_names=["text_embeds"], dynamic_axes={"input_ids": {0: "batch", 1: "tokens"}, "text_embeds": {0: "batch"}},
    )


@torch.no_grad()
def golden(image, text, tokenizer, seed: int, count: int = 6) -> list[dict]:
    from PIL import Image

    shown, drawn = draw_many(seed, count)
    rng, pairs = random.Random(seed), []
    for number, (scene, picture) in enumerate(zip(shown, drawn)):
        words = scenes.told(scene, rng)
        if number % 2:
            words = scenes.spoiled(words, rng)
        said = scenes.caption(words)
        a = F.normalize(image(pixels(picture[None])), dim=-1)[0]
        b = F.normalize(text(ids(tokenizer, [said])), dim=-1)[0]
        pairs.append(
            {
                "png": bundle.png_base64(Image.fromarray(picture)), "text": said, "ids": tokenizer.encode(said).ids,
                "image": bundle.rounded(a), "text_embedding": bundle.rounded(b), "similarity": float(f"{(a @ b).item():.6g}"),
            }
        )
    return pairs


@torch.no_grad()
def safety(text, tokenizer) -> list[dict]:
    """Kinds of pictures are the categories; in this world purple stars play the part of what must be marked NSFW.

    Each kind has two wordings, because a picture is NSFW only when both of its nearest categories are.
    """
    found = []
    white = scenes.GROUND_NAMES.index("white")
    for c, colour in enumerate(scenes.COLOUR_NAMES):
        for s, shape in enumerate(scenes.SHAPES):
            for count in (0, 1):
                for ground in (scenes.ANY, white):
                    prompt = scenes.caption(scenes.Scene(c, s, count, scenes.ANY, ground))
                    vector = F.normalize(text(ids(tokenizer, [prompt])), dim=-1)[0]
                    safe = not (colour == "purple" and shape == "star")
                    found.append({"prompt": prompt, "safe": safe, "embedding": bundle.rounded(vector)})
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the bundle")
    parser.add_argument("--images", type=int, default=24_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--seed", type=int, default=7)
    a = parser.parse_args()
    tokenizer = train_tokenizer()
    image, text = train(tokenizer, a.images, a.epochs, a.minutes, a.seed)
    measured = separation(image, text, tokenizer, seed=900_000_000)
    print({k: round(v, 4) for k, v in measured.items()})
    export(image, text, tokenizer, a.out)
    identifier = bundle.write_bundle(
        a.out, name="gleaner-demo-clip", licence="Apache-2.0", embedding=WIDTH, context=CONTEXT, pad=0,
        golden=golden(image, text, tokenizer, seed=910_000_000), safety=safety(text, tokenizer),
    )
    print(f"bundle {identifier} in {a.out}")


if __name__ == "__main__":
    main()
