"""Every selector minus Random, run by run, corrected for the number of comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from infomotion_book.table1 import WORDS, method_cell
from infomotion_book.templates import filled, part
from infomotion_lib.evaluation.intervals import paired_differences
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.results import Results, records

LEVEL = 0.05


def paired(results: Results) -> pd.DataFrame:
    """Paired differences from ``runs.csv`` with ``graph_flag`` and :func:`verdicts`; empty without Random."""
    runs = results.table("evaluation", "runs")
    if runs is None or not {"random"} < set(runs["method"]) - {"whole"}:
        return pd.DataFrame()
    differences, flags = paired_differences(runs), results.graph_flags
    return verdicts(differences.assign(graph_flag=[flags.get(_key(row), "") for row in records(differences)]))


def verdicts(differences: pd.DataFrame) -> pd.DataFrame:
    """The same with ``clear`` where the interval has no 0 in it, ``kept`` where they outlive correction."""
    clear = (differences["ci_low"] > 0) | (differences["ci_high"] < 0)
    return differences.assign(clear=clear, kept=differences["p_holm"] < LEVEL)


def comparisons(results: Results) -> str:
    """MyST block of paired differences, with p before and after correction; empty where there are none."""
    rows = records(paired(results))
    return part(WORDS, "paired", {"rows": rows, "results": results, "named": method_cell}) if rows else ""


@dataclass(frozen=True)
class AgainstRandom:
    """How selectors compare with Random in one run: InfoMotion's ``rows`` of :func:`paired`, how many
    comparisons of all selectors there are and how many intervals are ``clear`` of 0, those ``kept`` after
    correction, and for how many it is ``corrected_for``.
    """

    rows: list[dict[str, Any]]
    compared: int
    clear: int
    kept: list[dict[str, Any]]
    corrected_for: int

    @property
    def flags(self) -> str:
        """Sentence that explains the flags of the graphs behind all rows named; empty where healthy."""
        return explained(*(row["graph_flag"] for row in [*self.rows, *self.kept]))


def against_random(results: Results) -> AgainstRandom | None:
    """How the selectors of a run compare with Random; None where nothing is paired."""
    rows = records(paired(results))
    if not rows:
        return None
    ours = [row for row in rows if row["method"] == "infomotion"]
    selected = [row for row in ours if row["graph"] == results.parameters.get("selection_graph")]
    return AgainstRandom(
        rows=selected or ours,
        compared=len(rows),
        clear=sum(row["clear"] for row in rows),
        kept=[row for row in rows if row["kept"]],
        corrected_for=rows[0]["n_comparisons"],
    )


def random_sentences(against: AgainstRandom | None) -> str:
    """A Markdown list: a sentence per pool and size, one on all selectors; empty where nothing is paired."""
    return filled("against_random.md.jinja", {"against": against}) if against else ""


def _key(row: dict[str, Any]) -> tuple[str, str, str, int]:
    return str(row["source"]), str(row["method"]), str(row["graph"]), int(row["vpc"])
