"""Does choosing keep wrong labels out? Counted on the picks in the world whose labels carry noise."""

from __future__ import annotations

from typing import Any

import pandas as pd

from infomotion_book.evidence.study import MOTION, Evidence, key_of
from infomotion_book.evidence.values import apart
from infomotion_lib.reporting.results import records
from infomotion_lib.studies.selectors import comparison
from infomotion_lib.studies.selectors.arms import RANDOM

ARM = "label_noise"
KEY = ["method", "feature", "graph"]


def mislabelled(evidence: Evidence) -> pd.DataFrame:
    """What each selector picked in the world of noisy labels, smaller budget: how many videos (``of``), how
    many of them with a ``wrong`` label, their ``share`` in percent over pools with its interval, and this
    share minus Random's of the same pools; empty with fewer than two pools.
    """
    sets = evidence.changed.sets
    own = sets[(sets["arm"] == ARM) & (sets["vpc"] == evidence.smallest)]
    own = own.assign(share=100 * own["mislabelled"] / own["n_train"])
    if own["pool"].nunique() < 2:
        return pd.DataFrame()
    rows = []
    for key, part in own.groupby(KEY, sort=False):
        by_pool = part.groupby("pool")["share"].mean()
        wrong, of = int(part["mislabelled"].sum()), int(part["n_train"].sum())
        rows.append((*key, wrong, of, by_pool.mean(), *comparison.t_interval(by_pool)))
    found = pd.DataFrame(rows, columns=[*KEY, "wrong", "of", "share", "share_low", "share_high"])
    compared = comparison.compare(comparison.pool_differences(own, metric="share"))
    return found.merge(compared, how="left", on=KEY)


def picked(evidence: Evidence) -> dict[str, Any] | None:
    """Mislabelled videos among the picks, as :func:`mislabelled` counts them; None before InfoMotion can be
    compared.

    All ``rows``; those ``compared`` with Random in the same pools; the paper's selector (``infomotion``) and
    ``random``; how many selectors pick ``fewer`` than Random and ``more``, after correction, and whether
    ``infomotion_picks_fewer``.
    """
    rows = {key_of(row): row for row in records(mislabelled(evidence))}
    compared = {key: row for key, row in rows.items() if row["pools"] == row["pools"]}
    if MOTION.key not in compared:
        return None
    fewer, more = (apart(list(compared.values()), sign) for sign in (-1, 1))
    return {
        "rows": list(rows.values()),
        "compared": list(compared.values()),
        "infomotion": compared[MOTION.key],
        "random": rows[RANDOM.key],
        "fewer": len(fewer),
        "more": len(more),
        "infomotion_picks_fewer": compared[MOTION.key] in fewer,
    }
