"""What a representation must offer: the protocol of its module and of what fitting gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from infomotion_lib.representations.vectors import Vectors
from infomotion_lib.share import Share


class Fitted(Protocol):
    """A representation that is ready to turn videos into vectors."""

    @property
    def size(self) -> int:
        """Numbers per vector."""

    def vectors(self, videos: pd.DataFrame, *, workers: int, out: Path | None = None) -> Vectors:
        """Vectors (N, size) of the rows of a frame index with a ``path`` column; what has none is listed
        with a reason. With ``out``, finished parts are kept beside it and taken up by a later call.
        """

    def summary(self) -> dict[str, Any]:
        """What the run card and the notebook say of it: numbers by name."""


class Shareable(Fitted, Protocol):
    """One whose vectors several jobs may make: its entry says ``in_blocks``."""

    def make_blocks(self, videos: pd.DataFrame, share: Share, *, workers: int, out: Path) -> None:
        """Keep one share of the blocks of vectors beside ``out``, where :meth:`vectors` with the same videos
        takes them up.
        """


class RepresentationModule(Protocol):
    """Module behind an entry of the registry.

    It may have ``ABOUT``, a Markdown file that tells how it works.
    """

    def fit(
        self, train: pd.DataFrame, val: pd.DataFrame, *, folder: Path, parameters: Any, device: str
    ) -> Fitted:
        """Learn from TRAIN rows of a frame index with a ``path`` column, choose by VAL rows, and leave in
        ``folder`` what :meth:`load` needs; a killed call is resumed by the next.
        """

    def load(self, folder: Path, *, parameters: Any, device: str) -> Fitted:
        """What :meth:`fit` left in ``folder``."""
