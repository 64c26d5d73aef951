"""Tables of a data set as text: CSV read cell by cell, other forms refused in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from infomotion_lib.errors import DataError

DECIMAL_COMMA = re.compile(r"(?<![\d,])\d+,\d+(?![\d,])")
"""A number as many countries write it: ``55,5``."""

_PLAIN_CSV = (
    "Save it as UTF-8 text with commas between cells and points in decimals, or restore the published file."
    " Spreadsheets save other forms under the same name."
)
_PUBLISHED_HEADER = "Some circulating copies dropped columns: use the published file, header unchanged."
_CSV_FAILURES = (
    pd.errors.ParserError,
    pd.errors.EmptyDataError,
    UnicodeError,
    ValueError,
    OverflowError,
    OSError,
)


def read_table(path: Path) -> pd.DataFrame:
    """Every cell of a CSV as text, column names stripped of spaces and of a byte-order mark.

    Raises
    ------
    DataError
        If the file is missing or is no CSV text.
    """
    _refuse_other_forms(path)
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", low_memory=False)
    except _CSV_FAILURES as error:
        reason = str(error).strip().splitlines()
        what = f"{path} cannot be read as a CSV table: {reason[0] if reason else type(error).__name__}"
        raise DataError(what, remedy=_PLAIN_CSV) from None
    if not isinstance(table.index, pd.RangeIndex):
        cells = len(table.columns) + table.index.nlevels
        first = ",".join([*np.atleast_1d(table.index[0]), *table.iloc[0]])
        raise DataError(
            f"{path} has rows of {cells} cells under a header of {len(table.columns)}: a decimal comma, as in"
            " 55,5, makes two cells of one.",
            where=f"First row: {first[:100]}",
            remedy=_PLAIN_CSV,
        )
    return table.rename(columns=lambda column: str(column).strip())


def _refuse_other_forms(path: Path) -> None:
    """Nothing, unless another sign than a comma separates the cells, as spreadsheets of many countries save
    them.
    """
    try:
        with path.open(encoding="utf-8-sig") as stream:
            lines = [stream.readline(100_000) for _ in range(3)]
    except (OSError, UnicodeError):
        return  # the reader says so in its own words
    for sign, name in {";": "semicolons", "\t": "tabs"}.items():
        if sign in lines[0] and "," not in lines[0]:
            decimal = any(DECIMAL_COMMA.search(line) for line in lines[1:])
            more = " and writes decimals with commas" if decimal else ""
            raise DataError(
                f"{path} separates its cells by {name}{more}.",
                where=f"First line: {lines[0].strip()[:100]}",
                remedy=(
                    "Save it with commas between cells and points in decimals. `infomotion distill` reads a"
                    " list of one's own as it is."
                ),
            )


def require_columns(table: pd.DataFrame, needed: Sequence[str], path: Path) -> None:
    """Nothing, if ``table`` has every column of ``needed``.

    Raises
    ------
    DataError
        Naming the missing columns and the ones found; or those that stand there twice.
    """
    twice = [column for column in needed if f"{column}.1" in table.columns]  # as pandas names the second one
    if twice:
        raise DataError(f"{path} has the column {', '.join(twice)} twice.", remedy="Keep the published one.")
    missing = [column for column in needed if column not in table.columns]
    if missing:
        raise DataError(
            f"{path} has no column {', '.join(missing)}.",
            where=f"Columns found: {', '.join(map(str, table.columns[:12]))}",
            remedy=_PLAIN_CSV if len(table.columns) == 1 else _PUBLISHED_HEADER,
        )


def plain_names(names: pd.Series, path: Path) -> pd.Series:
    """Names without spaces around them and without the suffix ``.avi``.

    Raises
    ------
    DataError
        If a name is empty, or is no plain file name (a path, ``..``, a drive).
    """
    plain = names.str.strip().str.replace(r"\.avi$", "", case=False, regex=True)
    bad = (
        plain.str.fullmatch(r"\.{0,2}")
        | plain.str.contains(r"[/\\:\x00-\x1f]", regex=True)
        | (plain.str.len() > 200)
    )
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise DataError(
            f"{path}: the file name {names.iloc[row]!r} in row {row + 2} is no plain file name.",
            remedy=(
                "Each row names one file of the Videos folder; empty names, paths and names that lead"
                " elsewhere are refused."
            ),
        )
    return plain
