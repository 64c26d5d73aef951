"""Files of vectors: which vector belongs to which video, and which videos have none."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.errors import DataError
from infomotion_lib.provenance import write_csv, write_npz

MISSING_COLUMNS = ("source", "file_name", "status")
MISSING_FILE = "missing_videos.csv"


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
    missing: pd.DataFrame
    identity: str = ""

    def __len__(self) -> int:
        return len(self.file_name)

    def __repr__(self) -> str:
        return f"Vectors({len(self)} videos x {self.features.shape[1]}, {len(self.missing)} missing)"

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
        missing = pd.concat(
            [pd.DataFrame(columns=list(MISSING_COLUMNS), dtype=str), *lists], ignore_index=True
        )
        missing = missing.sort_values(["source", "file_name"], kind="stable").reset_index(drop=True)
        identity = tables[0].identity if tables else ""
        return cls(source[order], name[order], features[order].astype(np.float32), missing, identity)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays of a part or shard file, missing videos included."""
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


def write_features(
    table: Vectors, path: Path, *, identity: str = "", shard: int = 0, num_shards: int = 1
) -> Path:
    """Path of the vectors, written whole: ``source``, ``file_name`` and ``features``, with
    ``missing_videos.csv`` beside them.

    The file of one shard among several holds its missing videos and its identity too.
    """
    if num_shards > 1:
        whole = Vectors(table.source, table.file_name, table.features, table.missing, identity)
        return write_npz(path, **whole.arrays(), shard=np.array(shard), num_shards=np.array(num_shards))
    write_csv(table.missing, path.with_name(MISSING_FILE))
    return write_npz(path, source=table.source, file_name=table.file_name, features=table.features)


def read_features(path: str | Path) -> Vectors:
    """Table in a feature file, a part or a shard.

    Raises
    ------
    DataError
        If the file is missing, damaged, or lacks an array.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            content = {name: arrays[name] for name in arrays.files}
        rows = content["source"], content["file_name"], content["features"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a feature file: {error}", remedy="Run stage 02 again.") from None
    if not len(rows[0]) == len(rows[1]) == len(rows[2]):
        raise DataError(
            f"{path}: {len(rows[1])} names and {len(rows[2])} vectors.", remedy="Run stage 02 again."
        )
    lists = {
        column: content.get(f"missing_{column}", np.array([], dtype=np.str_)).tolist()
        for column in MISSING_COLUMNS
    }
    return Vectors(*rows, pd.DataFrame(lists, dtype=str), str(content.get("identity", "")))
