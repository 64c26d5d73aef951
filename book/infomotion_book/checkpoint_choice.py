"""What the choice of weights by VAL would change in Table 1, from the frozen rows of that study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.table1 import method_cell
from infomotion_book.templates import part
from infomotion_lib.files import RUNS
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import SOURCE_NAMES
from infomotion_lib.reporting.summary import size_name


def choice(summary: pd.DataFrame) -> dict[str, Any]:
    """What the frozen summary of the study says of hard accuracy.

    ``rows``: per cell of Table 1 that of the last weights and of the best on VAL, and the change; ``small``
    and ``whole``: the changes of selected and of whole sets; how many are ``beyond`` chance after Holm's
    correction; how many selectors are ``compared`` with Random in the same cell, and how many of them change
    sides with it (``crossed``).
    """
    rows = [row | _names(row) for row in records(summary[summary["metric"] == "hard_accuracy"])]
    random = {(row["source"], row["vpc"]): row for row in rows if row["method"] == "random" and row["vpc"]}
    pairs = [
        (row, random[row["source"], row["vpc"]])
        for row in rows
        if row["method"] != "random" and (row["source"], row["vpc"]) in random
    ]
    return {
        "rows": rows,
        "small": [row["difference"] for row in rows if row["vpc"]],
        "whole": [row["difference"] for row in rows if not row["vpc"]],
        "beyond": sum(row["p_holm"] < 0.05 for row in rows),
        "compared": len(pairs),
        "crossed": sum((row["last"] > base["last"]) != (row["val"] > base["val"]) for row, base in pairs),
    }


def _names(row: dict[str, Any]) -> dict[str, str]:
    return {
        "name": method_cell(row["method"], row["graph"], [row]),
        "pool": SOURCE_NAMES[row["source"]],
        "size": size_name(row["vpc"]),
    }


def find_choice(folder: Path = FROZEN / "studies") -> dict[str, Any] | None:
    """The same of the frozen rows, or None where the study has not run."""
    file = folder / "checkpoint_summary.csv"
    if not file.is_file():
        return None
    return choice(pd.read_csv(file, keep_default_na=False, na_values={"p_value": [""], "p_holm": [""]}))


def checkpoint_choice(folder: Path = FROZEN / "studies") -> str:
    """MyST text: sentences on the differences, and a folded table of them; that it has not run, if so."""
    return part("checkpoint.md.jinja", "text", {"found": find_choice(folder), "earlier": _earlier(folder)})


def _earlier(folder: Path) -> bool:
    """Whether the frozen Table 1 has been made anew since the study."""
    own, frozen = (folder / "checkpoint_last_runs.csv", folder.parent / "phantom" / "04_evaluation" / RUNS)
    return own.is_file() and frozen.is_file() and own.read_bytes() != frozen.read_bytes()
