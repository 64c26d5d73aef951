"""The tolerance slider: accuracy of selectors and best constant answer as the margin at class edges grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from infomotion_book.explore.graphs import WORDS
from infomotion_book.templates import filled, line
from infomotion_lib.evaluation.metrics import soft_correct
from infomotion_lib.evaluation.runs import tolerance_table
from infomotion_lib.keys import CELL
from infomotion_lib.reporting.flags import flag_words, in_brackets
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.style import METHOD_COLOURS, METHOD_NAMES, SOURCE_NAMES, method_order
from infomotion_lib.reporting.widgets import image_choice

if TYPE_CHECKING:
    import ipywidgets

TOLERANCES = tuple(np.arange(0, 5.01, 0.5).tolist())
_CONSTANTS = np.arange(10.0, 90.1, 0.5)
_COLUMNS = [*CELL, "tolerance", "mean", "sd", "n"]


def table(results: Results) -> pd.DataFrame | None:
    """Accuracy in percent, ``source, method, graph, vpc, tolerance, mean, sd, n``; None without predictions.

    Means and spreads are those of :func:`infomotion_lib.evaluation.runs.tolerance_table`, at half points too:
    the numbers of Table 1. Rows with the method ``constant`` hold the best single EF for that tolerance.
    """
    predictions = results.table("evaluation", "predictions")
    if predictions is None:
        return None
    return _accuracies(predictions, TOLERANCES)


def _accuracies(predictions: pd.DataFrame, tolerances: tuple[float, ...]) -> pd.DataFrame:
    cells = tolerance_table(predictions, tolerances=tolerances).sort_values(CELL, kind="stable")
    test = predictions.drop_duplicates("file_name")["ef"].to_numpy(float)
    constants = []
    for tolerance in tolerances:
        best = max(
            float(soft_correct(test, np.full_like(test, value), tolerance=tolerance).mean())
            for value in _CONSTANTS
        )
        constants.append(("", "constant", "", 0, tolerance, 100 * best, 0.0, 1))
    both = pd.concat([cells[_COLUMNS], pd.DataFrame(constants, columns=_COLUMNS)])
    return both.sort_values("tolerance", kind="stable", ignore_index=True)


def control(table: pd.DataFrame) -> ipywidgets.Widget:
    """Slider over tolerances and buttons for the training pool, from the rows of :func:`table` with their
    ``graph_flag``: bars for the selectors, a line for the best constant answer.
    """
    cells = records(table)
    pools, names = _pools(cells)

    def picture(pool: int, step: int) -> tuple[str, str]:
        now = [row for row in cells if abs(float(row["tolerance"]) - TOLERANCES[step]) < 1e-6]
        return _card(now, pools[pool], f"{names[pool]}, tolerance {TOLERANCES[step]:g} EF points")

    return image_choice(
        {"trained on": names, "tolerance": [f"{t:g}" for t in TOLERANCES]},
        picture,
        sliders=("tolerance",),
        width="36rem",
    )


def _pools(cells: list[dict[str, Any]]) -> tuple[list[tuple[str, int]], list[str]]:
    """Training pools by source and size, and their names."""
    order = list(SOURCE_NAMES)
    found = {(str(row["source"]), int(row["vpc"])) for row in cells if int(row["vpc"]) > 0}
    pools = sorted(found, key=lambda pool: (order.index(pool[0]), pool[1]))
    return pools, [f"{SOURCE_NAMES[source]}, {vpc} per class" for source, vpc in pools]


def _card(now: list[dict[str, Any]], pool: tuple[str, int], title: str) -> tuple[str, str]:
    source, vpc = pool
    mine = [row for row in now if row["source"] == source and int(row["vpc"]) in (vpc, 0)]
    return _bars(mine, next(float(row["mean"]) for row in now if row["method"] == "constant"), title)


def _bars(rows: list[dict[str, Any]], constant: float, title: str) -> tuple[str, str]:
    bars: list[dict[str, Any]] = [
        {
            "name": _name(row),
            "flag": _flag(row),
            "mean": float(row["mean"]),
            "sd": float(np.nan_to_num(row["sd"])),
            "colour": METHOD_COLOURS[row["method"]],
        }
        for row in sorted(rows, key=lambda row: method_order(row["method"]))
    ]
    longest = max(max(8 * len(bar["name"]), 7 * len(bar["flag"])) for bar in bars)
    told = [(METHOD_NAMES[row["method"]] + in_brackets([row["graph_flag"]]), row["mean"]) for row in rows]
    shown = {"rows": bars, "left": max(112, 20 + longest), "spreads": any(bar["sd"] > 0 for bar in bars)}
    shown |= {"title": title, "constant": constant, "bars": told}
    return filled("bars.svg.jinja", shown).strip(), line(WORDS, "tolerance_alt", shown)


def _flag(row: dict[str, Any]) -> str:
    words = flag_words([row["graph_flag"]])
    return f"{words} graph" if words else ""


def _name(row: dict[str, Any]) -> str:
    return METHOD_NAMES[row["method"]] + (
        f" · {str(row['graph']).replace('_', ' ')}" if row["graph"] not in ("", "knn") else ""
    )
