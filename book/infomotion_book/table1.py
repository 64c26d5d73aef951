"""Table 1 in the paper's shape, with constant predictors, intervals, graph flags; and its other metrics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from infomotion_book.html import interval, span, spread, under
from infomotion_book.page_table import page_table
from infomotion_book.templates import line, part
from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.reporting.flags import explained, flag_words
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.shown_table import ShownTable
from infomotion_lib.reporting.style import METHOD_COLOURS, METHOD_NAMES, SOURCE_NAMES, source_names
from infomotion_lib.reporting.summary import size_name
from infomotion_lib.reporting.tables import CONSTANT_NAMES

Row = dict[str, Any]

WORDS = "results.md.jinja"

OTHER_METRICS = {
    "balanced_accuracy": "Balanced accuracy, %",
    "mae": "MAE, points",
    "rmse": "RMSE, points",
    "r2": "R²",
    **{f"recall_{name}": f"Recall {name}, %" for name in CLASS_NAMES},
}


def long_table(results: Results) -> list[Row]:
    """Rows of ``table1.csv``; empty where the evaluation has not run."""
    return records(results.table("evaluation", "table1"))


def table1(results: Results) -> str:
    """MyST block of Table 1, or an empty string where the evaluation has not run."""
    if not long_table(results):
        return ""
    frame, motion = accuracies(results), results.values("ifa_training", "summary")
    files = [
        (file, text)
        for file, text in (("table1", "as CSV"), ("runs", "every run"))
        if (results.folder("evaluation") / f"{file}.csv").is_file()
    ]
    made = line(WORDS, "table1_made", {"results": results, "files": files})
    notes = (
        "" if motion.get("ignited", True) else line(WORDS, "not_learnt", motion),
        explained(*frame["Selector", ""]),
        Markup(made),
    )
    formats = {column: _with_interval for column in frame.columns[2:]}
    shown = ShownTable(
        frame, line(WORDS, "table1_caption", {"results": results}), notes, keys=2, formats=formats
    )
    return page_table(shown, kind="im-table1", grouped=True)


def accuracies(results: Results) -> pd.DataFrame:
    """Table 1 in the paper's shape: a row per pool and selector, then per constant answer; hard and soft
    accuracy of each size, each a row of ``table1.csv`` or None.
    """
    rows = long_table(results)
    cells = {(*_key(row), row["metric"]): row for row in rows}
    sizes = [*sorted({int(row["vpc"]) for row in rows if row["vpc"] > 0}), 0]
    asked = [(size, metric) for size in sizes for metric in ("hard_accuracy", "soft_accuracy")]
    lines: list[list[object]] = []
    named = dict.fromkeys(_key(row)[:3] for row in rows)
    order = list(SOURCE_NAMES)
    for source, method, graph in sorted(
        (name for name in named if name[0] in order),
        key=lambda name: (order.index(name[0]), name[1] == "whole"),
    ):
        own = [row for row in rows if _key(row)[:3] == (source, method, graph)]
        values = [cells.get((source, method, graph, *cell)) for cell in asked]
        lines.append([pool_name(results, source), method_cell(method, graph, own), *values])
    for name, row in constants(results):
        values = [_answer(row, metric) for _, metric in asked]
        lines.append([line(WORDS, "untrained"), name, *values])
    groups = [f"{size} videos per class" if size else "all videos" for size in sizes]
    titles = [(group, kind) for group in groups for kind in ("hard, %", "soft, %")]
    return pd.DataFrame(
        lines, columns=pd.MultiIndex.from_tuples([("Pool", ""), ("Selector", ""), *titles]), dtype=object
    )


def other_metrics(results: Results) -> str:
    """MyST blocks, folded: balanced accuracy and errors, then class recalls, of every row, constants too."""
    known = [name for name in OTHER_METRICS if name in {row["metric"] for row in long_table(results)}]
    recalls = [name for name in known if name.startswith("recall_")]
    groups = {"Balanced accuracy and errors": [name for name in known if name not in recalls]}
    groups["Class recalls"] = recalls
    tables = [
        (name, [OTHER_METRICS[metric] for metric in metrics], metrics_rows(results, metrics))
        for name, metrics in groups.items()
        if metrics
    ]
    return part(WORDS, "other_metrics", {"results": results, "tables": tables})


def metrics_rows(results: Results, metrics: list[str]) -> list[list[str]]:
    """Name of every row of Table 1, then of every constant answer, each with some of its metrics."""
    rows = long_table(results)
    lines: list[list[str]] = []
    for key in dict.fromkeys(_key(row) for row in rows):
        own = {row["metric"]: row for row in rows if _key(row) == key}
        source, method, graph, vpc = key
        size = f"{SOURCE_NAMES.get(source, source)}, {size_name(vpc)}"
        named = under(_method(method, graph) + _mark(own.values()), size)
        lines.append([named, *(_spread(own.get(metric)) for metric in metrics)])
    for name, row in constants(results):
        lines.append([under(name, "no training"), *(_spread(_answer(row, metric)) for metric in metrics)])
    return lines


def constants(results: Results) -> list[tuple[str, Row]]:
    """Name and metrics of each constant predictor; with several training pools the name tells which."""
    rows = records(results.table("evaluation", "constants"))
    pools = {row.get("source") for row in rows}
    named = []
    for row in rows:
        name = CONSTANT_NAMES.get(str(row["predictor"]), str(row["predictor"]))
        named.append((f"{name} ({row['source']} pool)" if len(pools) > 1 else name, row))
    return named


def best_constant(results: Results, metric: str = "hard_accuracy") -> tuple[str, float] | None:
    """Name and accuracy, in percent, of the best constant predictor."""
    found = [(name, float(row[metric])) for name, row in constants(results) if metric in row]
    return max(found, key=lambda item: item[1]) if found else None


def cell_row(
    results: Results, *, source: str, method: str, vpc: int, metric: str = "hard_accuracy"
) -> Row | None:
    """Row of ``table1.csv``, or None; of several graphs, the one the profile selects with."""
    wanted = (source, method, vpc, metric)
    found = [
        row
        for row in long_table(results)
        if (row["source"], row["method"], row["vpc"], row["metric"]) == wanted
    ]
    chosen = [row for row in found if row["graph"] == results.parameters.get("selection_graph")] or found
    return chosen[0] if chosen else None


def _key(row: Row) -> tuple[str, str, str, int]:
    return str(row["source"]), str(row["method"]), str(row["graph"]), int(row["vpc"])


def pool_name(results: Results, source: str) -> str:
    """Name of a training pool; that of a phantom says what it is."""
    name = source_names(results.kind).get(source, source)
    return f"Phantom: {name.lower()}" if results.is_phantom else name


def _answer(row: Row, metric: str) -> Row:
    """Metric of a constant answer as a cell: it has no spread."""
    none = dict.fromkeys(("sd", "ci_low", "ci_high"), float("nan"))
    return {"metric": metric, "mean": float(row.get(metric, "nan")), **none}


def _spread(row: Row | None) -> str:
    """Mean of a cell with its spread."""
    if row is None:
        return "–"
    return spread(row["mean"], row["sd"], 2 if row["metric"] in ("r2", "mae", "rmse") else 1)


def _with_interval(row: Row | None) -> str:
    """The same with its interval below."""
    if row is None or row["ci_low"] != row["ci_low"]:
        return _spread(row)
    return escape(_spread(row)) + span("im-ci", interval(row["ci_low"], row["ci_high"]))


def method_cell(method: str, graph: str, rows: Iterable[Row] = ()) -> Markup:
    """HTML that names a selector: colour, graph recipe, a mark if a graph behind a row was not healthy."""
    colour = METHOD_COLOURS.get(method, "#888")
    swatch = Markup('<span class="im-swatch" style="background:{}"></span>').format(colour)
    return swatch + _method(method, graph) + _mark(rows)


def _mark(rows: Iterable[Row]) -> Markup:
    words = flag_words(row.get("graph_flag") for row in rows)
    return span("im-flag", f"{words} graph") if words else Markup()


def _method(method: str, graph: str) -> Markup:
    name = escape(METHOD_NAMES.get(method, method))
    return Markup("{} {}").format(name, span("im-graph", graph.replace("_", " "))) if graph else name
