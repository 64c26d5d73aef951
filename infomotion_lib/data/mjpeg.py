"""Whether Motion-JPEG pictures are independent: decoded without those before it, each is the same picture."""

from __future__ import annotations

import re
import struct

_START, _BASELINE = b"\xff\xd8", b"\xff\xc0"
_TABLES = frozenset({b"\xff\xc0", b"\xff\xc4", b"\xff\xdb", b"\xff\xdd"})
_LUMP = 4096  # bytes of a picture in which its size stands, after all tables
_FRONT = re.compile(
    rb"\xff\xd8(?:\xff\xe0\x00\x10(?:JFIF|AVI1)\x00.{9}|\xff\xfe\x00.Lavc[^\xff]*)*(?=\xff[\xc0\xc4\xdb\xdd])",
    re.DOTALL,
)
"""What may stand before the tables: marks that change nothing about the pictures after them. Others may: an
interlaced AVI1 mark, a colour transform, a comment that turns the picture upside down."""


def alike(content: bytes, places: list[tuple[int, int]], *, shape: tuple[int, int]) -> bool:
    """True if every picture begins with the same harmless marks and is a baseline JPEG of this (height,
    width).

    Parameters
    ----------
    content : bytes
        Of a file.
    places : list of (int, int)
        First byte of each picture, and the byte after its last.
    """
    first = _FRONT.match(content, *places[0]) if places else None
    if first is None or not all(0 < side < 1 << 16 for side in shape):
        return False
    head, size = first.group(), struct.pack(">HH", *shape)
    length = len(head)
    for at, end in places:
        table = at + length
        seen = content.find(_BASELINE, table, min(at + _LUMP, end))
        if (
            seen < 0
            or content[seen + 5 : seen + 9] != size
            or content[table : table + 2] not in _TABLES
            or not content.startswith(head, at)
        ):
            return False
    return True


def stands_alone(picture: bytes, *, shape: tuple[int, int]) -> bool:
    """True if the picture is one baseline scan of this (height, width) that brings every table it names.

    MJPEG without Huffman tables (as cameras write it), with tables given once, in two fields or in several
    scans is another matter: what it shows may depend on the decoder's past.
    """
    head = _FRONT.match(picture)
    if head is None or picture.find(_START, 2) >= 0:
        return False
    at, tables, components = head.end(), set[tuple[str, int]](), dict[int, int]()
    while at + 4 <= len(picture):
        mark, length = picture[at : at + 2], int.from_bytes(picture[at + 2 : at + 4])
        body, at = picture[at + 4 : at + 2 + length], at + 2 + length
        if mark == b"\xff\xdb":
            tables |= _quantisers(body)
        elif mark == b"\xff\xc4":
            tables |= _huffman(body)
        elif mark == _BASELINE and not components and len(body) >= 6:
            if body[0] != 8 or struct.unpack_from(">HH", body, 1) != shape or len(body) < 6 + 3 * body[5]:
                return False
            components = {body[6 + 3 * i]: body[8 + 3 * i] for i in range(body[5])}
        elif mark == b"\xff\xda" and components and body and len(body) >= 1 + 2 * body[0]:
            scan = {body[1 + 2 * i]: body[2 + 2 * i] for i in range(body[0])}
            needed = {("Q", components.get(name, -1)) for name in scan}
            needed |= {("DC", selectors >> 4) for selectors in scan.values()}
            needed |= {("AC", selectors & 15) for selectors in scan.values()}
            return scan.keys() == components.keys() and needed <= tables
        elif mark != b"\xff\xdd":  # a restart interval, which each picture sets anew
            return False
    return False


def _quantisers(body: bytes) -> set[tuple[str, int]]:
    tables, at = set(), 0
    while at < len(body):
        tables.add(("Q", body[at] & 15))
        at += 129 if body[at] >> 4 else 65
    return tables if at == len(body) else set()


def _huffman(body: bytes) -> set[tuple[str, int]]:
    tables, at = set(), 0
    while at + 17 <= len(body):
        tables.add(("AC" if body[at] >> 4 else "DC", body[at] & 15))
        at += 17 + sum(body[at + 1 : at + 17])
    return tables if at == len(body) else set()
