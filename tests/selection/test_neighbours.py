"""Neighbour search: exact is exact, the approximate one says how good it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score

from infomotion_lib.errors import InfoMotionError, ParameterError
from infomotion_lib.paths import PROJECT
from infomotion_lib.selection import cells
from infomotion_lib.selection import neighbours as room
from infomotion_lib.selection.communities import find_communities
from infomotion_lib.selection.graph import Recipe, build_graph
from infomotion_lib.selection.neighbours import nearest_neighbours
from infomotion_lib.selection.selectors import select


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


def test_the_approximate_search_measures_its_recall() -> None:
    rows = np.random.default_rng(0).normal(size=(1500, 24)).astype(np.float32)
    exact = nearest_neighbours(rows, 5, search="exact")
    found = nearest_neighbours(rows, 5, search="approximate", target_recall=0.3, sample=1500)
    recall = np.mean(
        [len(set(a) & set(b)) / 5 for a, b in zip(found.index.tolist(), exact.index.tolist(), strict=True)]
    )
    assert 0.3 <= recall < 1 and abs(recall - found.recall) < 0.01
    assert repr(found).startswith("Neighbours(1500 x 5, approximate, recall 0.")
    np.testing.assert_allclose(
        found.distance, np.linalg.norm(rows[found.index] - rows[:, None], axis=2), rtol=1e-5
    )


@pytest.mark.parametrize(("count", "k"), [(2, 1), (7, 6), (40, 1), (300, 6)])
def test_the_approximate_search_gives_k_distinct_others(count: int, k: int) -> None:
    rows = np.round(clustered(count))  # with duplicates
    found = nearest_neighbours(rows, k, search="approximate", target_recall=0.01, sample=20)
    assert found.method == "approximate" and found.index.shape == (count, k)
    assert all(len({own, *others}) == k + 1 for own, others in enumerate(found.index.tolist()))
    assert (np.diff(found.distance, axis=1) >= 0).all()


def test_many_copies_of_one_row_leave_none_short() -> None:
    rows = np.concatenate([np.zeros((200, 6), np.float32), clustered(100)])
    found = nearest_neighbours(rows, 4, search="approximate", target_recall=0.01)
    assert all(len({own, *others}) == 5 for own, others in enumerate(found.index.tolist()))


def test_a_seed_gives_one_result_on_disk_and_in_memory(tmp_path: Path) -> None:
    rows = clustered(1500).astype(np.float16)
    mapped = np.lib.format.open_memmap(tmp_path / "rows.npy", mode="w+", dtype=np.float16, shape=rows.shape)
    mapped[:] = rows
    mapped.flush()
    disk = np.load(tmp_path / "rows.npy", mmap_mode="r")
    held, read = (nearest_neighbours(r, 4, search="approximate", seed=3) for r in (rows, disk))
    np.testing.assert_array_equal(held.index, read.index)
    np.testing.assert_array_equal(held.distance, read.distance)


def test_blocks_do_not_change_true_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = clustered(700)
    monkeypatch.setattr(room, "ROWS_AT_A_TIME", 64)
    found = nearest_neighbours(rows, 4, search="approximate", target_recall=0.995)
    exact = nearest_neighbours(rows, 4, search="exact")
    assert found.method == "approximate" and found.recall > 0.99
    assert (found.index == exact.index).mean() > 0.99


def test_where_recall_is_missed_all_pairs_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).normal(size=(600, 40)).astype(np.float32)
    monkeypatch.setattr(cells, "MOST_PROBES", 1)
    found = nearest_neighbours(rows, 4, search="approximate", target_recall=1.0)
    assert found.method == "exact"
    np.testing.assert_array_equal(found.index, nearest_neighbours(rows, 4, search="exact").index)
    monkeypatch.setattr(room, "ALL_PAIRS_UP_TO", 500)
    with pytest.warns(UserWarning, match="among 600 videos finds"):
        found = nearest_neighbours(rows, 4, search="approximate", target_recall=1.0)
    assert found.method == "approximate" and found.recall < 1


def test_one_far_away_mean_does_not_cost_precision() -> None:
    rows = clustered(1500)
    near, far = (
        nearest_neighbours(rows + offset, 4, search="approximate", target_recall=0.99).index
        for offset in (0, 500)
    )
    assert (near == far).mean() > 0.97


def test_auto_is_exact_while_small(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = clustered(1500)
    assert nearest_neighbours(rows, 3).method == "exact"
    monkeypatch.setattr(room, "EXACT_UP_TO", 1000)
    assert nearest_neighbours(rows, 3).method == "approximate"


def test_communities_of_the_approximate_graph_are_those_of_the_exact_one() -> None:
    rows = clustered(600)
    modules = [
        find_communities(build_graph(rows, recipe=Recipe(search=search)), trials=2).module
        for search in ("approximate", "exact", "approximate")  # Infomap before and after the search
    ]
    assert modules[0].max() > 0
    np.testing.assert_array_equal(modules[2], modules[0])
    assert adjusted_rand_score(modules[1], modules[0]) == 1.0, "the same but for the communities' numbers"


def test_a_search_that_dies_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "faiss.py").write_text("raise MemoryError('no room for the rows')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{PROJECT}")
    with pytest.raises(InfoMotionError, match="among 50 videos failed: MemoryError: no room for the rows"):
        nearest_neighbours(clustered(50), 3, search="approximate")


@pytest.mark.parametrize("k", [0, 4])
def test_bad_k_is_refused(k: int) -> None:
    with pytest.raises(ParameterError, match="cannot be taken from 4 rows"):
        nearest_neighbours(np.eye(4), k)


def test_picks_from_disk_are_those_from_memory_and_of_the_exact_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "PROBES", 20)  # no neighbour is missed
    rows = clustered(400).astype(np.float16)
    np.save(tmp_path / "rows.npy", rows)
    names = [f"{number:03d}.avi" for number in range(400)]
    classes = np.where(np.arange(400) % 2, "normal", "severe")
    asked = {"classes": classes, "file_names": names, "method": "infomotion", "vpc": 8}
    chosen = [
        select(vectors, **asked, graph=Recipe(search=search, trials=2, null_draws=0)).file_names
        for vectors, search in (
            (rows, "exact"),
            (np.load(tmp_path / "rows.npy", mmap_mode="r"), "exact"),
            (np.load(tmp_path / "rows.npy", mmap_mode="r"), "approximate"),
        )
    ]
    assert len(chosen[0]) == 16
    assert chosen[1] == chosen[0] and chosen[2] == chosen[0]
