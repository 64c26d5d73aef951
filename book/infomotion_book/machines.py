"""What another machine makes of the same commit: Table 1 twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup

from infomotion_book.html import code, number, signed, spread, under
from infomotion_book.notebooks import card_link
from infomotion_book.page_table import of_rows, page_table
from infomotion_lib import machine
from infomotion_lib.frozen import FROZEN
from infomotion_lib.keys import CELL
from infomotion_lib.reporting.compare import compare_tables
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.summary import shown_method, shown_source, size_name


def two_machines() -> str:
    """MyST block: hard accuracy of each cell of Table 1 on two kinds of processor; a line of text where it
    has not been compared.
    """
    file = FROZEN / "studies" / "two_machines.csv"
    if not file.is_file():
        return (
            "No second machine has been compared yet: `infomotion compare --out"
            " book/results/studies/two_machines.csv`.\n"
        )
    frozen = Results("phantom", FROZEN / "phantom")
    cells = pd.read_csv(file, keep_default_na=False)
    if "graph_flag" not in cells:
        keys = zip(cells["source"], cells["method"], cells["graph"], cells["vpc"], strict=True)
        cells["graph_flag"] = [frozen.graph_flags.get(key, "") for key in keys]
    first, second = _names(file, frozen, cells)
    rows = [
        [
            under(
                shown_method(str(row["method"]), str(row["graph"]), [row["graph_flag"]]),
                f"{shown_source(str(row['source']))}, {size_name(row['vpc'])}",
            ),
            signed(row["difference"]),
            spread(row["frozen_mean"], row["frozen_sd"]),
            spread(row["mean"], row["sd"]),
        ]
        for row in records(cells)
    ]
    head = [
        under("Method", "source, size"),
        "Change",
        under("First machine", *filter(None, [first])),
        under("Second machine", *filter(None, [second])),
    ]
    notes = (
        "Hard accuracy in percent, mean ± population sd over runs. Real, Synthetic: the phantoms that stand"
        " in for that pool; VPC: videos a class.",
        explained(*cells["graph_flag"]),
        ""
        if _is_frozen(frozen, cells)
        else "The first machine’s table has been frozen anew since this comparison.",
        Markup("Compare yours: {}.").format(code("infomotion compare")),
        card_link(frozen, "evaluation", "How the frozen table was made"),
    )
    caption = "One commit, one profile, two kinds of processor"
    runs = _runs(frozen)
    said = in_words(moves(cells, runs=runs), runs=runs) if runs else ""
    return said + page_table(of_rows(head, rows, caption=caption, notes=notes))


@dataclass(frozen=True)
class Moves:
    """How far another processor moves the cells of Table 1, beside how far other seeds would; in points.

    Attributes
    ----------
    cells : int
        Cells that both machines have.
    between_runs : float
        Standard deviation between the runs of a cell on the first machine, which differ in seeds alone:
        median over cells.
    by_seeds : float
        Distance expected of two means over other seeds, by the spread between runs: root mean square over
        cells.
    by_machine : float
        Distance of the two machines' means: root mean square over cells.
    farthest : float
        Largest distance of the two machines' means.
    """

    cells: int
    between_runs: float
    by_seeds: float
    by_machine: float
    farthest: float


def moves(cells: pd.DataFrame, *, runs: int) -> Moves:
    """What a table of two machines says, all its cells together.

    Parameters
    ----------
    cells : DataFrame
        Rows of :func:`~infomotion_lib.reporting.compare.compare_tables`; standard deviations are those of the
        runs made (ddof 0).
    runs : int
        Runs of each cell, two or more.
    """
    apart = cells["difference"]
    variance = (cells["frozen_sd"] ** 2 + cells["sd"] ** 2) / (
        runs - 1
    )  # of a mean over n runs: sd² n / (n - 1), over n
    return Moves(
        cells=len(cells),
        between_runs=float(cells["frozen_sd"].median()),
        by_seeds=float(np.sqrt(variance.mean())),
        by_machine=float(np.sqrt((apart**2).mean())),
        farthest=float(apart.abs().max()),
    )


def in_words(found: Moves, *, runs: int) -> str:
    """What it means that the processor is one more seed, with its numbers."""
    return (
        "**The processor is one more seed.** Its rounding changes what is trained, then what is picked, and"
        f" says nothing of a method. On one machine the {runs} runs of a cell, which differ in seeds alone,"
        f" have an sd of {number(found.between_runs)} points (median of {found.cells} cells). By that spread"
        f" their mean would move by about {number(found.by_seeds)} points with other seeds; from the first"
        f" machine to the second it moved by {number(found.by_machine)} (both root mean squares), in one cell"
        f" by {number(found.farthest)}. Two selectors that lie no farther apart are not told apart here.\n\n"
    )


def _names(file: Path, frozen: Results, cells: pd.DataFrame) -> tuple[str, str]:
    """Processors of both machines, from the file that ``infomotion compare`` writes beside the rows; else of
    the first, from its card.
    """
    beside = file.with_suffix(".json")
    if beside.is_file():
        told = json.loads(beside.read_text(encoding="utf-8"))
        return machine.in_words(told["frozen"]), machine.in_words(told["own"])
    told = machine.of_card(frozen.card("evaluation"))
    return (machine.in_words(told) if told.get("processor") and _is_frozen(frozen, cells) else ""), ""


def _is_frozen(frozen: Results, cells: pd.DataFrame) -> bool:
    """Whether the first machine's means are those that are frozen now: results may have been frozen anew
    since the comparison.
    """
    table1 = frozen.table("evaluation", "table1")
    if table1 is None:
        return False
    again = compare_tables(table1, table1).merge(cells, on=CELL, suffixes=("_now", ""))
    return len(again) == len(cells) and bool(np.allclose(again["frozen_mean_now"], again["frozen_mean"]))


def _runs(frozen: Results) -> int | None:
    """Runs of each cell of the frozen Table 1; None where they differ, or there is but one and so no
    spread.
    """
    table1 = frozen.table("evaluation", "table1")
    found = set() if table1 is None else set(table1.loc[table1["metric"] == "hard_accuracy", "n"])
    return int(found.pop()) if len(found) == 1 and max(found) > 1 else None
