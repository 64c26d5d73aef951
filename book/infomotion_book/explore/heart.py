"""The scrubber of the one real heart: its frames beside the curves of both votes, beat by beat."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from infomotion_book import svg
from infomotion_book.explore.layers import layers
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.figures.votes import VOTER_COLOURS
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import PHASE_COLOURS
from infomotion_lib.reporting.widgets import picture_html
from infomotion_lib.studies.cine import BEATS, CURVE, PICTURES

if TYPE_CHECKING:
    import ipywidgets

STUDIES = FROZEN / "studies"
START = 7
"""Picture shown first, within a filling."""

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 560, 280, 20, 14, 66, 52


def at_hand(folder: Path = STUDIES) -> bool:
    """Whether the study of the cine has been frozen."""
    return (folder / CURVE).is_file() and (folder / BEATS).is_file()


def control(folder: Path = STUDIES) -> ipywidgets.Widget:
    """Slider over the frames; picture and curve move together, and the line above says what the rule does in
    the beat at hand.
    """
    import ipywidgets as w

    curve, beats = pd.read_csv(folder / CURVE), pd.read_csv(folder / BEATS)
    detected = beats[beats["voter"] == "detector"]
    files = sorted((folder / PICTURES).glob("*.webp"))
    slider = w.IntSlider(value=START, min=0, max=len(files) - 1, description="moment", readout=False)
    slider.layout.width = "min(32rem, 96%)"
    pictures, cursors = [], []
    for file in files:
        frame = int(file.stem)
        words = words_of(frame, detected)
        alt = f"A real heart, apical view, frame {frame}: {words}."
        pictures.append(w.HTML(picture_html(file, alt=alt, width="12.5rem")))
        cursor = _cursor(curve, frame, words)
        cursors.append(w.HTML(picture_html(cursor, alt=f"The cursor is at frame {frame}. {words}.")))
    stacks = [w.Stack(pages, selected_index=START) for pages in (pictures, cursors)]
    for stack in stacks:
        w.jsdlink((slider, "value"), (stack, "selected_index"))
    text = f"Volume curves of both votes over {len(curve)} frames."
    curves = w.HTML(picture_html(_curves(curve, detected), alt=text))
    row = w.HBox([stacks[0], layers(curves, stacks[1])])
    row.layout.flex_flow = "row wrap"
    row.layout.align_items = "center"
    return w.VBox([slider, row])


def words_of(frame: int, beats: pd.DataFrame) -> str:
    """Where a frame lies, and how far the rule is off in its beat, such as ``Beat 2, filling: the rule puts
    the next ES 33 ms late``.
    """
    for beat in records(beats):
        if beat["es"] <= frame < beat["next_es"]:
            phase = "filling" if frame < beat["ed"] else "emptying"
            return f"Beat {beat['beat']}, {phase}: the rule puts the next ES {_miss(beat['rule_error_ms'])}"
    return "Outside the whole beats"


def _miss(late: float) -> str:
    return "where it was seen" if late == 0 else f"{abs(late):.0f} ms {'late' if late > 0 else 'early'}"


VOTERS = ("detector", "network")


def _x(curve: pd.DataFrame, frame: float) -> float:
    return _LEFT + frame / int(curve["frame"].iloc[-1]) * (_WIDTH - _LEFT - _RIGHT)


def _y(curve: pd.DataFrame, value: float) -> float:
    values = curve[list(VOTERS)].to_numpy(float)
    low, high = float(values.min()), float(values.max())
    return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)


def _curves(curve: pd.DataFrame, beats: pd.DataFrame) -> str:
    parts = []
    for place, voter in enumerate(VOTERS):
        parts.append(svg.text(_LEFT + 90 * place, 42, voter, size=12, fill=VOTER_COLOURS[voter], bold=True))
        points = [(_x(curve, f), _y(curve, v)) for f, v in zip(curve["frame"], curve[voter], strict=True)]
        parts.append(svg.curve(points, stroke=VOTER_COLOURS[voter]))
    ends = sorted({*beats["es"], *beats["next_es"]})
    parts += [mark for frame in ends for mark in _tick(_x(curve, frame), "es")]
    parts += [mark for frame in beats["ed"] for mark in _tick(_x(curve, frame), "ed")]
    parts += [mark for frame in beats["rule_es"] for mark in _rule(_x(curve, frame))]
    return svg.picture(_WIDTH, _HEIGHT, parts)


def _cursor(curve: pd.DataFrame, now: int, words: str) -> str:
    """The line of the frame in sight, over the curves, and what the rule does in its beat."""
    at = _x(curve, now)
    seconds = float(curve["seconds"].iloc[now])
    foot = f"ES, ED as detected; ES′ by the rule; now {seconds:.1f} s"
    return svg.picture(
        _WIDTH,
        _HEIGHT,
        [
            svg.text(_LEFT, 20, words, bold=True),
            svg.line(at, _TOP - 8, at, _HEIGHT - _BOTTOM, stroke="#0072B2", width=2),
            svg.dot(at, _y(curve, float(curve["detector"].iloc[now])), 6, "#0072B2"),
            svg.text(_WIDTH / 2, _HEIGHT - 8, foot, anchor="middle", size=12),
        ],
    )


def _tick(x: float, phase: str) -> list[str]:
    """A named tick under the curve."""
    base = _HEIGHT - _BOTTOM
    name = svg.text(x, base + 22, phase.upper(), anchor="middle", size=12)
    return [svg.line(x, base, x, base + 8, stroke=PHASE_COLOURS[phase], width=3), name]


def _rule(x: float) -> list[str]:
    """The dashed line of a next ES by the rule."""
    line = svg.line(x, _TOP, x, _HEIGHT - _BOTTOM, stroke=PHASE_COLOURS["next_es"], dash="4 4")
    return [line, svg.text(x, _TOP - 6, "ES′", anchor="middle", size=12)]
