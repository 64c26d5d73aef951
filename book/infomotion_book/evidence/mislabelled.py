"""Does choosing keep wrong labels out? Counted on what each selector picked in the world whose labels carry
noise.
"""

from __future__ import annotations

import pandas as pd

from infomotion_book.evidence.study import (
    COMMAND,
    LEVEL,
    MOTION,
    Evidence,
    Key,
    Row,
    below,
    key_of,
    signed,
    spanned,
)
from infomotion_book.evidence.tables import WHO
from infomotion_book.html import interval, number, probability
from infomotion_book.page_table import of_rows, page_table
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.results import records
from infomotion_lib.studies.selectors import comparison
from infomotion_lib.studies.selectors.arms import ARMS, RANDOM

ARM = "label_noise"


def picked(evidence: Evidence) -> str:
    """MyST text: the share of mislabelled videos among the picks of each selector, beside Random's of the
    same pools.
    """
    own = _picks(evidence)
    compared = _minus_random(own)
    if MOTION.key not in compared:
        return f"What is picked where labels carry noise has not been counted yet: `{COMMAND} --arm {ARM}`.\n"
    body = []
    for key, part in own.groupby(["method", "feature", "graph"], sort=False):
        row = dict(zip(("method", "feature", "graph"), key, strict=True))
        by_pool = part.groupby("pool")["share"].mean()
        low, high = comparison.t_interval(by_pool)
        wrong, of = int(part["mislabelled"].sum()), int(part["n_train"].sum())
        against = compared.get(key_of(row))
        paired = [spanned(against), probability(against["p_holm"])] if against else ["–", "–"]
        share = below(f"{number(by_pool.mean())} {interval(low, high)}")
        body.append([evidence.named(row, ARM), f"{wrong:,} of {of:,}", share, *paired])
    head = [WHO, "Mislabelled", "Share, %", "Minus Random", f"p, Holm ({len(compared)})"]
    notes = (
        f"Videos that a selector picked in {own['pool'].nunique()} pools, {evidence.smallest} a class, and"
        " how many of them carry a wrong label; Random draws several times a pool. Shares in percent and"
        f" differences in points, with 95 % intervals by t over pools.",
        explained(str(body)),
    )
    caption = f"Mislabelled videos among the picks where {ARMS[ARM].meaning}"
    shown = page_table(of_rows(head, body, caption=caption, notes=notes))
    return f"{_in_words(evidence, own, compared)}\n{shown}"


def _picks(evidence: Evidence) -> pd.DataFrame:
    """A row per chosen set of the smaller budget, with the ``share`` of its videos that are mislabelled,
    percent.
    """
    sets = evidence.tables.sets
    own = sets[(sets["arm"] == ARM) & (sets["vpc"] == evidence.smallest)]
    return own.assign(share=100 * own["mislabelled"] / own["n_train"])


def _minus_random(picks: pd.DataFrame) -> dict[Key, Row]:
    """Share of each configuration minus Random's, over the pools that have both; none with fewer than two
    pools.
    """
    if picks["pool"].nunique() < 2:
        return {}
    compared = comparison.compare(comparison.pool_differences(picks, metric="share"))
    return {key_of(row): row for row in records(compared)}


def _in_words(evidence: Evidence, picks: pd.DataFrame, compared: dict[Key, Row]) -> str:
    means = picks.groupby(["method", "feature", "graph"])["share"].mean()
    mine = compared[MOTION.key]
    fewer, more = (
        sum(row["p_holm"] < LEVEL and sign * row["difference"] < 0 for row in compared.values())
        for sign in (1, -1)
    )
    told = (
        f"{fewer or 'none'} of the {len(compared)} selectors picks fewer mislabelled videos than Random by"
        f" more than chance, and {more or 'none'} more"
    )
    verdict = "is borne out" if mine["p_holm"] < LEVEL and mine["difference"] < 0 else "is not shown"
    return (
        f"Of the videos that InfoMotion{evidence.mark(MOTION.key, ARM)} picks in this world"
        f" {number(means[MOTION.key])} % carry a wrong label, of Random's {number(means[RANDOM.key])} %; in"
        f" the same pools the difference is {signed(mine)} points. After Holm's correction {told}. That the"
        f" videos it takes are less often mislabelled {verdict} here."
    )
