"""What Pillow needs for the reference preprocessing: pillow_peer.py FOLDER OUT PASSES

Makes WebP files of every file whose name ends in .towebp, then decodes, converts and resizes each picture PASSES times and
prints pictures per CPU second. OUT gets the 224x224 RGB bytes of each, for comparison.
"""
import os
import sys
import time

from PIL import Image, __version__

SIZE = 224


def prepare(path):
    image = Image.open(path).convert("RGB")
    width, height = image.size
    if width <= height:
        size = (SIZE, int(SIZE * height / width))
    else:
        size = (int(SIZE * width / height), SIZE)
    image = image.resize(size, Image.BICUBIC) if image.size != size else image
    left = int(round((size[0] - SIZE) / 2.0))
    top = int(round((size[1] - SIZE) / 2.0))
    return image.crop((left, top, left + SIZE, top + SIZE)).tobytes()


folder, out, passes = sys.argv[1], sys.argv[2], int(sys.argv[3])
for name in sorted(os.listdir(folder)):
    if name.endswith(".towebp"):
        path = os.path.join(folder, name)
        Image.open(path).save(path[: -len(".towebp")] + ".webp", quality=80)
        os.remove(path)
names = sorted(n for n in os.listdir(folder) if n.endswith((".jpg", ".png", ".webp")))
for name in names:
    with open(os.path.join(out, name + ".rgb"), "wb") as file:
        file.write(prepare(os.path.join(folder, name)))
best = float("inf")
for _ in range(passes):
    started = time.process_time()
    for name in names:
        prepare(os.path.join(folder, name))
    best = min(best, time.process_time() - started)
print(len(names) / best, __version__)
