"""The part of the phases page on the one real heart: its beats in a figure and a table, from frozen rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.explore.heart import STUDIES, at_hand
from infomotion_book.templates import line, part
from infomotion_lib.reporting.figures.beats import beat_by_beat
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import save_figure, use_style
from infomotion_lib.studies.cine import BEATS, CURVE

COMMAND = "infomotion study cine"
WORDS = "real_heart.md.jinja"
ALT = line(WORDS, "alt")
FIGURE = "real-heart.svg"


def fragments(folder: Path = STUDIES) -> dict[str, str]:
    """The block ``real_heart``; a line of text where the study has not run."""
    if not at_hand(folder):
        return {"real_heart": part("measured.md.jinja", "study_missing", {"command": COMMAND})}
    beats = pd.read_csv(folder / BEATS)
    values = {"rows": records(beats), "voters": voters(beats), "command": COMMAND}
    values |= {"address": f"_static/figures/{FIGURE}", "alt": ALT}
    return {"real_heart": part(WORDS, "beats", values)}


def write_figure(target: Path, folder: Path = STUDIES) -> Path | None:
    """Path of the figure drawn into ``target``; None where the study has not run."""
    if not at_hand(folder):
        return None
    curve, beats = pd.read_csv(folder / CURVE), pd.read_csv(folder / BEATS)
    use_style()
    fps = (len(curve) - 1) / float(curve["seconds"].iloc[-1])
    drawn = beat_by_beat(curve["detector"], beats[beats["voter"] == "detector"], fps=fps)
    return save_figure(drawn, target / FIGURE, alt=ALT).path


def voters(beats: pd.DataFrame) -> list[dict[str, Any]]:
    """Least and most of each voter's ``share`` of systole, percent, and of the ``miss`` of the rule, ms."""
    return [
        {
            "name": name,
            "share": (100 * own["systole_share"].min(), 100 * own["systole_share"].max()),
            "miss": (own["rule_error_ms"].abs().min(), own["rule_error_ms"].abs().max()),
        }
        for name, own in beats.groupby("voter", sort=False)
    ]
