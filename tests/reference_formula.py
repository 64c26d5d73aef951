"""Weights and frames given by a formula, so that reference outputs are kept without their weights.

``fixtures/reference_vectors/keys.json`` names every parameter of the published networks (EMA-VFI at two
widths, torchvision's r3d_18 and r2plus1d_18) with its shape; ``outputs.safetensors`` holds what those
networks gave, in float32, for the weights and inputs below. The formula is fixed: changing a constant here
invalidates the stored outputs.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

VECTORS = Path(__file__).parent / "fixtures" / "reference_vectors"
TWO_PI = 6.283185307179586
FRAME_TWO_PI = 6.2832  # the rounded value that the stored frames were made with


@cache
def published_shapes(network: str) -> dict[str, tuple[int, ...]]:
    """Parameter names and shapes of one published network: ``ifa_width4``, ``ifa_width8``, ``r3d_18`` or
    ``r2plus1d_18``.
    """
    keys = json.loads((VECTORS / "keys.json").read_text(encoding="utf-8"))
    return {name: tuple(shape) for name, shape in keys[network].items()}


def formula_state(network: str, *, slope: float = 0.25) -> dict[str, Tensor]:
    """State dict of a published network with every tensor given by :func:`formula_tensor`."""
    return {
        name: formula_tensor(name, shape, slope=slope) for name, shape in published_shapes(network).items()
    }


def formula_tensor(name: str, shape: Sequence[int], *, slope: float = 0.25) -> Tensor:
    """Float32 values of one named tensor: pseudo-random in its flat index, with a phase from the name.

    Parameters
    ----------
    name : str
        Parameter or buffer name; decides the range (matrices: variance 1 / fan-in; norm scales and variances:
        near 1).
    shape : sequence of int
        Shape of the tensor.
    slope : float
        Centre of one-dimensional weights outside norm layers: 0.25 for PReLU slopes, 1.0 for batch-normalised
        networks.
    """
    if name.endswith("num_batches_tracked"):
        return torch.zeros((), dtype=torch.int64)
    count = math.prod(shape)
    phase = (zlib.crc32(name.encode()) % 100003) / 100003 * TWO_PI
    wave = torch.sin(torch.arange(count, dtype=torch.float64) * 12.9898 + phase) * 43758.5453
    noise = (wave - wave.floor()) * 2 - 1  # in [-1, 1)
    if len(shape) > 1:
        values = noise * (3.0 / (count / shape[0])) ** 0.5
    elif name.endswith("running_var"):
        values = 1 + 0.5 * noise.abs()
    elif name.endswith("weight"):
        values = 1 + 0.1 * noise if "norm" in name else slope + 0.05 * noise
    else:
        values = 0.05 * noise
    return values.to(torch.float32).reshape(tuple(shape))


def formula_frames(count: int, height: int, width: int, *, seed: int) -> Tensor:
    """Smooth float32 frames (count, 3, height, width) in [0, 1]."""
    y = (torch.arange(height, dtype=torch.float64) / height)[:, None]
    x = (torch.arange(width, dtype=torch.float64) / width)[None, :]
    planes = []
    for k in range(count * 3):
        across, down, phase = 3 + (seed * 7 + k * 5) % 11, 2 + (seed * 3 + k) % 9, 0.37 * seed + k
        carrier = torch.sin(FRAME_TWO_PI * across * x + phase) * torch.cos(FRAME_TWO_PI * down * y - phase)
        planes.append(0.5 + 0.25 * carrier + 0.2 * torch.sin(25 * x * y + phase))
    return torch.stack(planes).reshape(count, 3, height, width).clamp(0, 1).to(torch.float32)
