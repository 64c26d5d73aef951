"""What a training of the interpolator minimises: the middle frame alone, or more beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator, Interpolation
from infomotion_lib.representations.ifa.losses import interpolation_loss
from infomotion_lib.representations.ifa.settings import TrainingSettings


@dataclass(frozen=True)
class Batch:
    """Which triplets a step sees; whatever is drawn for it follows from these.

    Attributes
    ----------
    step : int
        Counted from 0.
    rows : ndarray of int, shape (B,)
        Triplets of the store.
    settings : TrainingSettings
        Of the run.
    part : slice
        Of these triplets, those that this process sees.
    """

    step: int
    rows: NDArray[np.int64]
    settings: TrainingSettings
    part: slice = field(default_factory=lambda: slice(None))


class Losses(NamedTuple):
    """Losses of a step.

    Attributes
    ----------
    total : Tensor
        Scalar that is minimised.
    made : Interpolation
        What the network made.
    parts : tuple of Tensor
        Scalars for the log, named by the objective.
    """

    total: Tensor
    made: Interpolation
    parts: tuple[Tensor, ...] = ()


class Objective(Protocol):
    """What is minimised.

    Attributes
    ----------
    label, prefix : str
        Of its training in messages, and of its parameters' names.
    parts : tuple of str
        Names of the scalars that the log holds beside the loss.
    """

    @property
    def label(self) -> str: ...

    @property
    def prefix(self) -> str: ...

    @property
    def parts(self) -> tuple[str, ...]: ...

    def trained(self, network: InterFrameInterpolator) -> nn.Module:
        """The module whose weights are trained, called with first and last frames (B, 1, H, W); ``network``
        is all of it or a part.
        """

    def losses(self, made: Any, middle: Tensor, batch: Batch) -> Losses:
        """Losses of what the module made, and the true middle frames (B, 1, H, W)."""

    def identity(self) -> Mapping[str, Any]:
        """What must be equal for a checkpoint to be gone on from, beside what every training has."""


@dataclass(frozen=True)
class MiddleFrames:
    """The middle frame alone: the loss of the paper, or EMA-VFI's own."""

    label: str = "IFA"
    prefix: str = "ifa"
    parts: tuple[str, ...] = ()

    def trained(self, network: InterFrameInterpolator) -> nn.Module:
        """The network itself."""
        return network

    def losses(self, made: Interpolation, middle: Tensor, batch: Batch) -> Losses:
        """Interpolation loss."""
        settings = batch.settings
        loss = interpolation_loss(
            made, middle, loss=settings.loss, laplacian_weight=settings.laplacian_weight
        )
        return Losses(loss, made)

    def identity(self) -> Mapping[str, Any]:
        """Nothing more."""
        return {}
