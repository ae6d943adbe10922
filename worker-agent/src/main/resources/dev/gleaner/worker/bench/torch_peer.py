"""An image encoder of ViT-B/32's shape in PyTorch, random weights, one thread: torch_peer.py BATCH

Prints pictures per CPU second, by the best of some rounds, and the version.
"""
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
batch = int(sys.argv[1])


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 768, 32, 32, bias=False)
        layer = nn.TransformerEncoderLayer(768, 12, 3072, activation="gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 12)
        self.projection = nn.Linear(768, 512, bias=False)

    def forward(self, pixels):
        x = self.patches(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([x[:, :1], x], 1)
        return self.projection(self.blocks(x)[:, 0])


model = Encoder().eval()
pixels = torch.rand(batch, 3, 224, 224)
best = float("inf")
with torch.inference_mode():
    for _ in range(6):
        started = time.process_time()
        for _ in range(3):
            model(pixels)
        best = min(best, time.process_time() - started)
print(3 * batch / best, torch.__version__)
