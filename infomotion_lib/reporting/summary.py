"""The end of a run in plain text: Table 1, how long each stage took, where the book is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from infomotion_lib.errors import StageError
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_run_card, shown_path
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.shown_table import ShownTable
from infomotion_lib.reporting.style import METHOD_NAMES, SOURCE_NAMES
from infomotion_lib.reporting.tables import CONSTANT_NAMES, accuracy_cell, constant_cell, runs_behind


def summary(paths: RunPaths, stages: list[str], *, book: Path | None = None) -> str:
    """Text of several lines for the terminal.

    Parameters
    ----------
    paths : RunPaths
        A run whose last stage has finished.
    stages : list of str
        Stages to time, in their order.
    book : Path, optional
        First page of the rendered book.

    Raises
    ------
    StageError
        If the evaluation has not finished.
    """
    read_run_card(paths.stage("evaluation"))
    table = pd.read_csv(paths.table1, keep_default_na=False, na_values=[""])
    constants = pd.read_csv(paths.constants)
    shown = "\n".join(
        [table1_text(table, title=f"Table 1 of profile {paths.profile}"), constants_text(constants)]
    )
    blocks = [shown, times_text(paths, stages)]
    if book is not None:
        blocks.append(f"The book: {book}")
    return "\n\n".join(blocks)


def table1_text(table: pd.DataFrame, *, title: str) -> str:
    """Table 1 in the paper's shape: rows are sources and methods, columns videos per class, hard accuracy and
    soft beside it.

    Parameters
    ----------
    table : DataFrame
        ``table1.csv``: source, method, graph, vpc, metric, mean, sd, n; ``graph_flag`` marks rows whose graph
        was unhealthy.
    title : str
        First line.
    """
    long = table[table["metric"].isin(["hard_accuracy", "soft_accuracy"])].copy()
    long["graph"] = long["graph"].fillna("")
    sizes = sorted(int(size) for size in long["vpc"].unique())
    rows = []
    for (source, method, graph), part in long.groupby(["source", "method", "graph"], sort=False):
        name = shown_method(str(method), str(graph), part.get("graph_flag", ()))
        rows.append(
            [
                shown_source(str(source)),
                name,
                *(accuracy_cell(part[part["vpc"] == size], none="") for size in sizes),
            ]
        )
    note = (
        f"accuracy in percent, mean ± population sd over {runs_behind(long)} runs, soft accuracy in brackets"
    )
    flags = explained(in_brackets(long.get("graph_flag", ())))
    frame = pd.DataFrame(rows, columns=["source", "method", *map(size_name, sizes)])
    return ShownTable(frame, title, (note, *([flags] if flags else []))).to_text()


def constants_text(constants: pd.DataFrame) -> str:
    """What one unchanging answer scores on the same TEST videos: the least that a trained network has to
    beat.
    """
    rows = [
        [CONSTANT_NAMES.get(row["predictor"], row["predictor"]), constant_cell(row)]
        for row in constants.to_dict("records")
    ]
    return ShownTable(pd.DataFrame(rows), "Answers that look at no video").to_text(head=False)


def times_text(paths: RunPaths, stages: list[str]) -> str:
    """How long each finished stage took."""
    rows = []
    total = 0.0
    for stage in stages:
        try:
            card = read_run_card(paths.stage(stage))
        except StageError:
            continue
        seconds = float(card.get("stage_seconds", card["wall_seconds"]))
        total += seconds
        more = "  (in several runs, added up)" if card.get("continued") else ""
        place = paths.stage(stage).relative_to(paths.root).as_posix()
        rows.append([place, f"{seconds:7.1f} s", shown_path(paths.stage(stage)) + more])
    rows.append(["together", f"{total:7.1f} s", ""])
    return ShownTable(pd.DataFrame(rows), "Time of each stage").to_text(head=False)


def shown_method(method: str, graph: str, flags: Iterable[object] = ()) -> str:
    """Name of a method for readers, its graph recipe in brackets, and behind it what was unhealthy about its
    graphs.
    """
    return METHOD_NAMES.get(method, method) + (f" ({graph})" if graph else "") + in_brackets(flags)


def shown_source(source: str) -> str:
    """Name of a source for readers."""
    return SOURCE_NAMES.get(source, source)


def size_name(vpc: int) -> str:
    """Number of videos per class for readers."""
    return f"VPC {vpc}" if vpc else "all videos"


def claims_line(ledger: pd.DataFrame) -> str:
    """How many claims of a ledger have each status, the most frequent first: ``40 not run``."""
    return ", ".join(f"{count} {status}" for status, count in ledger["status"].value_counts().items())
