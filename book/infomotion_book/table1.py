"""Table 1 in the paper's shape, with its company: constant predictors, intervals, n, graph flags."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from infomotion_book.html import block, folded, framed, number, table
from infomotion_book.notebooks import card_anchor
from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.reporting.flags import explained, flag_words
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.style import METHOD_COLOURS, METHOD_NAMES, SOURCE_NAMES
from infomotion_lib.reporting.summary import size_name
from infomotion_lib.reporting.tables import CONSTANT_NAMES

Row = dict[str, Any]

COMPANY = {
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
    rows = long_table(results)
    if not rows:
        return ""
    sizes = sorted({int(row["vpc"]) for row in rows if row["vpc"] > 0})
    groups = [*(f"{size} videos a class" for size in sizes), "all videos"]
    head = "".join(f'<th scope="colgroup" colspan="2" class="im-num">{group}</th>' for group in groups)
    second = '<th scope="col" class="im-num">hard, %</th><th scope="col" class="im-num">soft, %</th>' * len(
        groups
    )
    sources = [source for source in SOURCE_NAMES if any(row["source"] == source for row in rows)]
    body = "".join(
        _source_part(
            [row for row in rows if row["source"] == source], pool_name(results, source), [*sizes, 0]
        )
        for source in sources
    )
    name = f"Table 1 on {'phantom data' if results.is_phantom else results.kind}"
    caption = (
        f"{name}. Accuracy on TEST videos of the real source: mean ± population standard deviation over runs;"
        " in brackets a 95 % bootstrap interval over runs, too narrow with so few."
    )
    titles = f'<thead><tr><th scope="col" rowspan="2">Selector</th>{head}</tr><tr>{second}</tr></thead>'
    inner = f"{titles}{body}{_constant_part(results, len(sizes))}"
    html = f'<div class="im-table1">{framed(inner, caption=caption)}</div>'
    folder = f"results/{results.profile}/{results.place('evaluation')}"
    card = f"provenance.html#{card_anchor(results, 'evaluation')}"
    files = " · ".join(
        f'<a href="{folder}/{file}.csv">{text}</a>'
        for file, text in (("table1", "as CSV"), ("runs", "every run"))
        if (results.folder("evaluation") / f"{file}.csv").is_file()
    )
    note = f'<a href="{card}">How this table was made</a> · {files}'
    flags = explained(html)
    return block(html) + block(
        f'<p class="im-note">{_not_learnt(results)}{f"{flags} " if flags else ""}{note}</p>'
    )


def _not_learnt(results: Results) -> str:
    """Sentence for a run whose motion network has not learnt motion; else empty."""
    summary = results.values("ifa_training", "summary")
    if summary.get("ignited", True):
        return ""
    return (
        f"The motion network of this profile gains {number(summary['gain_db'])} dB on the average of its two"
        " frames, too little to say that it has learnt motion (critical reading, section 5); so InfoMotion"
        " chose on vectors that say little of motion. "
    )


def company(results: Results) -> str:
    """MyST blocks, folded: balanced accuracy and errors, then class recalls, of every row of Table 1,
    constant answers too.
    """
    rows = long_table(results)
    known = {
        metric: title for metric, title in COMPANY.items() if any(row["metric"] == metric for row in rows)
    }
    parts = [
        {metric: title for metric, title in known.items() if metric.startswith("recall_") == recalls}
        for recalls in (False, True)
    ]
    captions = ("Balanced accuracy and errors", "Class recalls")
    blocks = [
        _company_table(results, rows, metrics, caption)
        for metrics, caption in zip(parts, captions, strict=True)
        if metrics
    ]
    return (
        folded("Balanced accuracy, errors and class recalls of every row", "".join(blocks)) if blocks else ""
    )


def _company_table(results: Results, rows: list[Row], metrics: dict[str, str], caption: str) -> str:
    lines = []
    for key in dict.fromkeys(_key(row) for row in rows):
        part = [row for row in rows if _key(row) == key]
        source, method, graph, vpc = key
        size = f"{SOURCE_NAMES.get(source, source)}, {size_name(int(vpc))}"
        name = f'{_method(method, graph)}{_mark(part)}<span class="im-under">{size}</span>'
        lines.append([name, *(_cell(part, metric, interval=False) for metric in metrics)])
    for name, row in constants(results):
        values = [number(float(row.get(metric, float("nan"))), _digits(metric)) for metric in metrics]
        lines.append([f'{escape(name)}<span class="im-under">no training</span>', *values])
    caption += ": mean ± population standard deviation over runs"
    note = (
        f'{explained(str(lines))} <a href="provenance.html#{card_anchor(results, "evaluation")}">How this'
        " table was made</a>"
    )
    return block(
        table(["Training set", *metrics.values()], lines, caption=caption, numeric_from=1, note=note)
    )


def constants(results: Results) -> list[tuple[str, Row]]:
    """Name and metrics of each constant predictor; with several training pools, the pool is part of
    the name.
    """
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
    """Name of a training pool; a phantom says that it only plays a role."""
    if results.is_phantom:
        return f"Phantom in the role of the {SOURCE_NAMES.get(source, source).lower()} pool"
    return f"{SOURCE_NAMES.get(source, source)} pool"


def _source_part(rows: list[Row], title: str, sizes: list[int]) -> str:
    lines = [_group(title, 2 * len(sizes))]
    named = dict.fromkeys((str(row["method"]), str(row["graph"])) for row in rows)
    for method, graph in sorted(named, key=lambda name: name[0] == "whole"):
        part = [row for row in rows if row["method"] == method and row["graph"] == graph]
        cells = [
            _cell([row for row in part if row["vpc"] == size], metric)
            for size in sizes
            for metric in ("hard_accuracy", "soft_accuracy")
        ]
        lines.append(_line(method_cell(method, graph, part), cells))
    return f"<tbody>{''.join(lines)}</tbody>"


def _constant_part(results: Results, sizes: int) -> str:
    lines = []
    for name, row in constants(results):
        cells = [
            number(float(row.get(metric, float("nan")))) for metric in ("hard_accuracy", "soft_accuracy")
        ]
        lines.append(_line(escape(name), cells * (sizes + 1)))
    return f"<tbody>{_group('No training at all', 2 + 2 * sizes)}{''.join(lines)}</tbody>" if lines else ""


def _group(title: str, span: int) -> str:
    return (
        f'<tr class="im-group"><th scope="rowgroup" colspan="{1 + span}"><span'
        f' class="im-stay">{title}</span></th></tr>'
    )


def _line(name: str, cells: list[str]) -> str:
    numbers = "".join(f'<td class="im-num">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row">{name}</th>{numbers}</tr>'


def _cell(rows: list[Row], metric: str, *, interval: bool = True) -> str:
    row = next((row for row in rows if row["metric"] == metric), None)
    if row is None:
        return "–"
    digits = _digits(metric)
    text = number(row["mean"], digits) + (f" ± {number(row['sd'], digits)}" if row["sd"] == row["sd"] else "")
    if not interval or row["ci_low"] != row["ci_low"]:
        return text
    return f'{text}<span class="im-ci">[{number(row["ci_low"])}, {number(row["ci_high"])}]</span>'


def _digits(metric: str) -> int:
    return 2 if metric in ("r2", "mae", "rmse") else 1


def method_cell(method: str, graph: str, rows: Iterable[Row] = ()) -> str:
    """HTML that names a selector: its colour, its graph recipe, and a mark if a graph behind one of its rows
    was not healthy.
    """
    return f"{_swatch(method)}{_method(method, graph)}{_mark(rows)}"


def _mark(rows: Iterable[Row]) -> str:
    words = flag_words(row.get("graph_flag") for row in rows)
    return f'<span class="im-flag">{words} graph</span>' if words else ""


def _method(method: str, graph: str) -> str:
    tag = f' <span class="im-graph">{escape(graph.replace("_", " "))}</span>' if graph else ""
    return METHOD_NAMES.get(method, method) + tag


def _swatch(method: str) -> str:
    return f'<span class="im-swatch" style="background:{METHOD_COLOURS.get(method, "#888")}"></span>'
