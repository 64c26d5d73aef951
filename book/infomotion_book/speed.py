"""Measured times of the parts that a larger data set strains, beside the least that they could cost."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from infomotion_book.html import number, under
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.templates import line
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.results import records

COMMANDS = ("bench_selection.py", "bench_regressor.py")


def speed(folder: Path = FROZEN / "studies") -> str:
    """MyST block: seconds of each part and of its baseline in the same process; a line of text where nothing
    was measured.
    """
    files = sorted(folder.glob("speed_*.csv"))
    said = " and ".join(f"`python tests/benchmarks/{name}`" for name in COMMANDS)
    if not files:
        return f"Nothing has been timed yet: {said}.\n"
    measured = pd.concat([pd.read_csv(file) for file in files], ignore_index=True)
    rows = [
        [
            under(row["what"], f"against {row['baseline']}")
            if isinstance(row["baseline"], str)
            else row["what"],
            f"{row['size']:,} {row['unit']}",
            f"{number(1000 * row['seconds'])} ms"
            if row["seconds"] < 0.1
            else f"{number(row['seconds'], 2)} s",
            number(row["cpu_seconds"] / row["baseline_cpu"], 2),
            number(row["recall"], 3),
        ]
        for row in records(measured)
    ]
    processors = measured["processor"].drop_duplicates().tolist()
    note = line("measured.md.jinja", "speed", {"processors": processors})
    head = ["Part", "Size", "Time", "Ratio", "Recall"]
    return (
        page_table(of_rows(head, rows, caption="Measured speed", notes=(note,))) + f"Measure yours: {said}.\n"
    )
