"""The published EchoNet-Synthetic chain by formula: its weights and inputs, and what it gave for them."""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any

import torch
from reference_formula import VECTORS, formula_frames, formula_tensor
from safetensors.torch import load_file
from torch import Tensor

FOLDER = VECTORS / "echosyn"


@cache
def outputs() -> dict[str, Tensor]:
    """Every stored tensor by its name."""
    return load_file(FOLDER / "outputs.safetensors")


@cache
def keys() -> dict[str, Any]:
    """Names and shapes, counts, orders of windows and frames taken by resampling."""
    return json.loads((FOLDER / "keys.json").read_text(encoding="utf-8"))


def state(network: str, *, slope: float = 0.25) -> dict[str, Tensor]:
    """State dict of a published network by formula."""
    return {
        name: formula_tensor(name, shape, slope=slope)
        for name, shape in keys()["parameters"][network].items()
    }


def gauss(name: str, *shape: int) -> Tensor:
    """Values of unit variance that stand for a Gaussian draw."""
    return formula_tensor(name, (math.prod(shape), 1)).reshape(shape)


def latent(seed: int, frames: int, side: int) -> Tensor:
    """A latent clip (4, T, S, S)."""
    return formula_frames(4 * frames, side, side, seed=seed)[:, 0].reshape(4, frames, side, side) * 4 - 2


def clips(count: int, frames: int, side: int) -> Tensor:
    """Latent clips (B, 4, T, S, S)."""
    return torch.stack([latent(seed, frames, side) for seed in range(count)])


def references(count: int, side: int) -> Tensor:
    """Reference frames (B, 4, S, S)."""
    return torch.stack([latent(100 + seed, 1, side)[:, 0] for seed in range(count)])


def worst(ours: Tensor, name: str) -> float:
    """Largest absolute difference from a stored tensor of the same shape."""
    stored = outputs()[name]
    assert ours.shape == stored.shape, (name, ours.shape, stored.shape)
    return float((ours.detach().double() - stored.double()).abs().max())
