"""Intervals cover what they should, clusters are resampled whole, and pairs are pairs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.intervals import TABLE_COLUMNS, bootstrap_interval, paired_differences, summarise
from infomotion_lib.evaluation.metrics import METRICS


def runs_table(rows: list[tuple[str, int, int, float]]) -> pd.DataFrame:
    """Runs of (method, pool, training_seed, accuracy)."""
    table = pd.DataFrame(rows, columns=["method", "pool", "training_seed", "hard_accuracy"])
    table = table.assign(source="real", graph="", vpc=5)
    for metric in METRICS[1:]:
        table[metric] = 1.0
    return table


def test_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    intervals = [bootstrap_interval(random.normal(size=40), samples=400, seed=i) for i in range(200)]
    assert 0.88 <= np.mean([low <= 0 <= high for low, high in intervals]) <= 0.99


def test_clusters_widen_the_interval() -> None:
    random = np.random.default_rng(0)
    pool = np.repeat(np.arange(6), 20)
    values = random.normal(size=6)[pool] + 0.1 * random.normal(size=120)
    low, high = bootstrap_interval(values)
    wide_low, wide_high = bootstrap_interval(values, clusters=pool)
    assert wide_high - wide_low > 2 * (high - low)


def test_one_unit_has_no_interval() -> None:
    assert np.isnan(bootstrap_interval([3.0])).all()
    assert bootstrap_interval([1.0, 3.0], clusters=[0, 0]) == bootstrap_interval([1.0, 3.0])


def test_summary_names_population_sd_and_counts() -> None:
    table = summarise(runs_table([("random", 0, 0, 40.0), ("random", 0, 1, 60.0)])).set_index("metric")
    assert [*table.reset_index().columns] == ["metric", *(c for c in TABLE_COLUMNS if c != "metric")]
    assert table.loc["hard_accuracy", ["mean", "sd", "n"]].tolist() == [50, 10, 2]
    with pytest.raises(DataError, match="pool"):
        summarise(runs_table([("random", 0, 0, 40.0)]).drop(columns="pool"))


def test_differences_are_paired_by_pool_and_seed() -> None:
    rows = [
        (method, pool, seed, 10.0 * pool + seed + gain)
        for method, gain in (("random", 0.0), ("herding_ef", 5.0))
        for pool in range(3)
        for seed in range(2)
    ]
    found = paired_differences(runs_table(rows)).iloc[0]
    assert found.difference == pytest.approx(5)
    assert (found.ci_low, found.ci_high) == pytest.approx((5, 5))
    assert (found.n_pairs, found.pools_better, found.n_pools) == (6, 3, 3)
    with pytest.raises(DataError, match="reference"):
        paired_differences(runs_table([("kmeans", 0, 0, 1.0)]))
