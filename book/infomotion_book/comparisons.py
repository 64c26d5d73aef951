"""Every selector minus Random, run by run, corrected for the number of comparisons."""

from __future__ import annotations

from typing import Any

import pandas as pd

from infomotion_book.table1 import WORDS, method_cell
from infomotion_book.templates import part
from infomotion_lib.evaluation.intervals import paired_differences
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.results import Results, records

LEVEL = 0.05


def paired(results: Results) -> pd.DataFrame:
    """Paired differences from ``runs.csv`` with ``graph_flag`` and :func:`verdicts`; empty without Random."""
    runs = results.table("evaluation", "runs")
    if runs is None or not {"random"} < set(runs["method"]) - {"whole"}:
        return pd.DataFrame()
    return verdicts(results.flagged(paired_differences(runs)))


def verdicts(differences: pd.DataFrame) -> pd.DataFrame:
    """The same with ``clear`` where the interval has no 0 in it, ``kept`` where they outlive correction."""
    clear = (differences["ci_low"] > 0) | (differences["ci_high"] < 0)
    return differences.assign(clear=clear, kept=differences["p_holm"] < LEVEL)


def comparisons(results: Results) -> str:
    """MyST block of paired differences, with p before and after correction; empty where there are none."""
    rows = records(paired(results))
    return part(WORDS, "paired", {"rows": rows, "results": results, "named": method_cell}) if rows else ""


def against_random(results: Results) -> dict[str, Any] | None:
    """How the selectors of a run compare with Random; None where nothing is paired.

    InfoMotion's ``rows`` of :func:`paired`, one per pool and size; all comparisons that were ``compared``,
    how many intervals are ``clear`` of 0, and the rows ``kept`` after correction; ``corrected_for`` how many;
    a sentence on the ``flags`` of the graphs behind all rows named, empty where they are healthy.
    """
    rows = records(paired(results))
    if not rows:
        return None
    ours = [row for row in rows if row["method"] == "infomotion"]
    selected = [row for row in ours if row["graph"] == results.parameters.get("selection_graph")] or ours
    kept = [row for row in rows if row["kept"]]
    return {
        "rows": selected,
        "compared": len(rows),
        "clear": sum(row["clear"] for row in rows),
        "kept": kept,
        "corrected_for": rows[0]["n_comparisons"],
        "flags": explained(*(row["graph_flag"] for row in [*selected, *kept])),
    }
