"""Sentences and numbers on one run, worked out from its files: no number in the book is typed by hand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.comparisons import against_random
from infomotion_book.editions import mark_of
from infomotion_book.html import seconds
from infomotion_book.table1 import WORDS, best_constant, cell_row, long_table
from infomotion_book.templates import filled, line, part
from infomotion_lib import machine
from infomotion_lib.evaluation.claims import claims_ledger
from infomotion_lib.files import CONSTANTS, TABLE1
from infomotion_lib.frozen import FROZEN
from infomotion_lib.paths import RunPaths, notebook_of
from infomotion_lib.reporting.flags import in_brackets
from infomotion_lib.reporting.results import Results, records, title_of
from infomotion_lib.reporting.summary import claims_line, constants_text, table1_text
from infomotion_lib.stage_table import TABLE

MISSING = "(not run yet)"


def above_constant(results: Results, metric: str) -> dict[str, Any] | None:
    """How Table 1 stands against the best answer that looks at no video; None if there is none.

    Its name (``constant``) and ``percent``, and whether each cell of ``distilled`` sets, and each ``whole``
    set, lies above it.
    """
    best = best_constant(results, metric)
    rows = [row for row in long_table(results) if row["metric"] == metric]
    if best is None or not rows:
        return None
    distilled, whole = (
        [row["mean"] > best[1] for row in rows if (row["method"] == "whole") == asked]
        for asked in (False, True)
    )
    return {"constant": best[0], "percent": best[1], "distilled": distilled, "whole": whole}


def table1_findings(results: Results) -> dict[str, Any]:
    """What Table 1 of a run says: its cells against the best ``constants`` by kind of accuracy, its selectors
    ``against`` Random, and whether all its runs share ``one_pool`` of videos.
    """
    by_kind = {kind: above_constant(results, f"{kind}_accuracy") for kind in ("hard", "soft")}
    runs = results.table("evaluation", "runs")
    return {
        "constants": {kind: cells for kind, cells in by_kind.items() if cells},
        "against": against_random(results),
        "one_pool": runs is not None and ("pool" not in runs or runs["pool"].nunique() < 2),
    }


def sentences(findings: dict[str, Any]) -> str:
    """The findings as a Markdown list."""
    return filled("table1_findings.md.jinja", findings)


def final_tables(results: Results) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """What the terminal shows last: the cells of Table 1, and the constant answers where there are any."""
    folder = results.folder("evaluation")
    cells = pd.read_csv(folder / TABLE1, keep_default_na=False, na_values=[""])
    return cells, pd.read_csv(folder / CONSTANTS) if (folder / CONSTANTS).is_file() else None


def expected(results: Results) -> str:
    """MyST block with the last words of the run, as the terminal shows them."""
    cells, constants = final_tables(results)
    lines = [table1_text(cells, title=f"Table 1 of profile {results.profile}")]
    lines += [constants_text(constants)] if constants is not None else []
    return "```text\n" + "\n".join(lines) + "\n```\n"


def numbers(results: Results | None) -> dict[str, str]:
    """Substitutions for the pages' prose, by name; ``(not run yet)`` where a number is missing."""
    known = dict.fromkeys(NAMES, MISSING) | {"lead_kind": "phantom", "claims": claims_counted()}
    if results is None or not results.exists:
        return known
    known |= {"lead_profile": results.profile, "lead_kind": results.kind}
    status = results.table("frame_index", "status_counts")
    if status is not None:
        test = status[(status["split"] == "TEST") & (status["source"] != "synthetic")]
        known |= {"n_videos": str(int(status["n"].sum())), "n_test": str(int(test["n"].sum()))}
    return known


NAMES = ("lead_profile", "lead_kind", "n_videos", "n_test", "claims")
"""Every name that a page may use as ``{{ name }}``."""


def claims_counted(paper: Path = FROZEN / "paper") -> str:
    """Claims of the paper by status, as ``infomotion claims`` counts them: ``40 not run``."""
    return claims_line(claims_ledger(RunPaths("paper", paper)))


def glance(results: Results) -> pd.DataFrame:
    """A handful of accuracies: the best constant answer, the smallest sets of two selectors, the whole set.

    Columns ``trained_on``, ``which``, ``mean`` and ``sd`` (percent, missing for a constant answer) and
    ``graph_flag``; no row where the evaluation has not run.
    """
    rows: list[dict[str, Any]] = []
    if best := best_constant(results):
        rows.append({"trained_on": line(WORDS, "untrained"), "which": best[0], "mean": best[1]})
    size = min((int(row["vpc"]) for row in long_table(results) if row["vpc"] > 0), default=0)
    for trained_on, which, method, vpc in (
        (f"{size} videos per class", "chosen at random", "random", size),
        (f"{size} videos per class", "chosen by InfoMotion", "infomotion", size),
        ("Every TRAIN video", "the whole set", "whole", 0),
    ):
        cell = cell_row(results, source=results.first_source, method=method, vpc=vpc)
        if cell is not None:
            rows.append({"trained_on": trained_on, "which": which, **cell})
    return pd.DataFrame(rows, columns=["trained_on", "which", "mean", "sd", "graph_flag"])


def glance_table(results: Results) -> str:
    """MyST block of them, each with what it must be read against; empty where the evaluation has not run."""
    if not long_table(results):
        return ""
    rows = [row | {"flag": in_brackets([row["graph_flag"]])} for row in records(glance(results))]
    return part(WORDS, "glance", {"results": results, "rows": rows, "mark": mark_of(results)})


def stage_times(results: Results) -> pd.DataFrame:
    """Time of each stage that has run: ``stage``, ``seconds``, ``continued`` (from earlier work), ``device``,
    and ``run_as``: the stage that it was part of when it ran, whose time is shared by all its parts.
    """
    cards = {stage: results.card(stage) for stage in results.stages}
    rows = [
        (
            stage,
            card_seconds(card),
            bool(card.get("continued")),
            device(card),
            card.get("carried_over", {}).get("stage", stage),
        )
        for stage, card in cards.items()
    ]
    return pd.DataFrame(rows, columns=["stage", "seconds", "continued", "device", "run_as"])


def time_table(results: Results) -> str:
    """MyST block with the time and device of each stage."""
    times = stage_times(results)
    values = {
        "results": results,
        "rows": [
            {
                "stage": stage,
                "title": title_of(stage),
                "notebook": _notebook(stage),
                "time": _time(spent, continued),
                "device": on,
            }
            for stage, spent, continued, on, _ in times.itertuples(index=False)
        ],
        "together": times.drop_duplicates("run_as", keep="last")["seconds"].sum(),
        "several": times["continued"].any(),
        "whole": whole_seconds(results),
    }
    return part(WORDS, "times", values)


def whole_seconds(results: Results) -> float:
    """From the first start of a stage to the last end, seconds: stages that ran side by side count once."""
    cards = [results.card(stage) for stage in results.stages]
    known = [card for card in cards if "started_utc" in card]
    starts = [datetime.fromisoformat(card["started_utc"]).timestamp() for card in known]
    ends = [start + card_seconds(card) for start, card in zip(starts, known, strict=True)]
    return max(ends, default=0.0) - min(starts, default=0.0)


def _notebook(stage: str) -> str:
    """Name of the notebook page of a stage; empty where it has none."""
    file = notebook_of(TABLE[stage]) if stage in TABLE else None
    return file.stem if file else ""


def device(card: dict[str, Any]) -> str:
    """What a stage ran on, for readers: ``CPU``, or a graphics card by name."""
    return str(machine.of_card(card).get("gpu") or card.get("device", "")).replace("cpu", "CPU")


def worked(card: dict[str, Any]) -> str:
    """Time of a stage in words; that of one which went on from earlier work is said to be of several runs."""
    return _time(card_seconds(card), bool(card.get("continued")))


def _time(value: float, continued: bool) -> str:
    return seconds(value) + (" in several runs" if continued else "")


def card_seconds(card: dict[str, Any]) -> float:
    """Wall time of a stage, its notebook's start included where the card knows it."""
    return float(card.get("stage_seconds", card.get("wall_seconds", 0.0)))
