"""Tiny SVG pictures written as text: a few hundred bytes where matplotlib needs tens of thousands."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

INK, SOFT, GRID = "#1F2933", "#52606D", "#D9E2EC"
ON_DARK = {INK: "#E4E7EB", SOFT: "#B6C2CD", GRID: "#3E4C59", "#0072B2": "#4AA3DF", "#7A5195": "#B48ACB"}
"""What a colour becomes on a dark page."""

_SANS = "system-ui,Segoe UI,Roboto,Helvetica,Arial,sans-serif"


def picture(width: int, height: int, parts: Iterable[str]) -> str:
    """SVG of the parts, without a ground of its own, in colours for light and dark pages."""
    drawn = "".join(parts)
    rules = "".join(
        f'[{kind}="{light}"]{{{kind}:{dark}}}'
        for light, dark in ON_DARK.items()
        for kind in ("fill", "stroke")
        if f'{kind}="{light}"' in drawn
    )
    style = f"<style>@media(prefers-color-scheme:dark){{{rules}}}</style>" if rules else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" font-family="{_SANS}" font-size="13">{style}{drawn}</svg>'
    )


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = 13,
    anchor: str = "start",
    fill: str = INK,
    bold: bool = False,
) -> str:
    """A line of text; its baseline starts, ends or is centred at (x, y)."""
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" text-anchor="{anchor}"'
        f' fill="{fill}"{weight}>{escape(words)}</text>'
    )


def line(
    x1: float, y1: float, x2: float, y2: float, *, stroke: str = INK, width: float = 1, dash: str = ""
) -> str:
    """A straight line."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}" stroke="{stroke}"'
        f' stroke-width="{_n(width)}"{dashes}/>'
    )


def lines(
    segments: Iterable[tuple[float, float, float, float]],
    *,
    stroke: str,
    width: float = 1,
    opacity: float = 1,
) -> str:
    """Many straight lines of one kind as one path."""
    path = "".join(f"M{_n(a)} {_n(b)}L{_n(c)} {_n(d)}" for a, b, c, d in segments)
    return (
        f'<path d="{path}" stroke="{stroke}" stroke-width="{_n(width)}" opacity="{_n(opacity)}" fill="none"/>'
    )


def curve(points: Iterable[tuple[float, float]], *, stroke: str = INK, width: float = 2) -> str:
    """A line through points."""
    path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{_n(width)}"/>'


def dot(x: float, y: float, radius: float, fill: str, *, ring: str = "", ring_width: float = 2) -> str:
    """A filled circle, ringed if asked."""
    border = f' stroke="{ring}" stroke-width="{_n(ring_width)}"' if ring else ""
    return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}"{border}/>'


def bar(x: float, y: float, width: float, height: float, fill: str) -> str:
    """A filled rectangle."""
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(max(width, 0))}" height="{_n(height)}" fill="{fill}"/>'


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
