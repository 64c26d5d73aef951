"""One clip of an author's folder, video file or ultrasound DICOM."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from infomotion_lib.data.avi import read_avi_header
from infomotion_lib.data.video import Clip, VideoInfo, probe, read_clip
from infomotion_lib.errors import DataError

DICOM = (".dcm", ".dicom")


def require_readers(files: Iterable[str]) -> None:
    """Nothing, if every file can be looked into here.

    Raises
    ------
    DataError
        If there is DICOM among them, and the package that reads it is not installed.
    """
    dicom = [file for file in files if file.lower().endswith(DICOM)]
    if dicom and find_spec("pydicom") is None:
        raise DataError(
            f"{len(dicom)} of the files are DICOM, such as {dicom[0]}, and pydicom is not installed.",
            remedy="pip install 'infomotion[dicom]'",
        )


def look_at(path: Path) -> VideoInfo:
    """Frames, size and rate of a clip; of a DICOM cine those of its moving sector, which is decoded for it.

    Raises
    ------
    VideoError
        If it cannot be read.
    """
    if path.suffix.lower() not in DICOM:
        return probe(path)
    clip, fps = _cine(path)
    length, height, width = clip.shape
    return VideoInfo(length, height, width, fps)


def read(path: Path) -> Clip:
    """Luma of every frame, uint8 (T, H, W); of a DICOM cine its moving sector, a square.

    Raises
    ------
    VideoError
        If it cannot be read.
    """
    return _cine(path)[0] if path.suffix.lower() in DICOM else read_clip(path)


def is_plain(path: Path, side: tuple[int, int], fps: float) -> bool:
    """Whether a file is a Motion-JPEG AVI of this height, width and rate, so that it can stay as it is."""
    header = read_avi_header(path)
    if header is None or header.codec != "MJPG" or header.stopped:
        return False
    return (header.height, header.width, header.fps) == (*side, fps)


def _cine(path: Path) -> tuple[Clip, float]:
    from infomotion_lib.data.dicom import read_cine

    cine = read_cine(path)
    return cine.clip, cine.fps
