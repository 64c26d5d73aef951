"""The pipeline drawn as one SVG: from echo videos to a small training set and its test.

Lines and text only, in four variants (light or dark, wide or tall), so that it stays sharp and legible on
paper, on a phone and in dark mode. The names on the arrows are the files that one stage writes and the next
one reads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.provenance import atomic
from infomotion_lib.reporting.style import CLASS_COLOURS, METHOD_COLOURS, PHASE_COLOURS

ALT = (
    "The pipeline in six steps. Echo videos with an ejection fraction; the end-systolic, end-diastolic and"
    " middle frames of each; a network with inter-frame attention that turns frame pairs into one motion"
    " vector a video; one graph an EF class, split into communities by Infomap, with central videos picked"
    " from each; the distilled set of a few videos a class; an EF regressor trained on it and tested on real"
    " videos."
)
"""Alt text of the figure."""

WIDTH, HEIGHT = 150, 108
_COLUMN, _ROW, _TALL_ROW = 222, 220, 146
_COMMUNITY = ("#0072B2", "#009E73", "#CC79A7", "#E69F00")
_SANS = "system-ui, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
_MONO = "ui-monospace, Menlo, Consolas, monospace"


@dataclass(frozen=True)
class Ink:
    """Colours of one variant: text, soft text, lines, panel, its border, the accent, and the EF classes."""

    text: str
    soft: str
    line: str
    panel: str
    border: str
    accent: str
    classes: Mapping[str, str]


LIGHT = Ink(
    "#1F2933", "#52606D", "#3E4C59", "#F5F7FA", "#CBD2D9", METHOD_COLOURS["infomotion"], CLASS_COLOURS
)
DARK = Ink(
    "#F0F4F8", "#C3CFD9", "#D9E2EC", "#1D2730", "#52606D", "#FF8A3D", CLASS_COLOURS | {"severe": "#7B3F98"}
)


def pipeline_svg(*, dark: bool = False, tall: bool = False) -> str:
    """SVG text of the pipeline figure.

    Parameters
    ----------
    dark : bool
        For a dark page.
    tall : bool
        Steps under each other, for narrow screens; otherwise two rows of three.
    """
    ink = DARK if dark else LIGHT
    body = _tall(ink) if tall else _wide(ink)
    width, height = (380, _TALL_ROW * len(_STEPS) - 24) if tall else (2 * _COLUMN + WIDTH + 32, 2 * _ROW - 30)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' font-family="{_SANS}"><title>The InfoMotion pipeline</title><desc>{escape(ALT)}</desc>{body}</svg>'
    )


def write_pipeline(folder: str | Path) -> list[Path]:
    """Paths of the four variants, ``pipeline-{light,dark}-{wide,tall}.svg``."""
    files = []
    for dark in (False, True):
        for tall in (False, True):
            file = Path(folder) / f"pipeline-{'dark' if dark else 'light'}-{'tall' if tall else 'wide'}.svg"
            with atomic(file) as temporary:
                temporary.write_text(pipeline_svg(dark=dark, tall=tall), encoding="utf-8")
            files.append(file)
    return files


def _wide(ink: Ink) -> str:
    parts = []
    for index, (draw, title, lines, file) in enumerate(_STEPS):
        x, y = 16 + _COLUMN * (index % 3), 8 + _ROW * (index // 3)
        middle = y + HEIGHT / 2
        parts.append(f'<g transform="translate({x} {y})">{_panel(ink)}{draw(ink)}</g>')
        parts.append(_text(x + WIDTH / 2, y + HEIGHT + 22, title, ink.text, size=15, weight=700))
        parts += [
            _text(x + WIDTH / 2, y + HEIGHT + 41 + 16 * i, line, ink.soft) for i, line in enumerate(lines)
        ]
        if index in (2, len(_STEPS) - 1):
            continue
        parts.append(
            _arrow(
                ink, f"M{x + WIDTH + 5} {middle:g}H{x + _COLUMN - 12}", x + _COLUMN - 5, middle, right=True
            )
        )
        short, _, kind = file.partition(".")
        for i, word in enumerate((*_halves(short), f".{kind}")):
            parts.append(
                _text(
                    x + (WIDTH + _COLUMN) / 2,
                    middle - 12 - 13 * (2 - i) + (26 if i == 2 else 0),
                    word,
                    ink.soft,
                    size=11,
                    mono=True,
                )
                if word
                else ""
            )
    right, left, turn = 16 + 2 * _COLUMN + WIDTH, 16, _ROW - 12
    path = (
        f"M{right} {8 + HEIGHT / 2:g}h9q6 0 6 6V{turn - 6}q0 6 -6 6H{left - 5}q-6 0 -6"
        f" 6V{8 + _ROW + HEIGHT / 2 - 6:g}q0 6 6 6h1"
    )
    parts.append(_arrow(ink, path, left - 1, 8 + _ROW + HEIGHT / 2, right=True))
    parts.append(_text(16 + _COLUMN * 1.5 - 36, turn - 6, _STEPS[2][3], ink.soft, size=11, mono=True))
    return "".join(parts)


def _tall(ink: Ink) -> str:
    parts = []
    for index, (draw, title, lines, file) in enumerate(_STEPS):
        x, y = 10, 8 + _TALL_ROW * index
        side = x + WIDTH + 14
        parts.append(f'<g transform="translate({x} {y})">{_panel(ink)}{draw(ink)}</g>')
        parts.append(_text(side, y + 34, title, ink.text, size=16, weight=700, anchor="start"))
        parts += [
            _text(side, y + 55 + 18 * i, line, ink.soft, size=14, anchor="start")
            for i, line in enumerate(lines)
        ]
        if file:
            at = x + WIDTH / 2
            parts.append(
                _arrow(
                    ink, f"M{at:g} {y + HEIGHT + 4}V{y + _TALL_ROW - 11}", at, y + _TALL_ROW - 4, right=False
                )
            )
            parts.append(_text(side, y + HEIGHT + 25, file, ink.soft, size=13, anchor="start", mono=True))
    return "".join(parts)


def _panel(ink: Ink) -> str:
    return f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{ink.panel}" stroke="{ink.border}"/>'


def _text(
    x: float,
    y: float,
    words: str,
    fill: str,
    *,
    size: float = 12.5,
    weight: int = 400,
    anchor: str = "middle",
    mono: bool = False,
) -> str:
    family = f' font-family="{_MONO}"' if mono else ""
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
    return (
        f'<text {place} font-size="{size:g}" font-weight="{weight}"'
        f' fill="{fill}"{family}>{escape(words)}</text>'
    )


def _arrow(ink: Ink, path: str, x: float, y: float, *, right: bool) -> str:
    head = f"M{x:g} {y:g}l-9 -5v10z" if right else f"M{x:g} {y:g}l-5 -9h10z"
    return (
        f'<path d="{path}" stroke="{ink.line}" stroke-width="2" fill="none"/><path d="{head}"'
        f' fill="{ink.line}"/>'
    )


def _halves(name: str) -> tuple[str, str]:
    first, _, second = name.partition("_")
    return (f"{first}_", second) if second else ("", first)


def _heart(x: float, y: float, size: float, ink: Ink, *, squeeze: float = 0.0) -> str:
    """A sector with a left ventricle in it; ``squeeze`` 1 is end-systole."""
    dx, dy = size * math.sin(0.62), size * math.cos(0.62)
    fan = f"M{x:g} {y:g}L{x - dx:.1f} {y + dy:.1f}A{size:g} {size:g} 0 0 0 {x + dx:.1f} {y + dy:.1f}Z"
    cx, cy, wall = x - size * 0.06, y + size * 0.52, size * 0.06
    rx, ry = size * 0.15 * (1 - 0.38 * squeeze), size * 0.30 * (1 - 0.16 * squeeze)
    return (
        f'<path d="{fan}" fill="#10171E" stroke="{ink.border}"/>'
        f'<ellipse cx="{cx:.1f}" cy="{cy:.1f}" rx="{rx + wall:.1f}" ry="{ry + wall:.1f}" fill="#9FB3C8"/>'
        f'<ellipse cx="{cx:.1f}" cy="{cy:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="#10171E"/>'
    )


def _draw_videos(ink: Ink) -> str:
    return "".join(_heart(52 + 22 * i, 10 + 5 * i, 76, ink, squeeze=(0.0, 0.5, 1.0)[i]) for i in range(3))


def _draw_frames(ink: Ink) -> str:
    points = []
    for i in range(61):
        phase = (i / 60 * 1.5 + 0.22) % 1.0
        ejection = 0.5 + 0.5 * math.cos(math.pi * phase * 3)
        filling = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (phase - 1 / 3) / 0.5))
        points.append((12 + i * 2.1, 82 - 58 * (ejection if phase < 1 / 3 else filling)))
    parts = [
        f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" fill="none"'
        f' stroke="{ink.line}" stroke-width="2"/>'
    ]
    for i in (18, 38):
        x, y = points[i]
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6" fill="{ink.panel}" stroke="{ink.line}"'
            ' stroke-width="1.6"/>'
        )
    for i, name, kind in ((5, "ES", "es"), (31, "ED", "ed"), (45, "ES′", "next_es")):
        x, y = points[i]
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{PHASE_COLOURS[kind]}"/>')
        parts.append(_text(x, y + (-9 if name == "ED" else 16), name, ink.text, size=11.5, weight=700))
    return "".join(parts)


def _draw_motion(ink: Ink) -> str:
    parts = [_heart(34, 10, 44, ink), _heart(34, 56, 44, ink, squeeze=1.0)]
    for i in range(4):
        parts.append(
            f'<path d="M40 {34 + 2 * i}L{26 + 6 * i} {80 - 2 * i}" stroke="{ink.accent}" stroke-width="1.1"/>'
        )
    for i, height in enumerate((17, 42, 28, 53, 11, 34, 22, 48, 31, 17)):
        parts.append(
            f'<rect x="{84 + 5.4 * i:.1f}" y="{84 - height}" width="3.8" height="{height}"'
            f' fill="{ink.accent}"/>'
        )
    return "".join(parts) + _arrow(ink, "M62 56h10", 78, 56, right=True)


def _draw_graph(ink: Ink) -> str:
    links, nodes = ["M50 34L96 36M40 46L44 64M104 46L110 62M60 76L94 82"], []
    for index, ((cx, cy), n) in enumerate((((34, 30), 5), ((112, 32), 5), ((42, 80), 4), ((112, 80), 4))):
        fill = f'fill="{_COMMUNITY[index]}"'
        ring = [
            (cx + 17 * math.cos(2 * math.pi * k / n + index), cy + 15 * math.sin(2 * math.pi * k / n + index))
            for k in range(n)
        ]
        for (x, y), (u, v) in zip(ring, ring[1:] + ring[:1], strict=True):
            links.append(f"M{cx} {cy}L{x:.1f} {y:.1f}L{u:.1f} {v:.1f}")
            nodes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.4" {fill}/>')
        nodes.append(f'<circle cx="{cx}" cy="{cy}" r="5" {fill}/>')
        nodes.append(
            f'<circle cx="{cx}" cy="{cy}" r="8.4" fill="none" stroke="{ink.accent}" stroke-width="2.4"/>'
        )
    return (
        f'<path d="{"".join(links)}" stroke="{ink.border}" stroke-width="1.2" fill="none"/>{"".join(nodes)}'
    )


def _draw_distilled(ink: Ink) -> str:
    size = f'width="20" height="14" rx="3" stroke="{ink.border}"'
    return "".join(
        f'<rect x="{17 + 24 * column}" y="{11 + 18 * row}" {size} fill="{ink.classes[name]}"/>'
        for row, name in enumerate(CLASS_NAMES)
        for column in range(5)
    )


def _draw_test(ink: Ink) -> str:
    parts = []
    for i, name in enumerate(reversed(CLASS_NAMES)):
        parts.append(
            f'<rect x="26" y="{14 + 14.8 * i:.1f}" width="112" height="14.8" fill="{ink.classes[name]}"'
            ' opacity="0.28"/>'
        )
    parts.append(f'<path d="M26 14V88H138" fill="none" stroke="{ink.line}" stroke-width="1.6"/>')
    parts.append(f'<path d="M26 88L138 14" stroke="{ink.line}" stroke-dasharray="4 4"/>')
    spots = (
        (36, 80),
        (44, 74),
        (54, 73),
        (60, 62),
        (70, 66),
        (76, 52),
        (88, 54),
        (96, 44),
        (104, 34),
        (114, 38),
        (122, 24),
        (130, 22),
    )
    parts += [f'<circle cx="{x}" cy="{y}" r="3.4" fill="{ink.accent}"/>' for x, y in spots]
    parts.append(_text(82, 102, "true EF", ink.soft, size=11.5))
    return (
        "".join(parts)
        + f'<g transform="rotate(-90 17 52)">{_text(17, 52, "predicted", ink.soft, size=11.5)}</g>'
    )


_STEPS = (
    (_draw_videos, "Echo videos", ("real or synthetic,", "each with an EF"), "FileList.csv"),
    (_draw_frames, "Key frames", ("ES, ED, next ES", "and the middles"), "frame_index.csv"),
    (_draw_motion, "Motion vector", ("inter-frame attention", "between two frames"), "motion_features.npz"),
    (_draw_graph, "Graph of a class", ("Infomap communities;", "central videos ringed"), "selections.csv"),
    (_draw_distilled, "Distilled set", ("five EF classes,", "VPC videos of each"), "runs.csv"),
    (_draw_test, "Test on real videos", ("EF regressor,", "then EF classes"), ""),
)
