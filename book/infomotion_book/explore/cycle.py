"""The heart-cycle scrubber: a phantom frame beside its volume curve, with ED, ES and the rule's next ES."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from infomotion_book.explore.scrubber import Panel, beside, one_of, slider
from infomotion_book.explore.wall import webp
from infomotion_book.templates import line
from infomotion_lib.frames.rule import middle, systole_frames
from infomotion_lib.phantom.geometry import true_frames, volume_curve
from infomotion_lib.phantom.nuisance import Heart
from infomotion_lib.phantom.rendering import render
from infomotion_lib.phantom.sampling import sample_heart
from infomotion_lib.reporting.style import PHASE_COLOURS

if TYPE_CHECKING:
    import ipywidgets

FRACTIONS = (0.5, 0.6, 2 / 3, 0.75)
EF = 60.0
SEED = 4
SIZE = 168
TICK = 10
PANEL = Panel(440, 296, left=46, right=426, top=48, base=218)
DRAWN = "cycle.svg.jinja"


def control() -> ipywidgets.Widget:
    """Slider over frames and buttons for the share of diastole; frame and curve move together."""
    import ipywidgets as w

    heart, (es, ed, next_es) = _beat(EF)
    guesses = [ed + systole_frames(ed - es, diastole_fraction=fraction) for fraction in FRACTIONS]
    frames = list(range(es - 2, max(next_es + 10, *(guess + 3 for guess in guesses))))
    volume = np.asarray(volume_curve(heart, frames))
    xs = [PANEL.x((frame - frames[0]) / (frames[-1] - frames[0])) for frame in frames]
    at = dict(zip(frames, xs, strict=True))
    moment = slider("frame", len(frames), start=2)
    options = [f"{100 * fraction:.0f} %" for fraction in FRACTIONS]
    share = w.ToggleButtons(options=options, index=2, description="diastole takes")
    share.style.description_width = "initial"
    share.style.button_width = "auto"
    hearts = [
        (webp(picture[None], quality=60), line(DRAWN, "heart_alt", {"volume": value}))
        for picture, value in zip(render(heart, frames, size=SIZE), volume, strict=True)
    ]
    curves = []
    for guess in guesses:
        marks = {"es": at[es], "ed": at[ed], "next_es": at[guess], "middle": at[middle(ed, guess)]}
        ticks = [(offset, at[es + offset]) for offset in range(0, frames[-1] - es + 1, TICK)]
        points = [(x, _y(value)) for x, value in zip(xs, volume, strict=True)]
        shown = {"miss": guess - next_es, "marks": marks, "truth": at[next_es], "points": points}
        curves.append(_drawn("curve", shown | {"ticks": ticks}))
    cursors = [
        _drawn("cursor", {"x": x, "y": _y(float(value)), "since_es": frame - es})
        for frame, x, value in zip(frames, xs, volume, strict=True)
    ]
    row = beside(
        one_of(hearts, moment, start=2, width="12.5rem"),
        one_of(curves, share, "index", start=2),
        one_of(cursors, moment, start=2),
    )
    return w.VBox([moment, share, row])


def _beat(ef: float) -> tuple[Heart, tuple[int, int, int]]:
    """A heart of this EF, and the ES, ED and ES of its first whole beat."""
    heart = sample_heart(np.random.default_rng(SEED), ef, level=0.0)
    truth = true_frames(heart, 4 * heart.cycle)
    es = int(truth.es[0])
    return heart, (es, int(truth.ed[truth.ed > es][0]), int(truth.es[1]))


def _y(volume: float) -> float:
    return PANEL.y((volume - 0.3) / 0.75)


def _drawn(block: str, values: dict[str, Any]) -> tuple[str, str]:
    """SVG of a curve or a cursor, and its alt text."""
    grid = [(f"{value:g}", _y(value)) for value in (0.4, 0.6, 0.8, 1.0)]
    values = {"panel": PANEL, "colours": PHASE_COLOURS, "grid": grid} | values
    return line(DRAWN, block, values), line(DRAWN, f"{block}_alt", values)
