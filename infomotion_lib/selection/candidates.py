"""Who may be chosen: usable TRAIN videos of one source that have every vector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.classes import GROUPS, groups_of
from infomotion_lib.errors import DataError
from infomotion_lib.frame_table import has_frames
from infomotion_lib.representations.vectors import Vectors
from infomotion_lib.selection.outlook import no_candidates


@dataclass(frozen=True)
class Candidates:
    """Videos of one source that every method may choose from, sorted by file name.

    Attributes
    ----------
    source : str
    file_names : ndarray of str, shape (N,)
    classes : ndarray of str, shape (N,)
    ef : ndarray of float64, shape (N,)
        Points.
    features : dict of str to ndarray
        Vectors (N, D) by representation.
    without_features : dict of str to int
        By class, usable TRAIN videos that were left out because a feature is missing.
    """

    source: str
    file_names: NDArray[np.str_]
    classes: NDArray[np.str_]
    ef: NDArray[np.float64]
    features: dict[str, NDArray[np.floating]]
    without_features: dict[str, int]

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {int((self.classes == name).sum())}" for name in groups_of(self.classes))
        return f"Candidates({self.source}: {counts})"


def find_candidates(
    frame_index: pd.DataFrame, features: Mapping[str, Vectors], *, source: str, phases: bool = True
) -> Candidates:
    """Usable TRAIN videos of ``source`` with a class and every one of ``features``.

    Parameters
    ----------
    frame_index : DataFrame
        Of stage 01: columns source, file_name, split, ef, class_name, systole_start.
    features : mapping of str to Vectors
        By representation, such as ``{"motion": ..., "appearance": ...}``.
    phases : bool
        Whether a video needs its ED and ES frames to be usable.

    Raises
    ------
    DataError
        If a column is missing or no video is left.
    """
    columns = ("source", "file_name", "split", "ef", "class_name", "systole_start")
    if absent := [name for name in columns if name not in frame_index]:
        raise DataError(
            f"The frame index has no column {absent[0]}.", remedy="Run stage 01 again: `infomotion run 01`."
        )
    train = frame_index[(frame_index["source"] == source) & (frame_index["split"] == "TRAIN")]
    train = train[(has_frames(train) | (not phases)) & train["class_name"].isin(GROUPS)]
    rows = {name: table.rows(source) for name, table in features.items()}
    names = train["file_name"].astype(str)
    complete = np.array([all(name in known for known in rows.values()) for name in names], dtype=bool)
    chosen = train[complete].assign(file_name=names[complete]).sort_values("file_name", kind="stable")
    if chosen.empty:
        raise no_candidates(source, 0, without_vectors=len(train))
    file_names = chosen["file_name"].to_numpy(dtype=str)
    vectors = {
        name: table.features[[rows[name][video] for video in file_names]] for name, table in features.items()
    }
    lost = train.loc[~complete, "class_name"].value_counts()
    return Candidates(
        source,
        file_names,
        chosen["class_name"].to_numpy(dtype=str),
        chosen["ef"].to_numpy(dtype=np.float64),
        vectors,
        {str(name): int(count) for name, count in lost.items()},
    )
