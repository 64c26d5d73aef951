"""Rows of ``VolumeTracings.csv`` fit to be used, and a named fault for each video whose tracing is not.

A traced frame has 21 rows: the long axis, then 20 short-axis chords from apex to mitral plane; (X1, Y1) and
(X2, Y2) are the two ends, in pixels of the frame. Nearly every video of EchoNet-Dynamic has two traced
frames, ED and ES.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from infomotion_lib.data.layout import Layout
from infomotion_lib.data.tables import DECIMAL_COMMA, plain_names, read_table, require_columns
from infomotion_lib.errors import DataError

COLUMNS = ("FileName", "X1", "Y1", "X2", "Y2", "Frame")
ROWS_A_FRAME = 21
MIN_ROWS = 4
"""A long axis and three chords: fewer enclose no area."""

TWO_TRACINGS = 38
"""From this many rows on a frame holds more than one tracing: two of them, a few chords perhaps missing."""

LARGEST_COORDINATE, LARGEST_FRAME = 1e4, 1e9
"""Beyond them a cell is no measurement."""


@dataclass(frozen=True)
class CheckedTracings:
    """Tracings that can be used, and what became of the rest.

    Attributes
    ----------
    rows : DataFrame
        ``FileName`` (no suffix), ``X1``, ``Y1``, ``X2``, ``Y2``, ``Frame`` (int), in file order; only videos
        with a usable tracing.
    status : Series of str
        A status a video, index = file name: ``"ok"``, or a fault. ``"odd_tracing_rows"`` and
        ``"overlapping_tracings"`` stay in ``rows`` as they are.
    stray : int
        Traced names that the list of videos does not have.
    """

    rows: pd.DataFrame
    status: pd.Series
    stray: int

    @property
    def usable(self) -> pd.DataFrame | None:
        """The rows; None where there is none, as in a data set without tracings."""
        return None if self.rows.empty else self.rows


def read_tracings(layout: Layout) -> pd.DataFrame:
    """All rows of the tracings file, numbers parsed (NaN where a cell is none), names without suffix.

    Raises
    ------
    DataError
        If the file is no CSV, lacks a column, or holds a name that is no plain file name.
    """
    path = layout.tracings
    if path is None:
        raise DataError(f"{layout.root} has no VolumeTracings.csv.")
    table = read_table(path)
    if "X" in table.columns and "X1" not in table.columns:
        raise DataError(
            f"{path} has the columns of EchoNet-Pediatric (FileName, X, Y, Frame).",
            remedy=f"EchoNet-Dynamic's tracings have the columns {', '.join(COLUMNS)}.",
        )
    require_columns(table, COLUMNS, path)
    rows = table[list(COLUMNS)].copy()
    rows["FileName"] = plain_names(rows["FileName"], path)
    for column in COLUMNS[1:]:
        cells = rows[column]
        rows[column] = pd.to_numeric(cells, errors="coerce").astype("float64")
        commas = cells[rows[column].isna() & (cells != "")].str.fullmatch(DECIMAL_COMMA.pattern)
        if commas.sum() > len(cells) / 2:
            raise DataError(
                f"{path} writes decimals with commas: {column} is {cells.iloc[0]!r} in row 2.",
                remedy="Write them with points, such as 55.5.",
            )
    return rows


def check_tracings(rows: pd.DataFrame, videos: pd.DataFrame) -> CheckedTracings:
    """Usable rows and a status a video.

    Parameters
    ----------
    rows : DataFrame
        From :func:`read_tracings`.
    videos : DataFrame
        ``file_name``, ``n_frames`` and ``status`` of every listed video; ``n_frames`` matters where
        ``status`` is ``"ok"``.
    """
    listed = videos.set_index("file_name")
    status = pd.Series("no_tracings", index=listed.index, dtype=object)
    is_listed = rows["FileName"].isin(listed.index)
    stray = int(rows.loc[~is_listed, "FileName"].nunique())
    rows = rows[is_listed]
    if rows.empty:
        return CheckedTracings(_typed(rows), status, stray)

    numbers = rows[list(COLUMNS[1:])].to_numpy()
    largest = np.array([*[LARGEST_COORDINATE] * 4, LARGEST_FRAME])
    fit = (np.abs(numbers) < largest).all(axis=1) & (numbers[:, 4] % 1 == 0)  # false for NaN too
    length = rows["FileName"].map(listed["n_frames"].where(listed["status"] == "ok", np.inf)).to_numpy()
    outside = fit & ((numbers[:, 4] < 0) | (numbers[:, 4] >= length))
    in_frame = rows.groupby(["FileName", "Frame"], sort=False, dropna=False)
    size = in_frame["X1"].transform("size").to_numpy()
    over = size >= TWO_TRACINGS

    by_name = rows.assign(
        unfit=~fit, outside=outside, few=size < MIN_ROWS, odd=(size != ROWS_A_FRAME) & ~over, over=over
    )
    worst = by_name.groupby("FileName", sort=False)[["unfit", "outside", "few", "odd", "over"]].any()
    frames = rows.groupby("FileName", sort=False)["Frame"].nunique()
    named = pd.Series("ok", index=worst.index, dtype=object)
    named[worst["odd"]] = "odd_tracing_rows"
    named[worst["over"] | (frames > 2)] = "overlapping_tracings"
    named[frames < 2] = "one_traced_frame"
    named[worst["few"]] = "too_few_tracing_rows"
    named[worst["outside"]] = "frame_outside_clip"
    named[worst["unfit"]] = "unreadable_tracing"
    status.loc[named.index] = named

    kept = named.index[named.isin(("ok", "odd_tracing_rows", "overlapping_tracings"))]
    return CheckedTracings(_typed(rows[rows["FileName"].isin(kept)]), status, stray)


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype({"Frame": "int64"}).reset_index(drop=True)


def first_tracing_areas(rows: pd.DataFrame) -> pd.DataFrame:
    """Area of each traced frame: columns ``FileName``, ``Frame`` and ``area`` (square pixels), in file order.

    The left ventricle is the polygon through the left ends of the chords and back through their right ends;
    the long axis (the first row) is left out, and so is what follows the first tracing of a frame. Areas by
    the shoelace formula, over all frames at once.

    Parameters
    ----------
    rows : DataFrame
        Usable tracings, see :class:`CheckedTracings`.
    """
    in_frame = rows.groupby(["FileName", "Frame"], sort=False)
    twice_traced = (in_frame["X1"].transform("size") >= TWO_TRACINGS).to_numpy()
    rows = rows[~twice_traced | (in_frame.cumcount().to_numpy() < ROWS_A_FRAME)]
    group = rows.groupby(["FileName", "Frame"], sort=False).ngroup().to_numpy()
    order = np.argsort(group, kind="stable")
    axis_row = np.r_[True, np.diff(group[order]) > 0][: len(order)]
    chords, number = rows.iloc[order[~axis_row]], group[order[~axis_row]]
    left, right = chords[["X1", "Y1"]].to_numpy(), chords[["X2", "Y2"]].to_numpy()
    together = np.flatnonzero(np.diff(number) == 0)
    first, last = (
        np.flatnonzero(np.r_[True, np.diff(number) > 0][: len(number)]),
        np.flatnonzero(np.r_[np.diff(number) > 0, True][: len(number)]),
    )
    twice = np.zeros(int(number.max(initial=-1)) + 1)
    np.add.at(
        twice,
        number[together],
        _cross(left[together], left[together + 1]) - _cross(right[together], right[together + 1]),
    )
    np.add.at(twice, number[first], _cross(right[first], left[first]))
    np.add.at(twice, number[last], _cross(left[last], right[last]))
    frames = rows[["FileName", "Frame"]].drop_duplicates().reset_index(drop=True)
    return frames.assign(area=np.abs(twice) / 2)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    product: np.ndarray = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product
