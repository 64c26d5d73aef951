"""Statistics of the evidence study, checked by hand on small numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.evaluation.intervals import holm
from infomotion_lib.studies.selectors.arms import Configuration
from infomotion_lib.studies.selectors.comparison import (
    benjamini_hochberg,
    change_of,
    compare,
    configuration_means,
    graph_health,
    headroom,
    machine_accuracy,
    pool_differences,
    scored_sets,
    t_interval,
)
from infomotion_lib.studies.selectors.confirmation import ALWAYS, MOST, choose, screen_and_confirm, screens
from infomotion_lib.studies.selectors.rows import CONFIGURATION, Tables

MACHINES = ("standard", "dark", "hazy", "zoomed", "mirrored")
KMEANS, MOTION = ("kmeans", "appearance", ""), ("infomotion", "motion", "knn")


def network(pool: int, name: str, seed: int, accuracy: float) -> dict[str, Any]:
    metrics = {
        "hard_accuracy": accuracy,
        "soft_accuracy": accuracy + 10,
        "balanced_accuracy": accuracy - 1,
        "mae": 60 - accuracy,
    }
    machines = {f"accuracy_{machine}": accuracy for machine in MACHINES}
    key = {
        "arm": "main",
        "pool": pool,
        "settings": "s",
        "teachers": "t",
        "set": name,
        "n_train": 5,
        "steps": 2,
        "training_seed": seed,
    }
    return key | metrics | machines


def chosen(pool: int, key: tuple[str, str, str], name: str, draw: int = 0, **health: int) -> dict[str, Any]:
    where = dict(zip(("method", "feature", "graph"), key, strict=True))
    flags = {"healthy": 0, "collapsed": 0, "shattered": 0, "few_communities": 0} | health
    named = {"vpc": 5, "draw": draw, "set": name, "n_train": 5, "mislabelled": 0, "videos": "0 1"}
    return (
        {"arm": "main", "pool": pool, "settings": "s", "teachers": "t", "planned": 4} | where | named | flags
    )


def two_pools() -> Tables:
    """Random: 40, 44 in pool 0 and 30 in pool 1; K-means 47 and 35; InfoMotion chose the set of the second
    Random draw in pool 0 only.
    """
    sets, networks = [], []
    for pool, (first, second, kmeans) in enumerate(((40.0, 44.0, 47.0), (30.0, 30.0, 35.0))):
        sets += [
            chosen(pool, ("random", "", ""), "a"),
            chosen(pool, ("random", "", ""), "b", draw=1),
            chosen(pool, KMEANS, "c"),
        ]
        sets.append(
            chosen(pool, MOTION, "b" if pool == 0 else "missing", healthy=3, collapsed=2, few_communities=1)
        )
        networks += [
            network(pool, name, seed, value + seed)
            for name, value in zip("abc", (first, second, kmeans), strict=True)
            for seed in (0, 1)
        ]
    settings = {"study_training_seeds": 2, "study_whole_seeds": 1}
    return Tables(pd.DataFrame(sets), pd.DataFrame(networks), pd.DataFrame(), settings)


def test_shared_sets_count_for_each_configuration_and_unfinished_ones_not_at_all() -> None:
    runs = scored_sets(two_pools())
    counted = runs.groupby(["method", "pool"]).size().to_dict()
    assert counted == {
        ("random", 0): 4,
        ("random", 1): 4,
        ("kmeans", 0): 2,
        ("kmeans", 1): 2,
        ("infomotion", 0): 2,
    }
    half = two_pools()
    less = Tables(
        half.sets, half.networks[half.networks["training_seed"] == 0], half.constants, half.settings
    )
    assert scored_sets(less).empty
    assert scored_sets(Tables(pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), {})).empty


def test_means_name_their_spread_and_number() -> None:
    means = configuration_means(scored_sets(two_pools()), samples=200).set_index(["method", "metric"])
    row = means.loc[("random", "hard_accuracy")]
    assert (row["mean"], row["n"], row["pools"]) == (36.5, 8, 2)
    assert row["sd"] == pytest.approx(np.std([40, 41, 44, 45, 30, 31, 30, 31]))
    assert (row["ci_low"], row["ci_high"]) == (30.5, 42.5)
    assert np.isnan(means.loc[("infomotion", "mae"), "ci_low"])


def test_differences_are_taken_within_pools() -> None:
    table = pool_differences(scored_sets(two_pools())).set_index(["method", "pool"])["difference"]
    assert table.to_dict() == {("kmeans", 0): 5.0, ("kmeans", 1): 5.0, ("infomotion", 0): 2.0}
    assert pool_differences(scored_sets(two_pools()), metric="mae")["difference"].tolist() == [-5, -2, -5]


def test_any_configuration_may_be_the_reference() -> None:
    table = pool_differences(scored_sets(two_pools()), reference=Configuration(*KMEANS)).set_index(
        ["method", "pool"]
    )["difference"]
    assert table.to_dict() == {("random", 0): -5.0, ("random", 1): -5.0, ("infomotion", 0): -3.0}


def test_the_change_of_an_arm_is_taken_pool_by_pool() -> None:
    main, arm = differences(a=[1.0, 2.0, 3.0]), differences(a=[5.0, 5.0])
    assert change_of(arm, since=main)["difference"].tolist() == [4.0, 3.0]


def test_the_room_is_what_the_whole_set_adds() -> None:
    tables = two_pools()
    whole = chosen(1, ("whole", "", ""), "w") | {"vpc": 0}
    trained = network(1, "w", 0, 70.0)
    sets, networks = (
        pd.concat([tables.sets, pd.DataFrame([whole])]),
        pd.concat([tables.networks, pd.DataFrame([trained])]),
    )
    more = Tables(sets, networks, tables.constants, tables.settings)
    assert headroom(scored_sets(more)).to_dict("records") == [{"vpc": 5, "pool": 1, "difference": 39.5}]


def differences(**values: list[float]) -> pd.DataFrame:
    rows = []
    for name, series in values.items():
        method, _, feature = name.partition("_on_")
        rows += [
            {"method": method, "feature": feature, "graph": "", "vpc": 5, "pool": pool, "difference": value}
            for pool, value in enumerate(series)
        ]
    return pd.DataFrame(rows)


def test_a_comparison_by_hand() -> None:
    table = compare(differences(a=[1.0, 2.0, 3.0], b=[-1.0, 1.0, 3.0]), samples=500).set_index("method")
    a = table.loc["a"]
    assert (a["difference"], a["sd"], a["pools"], a["pools_better"], a["effect_size"], a["comparisons"]) == (
        2,
        1,
        3,
        3,
        2,
        2,
    )
    assert a["t_high"] - a["difference"] == pytest.approx(4.302653 / np.sqrt(3), rel=1e-6)  # t(0.975, 2)
    t = 2 * np.sqrt(3)
    assert a["p"] == pytest.approx(
        1 - t / np.sqrt(2 + t**2)
    )  # t distribution with 2 degrees of freedom, in closed form
    assert a["p_holm"] == pytest.approx(2 * a["p"])
    assert table.loc["b", "p_holm"] == pytest.approx(max(table.loc["b", "p"], 2 * a["p"]))
    assert a["boot_low"] >= 1 and a["boot_high"] <= 3


def test_fewer_errors_are_better() -> None:
    table = compare(differences(a=[-1.0, -2.0], b=[1.0, 2.0]), metric="mae", samples=100)
    assert table["method"].tolist() == ["a", "b"]
    assert table["pools_better"].tolist() == [2, 0]


def test_one_pool_claims_nothing() -> None:
    table = compare(differences(a=[5.0]), samples=100)
    assert table[["t_low", "boot_low", "p", "p_holm", "p_bh", "effect_size"]].isna().all(axis=None)
    assert table["comparisons"].tolist() == [0]
    assert t_interval([3.0, 3.0]) == (3.0, 3.0)


def test_corrections_against_known_values() -> None:
    p = np.array([0.01, 0.04, np.nan, 0.03, 0.005])
    np.testing.assert_allclose(holm(p), [0.03, 0.06, np.nan, 0.06, 0.02])
    np.testing.assert_allclose(benjamini_hochberg(p), [0.02, 0.04, np.nan, 0.04, 0.02])
    assert holm([0.6, 0.7]).tolist() == [1.0, 1.0]
    assert np.isnan(benjamini_hochberg([np.nan])).all()


def test_health_of_the_graphs_as_shares() -> None:
    row = graph_health(scored_sets(two_pools())).iloc[0]
    assert row[["healthy", "collapsed", "shattered", "few_communities", "graphs"]].tolist() == [
        60,
        40,
        0,
        20,
        5,
    ]


def test_accuracy_on_each_machine_is_over_pools() -> None:
    table = machine_accuracy(scored_sets(two_pools()), samples=100).set_index(["method", "machine"])
    assert table.loc[("kmeans", "dark"), ["mean", "pools"]].tolist() == [41.5, 2]


def paper_differences(pools: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    keys = [*ALWAYS, *((f"other{number}", "motion", "") for number in range(8))]
    rows = [
        dict(zip(CONFIGURATION, (*key, 5), strict=True))
        | {"pool": pool, "difference": float(rng.normal(number - 6, 0.2))}
        for number, key in enumerate(keys)
        for pool in range(pools)
    ]
    return pd.DataFrame(rows)


def test_screening_never_sees_a_confirming_pool() -> None:
    table = paper_differences(6)
    assert [screens(pool) for pool in range(4)] == [True, False, True, False]
    before = choose(table)
    table.loc[~table["pool"].map(screens), "difference"] *= -100
    pd.testing.assert_frame_equal(choose(table), before)
    changed = table.assign(
        difference=np.where(table["pool"].map(screens), -table["difference"], table["difference"])
    )
    assert set(choose(changed)["method"]) != set(before["method"])


def test_the_rule_takes_the_best_that_beat_random_and_the_papers_methods_always() -> None:
    rule = choose(paper_differences(6))
    assert {
        tuple(row)
        for row in rule.loc[rule["chosen_by"] == "always", ["method", "feature", "graph"]].to_numpy()
    } == set(ALWAYS)
    winners = rule.loc[rule["chosen_by"] == "screening", "method"].tolist()
    assert winners == ["other7", "other6", "other5"] and len(winners) == MOST


def test_confirmation_corrects_for_the_chosen_ones_only() -> None:
    table = screen_and_confirm(paper_differences(7), samples=100)
    assert (table["comparisons"] == len(ALWAYS) + MOST).all()
    assert set(table["screening_pools"]) == {4} and set(table["confirmation_pools"]) == {3}
    assert table["confirmation_difference"].is_monotonic_decreasing
    seen = paper_differences(7)
    own = seen[(seen["method"] == "other7") & (seen["pool"] % 2 == 1)]["difference"].mean()
    assert table.set_index("method").loc["other7", "confirmation_difference"] == pytest.approx(own)


def test_one_pool_leaves_nothing_to_confirm() -> None:
    assert screen_and_confirm(paper_differences(1), samples=100).empty
