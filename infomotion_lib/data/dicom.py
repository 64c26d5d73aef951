"""One ultrasound cine in a DICOM file: grey frames of the scanned sector and their rate, and nothing else of
the header.

Headers carry names, dates and measurements; only what pixels need is read. Text and marks burnt into the
picture stand still, so the sector is found by what moves, and all around it becomes black. All arithmetic is
of whole numbers: the clip is the same on every processor.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from infomotion_lib.data.video import Clip
from infomotion_lib.errors import VideoError

STILL = 0.5
"""Grey levels: a pixel whose standard deviation over time is smaller does not move."""

LUMA = (299, 587, 114)
"""Shares of red, green and blue in the grey level (ITU-R BT.601), thousandths."""

_RATES = ("FrameTime", "CineRate", "RecommendedDisplayFrameRate")
_PICTURE = (
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
)
_PIXELS = ("BitsAllocated", "BitsStored", "PixelRepresentation", "PixelData")
_OFFSETS = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")


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
    A picture stored as YBR has its grey levels in Y: taken as they are, since pydicom's conversion to RGB is
    a product in float32. The regions that the header lists are those of the machine's screen, which need not
    be the size of the stored frames: they are not used.
    """
    try:
        from pydicom import dcmread
        from pydicom.pixels.decoders.base import get_decoder
    except ImportError:
        raise VideoError(
            f"{path} is a DICOM file, and pydicom is not installed.", remedy="pip install 'infomotion[dicom]'"
        ) from None
    file = Path(path)
    if not file.is_file():
        raise VideoError(f"There is no DICOM file {file}.", fault="missing")
    try:
        header = dcmread(file, specific_tags=[*_RATES, *_PICTURE, *_PIXELS, *_OFFSETS])
        pixels, stored = get_decoder(header.file_meta.TransferSyntaxUID).as_array(header, raw=True)
    except Exception as error:  # pydicom and its decoders raise many kinds
        raise VideoError(
            f"{file} cannot be read as a DICOM picture:"
            f" {str(error).splitlines()[0] if str(error) else error!r}"
        ) from None
    colours = int(stored["samples_per_pixel"])
    frames = pixels if pixels.ndim == (4 if colours > 1 else 3) else pixels[None]
    if len(frames) < 2:
        raise VideoError(f"{file} is a single picture, no cine.")
    if colours > 1 and str(stored["photometric_interpretation"]).startswith("YBR"):
        frames, colours = frames[..., 0], 1
    clip, box = moving_sector(_grey(frames, colours), name=str(file))
    return Cine(clip, _rate(header, file), box)


def sample_cine() -> Path | None:
    """The real apical cine that comes with pydicom, one beat of 30 frames; None where pydicom, or the file,
    is not installed.
    """
    spec = find_spec("pydicom")
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / "data" / "test_files" / "examples_ybr_color.dcm"
    return file if file.is_file() else None


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


def _grey(frames: NDArray[Any], colours: int) -> Clip:
    """Grey levels, uint8 (T, H, W), of pictures of one or three colours; the brightest pixel over 255 becomes
    255.
    """
    weights = np.array(LUMA if colours > 1 else (1000,), np.int64)
    pictures = frames.reshape(*frames.shape[:3], colours)
    thousandths = np.stack([picture.astype(np.int64) @ weights for picture in pictures])
    most = max(int(thousandths.max()), 255_000)
    return ((510 * thousandths.clip(0) + most) // (2 * most)).astype(np.uint8)


def _rate(header: Any, file: Path) -> float:
    """Frames a second: from the time of a frame in ms, else from the rates the header may state."""
    for tag in _RATES:
        try:
            value = float(header[tag].value) if tag in header else 0.0
        except (TypeError, ValueError):
            continue
        if np.isfinite(value) and value > 0:
            return 1000 / value if tag == "FrameTime" else value
    raise VideoError(
        f"{file} does not say how fast its frames follow each other.",
        where=f"Looked for: {', '.join(_RATES)}.",
    )
