"""Grey sequences in NIfTI files: frames as they are looked at, and the size of a pixel."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from infomotion_lib.data.video import Clip
from infomotion_lib.errors import DataError, VideoError

LARGEST = 1 << 29
"""Most numbers of one file; a damaged header may claim more than fits into memory."""

FLATTEST = 8.0
"""Most that a pixel may be longer than wide, or wider than long."""


class Sequence(NamedTuple):
    """``frames``: uint8 (T, H, W), the probe at row 0; ``spacing``: height and width of a pixel, mm."""

    frames: Clip
    spacing: tuple[float, float]


def read_sequence(path: str | Path) -> Sequence:
    """Frames of a NIfTI file whose axes are across, down and time.

    NIfTI counts columns first, so its array must be turned and flipped to be a picture: the two together are
    the transpose.

    Parameters
    ----------
    path : str or Path
        ``.nii`` or ``.nii.gz`` of whole numbers from 0 to 255.

    Raises
    ------
    DataError
        If nibabel is not installed.
    VideoError
        If the file is missing, damaged, not of three axes, or not of such numbers.
    """
    file = Path(path)
    require_reader()
    if not file.is_file():
        raise VideoError(f"There is no file {file}.", fault="missing")
    values, spacing = _stored(file)
    if values.ndim != 3 or not values.size:
        raise VideoError(f"{file} is no sequence of pictures: its shape is {values.shape}.")
    if not (np.isfinite(spacing).all() and 0 < max(spacing) <= FLATTEST * min(spacing)):
        raise VideoError(f"{file} states pixels of {spacing[1]:g} x {spacing[0]:g} mm.")
    if values.dtype != np.uint8:
        grey = np.nan_to_num(values, nan=-1.0, posinf=-1.0, neginf=-1.0)
        if grey.min() < 0 or grey.max() > 255 or (grey != np.rint(grey)).any():
            raise VideoError(f"{file} holds other numbers than grey levels, whole ones from 0 to 255.")
        values = grey.astype(np.uint8)
    return Sequence(np.ascontiguousarray(values.transpose(2, 1, 0)), spacing)


def require_reader() -> None:
    """Nothing, if NIfTI files can be read here.

    Raises
    ------
    DataError
        If nibabel is not installed.
    """
    if find_spec("nibabel") is None:
        raise DataError(
            "NIfTI files cannot be read: nibabel is not installed.", remedy="pip install 'infomotion[camus]'"
        )


def _stored(file: Path) -> tuple[np.ndarray, tuple[float, float]]:
    """The array as it is stored, trailing axes of one dropped, and height and width of a pixel."""
    import nibabel
    from nibabel.imageglobals import LoggingOutputSuppressor

    try:
        with warnings.catch_warnings(), LoggingOutputSuppressor():
            warnings.simplefilter("ignore")
            image: Any = nibabel.load(file)
            shape = tuple(int(side) for side in image.shape)
            if min(shape, default=0) < 1 or np.prod(shape, dtype=float) > LARGEST:
                raise VideoError(f"{file} claims the shape {shape}.")
            while len(shape) > 3 and shape[-1] == 1:
                shape = shape[:-1]
            values = np.asanyarray(image.dataobj).reshape(shape)
            across, down = (float(side) for side in image.header.get_zooms()[:2])
    except VideoError:
        raise
    except Exception as error:  # of a damaged file nibabel, gzip and zlib raise any kind
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise VideoError(f"{file} cannot be read as NIfTI: {words}") from None
    if values.dtype.kind not in "uif":
        raise VideoError(f"{file} holds {values.dtype}, not numbers.")
    return values, (down, across)
