"""What a generator learns from, and what it must offer: the protocols of its module and of what fitting
gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.generators.cutting import Cut, LabelledClips, labelled_clips
from infomotion_lib.paths import RunPaths


@dataclass(frozen=True)
class Lessons:
    """Videos that a generator may use.

    Attributes
    ----------
    real : dict of str to DataFrame
        Usable videos of the real source by split, TRAIN to learn from and VAL to choose by, as
        :class:`~infomotion_lib.data.records.Dataset` lists them.
    given : DataFrame
        TRAIN videos of the synthetic source, ``ef`` the requested one; those of the real source where there
        is no synthetic one.
    cut : Cut
        Length, rate and side of the clips of every pool.
    given_is_real : bool
        Whether ``given`` are the real videos.
    workers : int
        Threads that read videos.
    run : RunPaths, optional
        Folders of the run, for a generator whose entry names stages that it ``reads``.
    source : str
        Name of the real source in the tables of the run.
    """

    real: Mapping[str, pd.DataFrame] = field(repr=False)
    given: pd.DataFrame = field(repr=False)
    cut: Cut
    given_is_real: bool = False
    workers: int = 1
    run: RunPaths | None = field(default=None, repr=False)
    source: str = "real"

    def clips(self, split: str, *, side: int, condition: str = "label", windows: int = 1) -> LabelledClips:
        """Real clips of a split at the pool's length and rate, frames of ``side`` pixels, each with its EF;
        see :func:`~infomotion_lib.generators.cutting.labelled_clips`.
        """
        cut = Cut(self.cut.frames, self.cut.fps, side)
        return labelled_clips(
            self.real[split], cut, condition=condition, windows=windows, workers=self.workers
        )


class Fitted(Protocol):
    """A generator that is ready to draw clips."""

    def requests(self, *, per_class: int, seed: int) -> pd.DataFrame:
        """A row per clip to draw: ``FileName``, ``requested_class`` (its name), ``requested_ef``, and what
        else this generator must know to draw that very clip again, such as its ``seed``.
        """

    def draw(self, requests: pd.DataFrame) -> NDArray[np.uint8]:
        """Clips (N, T, S, S) of these rows; each depends on its own row alone."""

    def settings(self) -> dict[str, Any]:
        """What else decides the clips, for ``pool.json``: a pool of other settings is never continued."""

    def summary(self) -> dict[str, Any]:
        """What the run card says of it: numbers by name."""


class GeneratorModule(Protocol):
    """Module behind an entry of the registry.

    It may have ``ABOUT``, a Markdown file that tells how it works.
    """

    def fit(self, lessons: Lessons, *, folder: Path, parameters: Any, device: str) -> Fitted:
        """Learn from the real videos and leave in ``folder`` what :meth:`load` needs; a killed call is
        resumed by the next.
        """

    def load(self, folder: Path, *, parameters: Any, device: str) -> Fitted:
        """What :meth:`fit` left in ``folder``."""
