"""Reference selectors against small cases worked by hand and against plain definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from infomotion_lib.errors import ParameterError
from infomotion_lib.selection import baselines as room
from infomotion_lib.selection import graph
from infomotion_lib.selection.baselines import joint_features
from infomotion_lib.selection.registry import SELECTORS, ClassPool, Picks

from .conftest import Planted


def pick(method: str, rows: np.ndarray, *, budget: int, ef: np.ndarray | None = None, seed: int = 0) -> Picks:
    pool = ClassPool(rows, np.zeros(len(rows)) if ef is None else ef, seed)
    return SELECTORS[method].choose(pool, budget=budget, rng=np.random.default_rng(seed))


LINE = np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [30.0]])


def test_random_draws_without_replacement_and_nests() -> None:
    five, ten = (pick("random", np.zeros((20, 0)), budget=n, seed=4).index for n in (5, 10))
    assert len(set(ten.tolist())) == 10
    np.testing.assert_array_equal(five, ten[:5])
    assert set(
        np.concatenate([pick("random", np.zeros((6, 0)), budget=1, seed=s).index for s in range(60)])
    ) == set(range(6))


def test_kmeans_takes_the_video_nearest_to_each_centroid() -> None:
    picks = pick("kmeans", LINE, budget=3, seed=0)
    assert sorted(picks.index.tolist()) == [1, 3, 5] or sorted(picks.index.tolist()) == [1, 4, 5]
    assert picks.index[0] == 1  # the most populous cluster first
    assert picks.score[0] == pytest.approx(0.0)


def test_kmeans_finds_planted_groups(planted: Planted) -> None:
    picks = pick("kmeans", planted.features, budget=5, seed=0)
    assert set(planted.group[picks.index]) == set(range(5))


def test_kmeans_never_picks_twice() -> None:
    picks = pick("kmeans", np.array([[0.0], [0.0], [0.0], [5.0]]), budget=4, seed=0)
    assert sorted(picks.index.tolist()) == [0, 1, 2, 3]


def test_kcenter_goes_to_the_farthest() -> None:
    picks = pick("kcenter", LINE, budget=3)
    assert picks.index.tolist() == [3, 5, 0]  # mean 9, then 30 (20 away), then 0 (10 away)
    np.testing.assert_allclose(picks.score, [0, 20, 10])


def test_facility_location_is_greedy_optimal_at_each_step() -> None:
    picks = pick("facility_location", LINE, budget=2)
    similarity = 30 - cdist(LINE, LINE)
    first = int(np.argmax(similarity.sum(axis=0)))
    gain = np.maximum(similarity, similarity[:, [first]]).sum(axis=0)
    gain[first] = -1
    assert picks.index.tolist() == [first, int(np.argmax(gain))]


def test_facility_location_refuses_what_would_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "COMPLETE_UP_TO", 5)
    with pytest.raises(ParameterError, match="compares all pairs"):
        pick("facility_location", LINE, budget=2)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.integers(1, 8))
def test_ef_bins_are_ordered_and_even(ef: list[float], bins: int) -> None:
    number = room.ef_bins(np.array(ef), bins)
    counts = np.bincount(number, minlength=bins)
    assert counts.max() - counts.min() <= 1
    assert (np.diff(number[np.argsort(ef, kind="stable")]) >= 0).all()


def test_ef_stratified_takes_one_of_each_bin() -> None:
    ef = np.random.default_rng(0).uniform(50, 70, 23)
    picks = pick("ef_stratified", np.zeros((23, 0)), budget=5, ef=ef, seed=1)
    assert room.ef_bins(ef, 5)[picks.index].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(picks.score, ef[picks.index])


def test_herding_is_the_greedy_definition() -> None:
    rng = np.random.default_rng(3)
    rows, ef = rng.normal(size=(20, 4)), rng.uniform(50, 70, 20)
    distance = cdist(rows, rows)
    kernel = np.exp(-(distance**2) / (2 * np.median(distance[np.triu_indices(20, 1)]) ** 2))
    bins, chosen = room.ef_bins(ef, 4), []
    for step in range(4):
        value = kernel.mean(axis=1) - kernel[:, chosen].sum(axis=1) / (step + 1)
        value[np.isin(bins, bins[chosen])] = -np.inf
        chosen.append(int(np.argmax(value)))
    picks = pick("herding_ef", rows, budget=4, ef=ef)
    assert picks.index.tolist() == chosen
    assert sorted(picks.community.tolist()) == [0, 1, 2, 3]


def test_herding_avoids_outliers_that_kcenter_seeks() -> None:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(40, 3)), rng.normal(size=(3, 3)) * 30])
    ef = rng.uniform(50, 70, 43)
    assert pick("herding_ef", rows, budget=5, ef=ef).index.max() < 40
    assert (pick("kcenter", rows, budget=5).index >= 40).sum() == 3


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_every_selector_gives_distinct_videos(count: int, budget: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, ef = rng.integers(0, 3, (count, 2)).astype(float), rng.uniform(0, 90, count)  # many duplicates
    budget = min(budget, count)
    for picks in (
        pick("random", rows, budget=budget, seed=seed),
        pick("kmeans", rows, budget=budget, seed=seed),
        pick("kcenter", rows, budget=budget),
        pick("facility_location", rows, budget=budget),
        pick("ef_stratified", rows, budget=budget, ef=ef, seed=seed),
        pick("herding_ef", rows, budget=budget, ef=ef),
    ):
        assert (
            len(set(picks.index.tolist()))
            == len(picks.index)
            == len(picks.community)
            == len(picks.score)
            == budget
        )


def test_joint_features_weigh_their_parts_alike() -> None:
    rng = np.random.default_rng(0)
    motion, appearance = rng.normal(size=(50, 60)) * 1000, rng.normal(size=(50, 3))
    appearance[:, 2] = 5.0  # a constant column says nothing
    joint = joint_features([motion, appearance], components=10)
    assert joint.shape == (50, 13) and np.isfinite(joint).all()
    energy = [(part**2).sum(axis=1).mean() for part in (joint[:, :10], joint[:, 10:])]
    np.testing.assert_allclose(energy, 1.0)
    np.testing.assert_allclose(
        cdist(joint, joint),
        cdist(*[joint_features([motion / 7, appearance * 9], components=10)] * 2),
        atol=1e-6,
    )
