"""Geometry and frame count of an AVI file from its header and index, without opening a decoder."""

from __future__ import annotations

import os
import stat
import struct
from dataclasses import dataclass
from operator import lt
from pathlib import Path
from typing import BinaryIO, NamedTuple

from infomotion_lib.errors import VideoError

_HEADER_BYTES = 1 << 14
_MAX_CHUNKS = 1_000_000
_FORMAT_BYTES = 40  # of a stream's format; more are meant for the decoder
_CHUNK = struct.Struct("<4sI")
_PICTURES = (b"00dc", b"00db")
_STEPPED_OVER = (b"JUNK", b"ix00")
_NEVER_SET, _NO_LENGTH = (0, 4), 0x7FFFFFFF
"""Lengths of a list of pictures whose recorder was stopped before it wrote the true one: these, and from the
last on.
"""

_REMEDY = (
    "Copy the file again. If its recorder was stopped, re-mux it, which keeps the whole pictures:"
    " ffmpeg -i IN.avi -c copy OUT.avi"
)


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
    movi : tuple of int
        First byte of the chunks, and the byte after the last.
    plain : bool
        True for one stream without decoder data, its chunks in the order of the index.
    stopped : bool
        True if the length of its pictures was never set: the recorder was stopped.
    """

    codec: str
    n_frames: int
    height: int
    width: int
    fps: float
    movi: tuple[int, int]
    plain: bool
    stopped: bool


def read_avi_header(path: str | Path) -> AviHeader | None:
    """Header of one AVI file; ``None`` where the file is some other container, or an AVI of several parts.

    Reads the head of the file and its index (16 bytes a frame), so its cost does not grow with the pictures.

    Raises
    ------
    VideoError
        If the file is missing, empty, or ends before the data its header announces or inside a picture.
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
    streams: list[_Stream] = []
    in_order = True
    at, movi_start, movi_end, index_at, index_size = 12, 0, 0, 0, 0
    stopped = False
    while at + 8 <= size and not index_at:
        stream.seek(at)
        kind, length = struct.unpack("<4sI", stream.read(8))
        tag = stream.read(4) if kind in (b"LIST", b"RIFF") else b""
        if kind == b"RIFF":  # OpenDML: the clip goes on in a second part
            return None
        if tag == b"movi" and (length in _NEVER_SET or length >= _NO_LENGTH):
            movi_start, movi_end, stopped = at + 12, size, True
            break
        if at + 8 + length > size:
            name = kind.decode("latin-1").strip()
            what = (
                f"{file} is truncated: {name!r} at byte {at} needs {length} bytes, {size - at - 8} are left."
            )
            raise VideoError(what, remedy=_REMEDY, fault="truncated")
        if tag == b"hdrl":
            streams = _streams(stream.read(length - 4))
        elif tag == b"movi":
            movi_start, movi_end = at + 12, at + 8 + length
        elif kind == b"idx1":
            index_at, index_size = at + 8, length
        at += 8 + length + (length & 1)
    if not movi_end:
        raise VideoError(
            f"{file} is truncated: its header announces pictures, but none follow.",
            remedy=_REMEDY,
            fault="truncated",
        )
    number = next((i for i, entry in enumerate(streams) if entry.height), None)
    if number is None:
        return None
    prefix = f"{number:02d}d".encode()
    if index_at:
        stream.seek(index_at)
        index = stream.read(index_size)
        entries = list(struct.iter_unpack("<4sIII", index[: len(index) & ~15]))
        places = [at for kind, _, at, length in entries if kind[:3] == prefix and length]
        count, in_order = len(places), all(map(lt, places, places[1:]))
    else:
        count, movi_end, whole = _count_chunks(stream, movi_start, movi_end, prefix)
        if stopped and not whole:
            raise VideoError(
                f"{file} is truncated: its recorder was stopped inside a picture, after {count} whole ones.",
                remedy=_REMEDY,
                fault="truncated",
            )
    video = streams[number]
    plain = len(streams) == 1 and in_order and not video.extra
    return AviHeader(
        codec=video.codec,
        n_frames=count,
        height=video.height,
        width=video.width,
        fps=video.fps,
        movi=(movi_start, movi_end),
        plain=plain,
        stopped=stopped,
    )


class _Stream(NamedTuple):
    """A stream of an ``hdrl`` list; height 0 where it is not video; ``extra``: bytes for its decoder."""

    codec: str
    fps: float
    height: int
    width: int
    extra: int


def _streams(header: bytes) -> list[_Stream]:
    found: list[_Stream] = []
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
            found.append(_Stream(codec, fps, abs(height), width, length - _FORMAT_BYTES))
            codec = ""
        at = body + length + (length & 1)
    return found


def first_picture(path: str | Path, header: AviHeader) -> bytes:
    """Beginning of the first picture of an AVI; empty where something else comes first."""
    with Path(path).open("rb") as stream:
        stream.seek(header.movi[0])
        beginning = stream.read(_CHUNK.size + _HEADER_BYTES)
    if len(beginning) < _CHUNK.size:
        return b""
    kind, length = _CHUNK.unpack_from(beginning)
    return beginning[_CHUNK.size : _CHUNK.size + length] if kind in _PICTURES else b""


def picture_places(content: bytes, header: AviHeader) -> list[tuple[int, int]]:
    """First and last byte (exclusive) of each picture of the one stream of an AVI; empty where its chunks are
    not as plain as its header.
    """
    places: list[tuple[int, int]] = []
    at, end = header.movi[0], min(header.movi[1], len(content))
    while at + 8 <= end:
        kind, length = _CHUNK.unpack_from(content, at)
        after = at + 8 + length
        if kind in _PICTURES:
            if length:
                places.append((at + 8, after))
        elif kind not in _STEPPED_OVER:
            break
        at = after + (length & 1)
    return places if len(places) == header.n_frames and places[-1][1] <= end else []


def completed(content: bytes, header: AviHeader) -> bytes:
    """A stopped recording with its sizes set, and nothing after its last picture."""
    start, end = header.movi
    riff, movi = struct.pack("<I", end - 8), struct.pack("<I", end - start + 4)
    return content[:4] + riff + content[8 : start - 8] + movi + content[start - 4 : end]


def _count_chunks(stream: BinaryIO, start: int, end: int, prefix: bytes) -> tuple[int, int, bool]:
    """Whole pictures between two bytes, where their chunks end, and whether no part of another one follows.

    A list of unknown length runs into what comes after it: an index, or zeros that a recorder had reserved.
    """
    at, count = start, 0
    for _ in range(_MAX_CHUNKS):
        if at + 8 > end:
            break
        stream.seek(at, os.SEEK_SET)
        kind, length = struct.unpack("<4sI", stream.read(8))
        if not kind.isalnum():
            stream.seek(at)
            return count, at, not any(stream.read(end - at))
        if kind == b"idx1":
            break
        if kind in (b"LIST", b"RIFF"):  # a "rec " group, or a second part: step into it
            at += 12
            continue
        is_picture = kind[:3] == prefix and length > 0
        if at + 8 + length > end:
            return count, at, not is_picture
        count += is_picture
        at += 8 + length + (length & 1)
    return count, min(at, end), True
