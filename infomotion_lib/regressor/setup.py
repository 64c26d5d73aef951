"""What a training of the regressor may be given besides its videos: where it starts, where it runs, what
chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from numpy.typing import ArrayLike
from torch import Tensor

from infomotion_lib.regressor.clips import Video


@dataclass(frozen=True)
class Validation:
    """Labelled videos that choose among the weights of one training; never TEST videos.

    Attributes
    ----------
    videos, ef
        As those that are trained on.
    period : int, optional
        Video frames between two clip frames; that of the training by default.
    """

    videos: Sequence[Video]
    ef: ArrayLike
    period: int | None = None


@dataclass(frozen=True)
class TrainingSetup:
    """Where a training starts from, and where it runs.

    Attributes
    ----------
    weights : dict, optional
        State dict to start from, such as a Kinetics one; the head is always new.
    device : str
        Where to train.
    checkpoint : path, optional
        Where progress is kept every 200 steps; a run stopped half way goes on from there and the file goes
        when it ends.
    progress : bool
        Show a bar.
    """

    weights: dict[str, Tensor] | None = None
    device: str = "cpu"
    checkpoint: str | Path | None = None
    progress: bool = True


USUAL_SETUP = TrainingSetup()
QUIET = TrainingSetup(progress=False)
"""Without a progress bar."""
