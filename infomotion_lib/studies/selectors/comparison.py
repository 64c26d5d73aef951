"""What the rows allow to be said: means, paired differences from Random over pools, and how many comparisons
were made.

A pool is the unit. Networks of one pool share its hearts and its TEST videos, so they are averaged first;
intervals and tests are over pools. Selecting without chance gives one set per pool, and no number of networks
makes two of it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from infomotion_lib.evaluation.intervals import bootstrap_interval, holm, no_difference_p
from infomotion_lib.phantom.nuisance import MACHINES
from infomotion_lib.studies.selectors.arms import MAIN, RANDOM, WHOLE, Configuration
from infomotion_lib.studies.selectors.rows import CONFIGURATION, NETWORKS, Tables

METRICS = ("hard_accuracy", "soft_accuracy", "balanced_accuracy", "mae")
LOWER_IS_BETTER = ("mae", "rmse")
LEVEL = 0.95
SAMPLES = 10_000


def scored_sets(tables: Tables, *, arm: str = MAIN) -> pd.DataFrame:
    """A row per set and training seed: configuration, ``pool``, ``draw``, ``training_seed``, flags of the
    graphs, every metric.

    A set that several configurations chose stands once for each. Only what is whole is kept: a configuration
    enters with a pool once all its draws and training seeds there are trained.
    """
    if tables.sets.empty or tables.networks.empty:
        return pd.DataFrame(columns=[*CONFIGURATION, "pool", "draw", "training_seed", *METRICS])
    sets = tables.sets[tables.sets["arm"] == arm].drop(
        columns=["settings", NETWORKS, "planned", "videos", "n_train"]
    )
    seeds = np.where(
        sets["method"] == WHOLE, tables.settings["study_whole_seeds"], tables.settings["study_training_seeds"]
    )
    cell = ["pool", *CONFIGURATION]
    wanted = sets.assign(wanted=seeds).groupby(cell, sort=False)["wanted"].sum().rename("wanted")
    networks = tables.networks[tables.networks["arm"] == arm].drop(columns=["arm", "settings", NETWORKS])
    joined = sets.drop(columns="arm").merge(networks, on=["pool", "set"])
    trained = joined.groupby(cell, sort=False).size().rename("trained")
    whole = wanted.to_frame().join(trained).query("wanted == trained").reset_index()[cell]
    return joined.merge(whole, on=cell)


def configuration_means(
    runs: pd.DataFrame, *, metrics: tuple[str, ...] = METRICS, samples: int = SAMPLES
) -> pd.DataFrame:
    """Mean of each metric for each configuration: ``mean``, population ``sd`` over networks, ``n`` networks,
    ``pools``, 95 % interval.

    The interval is a cluster bootstrap over pools.
    """
    rows = []
    for key, group in runs.groupby(CONFIGURATION, sort=False):
        for metric in metrics:
            value = group[metric].to_numpy(float)
            pools = len(group["pool"].unique())
            low, high = (
                bootstrap_interval(value, clusters=group["pool"], samples=samples)
                if pools > 1
                else (np.nan, np.nan)
            )
            rows.append((*key, metric, value.mean(), value.std(), len(value), pools, low, high))
    return pd.DataFrame(
        rows, columns=[*CONFIGURATION, "metric", "mean", "sd", "n", "pools", "ci_low", "ci_high"]
    )


def pool_differences(
    runs: pd.DataFrame, *, metric: str = "hard_accuracy", reference: Configuration = RANDOM
) -> pd.DataFrame:
    """Each configuration minus the reference in the same pool and at the same budget: configuration,
    ``pool``, ``difference``.

    Draws and training seeds are averaged on both sides. All methods train with the same seeds, so this is the
    mean of the pairs.
    """
    means = (
        runs[runs["method"] != WHOLE]
        .groupby([*CONFIGURATION, "pool"], sort=False)[metric]
        .mean()
        .reset_index()
    )
    is_reference = (means[["method", "feature", "graph"]] == list(reference.key)).all(axis=1)
    base = means[is_reference].set_index(["vpc", "pool"])[metric].rename("reference")
    others = means[~is_reference].join(base, on=["vpc", "pool"], how="inner")
    return others.assign(difference=others[metric] - others["reference"])[
        [*CONFIGURATION, "pool", "difference"]
    ].reset_index(drop=True)


def change_of(differences: pd.DataFrame, *, since: pd.DataFrame) -> pd.DataFrame:
    """How far an arm moves each difference of :func:`pool_differences`: that in the arm minus that in the
    main study, pool by pool.
    """
    key = [*CONFIGURATION, "pool"]
    both = differences.merge(since, on=key, suffixes=("", "_main"))
    return both.assign(difference=both["difference"] - both["difference_main"])[[*key, "difference"]]


def headroom(runs: pd.DataFrame, *, metric: str = "hard_accuracy") -> pd.DataFrame:
    """Whole set minus Random in the same pool, what a selector could win at most: ``vpc, pool,
    difference``.
    """
    means = runs.groupby(["method", "vpc", "pool"])[metric].mean().reset_index()
    whole = means[means["method"] == WHOLE].set_index("pool")[metric].rename("whole")
    base = means[means["method"] == RANDOM.method].join(whole, on="pool", how="inner")
    return base.assign(difference=base["whole"] - base[metric])[["vpc", "pool", "difference"]].reset_index(
        drop=True
    )


def compare(
    differences: pd.DataFrame, *, metric: str = "hard_accuracy", samples: int = SAMPLES
) -> pd.DataFrame:
    """Mean difference of each configuration and how sure it is; best first within a budget.

    Returns
    -------
    DataFrame
        Configuration; ``difference``, ``sd`` (sample, over pools), ``pools``, ``pools_better``; ``t_low,
        t_high`` (95 %, Student's t over pools); ``boot_low, boot_high`` (95 %, bootstrap over pools: too
        narrow where pools are few); ``effect_size`` (difference over sd, Cohen's d_z); ``p`` (two-sided
        t-test), ``p_holm`` and ``p_bh`` (corrected for ``comparisons``, all rows of this table that have a
        p).
    """
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    rows = []
    for key, group in differences.groupby(CONFIGURATION, sort=False):
        value = group.sort_values("pool")["difference"].to_numpy(float)
        spread = float(value.std(ddof=1)) if len(value) > 1 else np.nan
        effect = value.mean() / spread if spread > 0 else np.nan
        counts = len(value), int((sign * value > 0).sum())
        ends = *t_interval(value), *bootstrap_interval(value, samples=samples)
        rows.append((*key, value.mean(), spread, *counts, *ends, effect, no_difference_p(value)))
    columns = [
        *CONFIGURATION,
        "difference",
        "sd",
        "pools",
        "pools_better",
        "t_low",
        "t_high",
        "boot_low",
        "boot_high",
        "effect_size",
        "p",
    ]
    table = pd.DataFrame(rows, columns=columns)
    table = table.assign(
        p_holm=holm(table["p"]),
        p_bh=benjamini_hochberg(table["p"]),
        comparisons=int(table["p"].notna().sum()),
    )
    order = table.assign(rank=-sign * table["difference"]).sort_values(["vpc", "rank"], kind="stable").index
    return table.loc[order].reset_index(drop=True)


def t_interval(values: ArrayLike) -> tuple[float, float]:
    """95 % interval of the mean by Student's t; NaN twice with fewer than two values."""
    value = np.asarray(values, dtype=np.float64)
    if len(value) < 2:
        return float("nan"), float("nan")
    half = float(stats.t.ppf(0.5 + LEVEL / 2, len(value) - 1) * value.std(ddof=1) / np.sqrt(len(value)))
    return float(value.mean() - half), float(value.mean() + half)


def benjamini_hochberg(p: ArrayLike) -> NDArray[np.float64]:
    """p corrected so that the share of false findings among those found stays below the level (1995); NaNs
    stay and do not count.
    """
    value = np.asarray(p, dtype=np.float64)
    known = np.isfinite(value)
    corrected = np.full(len(value), np.nan)
    if known.any():
        corrected[known] = stats.false_discovery_control(value[known], method="bh")
    return corrected


def graph_health(runs: pd.DataFrame) -> pd.DataFrame:
    """Shares of the class graphs behind each graph configuration, percent: ``healthy, collapsed, shattered``,
    and of ``few_communities`` (fewer than videos to choose); ``graphs`` is their number over all pools."""
    flags = ["healthy", "collapsed", "shattered", "few_communities"]
    graphs_of = runs[runs["graph"] != ""].drop_duplicates([*CONFIGURATION, "pool", "draw"])
    total = graphs_of.groupby(CONFIGURATION, sort=False)[flags].sum()
    graphs = total[flags[:3]].sum(axis=1)
    return (100 * total.div(graphs, axis=0)).assign(graphs=graphs.astype(int)).reset_index()


def machine_accuracy(runs: pd.DataFrame, *, samples: int = SAMPLES) -> pd.DataFrame:
    """Hard accuracy on the TEST videos of each scanner style: configuration, ``machine``, ``mean``,
    ``pools``, 95 % interval over pools.
    """
    rows = []
    for key, group in runs.groupby(CONFIGURATION, sort=False):
        for machine in MACHINES:
            by_pool = group.groupby("pool")[f"accuracy_{machine.name}"].mean().dropna().to_numpy(float)
            low, high = bootstrap_interval(by_pool, samples=samples)
            rows.append(
                (*key, machine.name, by_pool.mean() if len(by_pool) else np.nan, len(by_pool), low, high)
            )
    return pd.DataFrame(rows, columns=[*CONFIGURATION, "machine", "mean", "pools", "ci_low", "ci_high"])
