"""Table 1 in the paper's shape, ours and the paper's side by side, each named for what it is.

A cell reads ``hard ± sd (soft)``: hard accuracy in percent, its population standard deviation over runs, soft
accuracy in brackets.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from infomotion_lib.evaluation.claims import our_cell
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.shown_table import ShownTable
from infomotion_lib.reporting.style import METHOD_NAMES, graph_name, source_names, videos_called

QUOTED_TOO = ", the paper's own numbers quoted"
"""What follows the data in a caption where the paper's numbers stand too; a name may hold commas."""


def set_names(source: str, data: str) -> tuple[str, str]:
    """Whole and distilled set of a source as Table 1 calls them; the paper's words where the hearts were
    recorded.

    >>> set_names("real", "phantom"), set_names("real", "EchoNet-Dynamic")
    (('Whole reference', 'Dist. reference'), ('Whole Real', 'Dist. Real'))
    """
    word = source_names(data)[source].removesuffix(" pool").removesuffix(" clips")
    word = {"Synthetic": "Synth.", "Real": "Real"}.get(word, word.lower())
    return f"Whole {word}", f"Dist. {word}"


CONSTANT_NAMES = {
    "always normal": "Always “normal”",
    "TRAIN majority class": "Always TRAIN’s most common class",
    "majority class": "Always TRAIN’s most common class",
    "TRAIN mean": "Always TRAIN’s mean EF",
    "constant": "Always TRAIN’s median EF",
    "soft-optimal constant": "Best single EF on TRAIN",
    "best constant in hindsight": "Best single EF in hindsight",
}
"""Name of each answer that looks at no video, as tables print it."""

ALL = "All"
QUOTED = "paper (quoted)"


def table1(
    table: pd.DataFrame,
    *,
    data: str,
    constants: pd.DataFrame | None = None,
    paper: pd.DataFrame | None = None,
    tolerance: float = 1.0,
) -> ShownTable:
    """Table 1 in the paper's shape: whole sets, then each selector, one column per number of videos per
    class.

    Parameters
    ----------
    table : DataFrame
        ``table1.csv``; a column ``graph_flag`` marks rows whose graph was unhealthy.
    data : str
        What the videos are, such as ``"phantom"``: it stands over every number of ours.
    constants : DataFrame, optional
        Constant predictors, as rows of the same table.
    paper : DataFrame, optional
        From :func:`infomotion_lib.evaluation.claims.paper_results`: its Table 1 in columns of its own, marked
        as quoted.
    tolerance : float
        Of the soft accuracy, for the notes.
    """
    sizes = sorted({int(size) for size in table["vpc"] if size})
    quoted = _paper_cells(paper) if paper is not None else {}
    rows = []
    for source in dict.fromkeys(table["source"]):
        whole, part = set_names(source, data)
        scores = table[table["source"] == source]
        for method, graph in dict.fromkeys(zip(scores["method"], scores["graph"].fillna(""), strict=True)):
            cell = scores[(scores["method"] == method) & (scores["graph"].fillna("") == graph)]
            name = method_label(method, graph, cell.get("graph_flag", ()))
            row = {"set": whole if method == "whole" else part, "selector": name}
            for size in [0] if method == "whole" else sizes:
                title = f"VPC {size}" if size else ALL
                row[f"{title}: {data}"] = accuracy_cell(cell[cell["vpc"] == size])
                if quoted:
                    row[f"{title}: {QUOTED}"] = quoted.get((source, method, size), "–")
            rows.append(row)
    if constants is not None:
        rows += [
            {
                "set": "no training",
                "selector": CONSTANT_NAMES.get(str(row["predictor"]), str(row["predictor"])),
                f"{ALL}: {data}": constant_cell(row),
            }
            for row in constants.to_dict("records")
        ]
    titles = [ALL, *(f"VPC {size}" for size in sizes)]
    columns = [
        "set",
        "selector",
        *(f"{title}: {kind}" for title in titles for kind in ([data, QUOTED] if quoted else [data])),
    ]
    videos = f"the {data}" if data.endswith("clips") else videos_called(data)
    caption = f"Table 1 on {videos}" + (f"{QUOTED_TOO} beside" if quoted else "")
    shown = pd.DataFrame(rows).reindex(columns=columns).fillna("")
    return ShownTable(shown, caption, _notes(table, tolerance, bool(quoted)), keys=2)


def method_label(method: str, graph: str = "", flags: Iterable[object] = ()) -> str:
    """Name of a selector, its graph recipe in brackets, and behind it what was unhealthy about its graphs."""
    recipe = f" ({graph_name(graph)})" if graph else ""
    return METHOD_NAMES.get(method, method) + recipe + in_brackets(flags)


def accuracy_cell(rows: pd.DataFrame, *, none: str = "–") -> str:
    """``hard ± sd (soft)`` of one cell, a row per metric; no spread where there is one run."""
    by_metric = rows.set_index("metric")
    if "hard_accuracy" not in by_metric.index:
        return none
    mean, sd = by_metric["mean"].astype(float), by_metric["sd"].astype(float)
    spread = f" ± {sd['hard_accuracy']:.1f}" if by_metric["n"]["hard_accuracy"] > 1 else ""
    soft = f" ({mean['soft_accuracy']:.1f})" if "soft_accuracy" in mean.index else ""
    return f"{mean['hard_accuracy']:.1f}{spread}{soft}"


def constant_cell(row: Mapping[Hashable, Any]) -> str:
    """``hard (soft)`` of an answer that looks at no video."""
    return f"{row['hard_accuracy']:.1f} ({row['soft_accuracy']:.1f})"


def _notes(table: pd.DataFrame, tolerance: float, quoted: bool) -> tuple[str, ...]:
    counts = runs_behind(table)
    points = "point" if tolerance == 1 else "points"
    notes = [
        f"Hard accuracy ± population standard deviation over {counts} runs (soft accuracy, tolerance"
        f" {tolerance:g} EF {points}), percent."
    ]
    if quoted:
        notes.append(
            "Quoted numbers are the paper's, on EchoNet-Dynamic and EchoNet-Synthetic: other videos and"
            " networks. Compare within a column."
        )
    flags = explained(in_brackets(table.get("graph_flag", ())))
    return (*notes, *([flags] if flags else []))


def runs_behind(table: pd.DataFrame) -> str:
    """Numbers of runs behind the accuracies of a table, such as ``3/5``."""
    counts = table.loc[table["metric"] == "hard_accuracy", "n"].astype(int)
    return "/".join(map(str, sorted(set(counts))))


def _paper_cells(paper: pd.DataFrame) -> dict[tuple[str, str, int], str]:
    hard: dict[tuple[str, str, int], str] = {}
    soft: dict[tuple[str, str, int], str] = {}
    for row in paper[paper["table"] == "table1"].to_dict("records"):
        cell = our_cell(str(row["row"]), str(row["column"]))
        if cell is not None:
            source, method, vpc, metric = cell
            spread = f" ± {row['spread']:.1f}" if row["spread"] == row["spread"] else ""
            where, text = (
                (hard, f"{row['value']:.1f}{spread}")
                if metric == "hard_accuracy"
                else (soft, f" ({row['value']:.1f})")
            )
            where[source, method, vpc] = text
    return {key: text + soft.get(key, "") for key, text in hard.items()}


def differences_table(differences: pd.DataFrame, *, data: str = "") -> pd.DataFrame:
    """Paired differences for display: method, size, difference with its interval, effect size, p before and
    after Holm's correction for the number of rows, pairs, pools in which it was better."""
    rows = [
        {
            "set": set_names(row["source"], data)[1],
            "selector": method_label(row["method"], row["graph"], [row.get("graph_flag")]),
            "VPC": int(row["vpc"]),
            "minus Random, points": f"{row['difference']:+.1f} [{row['ci_low']:+.1f}, {row['ci_high']:+.1f}]",
            "effect size": f"{row['effect_size']:+.2f}",
            "p": _probability(row["p_value"]),
            f"p, Holm ({row['n_comparisons']})": _probability(row["p_holm"]),
            "pairs": int(row["n_pairs"]),
            "pools better": f"{int(row['pools_better'])} of {int(row['n_pools'])}",
        }
        for row in differences.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _probability(value: float) -> str:
    return f"{value:.3f}" if value == value else "–"
