"""What makes a small Latte draw hearts in minutes: the measured cases as a table."""

from __future__ import annotations

import pandas as pd

from infomotion_book.page_table import page_table
from infomotion_book.templates import part
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.shown_table import ShownTable

TRIED = "latte_hearts.csv"
COMMAND = "python tests/benchmarks/bench_latte_hearts.py runs/phantom/data out.csv"
COLUMNS = {
    "case": "Case",
    "frame_distance": "Frames from VAL",
    "clip_distance": "Clips from VAL",
    "ef_correlation": "Correlation of requested and measured EF",
    "cpu_seconds": "CPU seconds",
}


def tried() -> pd.DataFrame | None:
    """A row per case, as ``tests/benchmarks/bench_latte_hearts.py`` writes it; None where it has not run."""
    file = FROZEN / "studies" / TRIED
    return pd.read_csv(file) if file.is_file() else None


def hearts_tried() -> str:
    """MyST block: these cases as a table; a line of text where there are none."""
    measured = tried()
    if measured is None:
        return part("measured.md.jinja", "missing", {"what": "This table", "command": COMMAND})
    shown = measured[[*COLUMNS]].round(2).rename(columns=COLUMNS)
    return page_table(ShownTable(shown, "What makes a small Latte draw hearts, by VAL clips"))
