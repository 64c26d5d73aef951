"""How sure a mean is: intervals by bootstrap over runs, or over pools where there are several, paired
differences, multiplicity.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import spearmanr, ttest_1samp

from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.metrics import METRICS
from infomotion_lib.keys import CELL

TABLE_COLUMNS = [*CELL, "metric", "mean", "sd", "n", "ci_low", "ci_high"]


def bootstrap_interval(
    values: ArrayLike, *, clusters: ArrayLike | None = None, samples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval of the mean, resampling clusters (pools) whole; single runs where there is one
    pool.

    With one pool the interval covers training and selection seeds only: another pool may differ by more
    (about 10 accuracy points on the phantom). NaN twice with fewer than two units to resample.

    Parameters
    ----------
    values : array_like, shape (N,)
        One value per run; NaNs are left out.
    clusters : array_like, shape (N,), optional
        Pool of each run.
    """
    value = np.asarray(values, dtype=np.float64)
    label = (
        np.arange(len(value))
        if clusters is None or len(np.unique(np.asarray(clusters))) == 1
        else np.asarray(clusters)
    )
    keep = np.isfinite(value)
    value, label = value[keep], label[keep]
    names, member = np.unique(label, return_inverse=True)
    if len(names) < 2:
        return float("nan"), float("nan")
    total = np.bincount(member, weights=value)
    count = np.bincount(member)
    drawn = np.random.default_rng(seed).integers(len(names), size=(samples, len(names)))
    means = total[drawn].sum(1) / count[drawn].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def rank_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Spearman's rho; NaN where one of the two does not vary."""
    return float(spearmanr(a, b).statistic) if np.ptp(a) > 0 and np.ptp(b) > 0 else float("nan")


def rank_interval(
    a: NDArray[np.float64], b: NDArray[np.float64], *, samples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval of :func:`rank_correlation`, resampling pairs; NaN twice where it has none."""
    rng = np.random.default_rng(seed)
    drawn = [rng.integers(len(a), size=len(a)) for _ in range(samples)]
    rho = np.array([rank_correlation(a[index], b[index]) for index in drawn])
    known = rho[np.isfinite(rho)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (np.nan, np.nan)
    return float(low), float(high)


def summarise(runs: pd.DataFrame, *, metrics: Sequence[str] = METRICS, samples: int = 2000) -> pd.DataFrame:
    """Rows of ``table1.csv``: mean, population standard deviation, n and 95 % interval of each metric in each
    cell.

    Parameters
    ----------
    runs : DataFrame
        One row per run, with the columns of :data:`CELL`, ``pool`` and the metrics.
    """
    missing = [name for name in (*CELL, "pool", *metrics) if name not in runs]
    if missing:
        raise DataError(f"The table of runs has no column {', '.join(missing)}.")
    rows = []
    for cell, group in runs.groupby(CELL, sort=False, dropna=False):
        for metric in metrics:
            values = group[metric].to_numpy(dtype=np.float64)
            finite = values[np.isfinite(values)]
            low, high = bootstrap_interval(values, clusters=group["pool"].to_numpy(), samples=samples)
            mean, sd = (finite.mean(), finite.std()) if len(finite) else (np.nan, np.nan)
            rows.append((*cell, metric, mean, sd, len(finite), low, high))
    return pd.DataFrame(rows, columns=TABLE_COLUMNS)


def paired_differences(
    runs: pd.DataFrame, *, metric: str = "hard_accuracy", reference: str = "random", samples: int = 2000
) -> pd.DataFrame:
    """Each method minus the reference on the same pool, source, VPC and training seed.

    Columns: :data:`CELL`, ``metric``, ``difference`` (mean), ``ci_low``, ``ci_high`` (over pools, or runs of
    one pool), ``effect_size`` (mean over the sample standard deviation of the paired differences, Cohen's
    d_z), ``n_pairs``, ``pools_better``, ``n_pools``, ``p_value`` (of no difference; see
    :func:`no_difference_p`), ``p_holm`` (the same corrected for all rows of this table by :func:`holm`),
    ``n_comparisons`` (how many those are). Several reference runs of one pair (more draws) are averaged
    first.
    """
    pair = ["source", "vpc", "pool", "training_seed"]
    base = runs[runs["method"] == reference].groupby(pair)[metric].mean().rename("reference")
    if base.empty:
        raise DataError(f"No run of the reference method {reference} to compare with.")
    others = (
        runs[~runs["method"].isin([reference, "whole"])]
        .groupby([*CELL, "pool", "training_seed"], sort=False)[metric]
        .mean()
        .reset_index()
    )
    joined = others.merge(base.reset_index(), on=pair)
    joined["difference"] = joined[metric] - joined["reference"]
    rows = []
    for cell, group in joined.groupby(CELL, sort=False):
        difference: NDArray[np.float64] = group["difference"].to_numpy(dtype=np.float64)
        spread = difference.std(ddof=1) if len(difference) > 1 else np.nan
        by_pool = group.groupby("pool")["difference"].mean()
        low, high = bootstrap_interval(difference, clusters=group["pool"].to_numpy(), samples=samples)
        effect = difference.mean() / spread if spread > 0 else np.nan
        p_value = no_difference_p(by_pool if len(by_pool) > 1 else difference)
        counts = (len(difference), int((by_pool > 0).sum()), len(by_pool))
        rows.append((*cell, metric, difference.mean(), low, high, effect, *counts, p_value))
    columns = [
        *CELL,
        "metric",
        "difference",
        "ci_low",
        "ci_high",
        "effect_size",
        "n_pairs",
        "pools_better",
        "n_pools",
        "p_value",
    ]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_holm=holm(table["p_value"]), n_comparisons=int(table["p_value"].notna().sum()))


def no_difference_p(differences: ArrayLike) -> float:
    """Two-sided p-value of the hypothesis that the mean difference is 0, by a t-test over units: pools, or
    runs where there is one pool.

    NaN with fewer than two units, or with no spread among them.
    """
    value = np.asarray(differences, dtype=np.float64)
    if len(value) < 2 or value.std() == 0:
        return float("nan")
    return float(ttest_1samp(value, 0.0).pvalue)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """P-values corrected for being several, by Holm's step-down rule (1979); NaNs stay and do not count.

    The smallest of m is multiplied by m, the next by m - 1 and so on, none may fall below the one before, and
    1 is the most. Calling those below 0.05 real is wrong about any of the m in at most one table of twenty,
    however the tests depend on each other.

    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    corrected = np.full(p.shape, np.nan)
    order = np.argsort(p, kind="stable")[: int(np.isfinite(p).sum())]  # NaNs are sorted to the end
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1.0)
    return corrected
