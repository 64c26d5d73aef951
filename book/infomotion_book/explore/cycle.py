"""The heart-cycle scrubber: a phantom frame beside its volume curve, with ED, ES and the next ES by the
fraction rule.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from infomotion_book import svg
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


def control() -> ipywidgets.Widget:
    """Slider over frames and buttons for the share of diastole; frame and curve move together."""
    import ipywidgets as w

    heart, (es, ed, next_es) = _beat(EF)
    frames = list(range(es - 2, next_es + 10))
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
    by_share = []
    for fraction in FRACTIONS:
        guess = ed + systole_frames(ed - es, diastole_fraction=fraction)
        marks = {"es": es, "ed": ed, "next_es": guess, "middle": middle(ed, guess)}
        cards = [
            w.HTML(
                picture_html(
                    _curve(frames, volume, i, marks, next_es), alt=_curve_alt(frames[i] - es, guess - next_es)
                )
            )
            for i in range(len(frames))
        ]
        stack = w.Stack(cards, selected_index=2)
        w.jsdlink((slider, "value"), (stack, "selected_index"))
        by_share.append(stack)
    right = w.Stack(by_share, selected_index=2)
    w.jsdlink((share, "index"), (right, "selected_index"))
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


def _curve(frames: list[int], volume: np.ndarray, now: int, marks: dict[str, int], truth: int) -> str:
    first, last = frames[0], frames[-1]

    def x(frame: float) -> float:
        return _LEFT + (frame - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (1 - (value - 0.3) / 0.75) * (_HEIGHT - _TOP - _BOTTOM)

    miss = marks["next_es"] - truth
    verdict = (
        "the rule meets the true next ES"
        if miss == 0
        else f"the rule is {abs(miss)} frames too {'late' if miss > 0 else 'early'}"
    )
    parts = [svg.text(_LEFT, 20, verdict[:1].upper() + verdict[1:], bold=True)]
    for value in (0.4, 0.6, 0.8, 1.0):
        parts += [
            svg.line(_LEFT, y(value), _WIDTH - _RIGHT, y(value), stroke=svg.GRID),
            svg.text(_LEFT - 6, y(value) + 4, f"{value:g}", anchor="end", size=12),
        ]
    parts.append(svg.curve([(x(frame), y(v)) for frame, v in zip(frames, volume, strict=True)]))
    parts.append(
        svg.line(x(truth), _TOP, x(truth), _HEIGHT - _BOTTOM, stroke=PHASE_COLOURS["next_es"], dash="4 4")
    )
    parts.append(svg.text(x(truth), _TOP - 6, "true next ES", anchor="middle", size=12, fill=svg.SOFT))
    for name, label in (("es", "ES"), ("ed", "ED"), ("next_es", "ES′"), ("middle", "m")):
        if first <= marks[name] <= last:
            parts.append(
                svg.line(
                    x(marks[name]),
                    _HEIGHT - _BOTTOM,
                    x(marks[name]),
                    _HEIGHT - _BOTTOM + 8,
                    stroke=PHASE_COLOURS[name],
                    width=3,
                )
            )
            parts.append(
                svg.text(
                    x(marks[name]),
                    _HEIGHT - _BOTTOM + 22,
                    label,
                    anchor="middle",
                    fill=svg.INK,
                    bold=name != "middle",
                )
            )
    for offset in range(0, last - marks["es"] + 1, _TICK):
        parts.append(
            svg.text(
                x(marks["es"] + offset),
                _HEIGHT - _BOTTOM + 42,
                f"{offset}",
                anchor="middle",
                size=12,
                fill=svg.SOFT,
            )
        )
    parts.append(svg.line(x(frames[now]), _TOP, x(frames[now]), _HEIGHT - _BOTTOM, stroke="#0072B2", width=2))
    parts.append(svg.dot(x(frames[now]), y(float(volume[now])), 6, "#0072B2"))
    parts.append(
        svg.text(
            (_LEFT + _WIDTH - _RIGHT) / 2,
            _HEIGHT - 12,
            f"frames after ES (now {frames[now] - marks['es']})",
            anchor="middle",
            size=12,
        )
    )
    parts.append(svg.text(_LEFT - 44, _TOP - 8, "volume", size=12))
    return svg.picture(_WIDTH, _HEIGHT, parts)


def _webp(frame: np.ndarray) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(frame).save(stream, "webp", quality=60)
    return stream.getvalue()


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f} %"


def _heart_alt(volume: float) -> str:
    return f"Phantom heart, left ventricle at {100 * volume:.0f} % of its largest volume."


def _curve_alt(offset: int, miss: int) -> str:
    where = "meets the true frame" if miss == 0 else f"misses it by {miss:+d} frames"
    return (
        f"Volume curve of one and a half beats; the cursor is {offset:+d} frames from ES. The rule's next ES"
        f" {where}."
    )
