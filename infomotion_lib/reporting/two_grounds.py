"""An SVG that reads on a light and on a dark page: no ground of its own, ink that follows the page.

Colours stay in the file as they were drawn, for programs that know no style sheets; a rule for dark pages
lightens those that would vanish there.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from typing import TYPE_CHECKING

from infomotion_lib.reporting.embedded import pack_pictures

if TYPE_CHECKING:
    from matplotlib.artist import Artist

INK, FAINT, LIGHT_GROUND = "#1F2933", "#C9D1D9", "#FFFFFF"
DARK_INK, DARK_FAINT, DARK_GROUND = "#E4E7EB", "#3E4C59", "#14181E"
LEAST_CONTRAST = 3.0
"""Between a mark and its ground, as WCAG asks of graphics."""

AS_DRAWN = "as-drawn"
"""Id of artists that keep their colours on a dark page."""

_SVG = "http://www.w3.org/2000/svg"
_NAMESPACES = {
    "": _SVG,
    "xlink": "http://www.w3.org/1999/xlink",
    "dc": "http://purl.org/dc/elements/1.1/",
    "cc": "http://creativecommons.org/ns#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}
_LONG = re.compile(r"-?\d+\.\d{3,}")
_STEP = re.compile(r"\s*([A-Za-z])\s*")
_COLOUR = re.compile(r"\b(fill|stroke): (#[0-9a-f]{6})\b")


def keep_colours(artists: Iterable[Artist]) -> None:
    """Let artists keep their colours on a dark page: filled shapes with text on them, that text, and what
    lies on a frame.
    """
    for artist in artists:
        artist.set_gid(AS_DRAWN)


def for_both_grounds(svg: bytes) -> bytes:
    """Matplotlib's SVG with ``currentColor`` for ink, and rules for a dark page."""
    for prefix, address in _NAMESPACES.items():
        ElementTree.register_namespace(prefix, address)
    root = ElementTree.fromstring(svg)
    colours: set[tuple[str, str]] = set()
    _follow_page(root, colours)
    pack_pictures(root)
    for element in root.iter():
        _shorten(element)
    root.set("class", "im-plot")
    root.set("color", INK)
    root.set("fill", "currentColor")  # matplotlib leaves black out
    rules = [f".im-plot{{color:{DARK_INK}}}"]
    for kind, colour in sorted(colours):
        if (shown := on_dark(colour)) != colour:
            where = f'.im-plot [style*="{kind}: {colour}"]:not(.im-{AS_DRAWN}, .im-{AS_DRAWN} *)'
            rules.append(f"{where}{{{kind}:{shown}!important}}")
    style = ElementTree.Element(f"{{{_SVG}}}style")
    own = ".im-plot{color-scheme:light dark}"  # opened alone, its ground follows the reader's choice too
    style.text = f"{own}@media (prefers-color-scheme:dark){{{''.join(rules)}}}"
    root.insert(1, style)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _follow_page(element: ElementTree.Element, colours: set[tuple[str, str]]) -> None:
    """Replace ink by ``currentColor`` in an element and below it; ``colours`` collects the others."""
    if element.get("id") == AS_DRAWN:
        del element.attrib["id"]  # an id may be there only once
        element.set("class", f"im-{AS_DRAWN}")
        for below in element.iter():
            _name_black(below)
        return
    style = element.get("style", "")
    if style:
        style = re.sub(rf"\b(fill|stroke): {INK.lower()}\b", r"\1: currentColor", style)
        element.set("style", style)
        colours.update(_COLOUR.findall(style))
    for below in element:
        _follow_page(below, colours)


def _shorten(element: ElementTree.Element) -> None:
    """Write the coordinates of an element, in points, to a hundredth, and no blanks around it."""
    element.text, element.tail = (
        None if blank is None or blank.isspace() else blank for blank in (element.text, element.tail)
    )
    for name in ("d", "x", "y"):
        if known := element.get(name):
            short = _LONG.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), known)
            element.set(name, _STEP.sub(r"\1", short))


def _name_black(element: ElementTree.Element) -> None:
    """Write out the black that matplotlib leaves out, so that it is not taken for ink."""
    style = element.get("style")
    if style is not None and "fill" not in style and "stroke" not in style:
        element.set("style", f"fill: #000000; {style}")


def on_dark(colour: str) -> str:
    """A colour as a dark page shows it: white becomes the ground, a grid fades, what would vanish is
    lightened.

    >>> on_dark("#ffffff"), on_dark("#e69f00"), on_dark("#440154")
    ('#14181E', '#e69f00', '#82558c')
    """
    known = {LIGHT_GROUND: DARK_GROUND, FAINT: DARK_FAINT}
    if colour.upper() in known:
        return known[colour.upper()]
    shown, share = colour, 0.0
    while contrast(shown, DARK_GROUND) < LEAST_CONTRAST:
        share += 0.01
        mixed = (round(part + share * (255 - part)) for part in _parts(colour))
        shown = "#" + "".join(f"{part:02x}" for part in mixed)
    return shown


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21, as WCAG 2 defines it.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in _parts(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
