"""One ultrasound cine in a DICOM file: grey frames of the scanned sector and their rate, and nothing else of
the header.

Headers carry names, dates and measurements; only what pixels need is read. Text and marks burnt into the
picture stand still, so the sector is found by what moves, and all around it becomes black. All arithmetic is
of whole numbers: the clip is the same on every processor.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from infomotion_lib.data.dicom_header import RATES, rate_of
from infomotion_lib.data.dicom_pixels import TAGS, grey_frames, read_header
from infomotion_lib.data.video import Clip
from infomotion_lib.errors import VideoError
from infomotion_lib.provenance import sha256

WHOLE_CINE = "color3d_jpeg_baseline.dcm"
WHOLE_CINE_SHA256 = "c8798b8abf8ae0a18e8c9952e7c7f75f3cc8465234b1b63f9e3ba3bebb9d5625"
"""A real heart of four beats, 120 apical frames, published with pydicom (MIT)."""

STILL = 0.5
"""Grey levels: a pixel whose standard deviation over time is smaller does not move."""


class Cine(NamedTuple):
    """``clip``: uint8 (T, S, S), a square around the sector, black outside it; ``fps``; ``box``: the sector's
    x, y, width, height.
    """

    clip: Clip
    fps: float
    box: tuple[int, int, int, int]


def read_cine(path: str | Path) -> Cine:
    """The moving sector of an ultrasound cine.

    Parameters
    ----------
    path : path
        DICOM file of several frames, of any transfer syntax that pydicom decodes here.

    Raises
    ------
    VideoError
        If pydicom is not installed, or the file is no DICOM cine, has no frame rate, or does not move.

    Notes
    -----
    The regions that the header lists are those of the machine's screen, which need not
    be the size of the stored frames: they are not used.
    """
    file = Path(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of pydicom quote the header
        header = read_header(file, (*RATES, *TAGS))
        try:
            length = int(header.get("NumberOfFrames", 1) or 1)
        except Exception:  # pydicom decodes an element when it is asked for
            raise VideoError(f"{file} states no number of frames that can be read.") from None
        if length < 2:
            raise VideoError(f"{file} is a single picture, no cine.")
        clip, box = moving_sector(grey_frames(header, file), name=str(file))
        return Cine(clip, rate_of(header, name=str(file)).fps, box)


def sample_cine() -> Path | None:
    """The real apical cine that comes with pydicom, one beat of 30 frames; None where pydicom, or the file,
    is not installed.
    """
    spec = find_spec("pydicom")
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / "data" / "test_files" / "examples_ybr_color.dcm"
    return file if file.is_file() else None


def whole_cine() -> Path | None:
    """The recording that :func:`sample_cine` is the first second of: 120 frames, four beats; None where the
    package pydicom-data (the extra ``cine``) is not installed, or its file is another one.

    Nothing is downloaded.
    """
    if find_spec("pydicom") is None:
        return None
    from pydicom.data import get_testdata_file

    file = get_testdata_file(WHOLE_CINE, download=False)
    if not isinstance(file, str) or sha256(file) != WHOLE_CINE_SHA256:
        return None
    return Path(file)


def moving_sector(frames: Clip, *, name: str = "The clip") -> tuple[Clip, tuple[int, int, int, int]]:
    """Square clip (T, S, S) around all that moves, black outside it, and the box of the sector (x, y, width,
    height).

    Parameters
    ----------
    frames : ndarray of uint8, shape (T, H, W)
        Whole pictures, marks included.
    name : str
        For the error.

    Raises
    ------
    VideoError
        If nothing moves.
    """
    length, total = len(frames), frames.sum(axis=0, dtype=np.int64)
    squares = np.einsum("thw,thw->hw", frames, frames, dtype=np.int64)
    variance = length * squares - total * total  # of whole numbers, times length squared
    moving = (variance > STILL**2 * length**2).astype(np.uint8)
    opened = cv2.morphologyEx(moving, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count < 2:
        raise VideoError(f"{name} does not move: no sector was found.")
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    outline, _ = cv2.findContours(
        (labels == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    hull = cv2.convexHull(np.concatenate(outline))
    inside = cv2.fillConvexPoly(np.zeros(frames.shape[1:], np.uint8), hull, 1)
    x, y, width, height = (int(value) for value in cv2.boundingRect(hull))
    return _square(np.where(inside, frames, 0).astype(np.uint8), x + width // 2, y, height), (
        x,
        y,
        width,
        height,
    )


def _square(frames: Clip, middle: int, top: int, side: int) -> Clip:
    """Frames (T, side, side) around a column, black where the picture ends."""
    left = middle - side // 2
    out = np.zeros((len(frames), side, side), np.uint8)
    first, last = max(left, 0), min(left + side, frames.shape[2])
    out[:, :, first - left : last - left] = frames[:, top : top + side, first:last]
    return out
