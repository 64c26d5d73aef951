"""Single frames equal the full decode: every encoder, every container, and what circulates beside them."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest
from every_encoder import (
    MINIMUM,
    NO_VIDEO_FILE,
    agree,
    encoders,
    pictures,
    pixel_formats,
    readable,
    write,
    written,
)

from infomotion_lib.data.avi import read_avi_header
from infomotion_lib.data.video import probe, read_clip, read_frames, write_clip
from infomotion_lib.errors import VideoError

GREY = pictures(128, 96, 12)[..., 0]


@pytest.mark.parametrize("name", sorted(MINIMUM))
def test_every_encoder_that_matters(name: str, tmp_path: Path) -> None:
    """In the first two containers that take it; ``tests/drills/drill_encoders.py`` tries all in all."""
    read, reason = readable(*written(tmp_path, name, containers=2))
    assert read, f"{name}: {reason}"


def test_the_encoders_that_matter_are_here() -> None:
    assert set(encoders()) >= MINIMUM
    assert not {*NO_VIDEO_FILE} & MINIMUM


@pytest.mark.parametrize("name", ["mpeg4", "mpeg2video", "mpeg1video", "libx264", "libx265"])
@pytest.mark.parametrize("options", [{"bf": "0"}, {"bf": "3", "g": "6"}, {"bf": "2", "g": "600"}])
def test_frames_that_lean_on_later_ones(name: str, options: dict[str, str], tmp_path: Path) -> None:
    files, reason = written(tmp_path, name, options)
    assert {path.suffix for path in files} >= {".mkv", ".mp4", ".mov"}, reason
    for path in files:
        if path.suffix not in (".mpg", ".flv"):
            assert agree(path) == 12, path


def test_a_palette_stands_before_the_first_picture(tmp_path: Path) -> None:
    """An uncompressed AVI of 8-bit indices: its palette is in the header."""
    path = tmp_path / "rawvideo_pal8.avi"
    assert path in written(tmp_path, "rawvideo")[0]
    assert agree(path) == 12
    assert read_frames(path, [3]).std() > 10


def jpeg_avi(
    path: Path, pictures: list[bytes], *, index: bool = True, size: tuple[int, int] = (96, 128)
) -> Path:
    """A Motion-JPEG AVI of these pictures."""
    chunks = [b"00dc" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1) for data in pictures]
    places = np.cumsum([4, *map(len, chunks)])
    rows = zip(pictures, places, strict=False)
    entries = b"".join(b"00dc" + struct.pack("<III", 16, at, len(data)) for data, at in rows)
    height, width = size
    main = struct.pack("<10I16x", 40000, 0, 0, 16, len(pictures), 0, 1, 0, width, height)
    stream = b"vidsMJPG" + struct.pack(
        "<10I4H", 0, 0, 0, 1, 25, 0, len(pictures), 0, 2**32 - 1, 0, 0, 0, width, height
    )
    bitmap = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", 3 * width * height, 0, 0, 0, 0)

    def chunk(name: bytes, data: bytes, kind: bytes = b"") -> bytes:
        return (
            kind + struct.pack("<I", len(data) + 4) + name if kind else name + struct.pack("<I", len(data))
        ) + data

    heads = chunk(b"avih", main) + chunk(b"strl", chunk(b"strh", stream) + chunk(b"strf", bitmap), b"LIST")
    body = chunk(b"hdrl", heads, b"LIST") + chunk(b"movi", b"".join(chunks), b"LIST")
    path.write_bytes(chunk(b"AVI ", body + (chunk(b"idx1", entries) if index else b""), b"RIFF"))
    return path


def jpegs(clip: np.ndarray = GREY, **options: str) -> list[bytes]:
    """The pictures of a clip as FFmpeg's encoder writes them."""
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.height, encoder.width = clip.shape[1:]
    encoder.pix_fmt, encoder.framerate = "yuvj420p", 25
    encoder.options = {"huffman": "default", **options}
    packets = []
    for number, frame in enumerate(clip):
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="gray").reformat(
            format="yuvj420p"
        )
        picture.pts = number
        packets += encoder.encode(picture)
    return [bytes(packet) for packet in [*packets, *encoder.encode(None)]]


def without(picture: bytes, *marks: int) -> bytes:
    """A JPEG without its segments of these kinds."""
    kept, at = picture[:2], 2
    while picture[at + 1] != 0xDA:
        length = 2 + int.from_bytes(picture[at + 2 : at + 4])
        kept += b"" if picture[at + 1] in marks else picture[at : at + length]
        at += length
    return kept + picture[at:]


def marked(picture: bytes, mark: int, body: bytes) -> bytes:
    """A JPEG with one more segment at its start."""
    return picture[:2] + bytes([0xFF, mark]) + (len(body) + 2).to_bytes(2) + body + picture[2:]


def test_jpeg_pictures_that_lack_what_others_bring(tmp_path: Path) -> None:
    whole, coarse = jpegs(qmin="2", qmax="2"), jpegs(qmin="20", qmax="20")
    avi1 = [marked(picture, 0xE0, b"AVI1\0" + bytes(9)) for picture in whole]
    field = [marked(picture, 0xE0, b"AVI1\1" + bytes(9)) for picture in whole]
    files = {
        "whole": whole,
        "no_huffman_tables": [without(picture, 0xC4) for picture in whole],
        "tables_once": [whole[0], *(without(picture, 0xC4, 0xDB) for picture in whole[1:])],
        "tables_change": [coarse[0], *(without(picture, 0xDB) for picture in whole[1:6]), *whole[6:]],
        "avi1": avi1,
        "avi1_reduced": [without(picture, 0xC4) for picture in avi1],
        "avi1_fields": field,
        "avi1_once": [field[0], *whole[1:]],
        "adobe": [marked(whole[0], 0xEE, b"Adobe\0\x64\0\0\0\0\0"), *whole[1:]],
        "flipped": [marked(whole[0], 0xFE, b"Intel(R) JPEG Library, version 1\0"), *whole[1:]],
        "restarts": [marked(whole[0], 0xDD, b"\0\3"), *whole[1:]],
    }
    for name, pictures_ in files.items():
        for index in (True, False):
            path = jpeg_avi(tmp_path / f"{name}_{index}.avi", pictures_, index=index)
            assert agree(path) == 12, name
    with pytest.raises(VideoError, match="changes its frame size"):
        read_clip(jpeg_avi(tmp_path / "sizes.avi", [*whole[:6], *jpegs(GREY[6:, :64, :64])]))
    with pytest.raises(VideoError, match="changes its frame size"):
        read_frames(tmp_path / "sizes.avi", [1, 2])


def test_half_height_fields_are_frames_of_the_full_height(tmp_path: Path) -> None:
    """Two fields in a chunk, as capture cards of old wrote them."""
    fields = [
        b"".join(
            marked(field, 0xE0, b"AVI1" + bytes([number]) + bytes(9)) for number, field in enumerate(pair, 1)
        )
        for pair in zip(jpegs(GREY[:, ::2]), jpegs(GREY[:, 1::2]), strict=True)
    ]
    path = jpeg_avi(tmp_path / "fields.avi", fields)
    assert agree(path) == 12
    assert read_clip(path).shape == (12, 96, 128)


def test_a_field_in_each_chunk_is_refused_by_every_way_of_reading(tmp_path: Path) -> None:
    """FFmpeg takes the first half of a frame for damage; its chunks are no frames either."""
    rows = [GREY[number // 2][number % 2 :: 2] for number in range(2 * len(GREY))]
    fields = [
        marked(field, 0xE0, b"AVI1" + bytes([1 + number % 2]) + bytes(9))
        for number, field in enumerate(jpegs(np.stack(rows)))
    ]
    path = jpeg_avi(tmp_path / "fields.avi", fields)
    for read in (probe, read_clip, lambda file: read_frames(file, [0])):
        with pytest.raises(VideoError, match=r"fields\.avi"):
            read(path)


def test_the_size_is_that_of_the_pictures(tmp_path: Path) -> None:
    """A header that claims another size than its pictures have."""
    path = jpeg_avi(tmp_path / "size.avi", jpegs(GREY[:, :80, :80]))
    assert agree(path) == 12 and probe(path).height == 80


@pytest.mark.parametrize("listed", [0, 4, 2**31 - 1, 2**32 - 1])
@pytest.mark.parametrize("riff", [None, 0, 2**32 - 1])
@pytest.mark.parametrize("codec", ["mjpeg", "rawvideo", "mpeg4", "ffv1"])
def test_a_recording_that_was_stopped(codec: str, riff: int | None, listed: int, tmp_path: Path) -> None:
    """Its sizes were never set and it has no index: read if the last picture is whole."""
    path = tmp_path / "stopped.avi"
    write(path, codec, pixel_formats(codec)[0], {})
    expected, content = read_clip(path), bytearray(path.read_bytes())
    if riff is not None:
        content[4:8] = struct.pack("<I", riff)
    movi, index = content.index(b"movi"), content.rindex(b"idx1")
    content[movi - 4 : movi] = struct.pack("<I", listed)
    for tail in (content[index:], b"", bytes(3000), content[index : index + 40]):
        path.write_bytes(content[:index] + tail)
        assert agree(path) == 12
        assert np.array_equal(read_clip(path), expected)
    path.write_bytes(content[: index - 20])
    for read in (probe, read_clip, lambda file: read_frames(file, [0])):
        with pytest.raises(VideoError, match="-c copy") as error:
            read(path)
        assert error.value.fault == "truncated"


def test_an_index_of_chunks_in_another_order_is_not_trusted(tmp_path: Path) -> None:
    path = jpeg_avi(tmp_path / "order.avi", jpegs())
    content = bytearray(path.read_bytes())
    at = content.rindex(b"idx1") + 8
    content[at : at + 32] = content[at + 16 : at + 32] + content[at : at + 16]
    path.write_bytes(content)
    header = read_avi_header(path)
    assert header is not None and not header.plain
    for read in (read_clip, lambda file: read_frames(file, [0])):
        with pytest.raises(VideoError, match="12 frames are stored, 1 can be decoded"):
            read(path)


def test_damaged_pictures_are_what_the_full_decode_shows(tmp_path: Path) -> None:
    clip = np.concatenate([GREY, GREY[::-1]])
    content = write_clip(tmp_path / "clip.avi", clip, fps=25).read_bytes()
    rng, start, path, compared = np.random.default_rng(0), content.index(b"movi"), tmp_path / "damaged.avi", 0
    for _ in range(60):
        damaged = bytearray(content)
        for at in rng.integers(start, len(damaged), rng.integers(1, 20)):
            damaged[at] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            whole = read_clip(path)
        except VideoError:
            continue
        assert len(whole) == len(clip) == probe(path).n_frames
        expected = whole[[2, 9, 20]]
        assert np.array_equal(read_frames(path, [2, 9, 20]), expected)
        compared += 1
    assert compared > 20
