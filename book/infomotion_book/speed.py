"""Measured times of the parts that a larger data set strains, beside the least that they could cost."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.html import block, number, table
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
            f"{escape(row['what'])}{_against(row)}",
            f"{row['size']:,} {row['unit']}",
            _seconds(row["seconds"]),
            number(row["cpu_seconds"] / row["baseline_cpu"], 2),
            number(row["recall"], 3),
        ]
        for row in records(measured)
    ]
    note = (
        f"On {escape(' and '.join(measured['processor'].drop_duplicates()))}, one thread. Ratio: processor"
        " time over that of the baseline below the name, timed in the same process. Recall: share of the"
        " true neighbours that the search finds, measured on a sample."
    )
    head = ["Part", "Size", "Time", "Ratio", "Recall"]
    return (
        block(table(head, rows, caption="Measured speed", numeric_from=1, note=note))
        + f"Measure yours: {said}.\n"
    )


def _against(row: dict[str, Any]) -> str:
    return (
        f'<span class="im-under">against {escape(row["baseline"])}</span>'
        if isinstance(row["baseline"], str)
        else ""
    )


def _seconds(value: float) -> str:
    return f"{number(1000 * value)} ms" if value < 0.1 else f"{number(value, 2)} s"
