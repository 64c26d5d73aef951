"""The published DISCOVR network by formula: its weights, clips and masks, and what it gave for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

import torch
from reference_formula import VECTORS, formula_frames, formula_tensor
from safetensors.torch import load_file
from torch import Tensor

from infomotion_lib.representations.discovr.masks import Masks, visible_count
from infomotion_lib.representations.discovr.positions import encoder_table
from infomotion_lib.representations.discovr.sizes import DiscovrSize

FOLDER = VECTORS / "discovr"
VIEWS, RATIO = 2, 0.9


@dataclass(frozen=True)
class Case:
    """One stored size; ``a`` and ``b`` are the strides of what was kept."""

    name: str
    size: DiscovrSize
    seed: int
    epoch: int
    a: int
    b: int


def _size(*, side: int, frames: int, depth: int) -> DiscovrSize:
    return DiscovrSize(
        side=side,
        frames=frames,
        patch=16,
        width=96,
        depth=depth,
        heads=3,
        decoder_width=48,
        decoder_depth=2,
        decoder_heads=3,
        hidden=128,
        bottleneck=32,
        out=64,
        prototypes=24,
    )


CASES = {
    "small_64": Case("small_64", _size(side=64, frames=16, depth=2), seed=0, epoch=10, a=4, b=4),
    "small_112": Case("small_112", _size(side=112, frames=8, depth=3), seed=2, epoch=35, a=8, b=8),
}


@cache
def outputs() -> dict[str, Tensor]:
    """Every stored tensor by its name."""
    return load_file(FOLDER / "outputs.safetensors")


@cache
def shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a published state dict."""
    keys = json.loads((FOLDER / "keys.json").read_text(encoding="utf-8"))[name]
    return {key: tuple(shape) for key, shape in keys.items()}


def state(name: str) -> dict[str, Tensor]:
    """Its tensors by formula; tables of positions and lengths of directions as they are."""
    made = {}
    for key, shape in shapes(name).items():
        if key.endswith("pos_embed"):
            made[key] = encoder_table(shape[1] - 1, shape[2])
        elif key.endswith("weight_g"):
            made[key] = torch.ones(shape)
        else:
            made[key] = formula_tensor(key, shape)
    return made


def clips(case: Case) -> Tensor:
    """Two normalised clips, (2, 3, T, S, S)."""
    size = case.size
    made = [formula_frames(size.frames, size.side, size.side, seed=case.seed + k) for k in (0, 1)]
    return ((torch.stack(made) - 0.5) / 0.25).transpose(1, 2)


def masks(case: Case) -> Masks:
    """The masks that the stored step saw."""
    size, places = case.size, case.size.places

    def seen(start: int) -> Tensor:
        return ((start + 11 * torch.arange(visible_count(places, RATIO))) % places).sort().values

    def tube(start: int) -> Tensor:
        return torch.cat([seen(start) + time * places for time in range(size.frames // 2)])

    frames = range(2 * size.frames)
    return Masks(
        torch.stack([tube(1 + 3 * clip) for clip in (0, 1)]),
        torch.stack([torch.stack([tube(4 + 3 * clip + 5 * m) for clip in (0, 1)]) for m in range(VIEWS)]),
        torch.stack([torch.stack([seen(2 * frame + 5 * m) for frame in frames]) for m in range(VIEWS)]),
    )
