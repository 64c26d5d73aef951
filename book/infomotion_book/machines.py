"""What another machine makes of the same commit: Table 1 twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infomotion_book.templates import part
from infomotion_lib import machine
from infomotion_lib.frozen import FROZEN
from infomotion_lib.keys import CELL
from infomotion_lib.reporting.compare import compare_tables
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.summary import shown_method, size_name

COMPARED = FROZEN / "studies" / "two_machines.csv"
"""Rows that ``infomotion compare`` writes; a JSON file of the same name has both processors."""


def moves(cells: pd.DataFrame, *, runs: int) -> dict[str, Any]:
    """How far another processor moves the cells of Table 1, and how far other seeds would; in points.

    From rows of :func:`~infomotion_lib.reporting.compare.compare_tables` (standard deviations of the runs
    made, ddof 0) with two or more ``runs`` each. ``between_runs`` is the standard deviation between the runs
    of a cell on the first machine, which differ in seeds alone, median over cells; ``by_seeds`` the distance
    that the spread makes one expect of two means, ``by_machine`` that of the machines' means, root mean
    squares over cells; ``farthest`` the largest of these.
    """
    apart = cells["difference"]
    variance = (cells["frozen_sd"] ** 2 + cells["sd"] ** 2) / (
        runs - 1
    )  # of a mean over n runs: sd² n / (n - 1), over n
    return {
        "runs": runs,
        "cells": len(cells),
        "between_runs": float(cells["frozen_sd"].median()),
        "by_seeds": float(np.sqrt(variance.mean())),
        "by_machine": float(np.sqrt((apart**2).mean())),
        "farthest": float(apart.abs().max()),
    }


def compared(frozen: Results, file: Path = COMPARED) -> dict[str, Any] | None:
    """The comparison that ``infomotion compare`` wrote of these results; None where it has not run.

    Its rows (``cells``) with ``graph_flag``; both processors (``first``, ``second``), empty where unknown;
    whether the first machine's means are those that are frozen now (``is_frozen``); the ``moves``, None where
    runs per cell differ, or there is but one and so no spread.
    """
    if not file.is_file():
        return None
    cells = pd.read_csv(file, keep_default_na=False)
    if "graph_flag" not in cells:
        cells = frozen.flagged(cells)
    table1 = frozen.table("evaluation", "table1")
    is_frozen = table1 is not None and _are_means_of(cells, table1)
    runs = set() if table1 is None else set(table1.loc[table1["metric"] == "hard_accuracy", "n"])
    several = len(runs) == 1 and max(runs) > 1
    names = file.with_suffix(".json")
    if names.is_file():
        both = json.loads(names.read_text(encoding="utf-8"))
        first, second = machine.in_words(both["frozen"]), machine.in_words(both["own"])
    else:
        card = machine.of_card(frozen.card("evaluation"))
        first, second = machine.in_words(card) if card.get("processor") and is_frozen else "", ""
    moved = moves(cells, runs=int(runs.pop())) if several else None
    return {"cells": cells, "first": first, "second": second, "is_frozen": is_frozen, "moves": moved}


def _are_means_of(cells: pd.DataFrame, table1: pd.DataFrame) -> bool:
    """Whether the first machine's means are this table's: results may have been frozen anew since."""
    again = compare_tables(table1, table1).merge(cells, on=CELL, suffixes=("_now", ""))
    return len(again) == len(cells) and bool(np.allclose(again["frozen_mean_now"], again["frozen_mean"]))


def two_machines(frozen: Results, file: Path = COMPARED) -> str:
    """MyST block: hard accuracy of each cell of Table 1 on two kinds of processor, or that it was not
    compared.
    """
    both = compared(frozen, file)
    if both is None:
        command = "infomotion compare --out book/results/studies/two_machines.csv"
        return part("measured.md.jinja", "missing", {"what": "A second machine", "command": command})
    values = {"both": both, "rows": records(both["cells"]), "moves": both["moves"], "results": frozen}
    return part("machines.md.jinja", "two_machines", values | {"named": shown_method, "size": size_name})
