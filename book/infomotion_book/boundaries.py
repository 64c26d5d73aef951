"""Hard and soft class boundaries drawn as one SVG, around the edge between mild and normal."""

from __future__ import annotations

from pathlib import Path

from infomotion_lib.classes import EF_EDGES, class_name
from infomotion_lib.evaluation.metrics import soft_correct
from infomotion_lib.parameters import STAGES
from infomotion_lib.provenance import atomic
from infomotion_lib.reporting import svg
from infomotion_lib.reporting.style import CLASS_COLOURS

EDGE = EF_EDGES[2]
TOLERANCE = float(STAGES["evaluation"].model_fields["soft_tolerance"].default)
TRUE_EF = EDGE - 2.5
ANSWERS = (EDGE - 1.4, EDGE + 0.6 * TOLERANCE, EDGE + 1.8 * TOLERANCE)
"""Answers for a heart of :data:`TRUE_EF`: inside its class, just outside, too far outside."""

_WIDTH, _HEIGHT, _LEFT, _RIGHT = 620, 306, 24, 24
_FIRST, _LAST = EDGE - 4, EDGE + 6
_WORDS = EDGE + 2.2


def alt() -> str:
    """What the figure shows, in words."""
    told = "; ".join(f"an answer of {answer:g} is {_verdict(answer)}" for answer in ANSWERS)
    return (
        f"An axis of ejection fraction around the edge between {class_name(EDGE - 1)} and {class_name(EDGE)},"
        f" {EDGE:g} points. For a heart of {TRUE_EF:g}, {told}. The soft zone is {TOLERANCE:g} point wide."
    )


def soft_boundaries_svg() -> str:
    """SVG text: a heart near a class edge, three answers, and what the hard and the soft rule say of each."""
    below, above = str(class_name(EDGE - 1)), str(class_name(EDGE))
    top, bottom = 62, 236
    parts = [
        svg.text(
            _LEFT, 28, "Just over the edge: wrong by the hard rule, right by the soft one", size=15, bold=True
        )
    ]
    for first, last, name in ((_FIRST, EDGE, below), (EDGE, _LAST, above)):
        parts.append(_band(first, last, top, bottom, CLASS_COLOURS[name], 0.22))
        parts.append(
            svg.text((_x(first) + _x(last)) / 2, top + 20, name, anchor="middle", bold=True, size=15)
        )
    parts.append(_band(EDGE, EDGE + TOLERANCE, top + 30, bottom, CLASS_COLOURS[below], 0.3))
    parts.append(svg.line(_x(EDGE), top, _x(EDGE), bottom, width=2))
    parts.append(
        svg.line(_x(EDGE + TOLERANCE), top + 30, _x(EDGE + TOLERANCE), bottom, width=1.5, dash="5 4")
    )
    parts.append(svg.text(_x(EDGE + TOLERANCE) + 8, top + 44, f"tolerance τ = {TOLERANCE:g}", size=13))
    parts.append(svg.line(_x(TRUE_EF), top + 30, _x(TRUE_EF), bottom, width=1.5, dash="2 3"))
    parts.append(svg.text(_x(TRUE_EF) - 6, top + 44, f"true EF {TRUE_EF:g}", anchor="end", size=13))
    for row, answer in enumerate(ANSWERS):
        y = top + 78 + 34 * row
        parts += [
            svg.line(_x(TRUE_EF), y, _x(answer), y, stroke=svg.SOFT),
            svg.dot(_x(answer), y, 6, svg.INK),
        ]
        parts.append(svg.text(_x(_WORDS), y + 5, f"{answer:g}: {_verdict(answer)}"))
    parts.append(svg.line(_x(_FIRST), bottom, _x(_LAST), bottom, width=1.5))
    for value in range(int(_FIRST), int(_LAST) + 1):
        parts += [
            svg.line(_x(value), bottom, _x(value), bottom + 6),
            svg.text(_x(value), bottom + 22, f"{value}", anchor="middle"),
        ]
    parts.append(svg.text(_WIDTH / 2, bottom + 46, "ejection fraction, points", anchor="middle"))
    return svg.picture(_WIDTH, _HEIGHT, parts)


def write_soft_boundaries(folder: str | Path) -> Path:
    """Path of ``soft-boundaries.svg``."""
    file = Path(folder) / "soft-boundaries.svg"
    with atomic(file) as temporary:
        temporary.write_text(soft_boundaries_svg(), encoding="utf-8")
    return file


def _x(value: float) -> float:
    return _LEFT + (value - _FIRST) / (_LAST - _FIRST) * (_WIDTH - _LEFT - _RIGHT)


def _band(first: float, last: float, top: float, bottom: float, fill: str, opacity: float) -> str:
    return f'<g opacity="{opacity}">{svg.bar(_x(first), top, _x(last) - _x(first), bottom - top, fill)}</g>'


def _verdict(answer: float) -> str:
    hard, soft = (
        bool(soft_correct([TRUE_EF], [answer], tolerance=tolerance)[0]) for tolerance in (0.0, TOLERANCE)
    )
    return "right by both rules" if hard else "right by the soft rule only" if soft else "wrong by both"
