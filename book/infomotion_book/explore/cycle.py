"""The heart-cycle scrubber: a phantom frame beside its volume curve, with ED, ES and the next ES by the
fraction rule.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from infomotion_book import svg
from infomotion_book.explore.layers import layers
from infomotion_lib.frames.rule import middle, systole_frames
from infomotion_lib.phantom.geometry import true_frames, volume_curve
from infomotion_lib.phantom.nuisance import Heart
from infomotion_lib.phantom.rendering import render
from infomotion_lib.phantom.sampling import sample_heart
from infomotion_lib.reporting.style import PHASE_COLOURS
from infomotion_lib.reporting.widgets import picture_html

if TYPE_CHECKING:
    import ipywidgets

FRACTIONS = (0.5, 0.6, 2 / 3, 0.75)
EF = 60.0
SEED = 4
SIZE = 168
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 440, 296, 46, 14, 48, 78
_TICK = 10
MARKS = {"es": "ES", "ed": "ED", "next_es": "rule", "middle": "mid"}


def control() -> ipywidgets.Widget:
    """Slider over frames and buttons for the share of diastole; frame and curve move together."""
    import ipywidgets as w

    heart, (es, ed, next_es) = _beat(EF)
    latest = max(ed + systole_frames(ed - es, diastole_fraction=fraction) for fraction in FRACTIONS)
    frames = list(range(es - 2, max(next_es + 10, latest + 3)))
    volume = np.asarray(volume_curve(heart, frames))
    pictures = render(heart, frames, size=SIZE)
    slider = w.IntSlider(value=2, min=0, max=len(frames) - 1, description="frame", readout=False)
    slider.layout.width = "min(32rem, 96%)"
    share = w.ToggleButtons(options=[_percent(f) for f in FRACTIONS], index=2, description="diastole takes")
    share.style.description_width = "initial"
    share.style.button_width = "auto"
    hearts = [
        w.HTML(picture_html(_webp(picture), alt=_heart_alt(float(v)), width="12.5rem"))
        for picture, v in zip(pictures, volume, strict=True)
    ]
    left = w.Stack(hearts, selected_index=2)
    w.jsdlink((slider, "value"), (left, "selected_index"))
    curves = []
    for fraction in FRACTIONS:
        guess = ed + systole_frames(ed - es, diastole_fraction=fraction)
        marks = {"es": es, "ed": ed, "next_es": guess, "middle": middle(ed, guess)}
        card = _curve(frames, volume, marks, next_es)
        curves.append(w.HTML(picture_html(card, alt=_curve_alt(guess - next_es))))
    cursors = [
        w.HTML(picture_html(_cursor(frames, volume, i, es), alt=_cursor_alt(frames[i] - es)))
        for i in range(len(frames))
    ]
    right = layers(w.Stack(curves, selected_index=2), w.Stack(cursors, selected_index=2))
    for name, source, stack in (("index", share, 0), ("value", slider, 1)):
        w.jsdlink((source, name), (right.children[stack], "selected_index"))
    row = w.HBox([left, right])
    row.layout.flex_flow = "row wrap"
    row.layout.align_items = "center"
    return w.VBox([slider, share, row])


def _beat(ef: float) -> tuple[Heart, tuple[int, int, int]]:
    """A heart of this EF, and the ES, ED and ES of its first whole beat."""
    heart = sample_heart(np.random.default_rng(SEED), ef, level=0.0)
    truth = true_frames(heart, 4 * heart.cycle)
    es = int(truth.es[0])
    return heart, (es, int(truth.ed[truth.ed > es][0]), int(truth.es[1]))


def _x(frames: list[int], frame: float) -> float:
    return _LEFT + (frame - frames[0]) / (frames[-1] - frames[0]) * (_WIDTH - _LEFT - _RIGHT)


def _y(value: float) -> float:
    return _TOP + (1 - (value - 0.3) / 0.75) * (_HEIGHT - _TOP - _BOTTOM)


def _curve(frames: list[int], volume: np.ndarray, marks: dict[str, int], truth: int) -> str:
    base = _HEIGHT - _BOTTOM
    miss = marks["next_es"] - truth
    verdict = (
        "the rule meets the true next ES"
        if miss == 0
        else f"the rule is {abs(miss)} frames too {'late' if miss > 0 else 'early'}"
    )
    parts = [svg.text(_LEFT, 20, verdict[:1].upper() + verdict[1:], bold=True)]
    for value in (0.4, 0.6, 0.8, 1.0):
        parts += [
            svg.line(_LEFT, _y(value), _WIDTH - _RIGHT, _y(value), stroke=svg.GRID),
            svg.text(_LEFT - 6, _y(value) + 4, f"{value:g}", anchor="end", size=12),
        ]
    parts.append(svg.curve([(_x(frames, frame), _y(v)) for frame, v in zip(frames, volume, strict=True)]))
    at = _x(frames, truth)
    parts.append(svg.line(at, _TOP, at, base, stroke=PHASE_COLOURS["next_es"], dash="4 4"))
    parts.append(svg.text(at, _TOP - 6, "true next ES", anchor="middle", size=12, fill=svg.SOFT))
    for name, label in MARKS.items():
        at = _x(frames, marks[name])
        parts.append(svg.line(at, base, at, base + 8, stroke=PHASE_COLOURS[name], width=3))
        parts.append(svg.text(at, base + 22, label, anchor="middle", bold=name != "middle"))
    for offset in range(0, frames[-1] - marks["es"] + 1, _TICK):
        at = _x(frames, marks["es"] + offset)
        parts.append(svg.text(at, base + 42, f"{offset}", anchor="middle", size=12, fill=svg.SOFT))
    parts.append(svg.text(_LEFT - 44, _TOP - 8, "volume", size=12))
    return svg.picture(_WIDTH, _HEIGHT, parts)


def _cursor(frames: list[int], volume: np.ndarray, now: int, es: int) -> str:
    """The line of the frame in sight, over any of the curves."""
    at = _x(frames, frames[now])
    return svg.picture(
        _WIDTH,
        _HEIGHT,
        [
            svg.line(at, _TOP, at, _HEIGHT - _BOTTOM, stroke="#0072B2", width=2),
            svg.dot(at, _y(float(volume[now])), 6, "#0072B2"),
            svg.text(
                (_LEFT + _WIDTH - _RIGHT) / 2,
                _HEIGHT - 12,
                f"frames after ES (now {frames[now] - es})",
                anchor="middle",
                size=12,
            ),
        ],
    )


def _webp(frame: np.ndarray) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(frame).save(stream, "webp", quality=60)
    return stream.getvalue()


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f} %"


def _heart_alt(volume: float) -> str:
    return f"Phantom heart, left ventricle at {100 * volume:.0f} % of its largest volume."


def _curve_alt(miss: int) -> str:
    where = "meets the true frame" if miss == 0 else f"misses it by {miss:+d} frames"
    return f"Volume curve of one and a half beats. The rule's next ES {where}."


def _cursor_alt(offset: int) -> str:
    return f"The cursor is {offset:+d} frames from ES."
