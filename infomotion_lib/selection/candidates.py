"""Who may be chosen: usable TRAIN videos of one source that have every feature."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.errors import DataError


@dataclass(frozen=True)
class FeatureTable:
    """Vectors of videos as stage 02 writes them.

    Attributes
    ----------
    source, file_name : ndarray of str, shape (N,)
    features : ndarray of float32, shape (N, D)
    """

    source: NDArray[np.str_]
    file_name: NDArray[np.str_]
    features: NDArray[np.floating]

    def __repr__(self) -> str:
        return f"FeatureTable({self.features.shape[0]} videos x {self.features.shape[1]} numbers)"

    def rows(self, source: str) -> dict[str, int]:
        """Row number of each video of one source, by file name."""
        own = np.flatnonzero(self.source == source)
        return dict(zip(self.file_name[own].tolist(), own.tolist(), strict=True))


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
        ``motion`` (N, D), ``appearance`` (N, 512).
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
        counts = ", ".join(f"{name} {int((self.classes == name).sum())}" for name in CLASS_NAMES)
        return f"Candidates({self.source}: {counts})"


def read_features(path: str | Path) -> FeatureTable:
    """Feature table read from a ``*_features.npz`` file.

    Raises
    ------
    DataError
        If the file is missing, damaged, or its arrays do not fit together.
    """
    try:
        with np.load(path) as arrays:
            table = FeatureTable(
                arrays["source"].astype(str), arrays["file_name"].astype(str), arrays["features"]
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(
            f"Not a feature file: {path}",
            where=f"Reason: {error}",
            remedy="Run stage 02 again: `infomotion run 02`.",
        ) from None
    if table.features.ndim != 2 or not len(table.source) == len(table.file_name) == len(table.features):
        raise DataError(
            f"The arrays of {path} do not fit together.", remedy="Run stage 02 again: `infomotion run 02`."
        )
    return table


def find_candidates(
    frame_index: pd.DataFrame, features: dict[str, FeatureTable], *, source: str
) -> Candidates:
    """Usable TRAIN videos of ``source`` with a known EF and every one of ``features``.

    Parameters
    ----------
    frame_index : DataFrame
        Of stage 01: columns source, file_name, split, ef, class_name, diastole_start.
    features : dict of str to FeatureTable
        Such as ``{"motion": ..., "appearance": ...}``.

    Raises
    ------
    DataError
        If a column is missing or no video is left.
    """
    columns = ("source", "file_name", "split", "ef", "class_name", "diastole_start")
    if absent := [name for name in columns if name not in frame_index]:
        raise DataError(
            f"The frame index has no column {absent[0]}.", remedy="Run stage 01 again: `infomotion run 01`."
        )
    train = frame_index[(frame_index["source"] == source) & (frame_index["split"] == "TRAIN")]
    train = train[
        train["diastole_start"].notna()
        & np.isfinite(train["ef"].astype(float))
        & train["class_name"].isin(CLASS_NAMES)
    ]
    rows = {name: table.rows(source) for name, table in features.items()}
    names = train["file_name"].astype(str)
    complete = np.array([all(name in own for own in rows.values()) for name in names], dtype=bool)
    chosen = train[complete].assign(file_name=names[complete]).sort_values("file_name", kind="stable")
    if chosen.empty:
        raise DataError(
            f"No video of source {source!r} can be selected: {len(train)} usable TRAIN videos,"
            f" {int(complete.sum())} with features.",
            remedy="Look at status_counts.csv of stage 01 and missing_videos.csv of stage 02.",
        )
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
