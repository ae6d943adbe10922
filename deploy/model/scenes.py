"""The toy world the demo model knows: coloured shapes, how many, where, on what ground.

A scene is a small tuple of integers, so that "is this caption true of that picture" is arithmetic and not opinion.
The demo campaign (Java, `dev.gleaner.deploy.demo`) draws pictures of the same world with another drawing library.
"""

from __future__ import annotations

import math
import random
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFilter

COLOURS = {
    "red": (214, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 80, 210),
    "yellow": (240, 210, 40),
    "purple": (130, 50, 160),
    "orange": (245, 130, 30),
}
SHAPES = ["circle", "square", "triangle", "star", "ring", "cross"]
COUNTS = ["a", "two", "three", "four"]
PLACES = ["in the top left corner", "in the top right corner", "in the bottom left corner", "in the bottom right corner"]
GROUNDS = {"white": (250, 250, 250), "black": (16, 16, 16), "grey": (150, 150, 150)}
COLOUR_NAMES = list(COLOURS)
GROUND_NAMES = list(GROUNDS)
ANY = -1


class Scene(NamedTuple):
    """What a picture shows; in a caption, `ANY` means that the words say nothing of it."""

    colour: int
    shape: int
    count: int
    place: int
    ground: int


def draw_scene(rng: random.Random) -> Scene:
    count = rng.choice([0, 0, 0, 1, 2, 3])
    place = rng.randrange(len(PLACES)) if count == 0 and rng.random() < 0.6 else ANY
    return Scene(rng.randrange(len(COLOURS)), rng.randrange(len(SHAPES)), count, place, rng.randrange(len(GROUNDS)))


def caption(scene: Scene) -> str:
    shape = SHAPES[scene.shape]
    if scene.count == 0:
        colour = COLOUR_NAMES[scene.colour]
        words = f"{'an' if colour[0] in 'aeiou' else 'a'} {colour} {shape}"
    else:
        words = f"{COUNTS[scene.count]} {COLOUR_NAMES[scene.colour]} {shape}{'es' if shape == 'cross' else 's'}"
    if scene.place != ANY:
        words += " " + PLACES[scene.place]
    if scene.ground != ANY:
        words += f" on a {GROUND_NAMES[scene.ground]} background"
    return words


def told(scene: Scene, rng: random.Random) -> Scene:
    """A true caption's scene: colour, shape and count always, the rest sometimes."""
    place = scene.place if rng.random() < 0.7 else ANY
    return scene._replace(place=place, ground=scene.ground if rng.random() < 0.5 else ANY)


def spoiled(words: Scene, rng: random.Random) -> Scene:
    """The caption with one thing it says made false."""
    sizes = {"colour": len(COLOURS), "shape": len(SHAPES), "count": len(COUNTS), "place": len(PLACES), "ground": len(GROUNDS)}
    names = [n for n in sizes if getattr(words, n) != ANY and not (n == "count" and words.place != ANY)]
    name = rng.choice(names)
    value = rng.choice([v for v in range(sizes[name]) if v != getattr(words, name)])
    return words._replace(**{name: value})


def is_true(words: Scene, scene: Scene) -> bool:
    return all(w == ANY or w == s for w, s in zip(words, scene))


def picture(scene: Scene, rng: random.Random, size: int = 224) -> Image.Image:
    """Draws the scene with jitter in place, size, hue, turn, edge and noise."""
    big = size * 2
    jitter = lambda c, by: tuple(max(0, min(255, v + rng.randint(-by, by))) for v in c)
    image = Image.new("RGB", (big, big), jitter(GROUNDS[GROUND_NAMES[scene.ground]], 8))
    pen = ImageDraw.Draw(image)
    fill = jitter(COLOURS[COLOUR_NAMES[scene.colour]], 22)
    ground = image.getpixel((0, 0))
    for cx, cy, r in _spots(scene, rng, big):
        _shape(pen, SHAPES[scene.shape], cx, cy, r, rng.uniform(-0.2, 0.2), fill, ground)
    image = image.reduce(2)
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))
    return image


def _spots(scene: Scene, rng: random.Random, big: int):
    if scene.count == 0:
        if scene.place == ANY:
            r = rng.uniform(0.16, 0.34) * big
            wander = 0.06 * big
            return [(big / 2 + rng.uniform(-wander, wander), big / 2 + rng.uniform(-wander, wander), r)]
        r = rng.uniform(0.11, 0.19) * big
        x = 0.25 if scene.place % 2 == 0 else 0.75
        y = 0.25 if scene.place < 2 else 0.75
        return [((x + rng.uniform(-0.05, 0.05)) * big, (y + rng.uniform(-0.05, 0.05)) * big, r)]
    cells = [(x, y) for x in (0.2, 0.5, 0.8) for y in (0.2, 0.5, 0.8)]
    r = rng.uniform(0.08, 0.12) * big
    return [
        ((x + rng.uniform(-0.03, 0.03)) * big, (y + rng.uniform(-0.03, 0.03)) * big, r)
        for x, y in rng.sample(cells, scene.count + 1)
    ]


def _shape(pen, name, cx, cy, r, turn, fill, ground):
    if name == "circle":
        pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=fill)
    elif name == "ring":
        pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=fill)
        pen.ellipse((cx - 0.55 * r, cy - 0.55 * r, cx + 0.55 * r, cy + 0.55 * r), fill=ground)
    elif name == "square":
        pen.polygon(_corners(cx, cy, r, 4, turn + math.pi / 4), fill=fill)
    elif name == "triangle":
        pen.polygon(_corners(cx, cy, r, 3, turn - math.pi / 2), fill=fill)
    elif name == "star":
        outer, inner = _corners(cx, cy, r, 5, turn - math.pi / 2), _corners(cx, cy, 0.42 * r, 5, turn - math.pi / 2 + math.pi / 5)
        pen.polygon([p for pair in zip(outer, inner) for p in pair], fill=fill)
    elif name == "cross":
        for angle in (turn, turn + math.pi / 2):
            dx, dy = math.cos(angle), math.sin(angle)
            w = 0.3 * r
            pen.polygon(
                [
                    (cx + s * r * dx - t * w * dy, cy + s * r * dy + t * w * dx)
                    for s, t in ((1, 1), (1, -1), (-1, -1), (-1, 1))
                ],
                fill=fill,
            )


def _corners(cx, cy, r, n, start):
    return [(cx + r * math.cos(start + 2 * math.pi * i / n), cy + r * math.sin(start + 2 * math.pi * i / n)) for i in range(n)]
