"""What an SVG figure is made of: a summary has few marks, a mosaic of a frame many shapes or shades."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DEFINITIONS = re.compile(r"<defs>.*?</defs>", re.DOTALL)
_USE = re.compile(r"""<use[^>]*href\s*=\s*["']#([^"']+)""")
_GLYPH = re.compile(r"(?:DejaVu|STIX|Cm)", re.IGNORECASE)
_COLLECTION = re.compile(r"C\d+_")
_PATH = re.compile(r"""<path[^>]*\sd\s*=\s*["']([^"']*)["']""")
_POINTS = re.compile(r"""<poly(?:line|gon)[^>]*\spoints\s*=\s*["']([^"']*)["']""")
_FILL = re.compile(r"""fill\s*[:=]\s*["']?\s*(#[0-9a-f]{3,8}|rgba?\([^)]*\))""", re.IGNORECASE)


@dataclass(frozen=True)
class Drawing:
    """Counts over one figure, letters left out: ``marks`` of the most common kind (one symbol drawn again and
    again, or circles, ellipses, rectangles); drawn ``shapes``; ``vertices`` of all paths and polygons, and of
    the ``longest``; ``shades`` of fill.
    """

    marks: int
    shapes: int
    vertices: int
    longest: int
    shades: int


def measure(svg: str) -> Drawing:
    """Counts over the text of an SVG figure.

    >>> measure('<svg><rect fill="#000"/><rect fill="#fff"/><path d="M0 0L1 1"/></svg>')
    Drawing(marks=2, shapes=3, vertices=2, longest=2, shades=2)
    """
    counts: dict[str, int] = {}
    for name in _USE.findall(svg):
        if not _GLYPH.match(name):
            kind = "collection" if _COLLECTION.match(name) else name
            counts[kind] = counts.get(kind, 0) + 1
    drawn = _DEFINITIONS.sub("", svg)
    simple = [len(re.findall(rf"<(?:svg:)?{kind}\b", drawn)) for kind in ("circle", "ellipse", "rect")]
    lengths = [len(re.findall(r"[A-Za-z]", d)) for d in _PATH.findall(drawn)]
    lengths += [len(points.replace(",", " ").split()) // 2 for points in _POINTS.findall(drawn)]
    return Drawing(
        marks=max([*counts.values(), *simple], default=0),
        shapes=len(lengths) + sum(simple),
        vertices=sum(lengths),
        longest=max(lengths, default=0),
        shades=len({colour.lower() for colour in _FILL.findall(svg)}),
    )
