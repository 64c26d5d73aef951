"""The page on ED and ES without tracings: tables and figures of the phase study, from its frozen rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from infomotion_book.templates import line, part
from infomotion_lib.frames.phasenet import WEIGHTS_SHA256
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.figures.phase_accuracy import error_curves, third_frame
from infomotion_lib.reporting.figures.votes import VOTER_COLOURS
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import save_figure, use_style

STUDIES = FROZEN / "studies"
COMMAND = "infomotion study phases"
WAYS = ("rule", "detector", "network")
"""Ways to the third end frame."""

WORDS = "phases.md.jinja"
BLOCKS = ("short", "es", "ed", "third", "weights")


def fragments(folder: Path = STUDIES) -> dict[str, str]:
    """MyST blocks by name; a line of text each where the study has not run."""
    found = read_study(folder)
    if found is None:
        missing = part("measured.md.jinja", "study_missing", {"command": COMMAND})
        return dict.fromkeys((f"phases_{name}" for name in BLOCKS), missing)
    summary, third = found
    alts = {f"{name}_alt": alt(name) for name in ("curves", "third")}
    by_way = errors_of_the_third(third).groupby(["asked", "share"], sort=False)
    return {
        "phases_short": part(WORDS, "short", agreement(summary)),
        "phases_es": part(WORDS, "accuracy", accuracy(summary, "es") | alts),
        "phases_ed": part(WORDS, "accuracy", accuracy(summary, "ed") | alts),
        "phases_third": part(
            WORDS, "third", {"rows": {key: records(own) for key, own in by_way}, "command": COMMAND} | alts
        ),
        "phases_weights": part(WORDS, "weights", {"sha256": WEIGHTS_SHA256[:16]}),
    }


def read_study(folder: Path = STUDIES) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Frozen rows of the study: accuracy by group of clips, the third end frame; None if it has not run."""
    if not (folder / "phases_summary.csv").is_file():
        return None
    summary, third = (
        pd.read_csv(folder / f"phases_{name}.csv", keep_default_na=False, na_values=[""])
        for name in ("summary", "third")
    )
    return summary, third


def write_figures(target: Path, folder: Path = STUDIES) -> list[Path]:
    """Paths of the figures drawn into ``target``, ``phases-<name>.svg``; none where the study has not run."""
    found = read_study(folder)
    if found is None:
        return []
    summary, third = found
    errors = pd.read_csv(folder / "phases_errors.csv", keep_default_na=False, na_values=[""])
    use_style()
    figures: dict[str, Figure] = {"curves": error_curves(errors, summary), "third": third_frame(third)}
    return [
        save_figure(figure, target / f"phases-{name}.svg", alt=alt(name)).path
        for name, figure in figures.items()
    ]


def alt(name: str) -> str:
    """Alt text of a figure: ``curves`` or ``third``."""
    return line(WORDS, f"{name}_alt")


def agreement(summary: pd.DataFrame) -> dict[str, Any]:
    """How far the votes agree on ES in ``order`` and by ``chance``, and where ``both`` do."""
    every = summary[(summary["by"] == "all") & (summary["phase"] == "es")]
    rows = {(row["frames"], row["voter"]): row for row in records(every)}
    order, chance = (rows[frames, "detector"] for frames in ("in_order", "shuffled"))
    return {"order": order, "chance": chance, "both": rows["in_order", "both agree"]}


def accuracy(summary: pd.DataFrame, phase: str) -> dict[str, Any]:
    """A row per group of clips and voter: its name, the voter, its accuracy in order and shuffled."""
    own = {
        (row["by"], str(row["value"]), row["frames"], row["voter"]): row
        for row in records(summary[summary["phase"] == phase])
    }
    rows = [
        (_group(by, value), voter, own[by, value, "in_order", voter], own[by, value, "shuffled", voter])
        for by, value in dict.fromkeys((key[0], key[1]) for key in own)
        for voter in VOTER_COLOURS
    ]
    return {"phase": phase, "rows": rows, "due": max(row["due"] for row in own.values()), "command": COMMAND}


def _group(by: str, value: str) -> str:
    """Name of a group of clips."""
    return "all clips" if by == "all" else f"{float(value):g} fps" if by == "frame rate" else value


def errors_of_the_third(third: pd.DataFrame) -> pd.DataFrame:
    """Error in ms of each way to the third end frame, by what is asked for and whether systole is about a
    third of the cycle: ``asked``, ``share``, ``way``, ``n``, mean and 90th percentile of its ``size``, mean
    with sign.
    """
    rows = []
    for asked in ("next_es", "previous_es"):
        own = third[third["asked"] == asked]
        near = (own["systole_percent"] - 100 / 3).abs() <= 2
        for share, shared in (("31 to 35 %", own[near]), ("any", own)):
            for way in WAYS:
                late = shared[f"{way}_ms"]
                size = late.abs()
                rows.append((asked, share, way, len(shared), size.mean(), size.quantile(0.9), late.mean()))
    return pd.DataFrame(rows, columns=["asked", "share", "way", "n", "mean_size", "p90_size", "mean"])
