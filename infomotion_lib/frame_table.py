"""The frame index as a file: its columns, their types, its reader. Every stage after the first starts from
it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_lib.errors import DataError

PAIR_COLUMNS = (
    "diastole_start",
    "diastole_mid",
    "diastole_end",
    "systole_start",
    "systole_mid",
    "systole_end",
)
MOTIONS = ("diastole", "systole")
COLUMN_TYPES: dict[str, Any] = (
    dict.fromkeys(("source", "file_name", "split"), "str")
    | {"ef": "float64", "class_name": "str", "fps": "float64", "n_frames": "Int64"}
    | {"phase_source": "str", "status": "str", "confidence": "float64", "residual": "float64"}
    | dict.fromkeys(("es", "ed", "next_es", *PAIR_COLUMNS), "Int64")
)
INDEX_COLUMNS = tuple(COLUMN_TYPES)
"""Columns of a frame index, see :func:`~infomotion_lib.frames.index.build_frame_index`."""


def has_frames(index: pd.DataFrame) -> pd.Series[bool]:
    """Whether each video has the frames that it needs: those of its emptying. No video has them without
    those of its filling, unless only half beats were asked for (``pairs: 1``).
    """
    return index["systole_start"].notna()


def read_frame_index(path: str | Path) -> pd.DataFrame:
    """Frame index written by :func:`~infomotion_lib.provenance.write_csv`, with its column types.

    Raises
    ------
    DataError
        If the file is missing or is no frame index.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(f"There is no frame index at {file}.", remedy="Run stage 01 (frame_index) first.")
    numbers = [name for name, kind in COLUMN_TYPES.items() if kind != "str"]
    try:
        table = pd.read_csv(
            file, dtype=COLUMN_TYPES, keep_default_na=False, na_values={name: [""] for name in numbers}
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(
            f"{file} is no frame index: {error}", remedy="Run stage 01 (frame_index) again."
        ) from None
    missing = [name for name in INDEX_COLUMNS if name not in table]
    if missing:
        raise DataError(
            f"{file} is no frame index: no column {', '.join(missing)}.",
            remedy="Run stage 01 (frame_index) again.",
        )
    return table
