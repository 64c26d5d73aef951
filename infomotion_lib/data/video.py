"""Grey clips in and out of video files: whole, or only the frames asked for.

A frame is the luma (Y) plane of the file, 0-255. In Motion-JPEG a packet can be a picture of its own: where
every wanted one proves to be, decoding only those gives exactly the frames of a full decode. All else is
decoded from the start, since a palette, a table or a picture before may decide what a packet shows.

Every processor writes the same bytes and reads the same frames: FFmpeg's own choice of a cosine transform
depends on the processor, so both directions name one that exists only in plain integer C.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from infomotion_lib.data import mjpeg
from infomotion_lib.data.avi import AviHeader, completed, first_picture, picture_places, read_avi_header
from infomotion_lib.data.resampling import by_area
from infomotion_lib.errors import VideoError
from infomotion_lib.provenance import atomic

Clip = NDArray[np.uint8]

_QUALITY = 2  # MJPEG quantiser, the finest that every decoder takes
_MAX_PIXELS = 4096 * 4096  # a damaged header may claim a picture of gigabytes
# "auto" takes vector code for the forward transform on x86-64 and aarch64, and for the inverse one on
# aarch64: each rounds in its own way.
_FINEST = {"qmin": str(_QUALITY), "qmax": str(_QUALITY)}
_ENCODER: dict[str, object] = {"dct": "int", **_FINEST, "flags": "+bitexact", "threads": "1"}
_JPEG_AVI = "MJPG"  # a chunk is a frame, but for fields
_DECODER = {"idct": "simple", "flags": "+bitexact", "max_pixels": str(_MAX_PIXELS)}
_EXPLODE = {"err_detect": "explode"}  # a damaged picture would keep parts of an older one, unsaid
_FAILURES = (av.FFmpegError, OSError, ValueError, EOFError)


@dataclass(frozen=True)
class VideoInfo:
    """Size of a video as its container states it.

    Attributes
    ----------
    n_frames : int
        Frames present in the file.
    height, width : int
        Pixels.
    fps : float
        Frames a second.
    """

    n_frames: int
    height: int
    width: int
    fps: float


def probe(path: str | Path) -> VideoInfo:
    """Frame count, size and frame rate of a video, as :func:`read_clip` gives them.

    From the header where that is enough (Motion-JPEG in AVI); else the video is decoded: packets that show
    nothing, or several of which make one frame, are no frames.

    Raises
    ------
    VideoError
        If the file is missing, empty, truncated or no video.
    """
    header = read_avi_header(path)
    if header is not None and _chunks_are_frames(path, header):
        info = VideoInfo(header.n_frames, header.height, header.width, header.fps)
    else:
        with _opened(path, header) as (container, stream):
            n_frames, shape = 0, (0, 0)
            for frame in _same_size(path, container.decode(stream)):
                n_frames, shape = n_frames + 1, (frame.height, frame.width)
            _refuse_losses(path, header, n_frames)
            rate = header.fps if header is not None else stream.average_rate
            info = VideoInfo(n_frames, *shape, float(rate) if rate else 0.0)
    if not (info.n_frames and 0 < info.height * info.width <= _MAX_PIXELS):
        raise VideoError(
            f"{path} holds no usable picture: {info.n_frames} frames of {info.height} x {info.width} pixels."
        )
    return info


def read_clip(path: str | Path) -> Clip:
    """Luma of every frame, uint8 (T, H, W).

    Raises
    ------
    VideoError
        If the file is missing, empty, truncated or no video, a frame cannot be decoded, or frames differ in
        size.
    """
    frames = _decoded(path, read_avi_header(path))
    return np.stack([frames[number] for number in range(len(frames))])


def read_frames(path: str | Path, indices: Sequence[int] | NDArray[np.integer]) -> Clip:
    """Luma of the frames at ``indices``, uint8 (K, H, W); order and repeats of ``indices`` are kept.

    Equal to ``read_clip(path)[indices]``, but only the wanted packets are decoded where each of them provably
    is independent of the others.

    Parameters
    ----------
    path : str or Path
        Video file.
    indices : sequence of int
        Frame numbers from 0; at least one.

    Raises
    ------
    VideoError
        If a frame number lies outside the clip, or the file cannot be read.
    """
    wanted = [int(index) for index in indices]
    if not wanted or min(wanted) < 0:
        raise VideoError(
            f"{path}: frames {wanted} were asked for; frame numbers start at 0 and at least one is needed."
        )
    header = read_avi_header(path)  # refuses a truncated file, whose last picture would decode to a half
    found = _picked(path, set(wanted), header) or _decoded(path, header, only=set(wanted))
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise VideoError(f"{path} has no readable frame {missing[0]}.", where=f"Frames asked for: {wanted}.")
    return np.stack([found[number] for number in wanted])


def write_clip(path: str | Path, clip: Clip, *, fps: float) -> Path:
    """Path of a Motion-JPEG AVI written whole; equal clips and rates give equal bytes.

    Parameters
    ----------
    path : str or Path
        File to write; its folder is made.
    clip : ndarray of uint8, shape (T, H, W)
        Grey frames.
    fps : float
        Frames a second.

    Raises
    ------
    VideoError
        If the clip is not uint8 (T, H, W) with at least one frame, or the rate is not positive.
    """
    frames = np.asarray(clip)
    if frames.dtype != np.uint8 or frames.ndim != 3 or not frames.size:
        raise VideoError(
            f"{path} cannot be written: the clip is {frames.dtype} {frames.shape}, not uint8 (T, H, W)."
        )
    if not (np.isfinite(fps) and fps > 0):
        raise VideoError(f"{path} cannot be written: {fps} frames a second.")
    _, height, width = frames.shape
    with (
        atomic(path) as temporary,
        av.open(str(temporary), "w", format="avi", container_options={"fflags": "+bitexact"}) as container,
    ):
        stream = container.add_stream("mjpeg", rate=Fraction(fps).limit_denominator(1_001_000))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        stream.options = _ENCODER
        picture = av.VideoFrame(width, height, "yuvj420p")
        for plane in list(picture.planes)[1:]:
            plane.update(b"\x80" * plane.buffer_size)
        luma = picture.planes[0]
        rows = np.zeros((height, luma.line_size), np.uint8)
        for number, frame in enumerate(frames):
            rows[:, :width] = frame
            luma.update(rows.tobytes())
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return Path(path)


def resize_clip(clip: Clip, side: int) -> Clip:
    """Clip with square frames, uint8 (T, side, side), by area averaging; a copy if already so."""
    return clip.copy() if clip.shape[1:] == (side, side) else by_area(clip, side)


def _decoded(path: str | Path, header: AviHeader | None, *, only: set[int] | None = None) -> dict[int, Clip]:
    """Luma of every frame, or of those asked for, by number; the whole file is decoded."""
    found: dict[int, Clip] = {}
    with _opened(path, header) as (container, stream):
        length = 0
        for number, frame in enumerate(_same_size(path, container.decode(stream))):
            length = number + 1
            if only is None or number in only:
                found[number] = _luma(frame)
    if not length:
        raise VideoError(f"{path} holds no readable frame.")
    _refuse_losses(path, header, length)
    return found


def _refuse_losses(path: str | Path, header: AviHeader | None, length: int) -> None:
    """Nothing, unless a Motion-JPEG AVI stores more pictures than were decoded: later ones would move up."""
    if header is not None and header.codec == _JPEG_AVI and length != header.n_frames:
        raise VideoError(
            f"{path} is damaged: {header.n_frames} frames are stored, {length} can be decoded.",
            fault="truncated",
        )


def _chunks_are_frames(path: str | Path, header: AviHeader) -> bool:
    """True for a Motion-JPEG AVI whose first picture decodes by itself and has the size that the header
    states; elsewhere a chunk may be a field, or show nothing.
    """
    shape = (header.height, header.width)
    return header.codec == _JPEG_AVI and mjpeg.stands_alone(first_picture(path, header), shape=shape)


def _picked(path: str | Path, wanted: set[int], header: AviHeader | None) -> dict[int, Clip]:
    """Luma of the wanted frames by number, no other picture decoded; nothing where one of them might
    need others.
    """
    if header is None or header.codec != _JPEG_AVI or not header.plain:
        return {}
    content, shape = Path(path).read_bytes(), (header.height, header.width)
    places = picture_places(content, header)
    if len(places) <= max(wanted) or not mjpeg.alike(content, places, shape=shape):
        return {}
    pictures = {number: content[slice(*places[number])] for number in wanted}
    if not all(mjpeg.stands_alone(picture, shape=shape) for picture in pictures.values()):
        return {}
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.thread_count, decoder.options = 1, _DECODER | _EXPLODE
    try:
        return {number: _luma(decoder.decode(av.Packet(picture))[0]) for number, picture in pictures.items()}
    except (*_FAILURES, IndexError):
        return {}  # damaged: let the full decode say what it shows


@contextmanager
def _opened(
    path: str | Path, header: AviHeader | None
) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """Container and video stream, decoding on one thread; any failure of FFmpeg becomes a
    :class:`VideoError`.
    """
    try:
        source: str | BytesIO = str(path)
        if header is not None and header.stopped:
            source = BytesIO(completed(Path(path).read_bytes(), header))
        with av.open(source, mode="r") as container:
            stream = next(
                (stream for stream in container.streams.video if stream.codec_context is not None), None
            )
            if stream is None:
                raise VideoError(f"{path} holds no video stream that can be decoded.")
            stream.codec_context.thread_count = 1
            stream.codec_context.options = _DECODER
            yield container, stream
    except VideoError:
        raise
    except _FAILURES as error:
        raise VideoError(f"{path} cannot be read as a video: {error}.") from None


def _same_size(path: str | Path, frames: Iterable[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """The frames, as long as they have the size of the first one."""
    shape: tuple[int, int] | None = None
    for number, frame in enumerate(frames):
        shape = shape or (frame.height, frame.width)
        if (frame.height, frame.width) != shape:
            raise VideoError(
                f"{path} changes its frame size inside the clip: {shape[1]} x {shape[0]} pixels at first,"
                f" {frame.width} x {frame.height} in frame {number}."
            )
        yield frame


def _luma(frame: av.VideoFrame) -> Clip:
    name = frame.format.name
    full_range = (
        name.startswith("yuvj")
        or name == "gray"
        or (name in ("yuv420p", "yuv422p", "yuv444p") and frame.color_range == 2)
    )
    plane = frame.planes[0]
    if not full_range or plane.line_size < frame.width:  # negative where the picture is turned upside down
        return np.asarray(frame.to_ndarray(format="gray"), np.uint8)  # whole numbers on every processor
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width].copy()
