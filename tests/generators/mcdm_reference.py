"""The published MCDM by formula: its weights and motion vectors, and what it gave for them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import torch
from echosyn_reference import gauss
from reference_formula import VECTORS, formula_tensor
from safetensors.torch import load_file
from torch import Tensor

FOLDER = VECTORS / "mcdm"
MOTION = 384
"""Numbers of a motion vector of the small network."""


@cache
def outputs() -> dict[str, Tensor]:
    """Every stored tensor by its name."""
    return load_file(FOLDER / "outputs.safetensors")


@cache
def keys() -> dict[str, Any]:
    """Names and shapes, counts, orders of windows."""
    return json.loads((FOLDER / "keys.json").read_text(encoding="utf-8"))


def state(*, token: int) -> dict[str, Tensor]:
    """State dict of the small network, told ``token`` numbers, by formula."""
    shapes = keys()["parameters"]["mcdm_small"]
    return {
        name: formula_tensor(name, [token if size == MOTION and "attn2" in name else size for size in shape])
        for name, shape in shapes.items()
    }


def motion(samples: int) -> Tensor:
    """Motion vectors (N, 384)."""
    return torch.stack([gauss(f"motion.sample{sample}", MOTION) for sample in range(samples)])


def worst(ours: Tensor, name: str) -> float:
    """Largest absolute difference from a stored tensor of the same shape."""
    stored = outputs()[name]
    assert ours.shape == stored.shape, (name, ours.shape, stored.shape)
    return float((ours.detach().double() - stored.double()).abs().max())
