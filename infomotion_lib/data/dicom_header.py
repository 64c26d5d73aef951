"""What a DICOM header says about time and space: frame rate, regions, centimetres per pixel."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from infomotion_lib.data.faults import FRAME_RATES
from infomotion_lib.errors import VideoError

RATES = ("FrameTimeVector", "FrameTime", "CineRate", "RecommendedDisplayFrameRate")
REGIONS = "SequenceOfUltrasoundRegions"
UNEVEN = 1.5
"""The longest time between frames over the shortest, from which frames are called unevenly spaced."""

_CENTIMETRES, _PLANE, _TISSUE = 3, 1, 1  # codes of C.8.5.5 in part 3 of the standard


class Rate(NamedTuple):
    """Frames a second, and what is odd about them ("" if nothing)."""

    fps: float
    remark: str


class Region(NamedTuple):
    """A two-dimensional region of the picture: first and last column and row, centimetres per pixel (0 where
    the header gives none).
    """

    x0: int
    y0: int
    x1: int
    y1: int
    cm_x: float
    cm_y: float


def rate_of(header: Any, *, name: str) -> Rate:
    """Frame rate from the times between frames, the time of one frame or the rates that a header may state,
    the first of these that is one.

    Parameters
    ----------
    header : pydicom.Dataset
        With the elements of :data:`RATES`.
    name : str
        For the error.

    Raises
    ------
    VideoError
        If none states a rate that hearts are filmed at.
    """
    passed_over: list[str] = []
    low, high = FRAME_RATES
    for keyword in RATES:
        if keyword not in header:
            continue
        try:
            value = header[keyword].value
            fps, remark = (
                _of_vector(value, header) if keyword == RATES[0] else (_of_number(keyword, value), "")
            )
        except (
            Exception
        ):  # pydicom decodes an element when it is asked for, and a damaged one raises any kind
            fps, remark = float("nan"), ""
        if low <= fps <= high:
            return Rate(fps, "; ".join([*passed_over, *([remark] if remark else [])]))
        passed_over.append(
            f"{keyword} is passed over: {fps:g} frames a second" if fps > 0 else f"{keyword} is no time"
        )
    raise VideoError(
        f"{name} does not say how fast its frames follow each other, from {low:g} to {high:g} a second.",
        where=f"{'; '.join(passed_over)}." if passed_over else f"Looked for: {', '.join(RATES)}.",
        remedy="Times between frames are stated in milliseconds." if passed_over else "",
        fault="no_frame_rate",
    )


def _of_vector(value: Any, header: Any) -> tuple[float, str]:
    """From the times since the frame before, in ms; that of the first frame means nothing."""
    length = int(header.get("NumberOfFrames", 1) or 1)
    if len(value) not in (length, length - 1):
        return float("nan"), ""
    steps = np.array([float(step) for step in value], np.float64)[1:]
    if not len(steps) or not np.isfinite(steps).all() or steps.min() < 0 or not steps.sum() > 0:
        return float("nan"), ""
    uneven = steps.max() > UNEVEN * steps.min()
    return 1000 * len(steps) / float(steps.sum()), (
        f"frames are {steps.min():g} to {steps.max():g} ms apart: their mean rate is used" if uneven else ""
    )


def _of_number(keyword: str, value: Any) -> float:
    number = float(value)
    return (1000 / number if number > 0 else float("nan")) if keyword == "FrameTime" else number


def tissue_region(header: Any) -> Region | None:
    """The largest region that shows tissue in a plane and lies inside the picture; None where there is none.

    A header may list regions of the machine's screen, which need not be the size of the stored frames.
    """
    found = []
    try:
        for item in header[REGIONS].value if REGIONS in header else ():
            corners = [
                int(item[f"RegionLocation{corner}"].value) for corner in ("MinX0", "MinY0", "MaxX1", "MaxY1")
            ]
            x0, y0, x1, y1 = corners
            inside = 0 <= x0 < x1 <= header.Columns and 0 <= y0 < y1 <= header.Rows
            x1, y1 = min(x1, header.Columns - 1), min(y1, header.Rows - 1)  # some count from one
            if inside and int(item.RegionSpatialFormat) == _PLANE:
                tissue = int(item.get("RegionDataType", 0) or 0) == _TISSUE
                region = Region(x0, y0, x1, y1, _centimetres(item, "X"), _centimetres(item, "Y"))
                found.append((tissue, (x1 - x0) * (y1 - y0), region))
    except Exception:  # as above: a damaged element raises any kind
        return None
    return max(found)[2] if found else None


def _centimetres(item: Any, axis: str) -> float:
    if item.get(f"PhysicalUnits{axis}Direction") != _CENTIMETRES:
        return 0.0
    delta = abs(float(item.get(f"PhysicalDelta{axis}", 0) or 0))
    return delta if np.isfinite(delta) else 0.0
