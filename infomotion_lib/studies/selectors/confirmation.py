"""Screening on half of the pools, confirmation on the other half: the best of thirty is partly
lucky.

The rule was fixed before any row was looked at. Pools of even number screen, pools of odd number confirm; of
those better than Random in the screening the first :data:`MOST` of each budget are chosen; the paper's
methods and kernel herding are confirmed in any case.
"""

from __future__ import annotations

import pandas as pd

from infomotion_lib.studies.selectors.arms import CORE, RANDOM
from infomotion_lib.studies.selectors.comparison import LOWER_IS_BETTER, SAMPLES, compare
from infomotion_lib.studies.selectors.rows import CONFIGURATION

MOST = 3
ALWAYS = tuple(configuration.key for configuration in CORE if configuration != RANDOM)

_SHOWN = ("difference", "t_low", "t_high", "pools")


def screens(pool: int) -> bool:
    """Whether the pool of this number screens; the others confirm."""
    return pool % 2 == 0


def choose(differences: pd.DataFrame, *, metric: str = "hard_accuracy") -> pd.DataFrame:
    """Configurations to confirm, by the screening pools alone: configuration and ``chosen_by`` (``always`` or
    ``screening``).
    """
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    seen = differences[differences["pool"].map(screens).astype(bool)]
    means = (sign * seen.groupby(CONFIGURATION, sort=False)["difference"].mean()).reset_index()
    always = (
        means[["method", "feature", "graph"]].apply(tuple, axis=1).isin(ALWAYS)
        if len(means)
        else pd.Series(dtype=bool)
    )
    better = means[~always & (means["difference"] > 0)].sort_values(
        "difference", ascending=False, kind="stable"
    )
    winners = better.groupby("vpc", sort=False).head(MOST)
    chosen = [means[always].assign(chosen_by="always"), winners.assign(chosen_by="screening")]
    return pd.concat(chosen, ignore_index=True)[[*CONFIGURATION, "chosen_by"]]


def screen_and_confirm(
    differences: pd.DataFrame, *, metric: str = "hard_accuracy", samples: int = SAMPLES
) -> pd.DataFrame:
    """Screening and confirmation of every chosen configuration side by side, best confirmed first within a
    budget.

    Parameters
    ----------
    differences : DataFrame
        From :func:`~infomotion_lib.studies.selectors.comparison.pool_differences`, of the same metric.

    Returns
    -------
    DataFrame
        Configuration, ``chosen_by``; ``screening_difference, _t_low, _t_high, _pools``, and the same of
        ``confirmation``; ``effect_size, p, p_holm, p_bh, comparisons`` of the confirmation, corrected for the
        chosen ones only.
    """
    chosen = choose(differences, metric=metric)
    screening = differences["pool"].map(screens).astype(bool)
    halves = {}
    for name, part in (("screening", differences[screening]), ("confirmation", differences[~screening])):
        of_chosen = part.merge(chosen[CONFIGURATION], on=CONFIGURATION)
        halves[name] = compare(of_chosen, metric=metric, samples=samples)
    shown = {
        name: half.rename(columns={column: f"{name}_{column}" for column in _SHOWN})
        for name, half in halves.items()
    }
    first = shown["screening"][[*CONFIGURATION, *(f"screening_{column}" for column in _SHOWN)]]
    tests = ["pools_better", "effect_size", "p", "p_holm", "p_bh", "comparisons"]
    second = shown["confirmation"][[*CONFIGURATION, *(f"confirmation_{column}" for column in _SHOWN), *tests]]
    return second.merge(first, on=CONFIGURATION).merge(chosen, on=CONFIGURATION)
