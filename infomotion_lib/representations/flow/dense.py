"""The representation ``dense_flow``: Farneback's optical flow of the two motions, in 7 x 7 cells.

A control: it learns nothing, and what it says of EF is what any learnt motion vector must beat.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.progress import track
from infomotion_lib.representations.ends import END_COLUMNS, ends_of, require_pairs
from infomotion_lib.representations.flow.farneback import PAIR_SIZE, dense_flow_features
from infomotion_lib.representations.flow.parameters import FlowParameters
from infomotion_lib.representations.vectors import Vectors, write_features


@dataclass(frozen=True)
class DenseFlow:
    """Flow of the motions of a video, 98 numbers each, in pixels.

    Attributes
    ----------
    pairs : int
        Motions per video: two, or emptying alone.
    """

    pairs: int = 2

    @property
    def size(self) -> int:
        """Numbers per vector."""
        return self.pairs * PAIR_SIZE

    def vectors(self, videos: pd.DataFrame, *, workers: int, out: Path | None = None) -> Vectors:
        """Vectors of all videos that have end frames; the others are listed with their status. There are no
        parts to keep or to share: a vector takes 0.006 s of one processor at the paper's size.

        Raises
        ------
        DataError
            If the frame index has another number of motions per video.
        """
        require_pairs(videos, self.pairs)
        ordered = videos.sort_values(["source", "file_name"], kind="stable").reset_index(drop=True)
        known = ordered[list(END_COLUMNS[-2 * self.pairs :])].notna().all(axis=1).to_numpy()
        listed = ordered[known].to_dict("records")
        with ThreadPoolExecutor(workers) as pool:
            made = list(track(pool.map(_flow, listed), label="dense flow", unit="video", total=len(listed)))
        table = Vectors.joined(
            [
                Vectors.of(
                    listed,
                    {number: vector for number, vector in enumerate(made) if not isinstance(vector, str)},
                    {number: status for number, status in enumerate(made) if isinstance(status, str)},
                    size=self.size,
                    identity="",
                )
            ],
            more_missing=ordered.loc[~known, ["source", "file_name", "status"]],
            size=self.size,
        )
        if out is not None:
            write_features(table, out)
        return table

    def summary(self) -> dict[str, Any]:
        """Its size; there is nothing to train."""
        return {"size": self.size}


def fit(
    train: pd.DataFrame, val: pd.DataFrame, *, folder: Path, parameters: FlowParameters, device: str
) -> DenseFlow:
    """Nothing is learnt and nothing written."""
    return DenseFlow(parameters.pairs)


def load(folder: Path, *, parameters: FlowParameters, device: str) -> DenseFlow:
    """Nothing is read."""
    return DenseFlow(parameters.pairs)


def _flow(row: Mapping[Any, Any]) -> NDArray[np.float32] | str:
    ends = ends_of(row)
    return ends if isinstance(ends, str) else dense_flow_features(ends.frames[ends.pairs][None])[0]
