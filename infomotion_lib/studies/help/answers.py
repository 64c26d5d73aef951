"""What the rows of the registered study allow to be said, by the rule that was registered.

A pool is the unit. All networks of an arm in a pool are averaged before anything is compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.intervals import holm, no_difference_p
from infomotion_lib.studies.help.registration import Registration

GATE_COLUMNS = ("world", "pools", "random", "oracle", "headroom", "low", "high", "passes", "enters")
ANSWER_COLUMNS = (
    *("world", "against", "pools", "difference", "low", "high", "p_value", "p_equivalent"),
    *("detectable", "detectable_first", "p_world", "p_holm", "p_equivalent_holm", "answer"),
)


def interval(differences: ArrayLike, *, confidence: float) -> tuple[float, float]:
    """Two-sided t interval of the mean over pools; nan twice with fewer than two."""
    value = np.asarray(differences, dtype=np.float64)
    if len(value) < 2:
        return float("nan"), float("nan")
    half = stats.t.ppf(0.5 + confidence / 2, len(value) - 1) * value.std(ddof=1) / np.sqrt(len(value))
    return float(value.mean() - half), float(value.mean() + half)


def equivalence_p(differences: ArrayLike, *, margin: float) -> float:
    """P-value of the hypothesis that the mean differs from 0 by ``margin`` or more: the larger of two
    one-sided t-tests (Schuirmann, 1987); nan with fewer than two values or no spread.
    """
    value = np.asarray(differences, dtype=np.float64)
    if len(value) < 2 or value.std() == 0:
        return float("nan")
    over = stats.ttest_1samp(value, -margin, alternative="greater").pvalue
    under = stats.ttest_1samp(value, margin, alternative="less").pvalue
    return float(max(over, under))


def detectable(differences: ArrayLike, *, level: float, power: float) -> float:
    """Smallest mean difference that a two-sided t-test at ``level`` finds with this power, given the spread
    over these pools; nan with fewer than two.
    """
    value = np.asarray(differences, dtype=np.float64)
    if len(value) < 2:
        return float("nan")
    free, error = len(value) - 1, float(value.std(ddof=1)) / np.sqrt(len(value))
    critical = stats.t.ppf(1 - level / 2, free)
    low, high = 0.0, 1.0
    while 1 - stats.nct.cdf(critical, free, high) < power:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - stats.nct.cdf(critical, free, middle) < power else (low, middle)
    return high * error


def gate_table(rows: pd.DataFrame, own: Registration) -> pd.DataFrame:
    """A row per world, of the rows of stage 0: ``world, pools, random, oracle`` (means), ``headroom`` with
    its interval, whether it ``passes`` the rule, and whether it ``enters`` stage 1 (the largest of those that
    pass).
    """
    rule, metric = own.content["stage_0"], own.content["stage_1"]["metric"]
    found = []
    for world in own.worlds:
        arms = by_pool(rows, rule, world=world, metric=metric, arms=("random", "oracle"))
        difference = arms["oracle"] - arms["random"]
        low, high = interval(difference, confidence=rule["confidence"])
        mean = float(difference.mean()) if len(difference) else float("nan")
        whole = len(difference) == len(rule["seeds"])  # no look before the last pool
        passes = bool(whole and mean >= rule["least_mean"] and low > rule["low_above"])
        found.append(
            (world, len(difference), arms["random"].mean(), arms["oracle"].mean(), mean, low, high, passes)
        )
    table = pd.DataFrame(found, columns=list(GATE_COLUMNS[:-1]))
    finished = bool((table["pools"] == len(rule["seeds"])).all())
    first = table[table["passes"]].nlargest(rule["most_worlds"], "headroom").index
    return table.assign(enters=table.index.isin(first) & finished)[list(GATE_COLUMNS)]


def answer_table(rows: pd.DataFrame, worlds: list[str], own: Registration) -> pd.DataFrame:
    """A row per world and rival of stage 1, with the world's ``answer``: ``beats``, ``equivalent``,
    ``undecided``, or ``not all pools``.

    ``beats``: better than every rival, the larger of their p-values under the level after Holm's correction
    over the worlds. ``equivalent``: the larger p-value of the equivalence tests under the level after the
    same correction. ``undecided`` says that the experiment was too small for either: ``detectable`` and
    ``detectable_first`` are the smallest differences that these pools show with the registered power, without
    correction and at the first step of Holm's.

    Parameters
    ----------
    rows : DataFrame
        Of stage 1, one per network.
    worlds : list of str
        Those that entered.

    Raises
    ------
    DataError
        If no world is named.
    """
    if not worlds:
        raise DataError("No world passed the gate: that is the finding, and nothing is compared.")
    rule = own.content["stage_1"]
    found = []
    for world in worlds:
        arms = by_pool(
            rows, rule, world=world, metric=rule["metric"], arms=(rule["tested"], *rule["against"])
        )
        for rival in rule["against"]:
            difference = arms[rule["tested"]] - arms[rival]
            low, high = interval(difference, confidence=1 - rule["level"])
            mean = float(difference.mean()) if len(difference) else float("nan")
            found.append(
                (
                    *(world, rival, len(difference), mean, low, high, no_difference_p(difference)),
                    equivalence_p(difference, margin=rule["equivalence_margin"]),
                    detectable(difference, level=rule["level"], power=rule["power"]),
                    detectable(difference, level=rule["level"] / len(worlds), power=rule["power"]),
                )
            )
    table = pd.DataFrame(found, columns=list(ANSWER_COLUMNS[:10]))
    beaten = table["p_value"].where(table["difference"] > 0, 1.0).fillna(1.0)
    by_world = pd.DataFrame(
        {
            "p_world": beaten.groupby(table["world"], sort=False).max(),
            "equivalent": table["p_equivalent"].fillna(1.0).groupby(table["world"], sort=False).max(),
            "pools": table.groupby("world", sort=False)["pools"].min(),
        }
    )
    by_world["p_holm"], by_world["p_equivalent_holm"] = (
        holm(by_world["p_world"]),
        holm(by_world["equivalent"]),
    )
    by_world["answer"] = "undecided"
    by_world.loc[by_world["p_equivalent_holm"] < rule["level"], "answer"] = "equivalent"
    by_world.loc[by_world["p_holm"] < rule["level"], "answer"] = "beats"
    if (by_world["pools"] < rule["pools"]).any():
        by_world["answer"] = "not all pools"
    columns = ["p_world", "p_holm", "p_equivalent_holm", "answer"]
    return table.join(by_world[columns], on="world")[list(ANSWER_COLUMNS)]


def by_pool(
    rows: pd.DataFrame, rule: Mapping[str, Any], *, world: str, metric: str, arms: tuple[str, ...]
) -> pd.DataFrame:
    """Mean of each arm in each pool that has all its networks of these arms, by pool.

    Parameters
    ----------
    rows : DataFrame
        Of one stage.
    rule : mapping
        The stage as registered; ``sets`` says how many networks of each arm a pool has.
    """
    if rows.empty:
        return pd.DataFrame(columns=list(arms), dtype=float)
    used = rows[(rows["world"] == world) & rows["arm"].isin(arms)]
    counts = used.pivot_table(index="pool", columns="arm", values="draw", aggfunc="nunique")
    counts = counts.reindex(columns=list(arms))
    whole = counts.index[(counts == pd.Series({arm: rule["sets"][arm] for arm in arms})).all(axis=1)]
    means = used.pivot_table(index="pool", columns="arm", values=metric, aggfunc="mean")
    return means.reindex(index=whole, columns=list(arms))
