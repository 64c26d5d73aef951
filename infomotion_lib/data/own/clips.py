"""One clip of an author's folder, video file or ultrasound DICOM."""

from __future__ import annotations

from pathlib import Path

import av

from infomotion_lib.data.avi import read_avi_header
from infomotion_lib.data.video import Clip, VideoInfo, probe, read_clip
from infomotion_lib.errors import DataError, VideoError

DICOM = (".dcm", ".dicom")


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
    try:
        header = read_avi_header(path)
        if header is None or (header.height, header.width, header.fps) != (*side, fps):
            return False
        with av.open(str(path)) as container:
            return container.streams.video[0].codec_context.name == "mjpeg"
    except (VideoError, av.FFmpegError, OSError, IndexError):
        return False


def _cine(path: Path) -> tuple[Clip, float]:
    from infomotion_lib.data.dicom import read_cine

    try:
        cine = read_cine(path)
    except VideoError:
        raise
    except DataError as error:
        raise VideoError(str(error)) from None
    return cine.clip, cine.fps
