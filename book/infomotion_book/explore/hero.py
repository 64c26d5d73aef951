"""The hearts of the first page: a row per EF class, InfoMotion's picks among hearts that it left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from infomotion_book.explore.wall import drawn_videos, first_picks, loop_of, write_loop
from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.data.video import resize_clip
from infomotion_lib.reporting.results import Results

COLUMNS = 10
SIDE, GAP = 56, 4
QUALITY = 20


def write_hero(results: Results, folder: Path) -> dict[str, Any] | None:
    """What the first page shows of a run, as one mapping; the hearts are written into ``folder``. None unless
    the run has drawn hearts and picks.

    ``rows`` (class names), ``columns``, ``picked`` (row and column of each pick, class by class, in order of
    its rank), ``candidates`` and ``kept`` (how many hearts the run chose from, and how many it kept).
    """
    videos, own = drawn_videos(results), first_picks(results)
    index = results.table("frame_index", "frame_index")
    if videos is None or own is None or index is None:
        return None
    train = index[(index["source"] == "real") & (index["split"] == "TRAIN")]
    shown = [name for name in CLASS_NAMES if (own["class_name"] == name).any()]
    if not shown:
        return None
    rows, picked = [], []
    for row, class_name in enumerate(shown):
        kept = own.loc[own["class_name"] == class_name, "file_name"].tolist()[:COLUMNS]
        others = [
            name for name in train.loc[train["class_name"] == class_name, "file_name"] if name not in kept
        ]
        names = _mixed(kept, others[: COLUMNS - len(kept)], seed=row)
        picked += [[row, names.index(name)] for name in kept]
        rows.append(_row([videos / f"{name}.avi" for name in names]))
    write_loop(_stacked(rows), folder / "hearts.webp", quality=QUALITY)
    return {
        "rows": shown,
        "columns": COLUMNS,
        "picked": picked,
        "candidates": int(train["class_name"].isin(shown).sum()),
        "kept": len(own),
    }


def _mixed(kept: list[str], others: list[str], *, seed: int) -> list[str]:
    """Both lists in one random order, so that picks do not come first."""
    names = kept + others
    return [names[k] for k in np.random.default_rng(seed).permutation(len(names))]


def _row(files: list[Path]) -> np.ndarray:
    """Loops side by side, shape (T, SIDE, width), grey between them."""
    loops = [resize_clip(loop_of(file), SIDE) for file in files]
    gap = np.full((len(loops[0]), SIDE, GAP), 128, np.uint8)
    return np.concatenate([part for loop in loops for part in (loop, gap)][:-1], axis=2)


def _stacked(rows: list[np.ndarray]) -> np.ndarray:
    width = max(row.shape[2] for row in rows)
    full = [np.pad(row, ((0, 0), (0, 0), (0, width - row.shape[2])), constant_values=128) for row in rows]
    gap = np.full((len(full[0]), GAP, width), 128, np.uint8)
    return np.concatenate([part for row in full for part in (row, gap)][:-1], axis=1)
