"""The left ventricle's outline and area on each traced frame, and ED and ES by area.

A tracing of EchoNet-Dynamic is a block of rows ``X1, Y1, X2, Y2``: first the long axis, then chords across it
from apex to mitral plane (normally 20). A few frames carry several tracings one after the other, a few videos
a single traced frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Outline = NDArray[np.float64]

_COORDINATES = ["X1", "Y1", "X2", "Y2"]


def outlines(rows: ArrayLike) -> list[Outline]:
    """Closed outline (P, 2) in pixels of each tracing of one frame, in the order traced; P is twice the
    number of chords.

    Parameters
    ----------
    rows : array_like, shape (R, 4)
        ``X1, Y1, X2, Y2`` of one frame in file order. Any number of chords from two on makes an outline; a
        row that lies across the others (a long axis) starts a new tracing; rows that are not finite are left
        out.
    """
    lines = np.asarray(rows, dtype=np.float64).reshape(-1, 4)
    lines = lines[np.isfinite(lines).all(axis=1)]
    starts = [*np.flatnonzero(_is_long_axis(lines)), len(lines)]
    chords = [lines[start + 1 : stop] for start, stop in pairwise(starts)]
    return [_outline(block) for block in chords if len(block) >= 2]


def outline_area(outline: Outline) -> float:
    """Area inside a closed outline (P, 2), in square pixels (the shoelace formula)."""
    x, y = outline.T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def traced_areas(tracings: pd.DataFrame) -> pd.DataFrame:
    """Traced area of each frame: ``file_name, frame, area, n_tracings``, one row per traced frame, sorted.

    Parameters
    ----------
    tracings : DataFrame
        Rows of ``VolumeTracings.csv``. The area of a frame with several tracings is their median, in square
        pixels; a frame without a closed outline (fewer than two chords, zero area) is left out.
    """
    rows = []
    for name, frame, lines in _frames(tracings):
        areas = [area for area in map(outline_area, outlines(lines)) if area > 0]
        if areas:
            rows.append((name, frame, float(np.median(areas)), len(areas)))
    return pd.DataFrame(rows, columns=["file_name", "frame", "area", "n_tracings"]).astype(
        {"file_name": str, "frame": "int64", "area": "float64", "n_tracings": "int64"}
    )


def annotated_phases(
    tracings: pd.DataFrame, *, phase_rule: Literal["area", "temporal"] = "area"
) -> pd.DataFrame:
    """ES and ED frame of each traced video: ``file_name, es, ed, es_area, ed_area, n_traced, status``, one
    row per video.

    Parameters
    ----------
    tracings : DataFrame
        Rows of ``VolumeTracings.csv``.
    phase_rule : {"area", "temporal"}
        ``area``: ED is the frame with the largest outline, ES the one with the smallest. ``temporal``: ES is
        the first and ED the last traced frame in time, as the authors' public loader has it; in most videos
        that calls ED the ES.

    Notes
    -----
    ``status`` is ``ok``, ``one_traced_frame`` or ``equal_areas`` (no phase by area); the latter two have no
    frames.
    """
    areas = traced_areas(tracings)
    rows = []
    for name, group in areas.groupby("file_name", sort=True):
        frame, area = group["frame"].to_numpy(), group["area"].to_numpy()
        first, last = (
            (int(area.argmin()), int(area.argmax())) if phase_rule == "area" else (0, len(frame) - 1)
        )
        status = "one_traced_frame" if len(frame) < 2 else "equal_areas" if first == last else "ok"
        known = status == "ok"
        es, ed = (int(frame[first]), int(frame[last])) if known else (pd.NA, pd.NA)
        rows.append(
            (
                name,
                es,
                ed,
                area[first] if known else np.nan,
                area[last] if known else np.nan,
                len(frame),
                status,
            )
        )
    table = pd.DataFrame(rows, columns=["file_name", "es", "ed", "es_area", "ed_area", "n_traced", "status"])
    return table.astype(
        {
            "file_name": str,
            "es": "Int64",
            "ed": "Int64",
            "es_area": "float64",
            "ed_area": "float64",
            "n_traced": "int64",
        }
    )


def _frames(tracings: pd.DataFrame) -> Iterator[tuple[str, int, NDArray[np.float64]]]:
    """Name, frame number and rows in file order of every traced frame, sorted by name and frame."""
    numbers = pd.to_numeric(tracings["Frame"], errors="coerce")
    named = (numbers.notna() & tracings["FileName"].notna()).to_numpy()
    good, frames = tracings[named], numbers.to_numpy()[named].astype(np.int64)
    codes, names = pd.factorize(good["FileName"].astype(str), sort=True)
    order = np.lexsort((np.arange(len(good)), frames, codes))
    codes, frames = codes[order], frames[order]
    lines = good[_COORDINATES].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)[order]
    cuts = np.flatnonzero((np.diff(codes) != 0) | (np.diff(frames) != 0)) + 1
    for start, stop in zip([0, *cuts], [*cuts, len(codes)], strict=True):
        if stop > start:
            yield str(names[codes[start]]), int(frames[start]), lines[start:stop]


def _is_long_axis(lines: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows (R,) lie more than 45 degrees off the common direction of the chords; the first row always
    counts.
    """
    across = lines[:, 2:] - lines[:, :2]
    ends = across[:, 0] + 1j * across[:, 1]
    doubled = ends**2 / np.maximum(np.abs(ends), 1e-12)  # twice the angle: a line has no sense of direction
    common = doubled[1:].sum()
    marks = (doubled * np.conj(common)).real < 0
    marks[:1] = True
    return np.asarray(marks, dtype=np.bool_)


def _outline(chords: NDArray[np.float64]) -> Outline:
    """Outline of chords (C, 4): down one side and up the other, after turning chords that run the
    other way.
    """
    chords = chords.copy()
    across = chords[:, 2:] - chords[:, :2]
    turned = across @ across.sum(axis=0) < 0
    chords[turned] = chords[turned][:, [2, 3, 0, 1]]
    return np.concatenate([chords[:, :2], chords[::-1, 2:]])
