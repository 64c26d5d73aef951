"""Infomap's communities on two C++ libraries, by the number of trials: the measured table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from infomotion_book.html import again, number
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.templates import line, part
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.results import records

COMMAND = "python tests/benchmarks/bench_platforms.py --run runs/phantom"


def measured(folder: Path = FROZEN / "studies") -> pd.DataFrame | None:
    """Rows of the measurement; None where it has not been made."""
    file = folder / "infomap_platforms.csv"
    return pd.read_csv(file) if file.is_file() else None


def platforms(folder: Path = FROZEN / "studies") -> str:
    """MyST block of these rows; a line of text where there are none."""
    table = measured(folder)
    if table is None:
        return part("measured.md.jinja", "missing", {"what": "This", "command": COMMAND})
    rows = [
        [
            f"{row['graphs']}, {_nodes(row)} videos",
            row["trials"],
            f"{row['equal']} of {row['tried']}",
            number(row["overlap"], 2),
            number(1000 * row["seconds"], 0),
        ]
        for row in records(table)
    ]
    notes = (
        line("measured.md.jinja", "platforms"),
        again(COMMAND),
    )
    head = ["Graphs", "Trials", "Equal", "Picks", "ms"]
    caption = "Infomap on two C++ libraries, by trials"
    return page_table(of_rows(head, rows, caption=caption, notes=notes), grouped=True)


def _nodes(row: dict[str, int]) -> str:
    few, many = row["fewest_nodes"], row["most_nodes"]
    return str(few) if few == many else f"{few} to {many}"
