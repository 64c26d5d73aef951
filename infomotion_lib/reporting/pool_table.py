"""``pools.csv`` for readers: a row per pool, and vectors by generator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.shown_table import ShownTable
from infomotion_lib.representations.registry import REPRESENTATIONS

METRICS = {"fid": "FID", "fvd": "FVD", "fed_frame": "Fréchet, frames", "fed_video": "Fréchet, clips"}


def pool_table(pools: pd.DataFrame, *, names: Mapping[str, str]) -> ShownTable:
    """A row per pool: fidelity with floor and ceiling, label kept, privacy.

    Parameters
    ----------
    pools : DataFrame
        ``pools.csv``, see :func:`infomotion_lib.evaluation.pool_table.pool_rows`.
    names : mapping
        Name of each pool for readers.
    """
    rows: list[dict[str, Any]] = []
    for row in pools.to_dict("records"):
        seen = row["privacy_filter"] != "none"
        told = {"pool": names[row["source"]], "clips": f"{row['n']:.0f}"}
        for kind in ("frames", "clips"):
            told[METRICS.get(row[f"{kind}_metric"], kind)] = _number(row[kind])
        told |= {
            "class kept": f"{row['same_class_percent']:.0f} %",
            "EF error, points": _number(row["ef_error"]),
            "nearest TRAIN clip": _beside(row["nearest_train"], row["nearest_train_real"]),
            "nearer than VAL clips": _percent(row["nearer_percent"]),
            "dropped by the filter": _percent(row["dropped_percent"]) if seen else "not filtered",
            "of VAL hearts": _percent(row["real_dropped_percent"]) if seen else "–",
        }
        rows.append(told)
    first = pools.iloc[0]
    bounds = "; ".join(
        f"{METRICS.get(first[f'{kind}_metric'], kind)}: {_number(first[f'{kind}_floor'])} for other"
        f" reference clips, {_number(first[f'{kind}_ceiling'])} for noise"
        for kind in ("frames", "clips")
    )
    notes = (
        f"{bounds}. Clips of all pools have one length and rate.",
        "Nearest TRAIN clip: median distance in the space of our frame network, in brackets that of VAL"
        " clips. Nearer than VAL clips: share of the pool nearer to a TRAIN clip than 95 % of VAL clips are.",
    )
    return ShownTable(pd.DataFrame(rows), "One row per pool", notes, keys=1)


def vectors_by_generator(cells: pd.DataFrame, *, names: Mapping[str, str]) -> ShownTable:
    """Vectors by generator: hard accuracy of central clips minus random ones', points.

    Parameters
    ----------
    cells : DataFrame
        From :func:`infomotion_lib.evaluation.pool_table.by_vectors`.
    """
    told = cells.assign(
        cell=[
            f"{value:+.1f}".replace("-", "−") + in_brackets([flag])
            for value, flag in zip(cells["difference"], cells["graph_flag"].astype(str), strict=True)
        ]
    )
    rows = []
    for vectors, part in told.groupby("vectors", sort=False):
        entry = REPRESENTATIONS.get(str(vectors))
        by_pool = part.drop_duplicates("source").set_index("source")["cell"]
        pools = {names[pool]: by_pool.get(pool, "–") for pool in dict.fromkeys(cells["source"])}
        rows.append({"vectors": entry.phrase if entry else str(vectors)} | pools)
    flags = explained(*cells["graph_flag"].astype(str)) if len(cells) else ""
    notes = (
        "Hard accuracy of networks trained on the central clips of communities, minus random clips of the"
        " same pool, percentage points; one pool of each generator, so no ranking can be read from it.",
        *([flags] if flags else []),
    )
    return ShownTable(pd.DataFrame(rows), "Vectors by generator", notes, keys=1)


def _number(value: float) -> str:
    if np.isnan(value):
        return "–"
    return f"{value:.{1 if value >= 10 else 2 if value >= 1 else 3}f}"


def _beside(value: float, real: float) -> str:
    return "–" if np.isnan(value) else f"{_number(value)} ({_number(real)})"


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.0f} %"
