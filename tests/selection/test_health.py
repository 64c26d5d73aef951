"""Controls of a partition: structure is stable and not in the null; noise is neither."""

from __future__ import annotations

import numpy as np
import pytest

from infomotion_lib.selection.graph import Graph, Recipe, build_graph
from infomotion_lib.selection.health import partition_health
from infomotion_lib.selection.sweep import sweep_settings

from .conftest import Planted, Pool


def test_planted_groups_are_stable_and_vanish_when_shuffled(planted: Planted) -> None:
    health = partition_health(planted.features, recipe=Recipe(trials=2), resamples=3)
    assert health.seed_stability > 0.99 and health.stability > 0.9
    assert health.null_savings < 0.1


def test_noise_is_unstable() -> None:
    noise = np.random.default_rng(0).normal(size=(60, 3))
    health = partition_health(noise, recipe=Recipe("knn", k=4, trials=2), resamples=3)
    assert health.stability < 0.8
    assert health.null_communities > 2


def test_samples_of_the_class_are_linked_as_the_class_is(planted: Planted) -> None:
    asked: list[object] = []

    def noted(rows: np.ndarray, *, recipe: Recipe) -> Graph:
        asked.append((len(rows), recipe.k))
        return build_graph(rows, recipe=recipe)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infomotion_lib.selection.health.build_graph", noted)
        partition_health(planted.features, recipe=Recipe(trials=1), resamples=3)
    sizes, neighbours = zip(*asked, strict=True)
    assert min(sizes) < 45 < max(sizes) == 60, "a bootstrap sample keeps two thirds of the videos"
    assert set(neighbours) == {6}, "a tenth of the class, not of the sample"


def test_one_community_has_no_stability(planted: Planted) -> None:
    health = partition_health(planted.features, recipe=Recipe("literal", trials=1), resamples=2)
    assert np.isnan(health.stability) and np.isnan(health.seed_stability)
    assert health.null_communities == 1


def test_no_resamples_no_values(planted: Planted) -> None:
    assert np.isnan([*vars(partition_health(planted.features, resamples=0)).values()]).all()


def test_large_classes_are_judged_on_a_sample(planted: Planted) -> None:
    whole, sample = (
        partition_health(planted.features, recipe=Recipe(trials=1), resamples=2, most_nodes=most)
        for most in (60, 30)
    )
    assert whole != sample and np.isfinite(sample.stability)


def test_sweep_has_a_row_a_setting_and_class(pool: Pool) -> None:
    table = sweep_settings(
        pool.features,
        pool.classes,
        file_names=pool.file_names,
        values={"k": (3, 5), "scale": (0.1, 1.0), "markov_time": (0.4, 1.0)},
        trials=1,
    )
    assert len(table) == 6 * 5
    mean = table.groupby(["setting", "value"])["communities"].mean()
    assert mean["k", 3.0] > mean["k", 5.0] and mean["markov_time", 0.4] > mean["markov_time", 1.0]
    assert (table.loc[table["setting"] == "scale", "nodes"] == 14).all()


def test_sweep_samples_large_classes(pool: Pool) -> None:
    few = {"k": (3,), "scale": (1.0,), "markov_time": (1.0,)}
    table = sweep_settings(
        pool.features, pool.classes, file_names=pool.file_names, values=few, trials=1, most_nodes=9
    )
    assert (table["nodes"] == 9).all()
