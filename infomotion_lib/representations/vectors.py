"""Files of vectors: which vector belongs to which video, and which videos have none."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.errors import DataError
from infomotion_lib.provenance import write_npz

ONE_PAIR = "-1pair"
"""Ends the identity of vectors of the emptying motion alone: they compare with no others."""

MISSING_COLUMNS = ("source", "file_name", "status")


def _nothing_missing() -> pd.DataFrame:
    return pd.DataFrame(columns=list(MISSING_COLUMNS), dtype=str)


@dataclass(frozen=True)
class Vectors:
    """Vectors of videos, sorted by source and file name.

    Attributes
    ----------
    source, file_name : ndarray of str, shape (N,)
        Which video.
    features : ndarray of float32, shape (N, D)
        Its vector.
    missing : DataFrame
        ``source``, ``file_name``, ``status`` of the videos that have none.
    identity : str
        Of weights, videos and settings; empty in files of other makers.
    """

    source: NDArray[np.str_]
    file_name: NDArray[np.str_]
    features: NDArray[np.float32]
    missing: pd.DataFrame = field(default_factory=_nothing_missing)
    identity: str = ""

    def __len__(self) -> int:
        return len(self.file_name)

    def __repr__(self) -> str:
        return f"Vectors({len(self)} videos x {self.features.shape[1]}, {len(self.missing)} missing)"

    @property
    def size(self) -> int:
        """Numbers per vector."""
        return int(self.features.shape[1])

    def rows(self, source: str) -> dict[str, int]:
        """Row of each video of one source, by file name."""
        of_source = np.flatnonzero(self.source == source)
        return dict(zip(self.file_name[of_source].tolist(), of_source.tolist(), strict=True))

    @classmethod
    def of(
        cls,
        videos: Sequence[Mapping[Any, Any]],
        vectors: Mapping[int, NDArray[np.float32]],
        missing: Mapping[int, str],
        *,
        size: int,
        identity: str,
    ) -> Vectors:
        """Table of some videos, from vectors and statuses by their number in ``videos``."""
        kept = sorted(vectors)
        listed = [
            (videos[number]["source"], videos[number]["file_name"], missing[number])
            for number in sorted(missing)
        ]
        return cls(
            np.array([videos[number]["source"] for number in kept], dtype=np.str_),
            np.array([videos[number]["file_name"] for number in kept], dtype=np.str_),
            np.stack([vectors[number] for number in kept]) if kept else np.zeros((0, size), dtype=np.float32),
            pd.DataFrame(listed, columns=list(MISSING_COLUMNS), dtype=str),
            identity,
        )

    @classmethod
    def joined(cls, tables: Sequence[Vectors], *, more_missing: pd.DataFrame | None, size: int) -> Vectors:
        """All rows of several tables, sorted.

        Raises
        ------
        DataError
            If a video stands in two of them.
        """
        source = np.concatenate([np.array([], dtype=np.str_), *(table.source for table in tables)])
        name = np.concatenate([np.array([], dtype=np.str_), *(table.file_name for table in tables)])
        features = np.concatenate(
            [np.zeros((0, size), dtype=np.float32), *(table.features for table in tables)]
        )
        order = np.lexsort((name, source))
        keys = list(zip(source[order].tolist(), name[order].tolist(), strict=True))
        twice = [f"{first[0]}/{first[1]}" for first, second in pairwise(keys) if first == second]
        if twice:
            raise DataError(f"Videos have two feature vectors: {', '.join(twice[:5])}")
        lists = [table.missing for table in tables] + ([] if more_missing is None else [more_missing])
        missing = pd.concat([_nothing_missing(), *lists], ignore_index=True)
        missing = missing.sort_values(["source", "file_name"], kind="stable").reset_index(drop=True)
        identity = tables[0].identity if tables else ""
        return cls(source[order], name[order], features[order].astype(np.float32), missing, identity)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays of the file of a part, missing videos included."""
        lists = {
            f"missing_{column}": np.array(self.missing[column].tolist(), dtype=np.str_)
            for column in MISSING_COLUMNS
        }
        rows = {"source": self.source, "file_name": self.file_name, "features": self.features}
        return {**rows, **lists, "identity": np.array(self.identity)}

    def rows_of(self, videos: pd.DataFrame) -> NDArray[np.int64]:
        """Row of each video of a table with ``source`` and ``file_name``, (N,); -1 where it has no vector."""
        where = {
            key: row
            for row, key in enumerate(zip(self.source.tolist(), self.file_name.tolist(), strict=True))
        }
        keys = zip(videos["source"].tolist(), videos["file_name"].tolist(), strict=True)
        return np.array([where.get(key, -1) for key in keys], dtype=np.int64)


def write_features(table: Vectors, path: Path) -> Path:
    """Path of the vectors, written whole: ``source``, ``file_name`` and ``features``.

    Those of one motion alone also have the ``identity``, which says so.
    """
    arrays = {"source": table.source, "file_name": table.file_name, "features": table.features}
    if table.identity.endswith(ONE_PAIR):
        arrays["identity"] = np.array(table.identity)
    return write_npz(path, arrays)


def read_features(path: str | Path) -> Vectors:
    """Vectors in a file that :func:`write_features` wrote, or in a part of one.

    Raises
    ------
    DataError
        If the file is missing, damaged, or its arrays do not fit together.
    """
    remedy = "Run stage 02 again: `infomotion run 02`."
    try:
        with np.load(path, allow_pickle=False) as arrays:
            content = {name: arrays[name] for name in arrays.files}
        source, names = content["source"].astype(str), content["file_name"].astype(str)
        features = content["features"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"Not a feature file: {path}", where=f"Reason: {error}", remedy=remedy) from None
    if features.ndim != 2 or not len(source) == len(names) == len(features):
        raise DataError(f"The arrays of {path} do not fit together.", remedy=remedy)
    lists = {
        column: content.get(f"missing_{column}", np.array([], dtype=np.str_)).tolist()
        for column in MISSING_COLUMNS
    }
    return Vectors(source, names, features, pd.DataFrame(lists, dtype=str), str(content.get("identity", "")))
