"""The part of the phases page on the one real heart: its beats in a figure and a table, from frozen rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from markupsafe import Markup

from infomotion_book.explore.heart import STUDIES, at_hand
from infomotion_book.html import again, figure, keep, number, signed
from infomotion_book.page_table import of_rows, page_table
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
    return {"real_heart": figure(f"_static/figures/{FIGURE}", ALT) + _table(pd.read_csv(folder / BEATS))}


def write_figure(target: Path, folder: Path = STUDIES) -> Path | None:
    """Path of the figure drawn into ``target``; None where the study has not run."""
    if not at_hand(folder):
        return None
    curve, beats = pd.read_csv(folder / CURVE), pd.read_csv(folder / BEATS)
    use_style()
    fps = (len(curve) - 1) / float(curve["seconds"].iloc[-1])
    drawn = beat_by_beat(curve["detector"], beats[beats["voter"] == "detector"], fps=fps)
    return save_figure(drawn, target / FIGURE, alt=ALT).path


def told(voter: str, beats: pd.DataFrame) -> str:
    """What a voter's beats say about the rule, in a few words."""
    share, miss = 100 * beats["systole_share"], beats["rule_error_ms"].abs()
    over = {
        name: {"min": column.min(), "max": column.max()}
        for name, column in (("share", share), ("miss", miss))
    }
    return line(WORDS, "voter", {"voter": voter, **over})


def _table(beats: pd.DataFrame) -> str:
    rows = [
        [
            keep(row["voter"]),
            row["beat"],
            f"{row['es']}, {row['ed']}, {row['next_es']}",
            number(row["beats_a_minute"], 0),
            f"{number(100 * row['systole_share'], 0)} %",
            signed(row["rule_error_ms"], 0),
        ]
        for row in records(beats)
    ]
    head = [
        "Voter",
        "Beat",
        Markup("frames of<br>ES, ED, ES"),
        Markup("beats<br>per minute"),
        Markup("systole<br>of the cycle"),
        Markup("rule − seen,<br>ms"),
    ]
    voters = [told(str(voter), part_of) for voter, part_of in beats.groupby("voter", sort=False)]
    notes = (
        line(WORDS, "note", {"voters": voters}),
        again(COMMAND),
    )
    caption = "Four beats of one real heart: the rule of a third against detection"
    return page_table(of_rows(head, rows, caption=caption, keys=2, notes=notes))
