"""The page on ED and ES without tracings: tables and figures of the phase study, drawn from its
frozen rows.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from markupsafe import Markup
from matplotlib.figure import Figure

from infomotion_book.html import again, figure, folded, keep, number
from infomotion_book.page_table import of_rows, page_table
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


def fragments(folder: Path = STUDIES) -> dict[str, str]:
    """MyST blocks by name; a line of text each where the study has not run."""
    names = ("phases_short", "phases_es", "phases_ed", "phases_third", "phases_weights")
    found = read_study(folder)
    if found is None:
        return dict.fromkeys(names, part("measured.md.jinja", "study_missing", {"command": COMMAND}))
    summary, third = found
    texts = (_short(summary), _accuracy(summary, "es"), _accuracy(summary, "ed"), _third(third), _weights())
    return dict(zip(names, texts, strict=True))


def read_study(folder: Path = STUDIES) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Frozen rows of the study: accuracy by group of clips, and the third end frame; None where it has not
    run.
    """
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


def _short(summary: pd.DataFrame) -> str:
    """Sentences: how many clips agree, how far off ES is, and how often shuffled frames agree too."""
    rows = {
        (row["frames"], row["voter"], row["phase"]): row for row in records(summary[summary["by"] == "all"])
    }
    order, chance, both = (
        rows["in_order", "detector", "es"],
        rows["shuffled", "detector", "es"],
        rows["in_order", "both agree", "es"],
    )
    return part(WORDS, "short", {"order": order, "chance": chance, "both": both})


def _weights() -> str:
    return part(WORDS, "weights", {"sha256": WEIGHTS_SHA256[:16]})


def _accuracy(summary: pd.DataFrame, phase: str) -> str:
    own = {
        (row["by"], str(row["value"]), row["frames"], row["voter"]): row
        for row in records(summary[summary["phase"] == phase])
    }
    rows = []
    for by, value in dict.fromkeys((key[0], key[1]) for key in own):
        for voter in VOTER_COLOURS:
            row, chance = own[by, value, "in_order", voter], own[by, value, "shuffled", voter]
            name = "all clips" if by == "all" else f"{float(value):g} fps" if by == "frame rate" else value
            rows.append(
                [
                    keep(name),
                    keep(voter),
                    row["clips"],
                    f"{number(row['found_percent'], 0)} ({number(chance['found_percent'], 0)})",
                    number(row["false_a_clip"], 2),
                    f"{number(row['median_frames'])} / {number(row['p90_frames'])}",
                    f"{number(row['median_ms'], 0)} / {number(row['p90_ms'], 0)}",
                ]
            )
    head = [
        "Clips",
        "Voter",
        "n",
        *map(Markup, ("found %<br>(shuffled)", "false<br>per clip", "error,<br>frames", "error,<br>ms")),
    ]
    notes = (
        line(WORDS, "accuracy_note", {"due": max(row["due"] for row in own.values())}),
        again(COMMAND),
    )
    caption = f"{phase.upper()} without tracings, on phantoms with exact phases"
    table = page_table(of_rows(head, rows, caption=caption, keys=2, notes=notes))
    return (_figure("curves") if phase == "es" else "") + folded("In numbers, by group of clips", table)


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


def _third(third: pd.DataFrame) -> str:
    rows = [
        [
            {"next_es": "next ES", "previous_es": "ES before"}[str(asked)],
            share,
            int(own["n"].iloc[0]),
            *(
                f"{number(row['mean_size'], 0)} / {number(row['p90_size'], 0)} ({number(row['mean'], 0)})"
                for row in records(own)
            ),
        ]
        for (asked, share), own in errors_of_the_third(third).groupby(["asked", "share"], sort=False)
    ]
    head = [
        "Asked for",
        Markup("True share<br>of systole"),
        "n",
        Markup("rule of<br>a third"),
        "detector",
        "network",
    ]
    notes = (
        line(WORDS, "third_note"),
        again(COMMAND),
    )
    caption = "The third end frame: rule against detection"
    table = of_rows(head, rows, caption=caption, keys=2, notes=notes)
    return _figure("third") + page_table(table, stack=True)


def _figure(name: str) -> str:
    return figure(f"_static/figures/phases-{name}.svg", alt(name))
