"""Neighbour search: exact is exact, the search by cells says how good it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from infomotion_lib.errors import ParameterError
from infomotion_lib.selection import neighbours as room
from infomotion_lib.selection.neighbours import nearest_neighbours


def clustered(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(8, 6))[rng.integers(8, size=count)] * 5 + rng.normal(size=(count, 6))).astype(
        np.float32
    )


def test_exact_search_agrees_with_all_distances() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 4))
    found = nearest_neighbours(rows, 3)
    distance = cdist(rows, rows)
    np.fill_diagonal(distance, np.inf)
    np.testing.assert_array_equal(found.index, np.argsort(distance, axis=1)[:, :3])
    np.testing.assert_allclose(found.distance, np.sort(distance, axis=1)[:, :3])
    assert (found.method, found.recall) == ("exact", 1.0)


def test_cells_measure_their_recall() -> None:
    rows = np.random.default_rng(0).normal(size=(1200, 24)).astype(np.float32)  # no clusters: hard for cells
    exact = nearest_neighbours(rows, 5, search="exact")
    found = nearest_neighbours(rows, 5, search="cells", target_recall=0.4, sample=800)
    recall = np.mean(
        [len(set(a) & set(b)) / 5 for a, b in zip(found.index.tolist(), exact.index.tolist(), strict=True)]
    )
    assert 0.35 <= recall < 1 and abs(recall - found.recall) < 0.05
    assert repr(found).startswith("Neighbours(1200 x 5, cells, recall 0.")
    np.testing.assert_allclose(
        found.distance, np.linalg.norm(rows[found.index] - rows[:, None], axis=2), rtol=1e-5
    )


@given(st.integers(2, 300), st.integers(1, 6), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_cells_always_give_k_distinct_others(count: int, k: int, seed: int) -> None:
    rows = np.round(clustered(count, seed))  # duplicates and, at times, empty cells
    k = min(k, count - 1)
    found = nearest_neighbours(rows, k, search="cells", target_recall=0.01, sample=20)
    assert found.index.shape == (count, k)
    assert all(len({own, *others}) == k + 1 for own, others in enumerate(found.index.tolist()))
    assert (np.diff(found.distance, axis=1) >= 0).all()


def test_without_clusters_it_becomes_exact() -> None:
    rows = np.random.default_rng(0).normal(size=(600, 40)).astype(np.float32)
    found = nearest_neighbours(rows, 4, search="cells")
    assert found.method == "exact"
    np.testing.assert_array_equal(found.index, nearest_neighbours(rows, 4, search="exact").index)


def test_one_far_away_mean_does_not_cost_precision() -> None:
    rows = clustered(1500)
    near, far = (
        nearest_neighbours(rows + offset, 4, search="cells", target_recall=0.99).index for offset in (0, 500)
    )
    assert (near == far).mean() > 0.97


def test_auto_uses_cells_when_large(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = clustered(1500)
    assert nearest_neighbours(rows, 3).method == "exact"
    monkeypatch.setattr(room, "EXACT_UP_TO", 1000)
    assert nearest_neighbours(rows, 3).method == "cells"


@pytest.mark.parametrize("k", [0, 4])
def test_bad_k_is_refused(k: int) -> None:
    with pytest.raises(ParameterError, match="cannot be taken from 4 rows"):
        nearest_neighbours(np.eye(4), k)
