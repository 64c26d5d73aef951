"""Intervals cover what they should, clusters are resampled whole, and pairs are pairs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.intervals import (
    TABLE_COLUMNS,
    bootstrap_interval,
    holm,
    no_difference_p,
    paired_differences,
    summarise,
)
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


def test_p_values_are_of_pools_where_there_are_several() -> None:
    by_pool = {"kmeans": [4.0, 6.0, 5.0], "infomotion": [-3.0, 4.0, 1.0]}
    rows = [("random", pool, seed, 40.0 + seed) for pool in range(3) for seed in range(4)]
    rows += [
        (name, pool, seed, 40.0 + seed + gain[pool])
        for name, gain in by_pool.items()
        for pool in range(3)
        for seed in range(4)
    ]
    found = paired_differences(runs_table(rows)).set_index("method")
    t = 5.0 / (1.0 / np.sqrt(3))  # by hand: gains 4, 6, 5 have sample sd 1
    assert found.loc["kmeans", "p_value"] == pytest.approx(2 * stats.t.sf(t, df=2))
    assert found.loc["kmeans", "p_holm"] == pytest.approx(2 * found.loc["kmeans", "p_value"])
    assert found.loc["infomotion", "p_holm"] == pytest.approx(found.loc["infomotion", "p_value"])
    assert (found["n_comparisons"] == 2).all()
    one_pool = paired_differences(runs_table([row for row in rows if row[1] == 0])).set_index("method")
    assert one_pool["p_value"].isna().all(), "four runs that differ by the same number have no spread"


def test_holm_by_hand() -> None:
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, np.nan, 0.005]), [0.03, 0.06, 0.06, np.nan, 0.02])
    assert holm([0.5, 0.9]).tolist() == [1.0, 1.0]
    assert holm([]).shape == (0,)
    assert np.isnan(no_difference_p([3.0])) and np.isnan(no_difference_p([2.0, 2.0]))


def test_corrected_noise_is_seldom_called_real() -> None:
    random = np.random.default_rng(0)
    tables = [[no_difference_p(random.normal(size=8)) for _ in range(10)] for _ in range(200)]
    plain, corrected = (
        np.mean([(np.asarray(rule(table)) < 0.05).any() for table in tables]) for rule in (np.asarray, holm)
    )
    assert plain > 0.25 and corrected <= 0.09
