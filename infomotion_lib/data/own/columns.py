"""What the cells of a list of videos mean: file, EF, patient, split, frame rate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from infomotion_lib.data.layout import SPLITS
from infomotion_lib.data.own.lists import VideoList
from infomotion_lib.errors import DataError, ParameterError, did_you_mean

SPELLINGS = {
    "file": ("filename", "file", "video", "videofile", "videoname", "clip", "path", "name"),
    "ef": ("ef", "lvef", "ejectionfraction", "efpercent", "lvefpercent"),
    "patient": ("patient", "patientid", "patientnumber", "subject", "subjectid", "pid"),
    "split": ("split", "set", "subset", "partition"),
    "fps": ("fps", "framerate", "framespersecond"),
}
"""Key of each column and the headings it is found by where none is named; case, spaces and signs do not
count."""

NEEDED = ("file", "ef")
SPLIT_WORDS = {
    "train": "TRAIN",
    "training": "TRAIN",
    "val": "VAL",
    "valid": "VAL",
    "validation": "VAL",
    "dev": "VAL",
    "test": "TEST",
    "testing": "TEST",
}
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_EXAMPLE = '--column ef="LVEF (%)"'


@dataclass(frozen=True)
class EF:
    """Ejection fractions of a list.

    Attributes
    ----------
    points : Series of float64
        In percent, 0 to 100; NaN where the cell is empty.
    scale : str
        How they were written: ``"percent"``, ``"fraction"``.
    """

    points: pd.Series
    scale: str


def find_columns(
    videos: VideoList, named: Mapping[str, str], *, needed: tuple[str, ...] = NEEDED
) -> dict[str, str]:
    """Heading of each key: as named, or the only one that is spelled like it; keys without one are left out.

    Parameters
    ----------
    videos : VideoList
        The list.
    named : mapping of str to str
        Headings by key (a key of :data:`SPELLINGS`), as the author gives them.
    needed : tuple of str
        Keys that must have one.

    Raises
    ------
    ParameterError
        If a key or a heading is unknown, or two keys share a heading.
    DataError
        If a needed key has no heading, or several could be it.
    """
    headings = list(videos.table.columns)
    where = f"Columns of {videos.path}: {', '.join(headings)}"
    chosen: dict[str, str] = {}
    for key, heading in named.items():
        if key not in SPELLINGS:
            raise ParameterError(f"Unknown key of a column: {key}", remedy=did_you_mean(key, SPELLINGS))
        if heading not in headings:
            raise ParameterError(
                f"The list has no column {heading!r} for {key}.",
                where=where,
                remedy=did_you_mean(heading, headings),
            )
        chosen[key] = heading
    for key, spellings in SPELLINGS.items():
        if key in chosen:
            continue
        alike = [heading for heading in headings if _plain(heading) in spellings]
        alike = [heading for heading in alike if heading not in chosen.values()]
        if len(alike) > 1:
            raise DataError(
                f"Which column of the list is the {key}: {' or '.join(alike)}?",
                where=where,
                remedy=f'Name it: --column {key}="{alike[0]}"',
            )
        if alike:
            chosen[key] = alike[0]
        elif key in needed:
            raise DataError(
                f"The list has no column for the {key}.", where=where, remedy=f"Name it, such as {_EXAMPLE}"
            )
    if shared := [heading for heading in chosen.values() if list(chosen.values()).count(heading) > 1]:
        raise ParameterError(f"The column {shared[0]!r} is named for two keys.", where=where)
    return chosen


def ef_points(column: pd.Series) -> EF:
    """Ejection fractions in percent, from percent, fractions of 1, or text with a percent sign.

    Parameters
    ----------
    column : Series of str
        Cells; the index says which line of the list each is.

    Raises
    ------
    DataError
        If a cell is no number, lies outside 0 to 100 %, or the column mixes percent and fractions.
    """
    cells = column.str.strip()
    signed = cells.str.contains("%", regex=False)
    bare = cells.str.replace("%", "", regex=False).str.strip()
    filled = bare[bare != ""]
    odd = filled[~filled.map(lambda cell: bool(_NUMBER.fullmatch(cell)))]
    if len(odd):
        raise DataError(
            f"The EF in row {odd.index[0]} is {column.loc[odd.index[0]]!r}, not one number.",
            where=f"Rows concerned: {len(odd)} of {len(cells)}, the first {_rows(odd.index)}",
            remedy="Write a number such as 55, 55.5, 55,5, 55 % or 0.555; leave the cell empty if unknown.",
        )
    points = filled.str.replace(",", ".", regex=False).astype("float64")
    unsigned = points[~signed.loc[points.index]]
    small = unsigned[(unsigned > 0) & (unsigned <= 1)]
    if len(small) and (len(small) < (unsigned > 0).sum() or signed.any()):
        raise DataError(
            f"The EF of row {small.index[0]} is {small.iloc[0]:g}, that of most others is in percent:"
            " both scales in one column.",
            where=f"Rows at most 1: {len(small)} of {len(points)}, the first {_rows(small.index)}",
            remedy="Write all of them in percent (55.5) or all as fractions (0.555).",
        )
    scale = "fraction" if len(small) else "percent"
    points = points * (100.0 if len(small) else 1.0)
    outside = points[~points.between(0, 100)]
    if len(outside):
        raise DataError(
            f"The EF of row {outside.index[0]} is {column.loc[outside.index[0]]}: beyond 0 to 100 %.",
            where=f"Rows concerned: {len(outside)}, the first {_rows(outside.index)}",
            remedy="Mend these rows, or leave their cells empty.",
        )
    return EF(points.reindex(column.index), scale)


def split_names(column: pd.Series) -> pd.Series:
    """``TRAIN``, ``VAL`` or ``TEST`` of each row, from these words and their usual synonyms, capitals or not.

    Raises
    ------
    DataError
        If a word is none of them.
    """
    words = column.str.strip().str.lower()
    unknown = words[~words.isin(list(SPLIT_WORDS))]
    if len(unknown):
        raise DataError(
            f"The split in row {unknown.index[0]} is {column.loc[unknown.index[0]]!r}.",
            where=f"Rows concerned: {len(unknown)}, the first {_rows(unknown.index)}",
            remedy=f"A split is one of {', '.join(SPLITS)}; without such a column the videos are split here.",
        )
    return words.map(SPLIT_WORDS)


def rates(column: pd.Series) -> pd.Series:
    """Frames per second of each row, float64; NaN where the cell is empty.

    Raises
    ------
    DataError
        If a cell is no positive number.
    """
    numbers = pd.to_numeric(column.str.replace(",", ".", regex=False), errors="coerce")
    odd = column[(column != "") & ~(numbers > 0)]
    if len(odd):
        raise DataError(
            f"The frame rate in row {odd.index[0]} is {odd.iloc[0]!r}, no positive number.",
            where=f"Rows concerned: {len(odd)}, the first {_rows(odd.index)}",
            remedy="Write frames per second, or leave the cell empty: then the file's own rate counts.",
        )
    return numbers.astype("float64")


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", heading.lower().replace("%", "percent" if "(" not in heading else ""))


def _rows(index: pd.Index) -> str:
    return ", ".join(str(row) for row in np.asarray(index)[:5])
