"""Which generator should the pool come from? Values, clips and tables, from the runs with several pools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from infomotion_book import filter_study
from infomotion_book.addresses import saved_figures
from infomotion_book.page_table import page_table
from infomotion_book.templates import parts
from infomotion_lib.evaluation.pool_table import by_vectors, community_selectors, pool_rows
from infomotion_lib.frozen import ABLATION_LOOPS
from infomotion_lib.generators.privacy.record import PLANTED, roc_areas
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.generators.spacetime.released_order import own_conditions, stored_ef
from infomotion_lib.reporting.pool_table import pool_table, vectors_by_generator
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.table2 import short_names
from infomotion_lib.stage_table import pool_stage

STAGE, STILL = "ablation", "generators-still.webp"
PUBLISHED_BATCH, PUBLISHED_FRAMES, PUBLISHED_WINDOW = 8, 192, 64
"""Videos at once, their frames and the frames of a window, as the published README draws them."""

PUBLISHED_EF = range(10, 91)
"""EF that the published sampler asks for, points."""


def results_with_pools(shown: list[Results]) -> Results | None:
    """The run on phantoms with most pools; None if no run has two."""
    phantoms = [results for results in shown if results.is_phantom]
    most = max(phantoms, key=lambda results: len(pools_of(results)), default=None)
    return most if most is not None and len(pools_of(most)) > 1 else None


def pools_of(results: Results) -> list[str]:
    """Generators whose pools a run has compared."""
    table = results.table(STAGE, "conditioning")
    return [] if table is None else [name for name in table["source"] if name in GENERATORS]


def compared(results: Results) -> pd.DataFrame:
    """``pools.csv`` of a run; of one that was frozen before there was this table, what its others give."""
    written = results.table(STAGE, "pools")
    if written is not None:
        return written
    labels, held, far = (results.table(STAGE, name) for name in ("pool_labels", "conditioning", "fidelity"))
    if held is None or far is None:
        return pd.DataFrame()
    labels = pd.DataFrame(columns=["source", "requested_ef", "ef"]) if labels is None else labels
    unknown = pd.DataFrame(columns=["source", "n", "nearest_train", "nearest_train_real", "nearer_percent"])
    return pool_rows(labels, held, far, unknown, {})


def not_drawn(results: Results | None) -> list[str]:
    """Generators of the house that the run has no pool of."""
    drawn = pools_of(results) if results else []
    return [name for name in GENERATORS if name not in drawn]


def filter_tried(results: Results) -> pd.DataFrame:
    """Of each kind of planted heart ``kind, n, auc, caught``, over all pools of a run that were filtered."""
    tables = [results.table(pool_stage(name), PLANTED.removesuffix(".csv")) for name in pools_of(results)]
    known = [table for table in tables if table is not None]
    return roc_areas(known[0]) if known else pd.DataFrame()  # one network taught on the same TRAIN videos


def released() -> dict[str, Any]:
    """What the published sampler does at its README's settings: windows, those with their own EF, and the EF
    that are stored as another.
    """
    hop = PUBLISHED_WINDOW // 2
    windows = (PUBLISHED_FRAMES - PUBLISHED_WINDOW) // hop + 1
    own = own_conditions(PUBLISHED_BATCH, windows)
    return {
        "videos": PUBLISHED_BATCH,
        "frames": PUBLISHED_FRAMES,
        "windows": int(own.size),
        "own": int(own.sum()),
        "stored_lower": [(ef, stored_ef(ef)) for ef in PUBLISHED_EF if stored_ef(ef) != ef],
    }


def fragments(shown: list[Results]) -> dict[str, str]:
    """The generated parts of the page, by name."""
    return parts("generators.md.jinja", page_values(shown))


def page_values(shown: list[Results]) -> dict[str, Any]:
    """All that the page speaks of; ``rows`` are none where no run has several pools."""
    results = results_with_pools(shown)
    rows = compared(results) if results else pd.DataFrame()
    known = released() | {
        "rows": len(rows),
        "study": filter_study.find_values(),
        "study_picture": filter_study.FIGURE,
    }
    if results is None or rows.empty:
        return known
    synthetic = str(results.parameters.get("synthetic_data", "none"))
    names = short_names(real=results.real_data, synthetic=synthetic, called=results.called)
    return known | {
        "results": results,
        "clips": next(iter(saved_figures(results, STAGE, [ABLATION_LOOPS])), None),
        "still": f"_static/figures/{STILL}",
        "absent": [GENERATORS[name].label for name in not_drawn(results)],
        "pools_table": page_table(pool_table(rows, names=names)),
        "vectors_table": _vectors(results, names),
        "planted": filter_tried(results).to_dict("records"),
    }


def write_still(target: Path, shown: list[Results]) -> Path | None:
    """First frame of the loops, which the page shows until they are asked to beat; they weigh twelve times as
    much.
    """
    results = results_with_pools(shown)
    file = results.folder(STAGE) / "figures" / ABLATION_LOOPS if results else None
    if file is None or not file.is_file():
        return None
    with Image.open(file) as loops:
        loops.convert("RGB").save(target / STILL, quality=80, method=6)
    return target / STILL


def _vectors(results: Results, names: dict[str, str]) -> str:
    summary = results.table(STAGE, "summary")
    if summary is None:
        return ""
    summary["graph_flag"] = summary["graph_flag"].fillna("") if "graph_flag" in summary else ""
    cells = by_vectors(summary, vectors=community_selectors(summary["method"]))
    return page_table(vectors_by_generator(cells, names=names)) if len(cells) else ""
