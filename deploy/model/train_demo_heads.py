"""Trains the demo bundle's heads on pictures it draws, and adds them.

    python3 train_demo_heads.py --bundle demo-bundle [--images 8000]

What pleases in the toy world is a rule (`beauty`); a watermark is a word written all over the picture, thinly. Both heads are
perceptrons with one hidden layer on the embedding. Seeded. Needs numpy, Pillow, scikit-learn, onnx and onnxruntime.
"""

from __future__ import annotations

import argparse
import pathlib
import random

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageDraw
from sklearn.metrics import roc_auc_score
from sklearn.neural_network import MLPClassifier, MLPRegressor

import bundle
import scenes
from add_head import add_head

HIDDEN = 64


def beauty(scene: scenes.Scene) -> float:
    """From 2 to 9: one large shape in the middle is better than many, and contrast with the ground is good."""
    light = lambda rgb: (299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2]) / 255_000
    contrast = abs(light(scenes.COLOURS[scenes.COLOUR_NAMES[scene.colour]]) - light(scenes.GROUNDS[scenes.GROUND_NAMES[scene.ground]]))
    alone = 3.5 if scene.count == 0 and scene.place == scenes.ANY else 2.0 if scene.count == 0 else 0.5
    return 2 + alone + 4 * contrast


def watermarked(image: Image.Image, rng: random.Random) -> Image.Image:
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    grey, alpha = rng.choice([(255, 255, 255), (128, 128, 128)]), rng.randint(150, 220)
    step = rng.randint(44, 60)
    for y in range(-20, image.height, step):
        for x in range(-40 + (y // step) % 2 * 40, image.width, 104):
            pen.text((x, y), "SAMPLE", fill=(*grey, alpha), font_size=24)
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def embeddings(folder: pathlib.Path, pictures: list[np.ndarray]) -> np.ndarray:
    session = onnxruntime.InferenceSession(folder / "visual.onnx", providers=["CPUExecutionProvider"])
    name, rows = session.get_inputs()[0].name, []
    for at in range(0, len(pictures), 64):
        batch = np.stack(pictures[at : at + 64]).astype(np.float32) / 255
        batch = ((batch - bundle.CLIP_MEAN) / bundle.CLIP_STD).transpose(0, 3, 1, 2).astype(np.float32)
        rows.append(session.run(None, {name: batch})[0])
    found = np.concatenate(rows)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def perceptron(network, sigmoid: bool) -> bytes:
    """The network as ONNX: Gemm, Relu, Gemm, and a sigmoid for probabilities."""
    tensors, nodes, last = [], [], "embedding"
    for layer, (weights, bias) in enumerate(zip(network.coefs_, network.intercepts_)):
        tensors += [numpy_helper.from_array(weights.astype(np.float32), f"w{layer}"), numpy_helper.from_array(bias.astype(np.float32), f"b{layer}")]
        nodes.append(helper.make_node("Gemm", [last, f"w{layer}", f"b{layer}"], [f"sum{layer}"]))
        last = f"sum{layer}"
        if layer + 1 < len(network.coefs_):
            nodes.append(helper.make_node("Relu", [last], [f"relu{layer}"]))
            last = f"relu{layer}"
    nodes.append(helper.make_node("Sigmoid" if sigmoid else "Identity", [last], ["value"]))
    graph = helper.make_graph(
        nodes,
        "head",
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", network.coefs_[0].shape[0]])],
        [helper.make_tensor_value_info("value", TensorProto.FLOAT, ["batch", 1])],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=pathlib.Path, required=True, help="folder of the bundle; changed in place")
    parser.add_argument("--images", type=int, default=8_000, help="to train on; a quarter as many to test; default: %(default)s")
    arguments = parser.parse_args()
    rng = random.Random(7)
    pictures, score, marked = [], [], []
    for i in range(arguments.images * 5 // 4):
        scene = scenes.draw_scene(rng)
        image = scenes.picture(scene, rng)
        marked.append(i % 2)
        pictures.append(np.asarray(watermarked(image, rng) if marked[-1] else image))
        score.append(beauty(scene))
    found, score, marked = embeddings(arguments.bundle, pictures), np.array(score), np.array(marked)
    train = slice(0, arguments.images)
    test = slice(arguments.images, None)
    pleasing = MLPRegressor(hidden_layer_sizes=[HIDDEN], max_iter=300, random_state=7, early_stopping=True).fit(found[train], score[train])
    guess = pleasing.predict(found[test])
    print(f"aesthetic: mean error {np.abs(guess - score[test]).mean():.2f} of scores from {score.min():.1f} to {score.max():.1f}, r = {np.corrcoef(guess, score[test])[0, 1]:.3f}")
    watermark = MLPClassifier(hidden_layer_sizes=[HIDDEN], max_iter=300, random_state=7, early_stopping=True).fit(found[train], marked[train])
    print(f"watermark: AUC {roc_auc_score(marked[test], watermark.predict_proba(found[test])[:, 1]):.3f}")
    add_head(arguments.bundle, "aesthetic", perceptron(pleasing, sigmoid=False))
    print(f"bundle {add_head(arguments.bundle, 'watermark', perceptron(watermark, sigmoid=True))} in {arguments.bundle}")


if __name__ == "__main__":
    main()
