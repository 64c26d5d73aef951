"""Sentences and numbers of the text, worked out from result files: no number in the book is typed by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from infomotion_book.comparisons import against_random
from infomotion_book.editions import mark_of
from infomotion_book.html import block, number, seconds, table
from infomotion_book.notebooks import card_anchor
from infomotion_book.table1 import best_constant, cell_row, long_table
from infomotion_lib import machine
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.results import Results, title_of
from infomotion_lib.reporting.summary import constants_text, table1_text

MISSING = "(not run yet)"


def reading(results: Results) -> list[str]:
    """What Table 1 of a run says, in sober sentences; empty where there is no Table 1."""
    if not long_table(results):
        return []
    sentences = [said for word in ("hard", "soft") if (said := _beside_constant(results, word))]
    sentences += against_random(results)
    runs = results.table("evaluation", "runs")
    if runs is not None and ("pool" not in runs or runs["pool"].nunique() < 2):
        sentences.append(
            "All runs share one pool of videos. Another pool, drawn the same way, would move every cell by"
            " far more than the brackets say, so **no ranking of selectors can be read from this table**."
        )
    return sentences


def _beside_constant(results: Results, word: str) -> str:
    """Sentence: how many cells of Table 1 lie above the best constant answer, by ``hard`` or ``soft``
    accuracy; empty if there is none.
    """
    metric = f"{word}_accuracy"
    constant, rows = (
        best_constant(results, metric),
        [row for row in long_table(results) if row["metric"] == metric],
    )
    if constant is None or not rows:
        return ""
    distilled, whole = (
        [row["mean"] > constant[1] for row in rows if (row["method"] == "whole") == asked]
        for asked in (False, True)
    )
    sets = f"; whole sets above it: {sum(whole)} of {len(whole)}" if whole else ""
    return (
        f"By {word} accuracy the best answer that looks at no video"
        f" ({constant[0][0].lower()}{constant[0][1:]}) scores {number(constant[1])} % on the test videos."
        f" Distilled cells above it: {sum(distilled)} of {len(distilled)}{sets}."
    )


def expected(results: Results) -> str:
    """MyST block with the last words of the run, as the terminal shows them."""
    folder = results.folder("evaluation")
    table_ = pd.read_csv(folder / "table1.csv", keep_default_na=False, na_values=[""])
    lines = [table1_text(table_, title=f"Table 1 of profile {results.profile}")]
    if (folder / "constants.csv").is_file():
        lines.append(constants_text(pd.read_csv(folder / "constants.csv")))
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
    source = results.first_source
    rows = []
    found = best_constant(results)
    if found:
        rows.append(["No training at all", found[0], f"{number(found[1])} %"])
    size = min(int(row["vpc"]) for row in long_table(results) if row["vpc"] > 0)
    for name, method, vpc in (
        (f"{size} videos a class", "random", size),
        (f"{size} videos a class", "infomotion", size),
        ("Every TRAIN video", "whole", 0),
    ):
        row = cell_row(results, source=source, method=method, vpc=vpc)
        if row is not None:
            what = {
                "random": "chosen at random",
                "infomotion": "chosen by InfoMotion",
                "whole": "the whole set",
            }[method]
            what += in_brackets([row.get("graph_flag")])
            spread_ = f" ± {number(row['sd'])}" if row["sd"] == row["sd"] else ""
            rows.append([name, what, f"{number(row['mean'])}{spread_} %"])
    kind = "phantom data" if results.is_phantom else results.kind
    note = (
        "Hard accuracy: share of test videos put into the right EF class; ± is the spread over runs. "
        f"{explained(str(rows))} {mark_of(results)} "
        "The whole table, with intervals and what may be concluded, is under <a"
        ' href="results.html">results</a>. '
        f'<a href="provenance.html#{card_anchor(results, "evaluation")}">How these numbers were made</a>'
    )
    return block(
        table(
            ["Trained on", "Which", "Hard accuracy"],
            rows,
            caption=f"At a glance, on {kind}",
            numeric_from=2,
            note=note,
        )
    )


def stage_times(results: Results) -> str:
    """MyST block with the time and device of each stage."""
    rows = [
        [
            f'<a href="provenance.html#{card_anchor(results, stage)}">{title_of(stage)}</a>',
            worked(results.card(stage)),
            device(results.card(stage)),
        ]
        for stage in results.stages
    ]
    continued = any(results.card(stage).get("continued") for stage in results.stages)
    together = seconds(sum(_times(results).values()))
    rows.append(["Together", together, ""])
    note = f"{SEVERAL} so a run from the start may take less." if continued else ""
    caption = f"Time of each stage, profile {results.profile}"
    return block(table(["Stage", "Time", "Device"], rows, caption=caption, numeric_from=1, note=note))


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
