"""Short videos by every encoder that FFmpeg has here, in every container that takes it."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest

from infomotion_lib.data.video import probe, read_clip, read_frames
from infomotion_lib.errors import VideoError

FRAMES, WIDTH, HEIGHT = 12, 128, 96
PICKS = ([0], [7], [11, 3, 3], [5, 10, 1])
CONTAINERS = (
    "avi",
    "mp4",
    "mkv",
    "mov",
    "gif",
    "webm",
    "nut",
    "apng",
    "flv",
    "asf",
    "rm",
    "mpg",
    "dv",
    "roq",
)
SIZES = {
    **dict.fromkeys(("h261", "h263"), (352, 288)),
    **dict.fromkeys(("dvvideo",), (720, 480)),
    **dict.fromkeys(("dnxhd",), (256, 128)),
    **dict.fromkeys(("roqvideo",), (128, 128)),
    **dict.fromkeys(("vc2", "dirac"), (256, 256)),
    **dict.fromkeys(("xface",), (48, 48)),
    **dict.fromkeys(("cinepak", "jpeg2000"), (64, 48)),  # the slowest encoders
}
OPTIONS = {"dnxhd": {"profile": "dnxhr_hq"}, "vc2": {"b": "40M"}}
RATES = {"dvvideo": Fraction(30000, 1001), "roqvideo": Fraction(30)}
HARDWARE = ("_amf", "_nvenc", "_qsv", "_v4l2m2m", "_vaapi", "_videotoolbox", "_mf", "_vulkan", "_d3d12va")
NO_VIDEO_FILE = {
    **dict.fromkeys(
        (
            *(
                "alias_pix",
                "bmp",
                "dpx",
                "exr",
                "fits",
                "hdr",
                "pam",
                "pbm",
                "pcx",
                "pfm",
                "pgm",
                "pgmyuv",
                "phm",
            ),
            *(
                "ppm",
                "qoi",
                "sunrast",
                "vbn",
                "wbmp",
                "xbm",
                "xface",
                "xwd",
                "jpegls",
                "libwebp",
                "libwebp_anim",
            ),
        ),
        "a still picture, which no container of videos takes",
    ),
    **dict.fromkeys(("a64multi", "a64multi5"), "for the screen of a Commodore 64"),
    "bitpacked": "for streams over a network",
    **dict.fromkeys(("vnull", "wrapped_avframe"), "passes pictures inside a program"),
}
"""Encoders that leave no video file, and why."""

MINIMUM = {
    *(
        "mjpeg",
        "ljpeg",
        "amv",
        "rawvideo",
        "png",
        "apng",
        "gif",
        "ffv1",
        "huffyuv",
        "ffvhuff",
        "utvideo",
        "magicyuv",
    ),
    *(
        "zmbv",
        "zlib",
        "qtrle",
        "flashsv",
        "flashsv2",
        "cinepak",
        "msrle",
        "msvideo1",
        "rpza",
        "smc",
        "jpeg2000",
    ),
    *(
        "mpeg1video",
        "mpeg2video",
        "mpeg4",
        "msmpeg4",
        "msmpeg4v2",
        "h263p",
        "wmv1",
        "wmv2",
        "flv",
        "svq1",
        "snow",
    ),
    *(
        "libx264",
        "libx264rgb",
        "libx265",
        "libvpx",
        "libvpx-vp9",
        "libsvtav1",
        "prores",
        "dnxhd",
        "cfhd",
        "v210",
    ),
    *("targa", "tiff", "sgi", "asv1", "asv2", "cljr", "dvvideo", "h261", "rv10", "yuv4", "y41p"),
}
"""Encoders without which the test proves too little."""


@cache
def encoders() -> tuple[str, ...]:
    """Names of all encoders of videos, one name each."""
    found = []
    for name in sorted(av.codecs_available):
        try:
            codec = av.Codec(name, "w")
        except ValueError:  # a decoder alone
            continue
        if codec.type == "video" and codec.name == name:
            found.append(name)
    return tuple(found)


def pixel_formats(name: str) -> list[str]:
    """Those to try: a usual one of the encoder's, one with a palette, a grey one."""
    known = [entry.name for entry in av.Codec(name, "w").video_formats or ()]
    if not known:
        return ["gray", "pal8", "yuv420p", "rgb24"]
    return list(dict.fromkeys([known[0], *(kind for kind in ("pal8", "gray", "yuv420p") if kind in known)]))


def pictures(width: int, height: int, count: int) -> np.ndarray:
    """A moving texture over a background that stands still: frames that need those before them."""
    y, x = np.mgrid[:height, :width]
    clip = []
    for number in range(count):
        grey = 120 + 60 * np.sin(x / 9) * np.cos(y / 11)
        grey[height // 4 : height // 2, width // 4 : width // 2] = (
            17 * number + 3 * x[: height // 2 - height // 4, : width // 2 - width // 4]
        ) % 256
        clip.append(np.stack([grey, grey[::-1], np.roll(grey, 5 * number, axis=1)], axis=2))
    return np.uint8(clip)


def write(path: Path, name: str, pixel_format: str, options: dict[str, str]) -> None:
    """One video; the file need not be complete if FFmpeg refuses."""
    width, height = SIZES.get(name, (WIDTH, HEIGHT))
    with av.open(str(path), "w") as container:
        stream = container.add_stream(name, rate=RATES.get(name, Fraction(25)))
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.options = {"strict": "-2", **OPTIONS.get(name, {}), **options}
        for number, picture in enumerate(pictures(width, height, FRAMES if width < 700 else 4)):
            frame = _frame(picture, pixel_format)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _frame(picture: np.ndarray, pixel_format: str) -> av.VideoFrame:
    if pixel_format == "pal8":
        palette = np.stack([np.full(256, 255), *(np.arange(256)[:, None] * [3, 5, 7] % 256).T], axis=1)
        return av.VideoFrame.from_ndarray((picture[..., 0], np.uint8(palette)), format="pal8")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return frame if pixel_format == "rgb24" else frame.reformat(format=pixel_format)


def written(
    folder: Path, name: str, options: dict[str, str] | None = None, *, containers: int = len(CONTAINERS)
) -> tuple[list[Path], str]:
    """Files that the encoder leaves in a folder, in the first so many containers that take it, and FFmpeg's
    words about the first refusal.
    """
    files, reason = [], ""
    for suffix in CONTAINERS:
        if len({path.suffix for path in files}) == containers:
            break
        for pixel_format in pixel_formats(name):
            path = folder / f"{name}_{pixel_format}.{suffix}"
            try:
                write(path, name, pixel_format, options or {})
                files.append(path)
            except (av.FFmpegError, ValueError, OSError) as error:
                reason = reason or str(error)
                path.unlink(missing_ok=True)
    return files, reason


def agree(path: Path) -> int:
    """Frames of a video, after all ways of reading it agreed on each."""
    clip = read_clip(path)
    info = probe(path)
    assert (info.n_frames, info.height, info.width) == clip.shape, path
    for wanted in [*PICKS, [len(clip) - 1]]:
        if max(wanted) < len(clip):
            assert np.array_equal(read_frames(path, wanted), clip[wanted]), (path, wanted)
    with pytest.raises(VideoError, match="no readable frame"):
        read_frames(path, [len(clip)])
    return len(clip)


def readable(files: list[Path], reason: str) -> tuple[list[Path], str]:
    """Files that every way reads alike, and why the last of the others cannot be read: FFmpeg writes some that
    it cannot read, and then every way says so.
    """
    read = []
    for path in files:
        try:
            agree(path)
            read.append(path)
        except VideoError as error:
            for other in (read_clip, probe, lambda file: read_frames(file, [0])):
                with pytest.raises(VideoError, match=path.stem):
                    other(path)
            reason = str(error)
    return read, reason
