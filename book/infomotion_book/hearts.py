"""What makes a small Latte draw hearts in minutes: the measured cases as a table."""

from __future__ import annotations

import pandas as pd

from infomotion_book.page_table import page_table
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.shown_table import ShownTable

TRIED = "latte_hearts.csv"
COLUMNS = {
    "case": "Case",
    "frame_distance": "Frames from VAL",
    "clip_distance": "Clips from VAL",
    "ef_correlation": "EF read, correlation with EF asked for",
    "cpu_seconds": "Seconds of a core",
}


def tried() -> pd.DataFrame | None:
    """A row per case, as ``tests/benchmarks/bench_latte_hearts.py`` writes it; None where it has not run."""
    file = FROZEN / "studies" / TRIED
    return pd.read_csv(file) if file.is_file() else None


def hearts_tried() -> str:
    """MyST block: these cases as a table; a line of text where there are none."""
    measured = tried()
    if measured is None:
        return (
            "What makes a small Latte draw hearts has not been measured on this page yet; measure it with "
            "`python tests/benchmarks/bench_latte_hearts.py runs/phantom/data out.csv`.\n"
        )
    shown = measured[[*COLUMNS]].round(2).rename(columns=COLUMNS)
    return page_table(ShownTable(shown, "What makes a small Latte draw hearts, by VAL clips"))
