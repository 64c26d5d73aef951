"""The projection head of DINO: a CLS token against many directions of length 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Directions(nn.Module):
    """Products with the rows of ``weight_v`` scaled to the lengths ``weight_g``, which are not trained."""

    def __init__(self, size: int, count: int) -> None:
        super().__init__()
        self.weight_g = nn.Parameter(torch.ones(count, 1), requires_grad=False)
        self.weight_v = nn.Parameter(torch.zeros(count, size))

    def forward(self, features: Tensor) -> Tensor:
        """Logits (..., count) of features (..., size)."""
        lengths = self.weight_v.norm(dim=1, keepdim=True)
        return nn.functional.linear(features, self.weight_v * (self.weight_g / lengths))


class DinoHead(nn.Module):
    """Three layers to a bottleneck, which is scaled to length 1, and its products with directions."""

    def __init__(self, width: int, *, hidden: int, bottleneck: int, out: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(width, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, bottleneck),
        )
        self.last_layer = Directions(bottleneck, out)

    def forward(self, cls: Tensor) -> Tensor:
        """Logits (..., out) of CLS tokens (..., width)."""
        logits: Tensor = self.last_layer(nn.functional.normalize(self.mlp(cls), dim=-1))
        return logits
