"""Settings of one training, its learning rate, batches, crops and masks: all functions of step and seed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from infomotion_lib.representations.discovr.dino import teacher_temperature
from infomotion_lib.representations.discovr.masks import Masks, random_masks
from infomotion_lib.representations.discovr.sizes import DiscovrSize
from infomotion_lib.representations.discovr.variants import VARIANTS, Variant

WARMUP_SHARE, TEMPERATURE_SHARE = 40 / 400, 30 / 400
"""Of all steps: those in which the learning rate, and the teachers' temperature, rise (published: epochs)."""

_ORDER, _CLIPS, _MASKS, _CROPS = range(4)


@dataclass(frozen=True)
class TrainingSettings:
    """What decides a training beside its network and its videos.

    Attributes
    ----------
    steps, batch_size : int
        Optimiser steps and clips per step.
    learning_rate : float
        Peak.
    momentum : float
        With which teachers keep their weights.
    temperatures : (float, float)
        Of the teachers, first and last.
    mask : float
        Share of patches that students do not see.
    views : int
        Masked views per clip and per frame.
    crop : float
        Smallest share of the side that a random crop keeps; 1 for none.
    variant : Variant
        The switches.
    seed : int
        Of batches, crops and masks.
    weight_decay : float
        Of AdamW.
    checkpoint_every, log_every : int
        Steps between two checkpoints (0: a tenth of the run) and two rows of the log.
    """

    steps: int = 200
    batch_size: int = 8
    learning_rate: float = 1e-3
    momentum: float = 0.98
    temperatures: tuple[float, float] = (0.02, 0.04)
    mask: float = 0.9
    views: int = 4
    crop: float = 0.66
    variant: Variant = field(default_factory=lambda: VARIANTS["equations"])
    seed: int = 0
    weight_decay: float = 0.05
    checkpoint_every: int = 0
    log_every: int = 1

    def rate(self, step: int) -> float:
        """Learning rate of a step counted from 0: a linear rise and half a cosine to 0, or constant."""
        if self.variant.rate == "constant":
            return self.learning_rate
        warmup = max(round(self.steps * WARMUP_SHARE), 1)
        if step < warmup:
            return self.learning_rate * (step + 1) / warmup
        way = (step - warmup) / max(self.steps - warmup, 1)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * min(way, 1.0)))

    def temperature(self, step: int) -> float:
        """Of the teachers at a step."""
        first, last = self.temperatures
        steps = max(round(self.steps * TEMPERATURE_SHARE), 1)
        return teacher_temperature(step, first=first, last=last, steps=steps)

    def rows(self, step: int, *, count: int) -> NDArray[np.int64]:
        """Videos of a step, (B,): whole passes over shuffled videos, the remainder of a pass left out."""
        size = min(self.batch_size, count)
        a_pass, batch = divmod(step, count // size)
        order = np.random.default_rng([self.seed, _ORDER, a_pass]).permutation(count)
        return order[batch * size : (batch + 1) * size]

    def draws(self, step: int) -> np.random.Generator:
        """What decides where the clips of a step begin."""
        return np.random.default_rng([self.seed, _CLIPS, step])

    def masks(self, step: int, *, clips: int, size: DiscovrSize) -> Masks:
        """Masks of a step."""
        return random_masks(
            np.random.default_rng([self.seed, _MASKS, step]),
            clips=clips,
            frames=size.frames,
            places=size.places,
            views=self.views,
            ratio=self.mask,
        )

    def cropped(self, clips: Tensor, step: int) -> Tensor:
        """Clips (B, 3, T, S, S), each cut to a random square and brought back to S."""
        if self.crop == 1:
            return clips
        rng, side = np.random.default_rng([self.seed, _CROPS, step]), clips.shape[-1]
        cut = []
        for clip in clips:
            part = max(round(float(rng.uniform(self.crop, 1)) * side), 1)
            top, left = rng.integers(0, side - part + 1, 2).tolist()
            square = clip[..., top : top + part, left : left + part]
            cut.append(
                torch.nn.functional.interpolate(
                    square, size=(side, side), mode="bilinear", align_corners=False
                )
            )
        return torch.stack(cut)

    def due(self, step: int, every: int) -> bool:
        """Whether what happens ``every`` steps (0: a tenth of the run) happens after ``step`` steps; always
        at the end.
        """
        return step == self.steps or step % (every or max(self.steps // 10, 1)) == 0
