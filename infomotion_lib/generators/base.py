"""What a generator must offer: the protocol of its module and of what fitting gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.generators.cutting import LabelledClips


class Fitted(Protocol):
    """A generator that is ready to draw clips."""

    def requests(self, *, per_class: int, seed: int) -> pd.DataFrame:
        """A row per clip to draw: ``FileName``, ``requested_class``, ``requested_ef``, ``seed``, and what
        else this generator must know to draw that very clip again.
        """

    def draw(self, requests: pd.DataFrame) -> NDArray[np.uint8]:
        """Clips (N, T, S, S) of these rows; each depends on its own row alone."""

    def settings(self) -> dict[str, Any]:
        """What ``pool.json`` says of how the clips were made."""

    def summary(self) -> dict[str, Any]:
        """What the run card and the notebook say of it: numbers by name."""


class GeneratorModule(Protocol):
    """Module behind an entry of the registry."""

    def fit(self, clips: LabelledClips, *, folder: Path, parameters: Any, device: str) -> Fitted:
        """Learn from labelled clips and leave in ``folder`` what :meth:`load` needs; a killed call is resumed
        by the next.
        """

    def load(self, folder: Path, *, parameters: Any, device: str) -> Fitted:
        """What :meth:`fit` left in ``folder``."""
