"""Which generator should the pool come from? Values, clips and tables of that page, from the runs that have
several pools.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from infomotion_book import filter_study
from infomotion_book.html import figure, note
from infomotion_book.notebooks import card_link
from infomotion_book.page_table import page_table
from infomotion_lib.evaluation.pool_table import by_vectors, community_selectors, pool_rows
from infomotion_lib.frozen import ABLATION_LOOPS
from infomotion_lib.generators.privacy.record import PLANTED, roc_areas
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.generators.spacetime.released_order import own_conditions, stored_ef
from infomotion_lib.reporting.pool_table import pool_table, vectors_by_generator
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import alt_text
from infomotion_lib.reporting.table2 import short_names
from infomotion_lib.stage_table import pool_stage

STAGE = "ablation"
COMMAND = "infomotion run all --profile phantom-beyond"
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
    results = results_with_pools(shown)
    rows = compared(results) if results else pd.DataFrame()
    told = {"generators_released": _released(), "generators_filter_study": filter_study.fragment()}
    if results is None or rows.empty:
        missing = f"No run with several pools is frozen: `{COMMAND}`.\n"
        empty = {f"generators_{name}": "" for name in ("clips", "vectors", "filter")}
        return told | empty | {"generators_table": missing}
    synthetic = str(results.parameters.get("synthetic_data", "none"))
    names = short_names(real=results.real_data, synthetic=synthetic, called=results.called)
    return told | {
        "generators_clips": _clips(results) + _missing(results),
        "generators_table": page_table(pool_table(rows, names=names))
        + note(card_link(results, STAGE, "How this table was made")),
        "generators_vectors": _vectors(results, names),
        "generators_filter": _filter(results),
    }


def _clips(results: Results) -> str:
    file = results.folder(STAGE) / "figures" / ABLATION_LOOPS
    if not file.is_file():
        return ""
    url = f"results/{results.profile}/{results.place(STAGE)}/figures/{file.name}"
    return figure(url, alt_text(file), below=f"Profile {results.profile}, as they came.")


def _missing(results: Results) -> str:
    absent = [GENERATORS[name].label for name in not_drawn(results)]
    if not absent:
        return ""
    return note(f"Not drawn in any frozen run yet: {', '.join(absent)}.")


def _vectors(results: Results, names: dict[str, str]) -> str:
    summary = results.table(STAGE, "summary")
    if summary is None:
        return ""
    summary["graph_flag"] = summary["graph_flag"].fillna("") if "graph_flag" in summary else ""
    cells = by_vectors(summary, vectors=community_selectors(summary["method"]))
    return page_table(vectors_by_generator(cells, names=names)) if len(cells) else ""


def _filter(results: Results) -> str:
    tried = filter_tried(results)
    if tried.empty:
        return "No pool of a frozen run has passed the filter yet: what it catches is not shown here.\n"
    *copies, others = tried.to_dict("records")
    caught = "; ".join(
        f"{row['kind']}: {100 * row['caught']:.0f} % caught, AUC {row['auc']:.2f}" for row in copies
    )
    return (
        f"Training hearts were planted among others to try it. {caught[0].upper()}{caught[1:]}. Of real"
        f" hearts that nobody has copied it would leave out {100 * others['caught']:.0f} %: that is its"
        " price.\n"
    )


def _released() -> str:
    said = released()
    lower = ", ".join(f"{asked} as {stored}" for asked, stored in said["stored_lower"])
    return (
        "- **The order of windows.** A long video is drawn in windows that overlap. Where several long videos"
        " are drawn at once, the published code lists windows in one order and the EF that they are told in"
        f" another: at the settings of its README, {said['videos']} videos of {said['frames']} frames, only"
        f" {said['own']} of {said['windows']} windows are told the EF of their own video. Our sampler tells"
        " every window its own; a test holds both orders against outputs of the published code. It matters"
        " only if the public pool was drawn in such batches, **which nobody outside can know**: one video at"
        " a time, or one window each, is not touched. If it was, it would explain why labels must be measured"
        " again, as the paper and the README of the pool both advise.\n"
        f"- **EF cut off.** The published sampler stores whole numbers by cutting: {lower}. Labels measured"
        " again are not touched by it.\n"
    )
