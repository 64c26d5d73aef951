"""Measured times of the parts that a larger data set strains, beside the least that they could cost."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pandas as pd

from infomotion_lib.reporting.book.html import block, number, table
from infomotion_lib.reporting.results import FROZEN, records

COMMANDS = ("bench_selection.py", "bench_regressor.py")


def speed(folder: Path = FROZEN / "studies") -> str:
    """MyST block: seconds of each part and of its baseline in the same process; a line of text where nothing was measured."""
    files = sorted(folder.glob("speed_*.csv"))
    said = " and ".join(f"`python tests/benchmarks/{name}`" for name in COMMANDS)
    if not files:
        return f"Nothing has been timed yet: {said}.\n"
    measured = pd.concat([pd.read_csv(file, keep_default_na=False, na_values={"baseline_cpu": [""]}) for file in files], ignore_index=True)
    rows = [
        [
            f'{escape(row["what"])}<span class="im-under">{escape(row["note"])}</span>',
            f"{row['size']:,} {row['unit']}",
            _seconds(row["seconds"]),
            _seconds(row["cpu_seconds"]),
            f"{number(row['cpu_seconds'] / row['baseline_cpu'], 2)} × {escape(row['baseline'])}" if row["baseline"] else "–",
        ]
        for row in records(measured)
    ]
    note = (
        f"On {escape(' and '.join(measured['processor'].drop_duplicates()))}, two cores at most. Processor time adds up all threads; the "
        "last column is its ratio to that of the baseline, timed in the same process. A k-NN graph searched by cells is approximate; its "
        "recall is measured on a sample."
    )
    head = ["Part", "Size", "Clock", "Processor", "Ratio"]
    return block(table(head, rows, caption="Measured speed", numeric_from=1, note=note)) + f"Measure yours: {said}.\n"


def _seconds(value: float) -> str:
    return f"{number(1000 * value)} ms" if value < 0.1 else f"{number(value, 2)} s"
