"""The scrubber of the one real heart: its frames beside the curves of both votes, beat by beat."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from infomotion_book.explore.scrubber import Panel, beside, one_of, slider
from infomotion_book.templates import line
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

VOTERS = ("detector", "network")
PANEL = Panel(560, 280, left=20, right=546, top=66, base=228)
DRAWN = "heart.svg.jinja"


def at_hand(folder: Path = STUDIES) -> bool:
    """Whether the study of the cine has been frozen."""
    return (folder / CURVE).is_file() and (folder / BEATS).is_file()


def control(folder: Path = STUDIES) -> ipywidgets.Widget:
    """Slider over the frames: picture and curve move together, a line says what the rule does."""
    import ipywidgets as w

    curve, beats = pd.read_csv(folder / CURVE), pd.read_csv(folder / BEATS)
    detected = beats[beats["voter"] == "detector"]
    files = sorted((folder / PICTURES).glob("*.webp"))
    places = _places(curve)
    moment = slider("moment", len(files), start=START)
    pictures, cursors = [], []
    for file in files:
        frame = int(file.stem)
        x, y = places["detector"][frame]
        seconds = float(curve["seconds"].iloc[frame])
        shown = {"frame": frame, "words": words_of(frame, detected), "x": x, "y": y, "seconds": seconds}
        pictures.append((file, line(DRAWN, "picture_alt", shown)))
        cursors.append(_drawn("cursor", shown))
    still, alt = _drawn("curves", {"curves": places, "marks": _marks(curve, detected), "frames": len(curve)})
    frames = one_of(pictures, moment, start=START, width="12.5rem")
    row = beside(frames, w.HTML(picture_html(still, alt=alt)), one_of(cursors, moment, start=START))
    return w.VBox([moment, row])


def words_of(frame: int, beats: pd.DataFrame) -> str:
    """Where a frame lies and how far off the rule is: ``Beat 2, filling: the rule puts the next ES 33 ms
    late``.
    """
    beat = next((beat for beat in records(beats) if beat["es"] <= frame < beat["next_es"]), None)
    return line(DRAWN, "words", {"frame": frame, "beat": beat})


def _places(curve: pd.DataFrame) -> dict[str, list[tuple[float, float]]]:
    """The curve of each voter as points of the picture."""
    values = curve[list(VOTERS)]
    low, high = float(values.min().min()), float(values.max().max())
    xs = [_x(curve, frame) for frame in curve["frame"]]
    return {
        voter: [
            (x, PANEL.y((value - low) / (high - low))) for x, value in zip(xs, values[voter], strict=True)
        ]
        for voter in VOTERS
    }


def _x(curve: pd.DataFrame, frame: float) -> float:
    return PANEL.x(frame / int(curve["frame"].iloc[-1]))


def _marks(curve: pd.DataFrame, beats: pd.DataFrame) -> dict[str, list[float]]:
    """Where each ES and ED lies, and the next ES by the rule."""
    ends = sorted({*beats["es"], *beats["next_es"]})
    marked = {"es": ends, "ed": beats["ed"].tolist(), "rule": beats["rule_es"].tolist()}
    return {name: [_x(curve, frame) for frame in frames] for name, frames in marked.items()}


def _drawn(block: str, values: dict[str, Any]) -> tuple[str, str]:
    """SVG of the curves or of a cursor, and its alt text."""
    values = {"panel": PANEL, "colours": PHASE_COLOURS, "voter_colours": VOTER_COLOURS} | values
    return line(DRAWN, block, values), line(DRAWN, f"{block}_alt", values)
