"""Grey frames of a DICOM file, whatever its colours, depth, window and compression. Whole numbers only: the
frames are the same on every processor.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.data.video import Clip
from infomotion_lib.errors import VideoError

LUMA = (299, 587, 114)
"""Shares of red, green and blue in the grey level (ITU-R BT.601), thousandths."""

_PICTURE = (
    *("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation"),
    *("PlanarConfiguration", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelData"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths"),
)
_GREY_MAP = ("WindowCenter", "WindowWidth", "VOILUTFunction", "RescaleSlope", "RescaleIntercept")
_PALETTE = tuple(
    f"{colour}PaletteColorLookupTable{part}"
    for colour in ("Red", "Green", "Blue")
    for part in ("Data", "Descriptor")
)
TAGS = (*_PICTURE, *_GREY_MAP, *_PALETTE)
"""Elements of a header that pixels need."""

MAX_PIXELS = 4096 * 4096
MAX_BYTES = 8 << 30
"""Of all frames: a damaged header may claim more than a disk holds."""

_UNSTATED = {
    (True, True): "1.2.840.10008.1.2",
    (False, True): "1.2.840.10008.1.2.1",
    (False, False): "1.2.840.10008.1.2.2",
}
"""Transfer syntax of a file that states none, by whether types are left out and low bytes come first."""

_INSTALL = "pip install 'infomotion[dicom]'"
_DECODERS = {
    **dict.fromkeys(("JPEG Baseline", "JPEG Extended", "JPEG 2000"), "pillow"),
    "High-Throughput": "pylibjpeg pylibjpeg-openjpeg",
    "JPEG": "pylibjpeg pylibjpeg-libjpeg",
    "RLE": "pylibjpeg pylibjpeg-rle",
}
"""Packages that decode the transfer syntaxes whose names begin so; the first that fits."""


class NoDecoder(VideoError):
    """The pictures are compressed in a way that nothing installed here decodes."""


def read_header(file: Path, tags: tuple[str, ...], *, bare: bool = False) -> Any:
    """These elements of a DICOM file and no other, as a pydicom Dataset; a ``bare`` file may lack the
    preamble.

    Raises
    ------
    VideoError
        If pydicom is not installed, or the file is missing or no DICOM file.
    """
    try:
        from pydicom import dcmread
        from pydicom.uid import UID
    except ImportError:
        raise VideoError(f"{file} is a DICOM file, and pydicom is not installed.", remedy=_INSTALL) from None
    if not file.is_file():
        raise VideoError(f"There is no DICOM file {file}.", fault="missing")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = dcmread(file, specific_tags=list(tags), force=bare)
            if "TransferSyntaxUID" not in header.file_meta:
                implicit, little = header.original_encoding
                header.file_meta.TransferSyntaxUID = UID(_UNSTATED[bool(implicit), bool(little)])
            return header
    except Exception as error:  # pydicom raises many kinds
        raise _unreadable(file, error) from None


def grey_frames(header: Any, file: Path) -> Clip:
    """Grey levels of every frame of a cine, uint8 (T, H, W).

    Y as it is stored (pydicom's conversion to RGB is a product in float32), BT.601 of RGB and of palettes,
    the window of the header for one sample per pixel, reversed where the header says that zero is white.
    Without a window, pictures deeper than 8 bits are scaled by their brightest pixel.

    Raises
    ------
    VideoError
        If a decoder is not installed, or the pixels cannot be read.
    """
    levels = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _refuse_claims(header, file)
            for pixels, kind in _stored(header, file):
                levels.append(_level(pixels, kind, header))
            return _to_bytes(np.stack(levels), header)
        except VideoError:
            raise
        except Exception as error:  # pydicom and its decoders raise many kinds
            raise _unreadable(file, error) from None


def _refuse_claims(header: Any, file: Path) -> None:
    pixels = int(header.Rows) * int(header.Columns)
    total = pixels * int(header.get("NumberOfFrames", 1) or 1) * int(header.BitsAllocated) // 8
    if not 0 < pixels <= MAX_PIXELS or total > MAX_BYTES:
        raise VideoError(f"{file} claims {total} bytes of pictures of {pixels} pixels.")


def _stored(header: Any, file: Path) -> Iterator[tuple[NDArray[Any], str]]:
    """Stored samples of each of two or more frames, and what they mean."""
    from pydicom.pixels.decoders.base import get_decoder

    syntax = header.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:  # at once: by frames, pydicom miscounts the bytes of YBR_FULL_422
        frames, stored = get_decoder(syntax).as_array(header, raw=True)
        for pixels in frames:
            yield pixels, str(stored["photometric_interpretation"])
        return
    package = next((name for key, name in _DECODERS.items() if syntax.name.startswith(key)), "")
    if not package:
        raise NoDecoder(f"{file}: pictures compressed as {syntax.name} are not read.")
    decoder = get_decoder(syntax)
    if not decoder.is_available:
        raise NoDecoder(f"{file}: no decoder of {syntax.name} is installed.", remedy=f"pip install {package}")
    for pixels, stored in decoder.iter_array(header, raw=True):
        yield pixels, str(stored["photometric_interpretation"])


def _level(pixels: NDArray[Any], kind: str, header: Any) -> NDArray[Any]:
    """Grey level of each pixel of a frame: int64 thousandths for colours, else as stored."""
    if kind.startswith("YBR_FULL"):
        return pixels[..., 0]
    if kind.startswith("YBR_PARTIAL"):
        return ((pixels[..., 0].astype(np.int64).clip(16, 235) - 16) * 510 + 219) // 438
    if kind == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        pixels, kind = apply_color_lut(pixels, header), "RGB"
        pixels = (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    if kind in ("RGB", "YBR_RCT", "YBR_ICT"):  # a decoder of JPEG 2000 gives back colours
        weighted = pixels.astype(np.int64) @ np.array(LUMA, np.int64)
        return ((weighted + 500) // 1000).astype(pixels.dtype)
    if kind in ("MONOCHROME1", "MONOCHROME2"):
        return pixels
    raise ValueError(f"pixels of the kind {kind} are not read")


def _to_bytes(frames: NDArray[Any], header: Any) -> Clip:
    kind = str(header.PhotometricInterpretation)
    window = _window(header) if kind.startswith("MONOCHROME") else None
    if window is not None:
        lowest, highest = int(frames.min()), int(frames.max())
        table = _windowed(np.arange(lowest, highest + 1, dtype=np.int64), header, *window)
        clip = np.stack([table[frame.astype(np.int64) - lowest] for frame in frames])
    elif frames.dtype == np.uint8:
        clip = frames
    else:
        most = max(int(frames.max()), 255)
        clip = np.stack([(510 * frame.astype(np.int64).clip(0) + most) // (2 * most) for frame in frames])
    clip = clip.astype(np.uint8)
    return 255 - clip if kind == "MONOCHROME1" else clip


def _window(header: Any) -> tuple[float, float] | None:
    """Centre and width of the first window."""
    values = []
    for keyword in ("WindowCenter", "WindowWidth"):
        value = header.get(keyword)
        try:
            value = value if isinstance(value, str) or not hasattr(value, "__getitem__") else value[0]
            values.append(float(value))
        except (TypeError, ValueError, IndexError):
            return None
    centre, width = values
    return (centre, width) if np.isfinite(values).all() and 1 <= width < 1e9 and abs(centre) < 1e9 else None


def _windowed(stored: NDArray[np.int64], header: Any, centre: float, width: float) -> NDArray[np.uint8]:
    """Grey levels of stored values by the linear window of C.11.2.1.2 in part 3 of the standard."""
    slope, intercept = (
        float(header.get(keyword, default) or default)
        for keyword, default in (("RescaleSlope", 1), ("RescaleIntercept", 0))
    )
    exact = str(header.get("VOILUTFunction", "") or "") == "LINEAR_EXACT"
    value = round(1000 * slope) * stored + round(1000 * intercept)  # thousandths, as all below
    span = max(round(1000 * width) - (0 if exact else 1000), 1)
    above = value - round(1000 * centre) + (0 if exact else 500)
    return ((255 * (2 * above + span) + span) // (2 * span)).clip(0, 255).astype(np.uint8)


def _unreadable(file: Path, error: Exception) -> VideoError:
    reason = str(error).splitlines()[0] if str(error) else repr(error)
    return VideoError(f"{file} cannot be read as a DICOM picture: {reason}")
