"""The representation ``truth``: the factors a drawn heart was made of, read from ``phantom_truth.csv``.

An oracle: no encoder can know more of EF, heart rate and scanner style, so what a graph of these vectors
gains bounds what better vectors could gain. It exists for drawn hearts alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.errors import DataError
from infomotion_lib.files import PHANTOM_TRUTH
from infomotion_lib.parameters import StageParameters
from infomotion_lib.phantom.nuisance import MACHINES
from infomotion_lib.representations.vectors import Vectors, write_features

EF_UNIT, CYCLE_UNIT = 10.0, 10.0
"""EF points and frames per beat that weigh as much as another scanner style."""

NO_TRUTH = "no_truth"
"""Status of a video that was not drawn here."""


STYLES = tuple(style.name for style in MACHINES)
FACTORS = ("EF", "cycle", *STYLES)
"""What each number of a vector is: in units of :data:`EF_UNIT`, of :data:`CYCLE_UNIT`, 1 for the style."""


@dataclass(frozen=True)
class Truth:
    """EF, frames per beat and scanner style of drawn hearts."""

    @property
    def size(self) -> int:
        """Numbers per vector."""
        return len(FACTORS)

    def vectors(self, videos: pd.DataFrame, *, workers: int, out: Path | None = None) -> Vectors:
        """Vectors of the videos that the phantom drew; the others are listed.

        Raises
        ------
        DataError
            If none was drawn by the phantom.
        """
        ordered = videos.sort_values(["source", "file_name"], kind="stable").reset_index(drop=True)
        known: dict[Path, dict[str, NDArray[np.float32]]] = {}
        vectors: dict[int, NDArray[np.float32]] = {}
        listed = ordered.to_dict("records")
        for number, row in enumerate(listed):
            root = Path(str(row["path"])).parent.parent
            if root not in known:
                known[root] = self._of(root)
            if (vector := known[root].get(str(row["file_name"]))) is not None:
                vectors[number] = vector
        if not vectors:
            raise DataError(
                f"None of {len(listed)} videos was drawn by the phantom: their true factors are not known.",
                where=f"Looked for: {PHANTOM_TRUTH} beside their Videos folder",
                remedy="Leave truth out of representations.",
            )
        missing = {number: NO_TRUTH for number in range(len(listed)) if number not in vectors}
        table = Vectors.of(listed, vectors, missing, size=self.size, identity="")
        if out is not None:
            write_features(table, out)
        return table

    def _of(self, root: Path) -> dict[str, NDArray[np.float32]]:
        file = root / PHANTOM_TRUTH
        if not file.is_file():
            return {}
        rows = pd.read_csv(file, dtype={"FileName": str}).to_dict("records")
        return {str(row["FileName"]): self._vector(row) for row in rows}

    def _vector(self, row: Mapping[Any, Any]) -> NDArray[np.float32]:
        styles = [float(row["machine"] == name) for name in STYLES]
        return np.array([row["EF"] / EF_UNIT, row["cycle"] / CYCLE_UNIT, *styles], dtype=np.float32)

    def summary(self) -> dict[str, Any]:
        """Its numbers by name."""
        return {"factors": list(FACTORS)}


def fit(
    train: pd.DataFrame, val: pd.DataFrame, *, folder: Path, parameters: StageParameters, device: str
) -> Truth:
    """Nothing is learnt and nothing written."""
    return Truth()


def load(folder: Path, *, parameters: StageParameters, device: str) -> Truth:
    """Nothing is read."""
    return Truth()
