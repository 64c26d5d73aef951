"""Settings of one training run, its learning rate and its batches: all functions of the step and the seed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.representations.ifa.augment import Augmentation, Change
from infomotion_lib.representations.ifa.losses import LossName
from infomotion_lib.training.placement import Precision

FINAL_SHARE = 0.1
"""Last learning rate as a share of the peak (published: 2e-5 of 2e-4)."""

_ORDER_STREAM, _AUGMENTATION_STREAM = 1, 2


@dataclass(frozen=True)
class TrainingSettings:
    """What decides a training run beside its network and its triplets.

    Attributes
    ----------
    steps : int
        Optimiser steps.
    batch_size : int
        Triplets per step (published: 8 per GPU).
    learning_rate : float
        Peak of the schedule (published: 2e-4).
    warmup_steps : int
        Steps of linear rise from zero (published: 2,000).
    weight_decay : float
        Of AdamW.
    loss : {"infomotion", "ema_vfi"}
        See :func:`infomotion_lib.representations.ifa.losses.interpolation_loss`.
    laplacian_weight : float
        lambda, of the Laplacian term on the warps.
    augmentation : Augmentation
        Random changes of a triplet.
    precision : {"32-true", "bf16-mixed"}
        Of Lightning Fabric.
    seed : int
        Of batches and augmentation.
    validate_every, checkpoint_every, log_every : int
        Steps between two looks at VAL, two checkpoints, two rows of the log; 0: a tenth of the run for the
        first two.
    most_validation : int
        VAL triplets that a look takes at most.
    """

    steps: int = 600
    batch_size: int = 8
    learning_rate: float = 1e-3
    warmup_steps: int = 50
    weight_decay: float = 1e-4
    loss: LossName = "infomotion"
    laplacian_weight: float = 0.5
    augmentation: Augmentation = field(default_factory=Augmentation)
    precision: Precision = "32-true"
    seed: int = 0
    validate_every: int = 0
    checkpoint_every: int = 0
    log_every: int = 1
    most_validation: int = 128

    def rate(self, step: int) -> float:
        """Learning rate of a step counted from 0: linear to the peak, then a half cosine to a tenth of it."""
        if step < self.warmup_steps:
            return self.learning_rate * step / self.warmup_steps
        way = (step - self.warmup_steps) / max(self.steps - self.warmup_steps, 1)
        final = FINAL_SHARE * self.learning_rate
        return final + (self.learning_rate - final) * 0.5 * (1 + math.cos(math.pi * min(way, 1.0)))

    def rows(self, step: int, *, count: int) -> NDArray[np.int64]:
        """Triplets of a step, (B,): whole passes over shuffled triplets, the remainder of a pass left out."""
        size = min(self.batch_size, count)
        a_pass, batch = divmod(step, count // size)
        order = np.random.default_rng([self.seed, _ORDER_STREAM, a_pass]).permutation(count)
        return order[batch * size : (batch + 1) * size]

    def augmented(self, triplets: NDArray[np.uint8], *, step: int) -> NDArray[np.uint8]:
        """Triplets of a step after augmentation."""
        return self.augmentation.apply(triplets, self._augmenting(step))

    def changes(self, step: int, *, count: int, square: bool) -> list[Change]:
        """What augmentation does to each of the ``count`` triplets of a step."""
        return self.augmentation.drawn(count, self._augmenting(step), square=square)

    def _augmenting(self, step: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, _AUGMENTATION_STREAM, step])

    def due(self, step: int, every: int) -> bool:
        """Whether something that happens ``every`` steps (0: a tenth of the run) happens after ``step``
        steps; always at the end.
        """
        return step == self.steps or step % (every or max(self.steps // 10, 1)) == 0
