"""Does choosing keep wrong labels out? Counted on the picks in the world whose labels carry noise."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from infomotion_book.evidence.study import MOTION, Evidence, Row, key_of
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
    sets = evidence.tables.sets
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


@dataclass(frozen=True)
class Picked:
    """Mislabelled videos among the picks, rows as :func:`mislabelled` has them: all, those ``compared`` with
    Random in the same pools, the paper's selector's and Random's; how many selectors pick ``fewer`` than
    Random and ``more``, after correction.
    """

    rows: list[Row]
    compared: list[Row]
    infomotion: Row
    random: Row
    fewer: int
    more: int

    @property
    def infomotion_picks_fewer(self) -> bool:
        """Whether InfoMotion picks fewer of them than Random by more than chance."""
        return bool(apart([self.infomotion], -1))


def picked(evidence: Evidence) -> Picked | None:
    """What each selector picked, against Random; None before InfoMotion can be compared."""
    rows = {key_of(row): row for row in records(mislabelled(evidence))}
    compared = {key: row for key, row in rows.items() if row["pools"] == row["pools"]}
    if MOTION.key not in compared:
        return None
    fewer, more = (len(apart(list(compared.values()), sign)) for sign in (-1, 1))
    return Picked(
        list(rows.values()), list(compared.values()), compared[MOTION.key], rows[RANDOM.key], fewer, more
    )
