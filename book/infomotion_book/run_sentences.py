"""Sentences and numbers on one run, worked out from its files: no number in the book is typed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from infomotion_book.comparisons import AgainstRandom, against_random
from infomotion_book.editions import mark_of
from infomotion_book.html import link, number, seconds, spread
from infomotion_book.notebooks import card_link
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.table1 import best_constant, cell_row, long_table
from infomotion_book.templates import filled
from infomotion_lib import machine
from infomotion_lib.files import CONSTANTS, TABLE1
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.results import Results, title_of
from infomotion_lib.reporting.summary import constants_text, table1_text

MISSING = "(not run yet)"


@dataclass(frozen=True)
class AboveConstant:
    """Cells of Table 1 against the best answer that looks at no video, by one accuracy.

    Attributes
    ----------
    constant : str
        Name of that answer.
    percent : float
        Its accuracy.
    distilled, whole : list of bool
        Whether each cell of selected sets, and each whole set, lies above it.
    """

    constant: str
    percent: float
    distilled: list[bool]
    whole: list[bool]


def above_constant(results: Results, metric: str) -> AboveConstant | None:
    """How Table 1 stands against the best constant answer; None if there is none."""
    best = best_constant(results, metric)
    rows = [row for row in long_table(results) if row["metric"] == metric]
    if best is None or not rows:
        return None
    distilled, whole = (
        [row["mean"] > best[1] for row in rows if (row["method"] == "whole") == asked]
        for asked in (False, True)
    )
    return AboveConstant(*best, distilled, whole)


@dataclass(frozen=True)
class Table1Findings:
    """What Table 1 of a run says.

    Attributes
    ----------
    constants : dict
        By kind of accuracy, ``hard`` and ``soft``, its cells against the best constant answer.
    against : AgainstRandom or None
        The selectors against Random.
    one_pool : bool
        Whether all its runs share one pool of videos.
    """

    constants: dict[str, AboveConstant]
    against: AgainstRandom | None
    one_pool: bool


def table1_findings(results: Results) -> Table1Findings:
    """What Table 1 of a run that has been evaluated says."""
    by_kind = {kind: above_constant(results, f"{kind}_accuracy") for kind in ("hard", "soft")}
    runs = results.table("evaluation", "runs")
    return Table1Findings(
        constants={kind: cells for kind, cells in by_kind.items() if cells},
        against=against_random(results),
        one_pool=runs is not None and ("pool" not in runs or runs["pool"].nunique() < 2),
    )


def sentences(findings: Table1Findings) -> str:
    """The findings as a Markdown list."""
    return filled("table1_findings.md.jinja", vars(findings))


def expected(results: Results) -> str:
    """MyST block with the last words of the run, as the terminal shows them."""
    folder = results.folder("evaluation")
    table_ = pd.read_csv(folder / TABLE1, keep_default_na=False, na_values=[""])
    lines = [table1_text(table_, title=f"Table 1 of profile {results.profile}")]
    if (folder / CONSTANTS).is_file():
        lines.append(constants_text(pd.read_csv(folder / CONSTANTS)))
    return "```text\n" + "\n".join(lines) + "\n```\n"


def numbers(results: Results | None) -> dict[str, str]:
    """Substitutions for the pages' prose, by name; ``(not run yet)`` where a number is missing."""
    found = dict.fromkeys(NAMES, MISSING)
    found["lead_kind"] = "phantom"
    if results is None or not results.exists:
        return found
    found["lead_profile"], found["lead_kind"] = results.profile, results.kind
    status = results.table("frame_index", "status_counts")
    if status is not None:
        found["n_videos"] = str(int(status["n"].sum()))
        found["n_test"] = str(
            int(status[(status["split"] == "TEST") & (status["source"] != "synthetic")]["n"].sum())
        )
    return found


NAMES = ("lead_profile", "lead_kind", "n_videos", "n_test")
"""Every name that a page may use as ``{{ name }}``."""


def glance(results: Results | None) -> str:
    """MyST block with a handful of numbers of a run, each with what it must be read against."""
    if results is None or not long_table(results):
        return ""
    rows = []
    if best := best_constant(results):
        rows.append(["No training at all", best[0], f"{number(best[1])} %"])
    size = min(int(row["vpc"]) for row in long_table(results) if row["vpc"] > 0)
    for trained_on, which, method, vpc in (
        (f"{size} videos a class", "chosen at random", "random", size),
        (f"{size} videos a class", "chosen by InfoMotion", "infomotion", size),
        ("Every TRAIN video", "the whole set", "whole", 0),
    ):
        row = cell_row(results, source=results.first_source, method=method, vpc=vpc)
        if row is not None:
            flags = in_brackets([row.get("graph_flag")])
            rows.append([trained_on, f"{which}{flags}", f"{spread(row['mean'], row['sd'])} %"])
    notes = (
        "Hard accuracy: share of test videos put into the right EF class; ± is the spread over runs.",
        explained(str(rows)),
        mark_of(results),
        Markup("The whole table, with intervals and what may be concluded, is under {}.").format(
            link("results.html", "results")
        ),
        card_link(results, "evaluation", "How these numbers were made"),
    )
    caption = f"At a glance, on {'phantom data' if results.is_phantom else results.kind}"
    head = ["Trained on", "Which", "Hard accuracy"]
    return page_table(of_rows(head, rows, caption=caption, keys=2, notes=notes))


def stage_times(results: Results) -> str:
    """MyST block with the time and device of each stage."""
    rows = [
        [
            card_link(results, stage, title_of(stage)),
            worked(results.card(stage)),
            device(results.card(stage)),
        ]
        for stage in results.stages
    ]
    rows.append(["Together", seconds(sum(_times(results).values())), ""])
    continued = any(results.card(stage).get("continued") for stage in results.stages)
    notes = (f"{SEVERAL} so a run from the start may take less.",) if continued else ()
    caption = f"Time of each stage, profile {results.profile}"
    return page_table(of_rows(["Stage", "Time", "Device"], rows, caption=caption, notes=notes))


def device(card: dict[str, Any]) -> str:
    """What a stage ran on, for readers: ``CPU``, or a graphics card by name."""
    return str(machine.of_card(card).get("gpu") or card.get("device", "")).replace("cpu", "CPU")


SEVERAL = (
    "In several runs: the stage was stopped, or drawn again from finished work; the times of its runs, as far"
    " as known, are added up,"
)
"""What ``in several runs`` means behind a time."""


def worked(card: dict[str, Any]) -> str:
    """Time of a stage in words; that of one which went on from earlier work is said to be of several runs."""
    return seconds(card_seconds(card)) + (" in several runs" if card.get("continued") else "")


def _times(results: Results) -> dict[str, float]:
    """Seconds of each stage; those of two stages that were one when they ran count once, under its name."""
    cards = {stage: results.card(stage) for stage in results.stages}
    return {
        card.get("carried_over", {}).get("stage", stage): card_seconds(card) for stage, card in cards.items()
    }


def card_seconds(card: dict[str, Any]) -> float:
    """Wall time of a stage, its notebook's start included where the card knows it."""
    return float(card.get("stage_seconds", card.get("wall_seconds", 0.0)))
