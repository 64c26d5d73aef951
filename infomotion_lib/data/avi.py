"""Geometry and frame count of an AVI file from its header and index, without opening a decoder."""

from __future__ import annotations

import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from infomotion_lib.errors import VideoError

_HEADER_BYTES = 1 << 14
_MAX_CHUNKS = 1_000_000


@dataclass(frozen=True)
class AviHeader:
    """What the container says of its video stream.

    Attributes
    ----------
    codec : str
        FourCC of the stream in upper case, such as ``"MJPG"``.
    n_frames : int
        Number of non-empty video chunks present in the file, not the header's claim.
    height, width : int
        Size of a frame, pixels.
    fps : float
        Frames a second.
    """

    codec: str
    n_frames: int
    height: int
    width: int
    fps: float


def read_avi_header(path: str | Path) -> AviHeader | None:
    """Header of one AVI file; ``None`` where the file is some other container, or an AVI of several parts.

    Reads the head of the file and its index (16 bytes a frame), so its cost does not grow with the pictures.

    Raises
    ------
    VideoError
        If the file is missing, empty, or ends before the data its header announces.
    """
    file = Path(path)
    try:
        state = file.stat()
        if not stat.S_ISREG(state.st_mode):  # opening a pipe would wait for ever
            raise VideoError(f"{file} is no regular file.")
        size = state.st_size
        with file.open("rb") as stream:
            return _parse(file, stream, size)
    except OSError as error:
        fault = "missing" if isinstance(error, FileNotFoundError) else "unreadable"
        raise VideoError(f"{file} cannot be opened: {error.strerror}.", fault=fault) from None


def _parse(file: Path, stream: BinaryIO, size: int) -> AviHeader | None:
    if size == 0:
        raise VideoError(f"{file} is empty (0 bytes).", fault="empty_file")
    head = stream.read(_HEADER_BYTES)
    if head[:4] != b"RIFF" or head[8:12] != b"AVI ":
        return None
    streams: list[tuple[str, float, int, int]] = []
    at, movi_start, movi_end, index_at, index_size = 12, 0, 0, 0, 0
    while at + 8 <= size and not index_at:
        stream.seek(at)
        kind, length = struct.unpack("<4sI", stream.read(8))
        tag = stream.read(4) if kind in (b"LIST", b"RIFF") else b""
        if kind == b"RIFF":  # OpenDML: the clip goes on in a second part
            return None
        if at + 8 + length > size:
            name = kind.decode("latin-1").strip()
            what = (
                f"{file} is truncated: {name!r} at byte {at} needs {length} bytes, {size - at - 8} are left."
            )
            raise VideoError(what, fault="truncated")
        if tag == b"hdrl":
            streams = _streams(stream.read(length - 4))
        elif tag == b"movi":
            movi_start, movi_end = at + 12, at + 8 + length
        elif kind == b"idx1":
            index_at, index_size = at + 8, length
        at += 8 + length + (length & 1)
    if not movi_end:
        raise VideoError(
            f"{file} is truncated: its header announces pictures, but none follow.", fault="truncated"
        )
    number = next((i for i, entry in enumerate(streams) if entry[2]), None)
    if number is None:
        return None
    prefix = f"{number:02d}d".encode()
    if index_at:
        stream.seek(index_at)
        index = stream.read(index_size)
        count = sum(
            1
            for i in range(0, len(index) - 15, 16)
            if index[i : i + 3] == prefix and index[i + 12 : i + 16] != b"\0\0\0\0"
        )
    else:
        count = _count_chunks(stream, movi_start, movi_end, prefix)
    codec, fps, height, width = streams[number]
    return AviHeader(codec, count, height, width, fps)


def _streams(header: bytes) -> list[tuple[str, float, int, int]]:
    """(codec, fps, height, width) of each stream in an ``hdrl`` list; height 0 where it is not video."""
    found: list[tuple[str, float, int, int]] = []
    at, codec, fps = 0, "", 0.0
    while at + 8 <= len(header):
        kind, length = struct.unpack_from("<4sI", header, at)
        body = at + 8
        if kind == b"LIST":
            at = body + 4  # step into the stream's list
            continue
        if kind == b"strh" and body + 28 <= len(header):
            codec = (
                header[body + 4 : body + 8].decode("latin-1").strip("\0 ").upper()
                if header[body : body + 4] == b"vids"
                else ""
            )
            scale, rate = struct.unpack_from("<II", header, body + 20)
            fps = rate / scale if scale else 0.0
        elif kind == b"strf":
            is_video = bool(codec) and body + 20 <= len(header)
            width, height = struct.unpack_from("<ii", header, body + 4) if is_video else (0, 0)
            found.append((codec, fps, abs(height), width))
            codec = ""
        at = body + length + (length & 1)
    return found


def _count_chunks(stream: BinaryIO, start: int, end: int, prefix: bytes) -> int:
    at, count = start, 0
    for _ in range(_MAX_CHUNKS):
        if at + 8 > end:
            break
        stream.seek(at, os.SEEK_SET)
        kind, length = struct.unpack("<4sI", stream.read(8))
        if kind == b"LIST":  # a "rec " group: step into it
            at += 12
            continue
        count += kind[:3] == prefix and length > 0
        at += 8 + length + (length & 1)
    return count
