"""The representation ``own``: names and vectors read from a ``.npz`` file that any encoder may have written.

The file holds ``file_name`` (N,) and ``features`` (N, D), and ``source`` (N,) where one name stands in
several sources; what stage 02 writes is such a file.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.errors import DataError
from infomotion_lib.paths import PROJECT
from infomotion_lib.representations.own.parameters import OwnParameters
from infomotion_lib.representations.vectors import Vectors, write_features

NO_VECTOR = "no_own_vector"
"""Status of a video that the file does not name."""

MOST_WITHOUT = 0.05
"""Share of TRAIN videos that may lack a vector; a file that lacks more is the wrong one."""

REMEDY = (
    "It must hold file_name (N,), features (N, D) and, where names repeat, source (N,):"
    " np.savez(path, file_name=..., features=...)."
)


@dataclass(frozen=True)
class Own:
    """Vectors by name.

    Attributes
    ----------
    path : Path
        The file.
    source : ndarray of str, shape (N,)
        Empty strings where the file names no source.
    file_name : ndarray of str, shape (N,)
        Without ``.avi``.
    features : ndarray of float32, shape (N, D)
    partial : bool
        Whether the run uses a part of its videos only, so that names it does not know are no fault.
    """

    path: Path
    source: NDArray[np.str_]
    file_name: NDArray[np.str_]
    features: NDArray[np.float32]
    partial: bool

    @property
    def size(self) -> int:
        """Numbers per vector."""
        return int(self.features.shape[1])

    def rows_of(self, videos: pd.DataFrame) -> NDArray[np.int64]:
        """Row of each video in the file, (N,); -1 where it has none.

        Raises
        ------
        DataError
            If a name without a source stands for several videos.
        """
        where = {key: row for row, key in enumerate(zip(self.source, self.file_name, strict=True))}
        listed = list(zip(videos["source"].astype(str), videos["file_name"].astype(str), strict=True))
        rows = [where.get((source, name), where.get(("", name), -1)) for source, name in listed]
        numbers = np.array(rows, dtype=np.int64)
        used, count = np.unique(numbers[numbers >= 0], return_counts=True)
        if (count > 1).any():
            name = self.file_name[used[count > 1][0]]
            raise DataError(
                f"{self.path}: {int((count > 1).sum())} names stand for videos of several sources, such as"
                f" {name}.",
                remedy="Add an array source (N,), such as real or synthetic, to the file.",
            )
        return numbers

    def vectors(self, videos: pd.DataFrame, *, workers: int, out: Path | None = None) -> Vectors:
        """Vectors of the videos that the file names; the others are listed.

        Raises
        ------
        DataError
            If the file names some of these videos, and others that are not among them.
        """
        ordered = videos.sort_values(["source", "file_name"], kind="stable").reset_index(drop=True)
        rows = self.rows_of(ordered)
        unknown = np.setdiff1d(np.arange(len(self.file_name)), rows)
        if len(unknown) and (rows >= 0).any() and not self.partial:
            raise DataError(
                f"{self.path} names {len(unknown)} videos that this run does not know:"
                f" {_some(self.file_name[unknown])}",
                remedy="Take them out, or mend the names.",
            )
        vectors = {number: self.features[row] for number, row in enumerate(rows) if row >= 0}
        missing = {number: NO_VECTOR for number, row in enumerate(rows) if row < 0}
        table = Vectors.of(ordered.to_dict("records"), vectors, missing, size=self.size, identity="")
        if out is not None:
            write_features(table, out)
        return table

    def summary(self) -> dict[str, Any]:
        """The file's name and size."""
        return {"file": self.path.name, "named": len(self.file_name), "size": self.size}


def fit(
    train: pd.DataFrame, val: pd.DataFrame, *, folder: Path, parameters: OwnParameters, device: str
) -> Own:
    """The vectors of the file, which must name nearly all TRAIN videos.

    Raises
    ------
    DataError
        If the file cannot be used, or more than 5 % of the TRAIN videos have no vector in it.
    """
    given = load(folder, parameters=parameters, device=device)
    without = given.rows_of(train) < 0
    if without.mean() > MOST_WITHOUT:
        raise DataError(
            f"{given.path} has no vector for {int(without.sum())} of {len(train)} TRAIN videos:"
            f" {_some(train['file_name'].to_numpy(dtype=str)[without])}",
            remedy="Its names must be those of frame_index.csv.",
        )
    return given


def load(folder: Path, *, parameters: OwnParameters, device: str) -> Own:
    """The vectors of the file; nothing of it lies in ``folder``.

    Raises
    ------
    DataError
        If the file is missing, an array is missing or of the wrong shape, a name stands twice, or a number is
        not finite.
    """
    path = Path(parameters.vectors).expanduser()
    path = path if path.is_absolute() else PROJECT / path
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names, features = arrays["file_name"].astype(str), arrays["features"]
            source = arrays["source"].astype(str) if "source" in arrays.files else np.full(names.shape, "")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"Not a file of vectors: {path}", where=f"Reason: {error}", remedy=REMEDY) from None
    if features.ndim != 2 or not features.shape[1] or features.dtype.kind not in "fiu":
        raise DataError(
            f"{path}: features are {features.dtype} of shape {features.shape}, not numbers (N, D).",
            remedy=REMEDY,
        )
    if names.shape != (len(features),) or source.shape != names.shape:
        raise DataError(
            f"{path}: {names.shape} names, {source.shape} sources and {features.shape} vectors do not fit.",
            remedy=REMEDY,
        )
    names = _plain(names)
    keys, count = np.unique(np.char.add(np.char.add(source, "/"), names), return_counts=True)
    if (count > 1).any():
        twice = np.char.lstrip(keys[count > 1], "/")
        raise DataError(f"{path}: {len(twice)} names stand twice: {_some(twice)}", remedy=REMEDY)
    wild = ~np.isfinite(features).all(axis=1)
    if wild.any():
        raise DataError(
            f"{path}: {int(wild.sum())} vectors are not finite: {_some(names[wild])}",
            remedy="Leave these videos out; they are listed as missing then.",
        )
    return Own(path, source, names, features.astype(np.float32), bool(parameters.limit))


def _plain(names: NDArray[np.str_]) -> NDArray[np.str_]:
    return np.array([name.removesuffix(".avi") for name in names.tolist()], dtype=np.str_)


def _some(names: NDArray[np.str_], *, most: int = 5) -> str:
    return ", ".join(names[:most].tolist()) + (f" and {len(names) - most} more" if len(names) > most else "")
