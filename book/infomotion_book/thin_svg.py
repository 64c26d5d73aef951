"""Figures of matplotlib as a page needs them: the same drawing in fewer bytes."""

from __future__ import annotations

import base64
import io
import re

from infomotion_lib.reporting.embedded import as_jpeg

_ID = re.compile(r'(<(?:g|path)\b[^>]*?) id="([^"]+)"')
_NAMED = re.compile(r'href="#([^"]+)"|url\(#([^)]+)\)')
_HREF = re.compile(r'href="#([^"]+)"')
_PLACED = re.compile(r'<use href="(#[^"]+)" transform="translate\((-?[\d.]+)[ ,](-?[\d.]+)\)"')
_GLYPH = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*-[0-9a-f]+")
_JPEG = re.compile(r'(?<=data:image/jpeg;base64,)[^"]+')
QUALITY = 60
"""Of JPEGs on a page, where a frame is hardly wider than a thumb; the file that is frozen keeps its own."""


def thin_svg(text: str) -> str:
    """The figure with short names for its glyphs, their places to a tenth of a unit (a hundredth of a point
    at most), smaller pictures, and no name that nothing refers to.

    >>> glyph = '<path id="Sans-41" d="M0 0"/><use xlink:href="#Sans-41" transform="translate(6.25 0)" />'
    >>> thin_svg(f'<g id="a">{glyph}</g>')
    '<g><path id="0" d="M0 0"/><use href="#0" x="6.2"/></g>'
    """
    text = text.replace("xlink:href=", "href=").replace(" />", "/>")
    used = dict.fromkeys(name or other for name, other in _NAMED.findall(text))
    short = {name: format(number, "x") for number, name in enumerate(filter(_GLYPH.fullmatch, used))}

    def named(found: re.Match[str]) -> str:
        return found[1] + (f' id="{short.get(found[2], found[2])}"' if found[2] in used else "")

    text = _ID.sub(named, text)
    text = _HREF.sub(lambda found: f'href="#{short.get(found[1], found[1])}"', text)
    return _JPEG.sub(_smaller, _PLACED.sub(_placed, text))


def _placed(found: re.Match[str]) -> str:
    x, y = (f"{round(float(value), 1):g}" for value in found.group(2, 3))
    return f'<use href="{found[1]}"' + (f' x="{x}"' if x != "0" else "") + (f' y="{y}"' if y != "0" else "")


def _smaller(found: re.Match[str]) -> str:
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(found[0]))) as picture:
        made = base64.b64encode(as_jpeg(picture, quality=QUALITY)).decode("ascii")
    return made if len(made) < len(found[0]) else found[0]
