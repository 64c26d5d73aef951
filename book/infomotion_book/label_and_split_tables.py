"""Below Table 1: how good its labels are, and for the open clips the same selectors over several splits."""

from __future__ import annotations

from typing import Any

import pandas as pd

from infomotion_book.comparisons import paired
from infomotion_book.editions import todays_words
from infomotion_book.table1 import WORDS, method_cell
from infomotion_book.templates import part
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.flags import in_brackets
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.style import METHOD_NAMES
from infomotion_lib.reporting.tables import CONSTANT_NAMES

COMMAND = "infomotion study open-splits"
SHOWN = {"hard_accuracy": "Hard, %", "balanced_accuracy": "Balanced, %", "mae": "MAE, EF points"}
CONTROLS = {"regressor": "all of TRAIN"} | CONSTANT_NAMES
"""Controls of the open clips as the table prints them; the others keep their names, which its note explains.
"""


def label_agreement(results: Results) -> str:
    """MyST block, folded: how labels of the generated pool agree with what else is known; empty without a
    pool.
    """
    rows = records(results.table("labels", "agreement"))
    known = rows and "comparison" in rows[0]
    if not known:
        return ""
    rows = [row | {"comparison": todays_words(str(row["comparison"]), results)} for row in rows]
    return part(WORDS, "labels", {"rows": rows, "results": results})


def open_splits(results: Results | None = None) -> str:
    """MyST text: selectors over several splits of the open clips, in pairs with Random, above the controls
    of the same splits; with the results of one split, how far its largest difference comes back.
    """
    values = split_values(results)
    block = "splits" if values else "splits_missing"
    return part(WORDS, block, (values or {}) | {"named": method_cell, "command": COMMAND})


def split_values(results: Results | None = None) -> dict[str, Any] | None:
    """What that text is written from; None where the study has not run."""
    folder = FROZEN / "studies"
    if not (folder / "open_splits_summary.csv").is_file():
        return None
    summary, controls = (pd.read_csv(folder / f"open_splits_{name}.csv") for name in ("summary", "controls"))
    runs = pd.read_csv(folder / "open_splits_runs.csv", keep_default_na=False)
    cells = {(row["method"], row["metric"]): row for row in records(summary)}
    graphs = dict(zip(runs["method"], runs["graph"], strict=True))
    return {
        "metrics": SHOWN,
        "rows": [
            {"method": method, "graph": graphs[method], "cells": [cells[method, metric] for metric in SHOWN]}
            for method in dict.fromkeys(summary["method"])
        ],
        "controls": [
            {
                "name": CONTROLS.get(str(predictor), predictor),
                "n": len(part_of),
                "cells": [(part_of[metric].mean(), part_of[metric].std(ddof=0)) for metric in SHOWN],
            }
            for predictor, part_of in controls.groupby("predictor", sort=False)
        ],
        "random": cells["random", "hard_accuracy"],
        "splits": int(controls["split"].nunique()),
        "n_test": int(controls["n_test"].iloc[0]),
        "compared": int(summary["n_comparisons"].max()),
        "one": _one_split(paired(results), cells) if results else None,
    }


def _one_split(
    differences: pd.DataFrame, cells: dict[tuple[Any, Any], dict[str, Any]]
) -> dict[str, Any] | None:
    """The largest difference of one split, and the same selector's over several."""
    rows = [row for row in records(differences) if (row["method"], "hard_accuracy") in cells]
    if not rows:
        return None
    largest = max(rows, key=lambda row: abs(row["difference"]))
    several = cells[largest["method"], "hard_accuracy"]
    here, there = (in_brackets([row.get("graph_flag")]) for row in (largest, several))
    name = METHOD_NAMES[largest["method"]]
    return {"name": name, "here": largest, "flag": here, "several": several, "several_flag": there}
