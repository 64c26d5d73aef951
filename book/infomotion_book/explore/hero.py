"""The hearts of the first page: a row per EF class, InfoMotion's picks among hearts that it left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from infomotion_book.explore.wall import drawn_videos, first_picks, joined, loop_of, write_loop
from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.data.video import resize_clip
from infomotion_lib.reporting.results import Results

COLUMNS = 10
SIDE = 56
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
        hearts = [resize_clip(loop_of(videos / f"{name}.avi"), SIDE) for name in names]
        rows.append(joined(hearts, axis=2))
    width = max(row.shape[2] for row in rows)
    full = [np.pad(row, ((0, 0), (0, 0), (0, width - row.shape[2])), constant_values=128) for row in rows]
    write_loop(joined(full, axis=1), folder / "hearts.webp", quality=QUALITY)
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
