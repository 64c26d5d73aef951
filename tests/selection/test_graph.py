"""Graph recipes: their formulas by hand, their invariances, their refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.selection.graph import RECIPES, Graph, Recipe, build_graph, default_k

from .conftest import Planted

ON_A_LINE = np.array([[0.0], [1.0], [3.0], [7.0]])
VECTORS = arrays(
    np.float64, st.tuples(st.integers(2, 12), st.integers(1, 3)), elements=st.floats(-5, 5, width=16)
)


def matrix(graph: Graph) -> np.ndarray:
    dense = np.zeros((graph.n_nodes, graph.n_nodes))
    dense[graph.links[:, 0], graph.links[:, 1]] = graph.weights
    return dense if graph.directed else dense + dense.T


def test_literal_weights_are_the_distances() -> None:
    graph = build_graph(ON_A_LINE, recipe="literal")
    np.testing.assert_allclose(matrix(graph), cdist(ON_A_LINE, ON_A_LINE), atol=1e-9)
    assert not graph.directed and len(graph.links) == 6


def test_softmax_inverse_by_hand() -> None:
    graph = build_graph(ON_A_LINE, recipe=Recipe("softmax_inverse", scale=0.5, threshold=0.0))
    first = np.exp([0.0, 1 / 0.5, 1 / 1.5, 1 / 3.5])
    np.testing.assert_allclose(matrix(graph)[0], first / first.sum(), rtol=1e-12)
    np.testing.assert_allclose(matrix(graph).sum(axis=1), 1.0)
    assert graph.directed


def test_softmax_threshold_and_median_drop_the_weak_links() -> None:
    whole = matrix(build_graph(ON_A_LINE, recipe=Recipe("softmax_inverse", scale=0.1, threshold=0.0)))
    cut = matrix(build_graph(ON_A_LINE, recipe=Recipe("softmax_inverse", scale=0.1, threshold=0.05)))
    np.testing.assert_allclose(cut, np.where(whole >= 0.05, whole, 0))
    assert 0 < np.count_nonzero(cut) < 16
    median = matrix(build_graph(ON_A_LINE, recipe=Recipe("softmax_inverse", scale=0.1, threshold="median")))
    assert (np.count_nonzero(median, axis=1) == 2).all()


def test_softmax_survives_duplicates() -> None:
    graph = build_graph(np.zeros((3, 2)), recipe="softmax_inverse")
    assert np.isfinite(graph.weights).all() and len(graph.links) == 6


def test_knn_by_hand() -> None:
    graph = build_graph(ON_A_LINE, recipe=Recipe("knn", k=1))
    # nearest: 0-1, 1-0, 2-1, 3-2; widths 1, 1, 2, 4
    expected = {(0, 1): np.exp(-1.0), (1, 2): np.exp(-4 / (1 * 2)), (2, 3): np.exp(-16 / (2 * 4))}
    assert {
        tuple(link): weight for link, weight in zip(graph.links.tolist(), graph.weights, strict=True)
    } == pytest.approx(expected)


def test_knn_links_are_the_union_of_neighbours(planted: Planted) -> None:
    distance = cdist(planted.features, planted.features)
    np.fill_diagonal(distance, np.inf)
    near = np.zeros_like(distance, dtype=bool)
    np.put_along_axis(near, np.argsort(distance, axis=1)[:, :5], True, axis=1)
    graph = build_graph(planted.features, recipe=Recipe("knn", k=5))
    np.testing.assert_array_equal(matrix(graph) > 0, near | near.T)


def test_knn_does_not_depend_on_the_unit_and_softmax_does(planted: Planted) -> None:
    plain, scaled = (build_graph(planted.features * unit, recipe="knn") for unit in (1, 1000))
    np.testing.assert_array_equal(plain.links, scaled.links)
    np.testing.assert_allclose(plain.weights, scaled.weights, rtol=1e-6)
    soft = [
        build_graph(planted.features * unit, recipe="softmax_inverse").weights.std() for unit in (1, 1000)
    ]
    assert soft[0] > 10 * soft[1]


@given(VECTORS, st.sampled_from(RECIPES))
@settings(max_examples=40, deadline=None)
def test_every_recipe_makes_a_sound_graph(features: np.ndarray, recipe: str) -> None:
    graph = build_graph(features, recipe=recipe)
    assert graph.n_nodes == len(features)
    assert np.isfinite(graph.weights).all() and (graph.weights > 0).all()
    if recipe == "knn":
        assert np.bincount(graph.links.ravel(), minlength=len(features)).min() >= 1
    if not graph.directed:
        assert (graph.links[:, 0] < graph.links[:, 1]).all()
        assert len(np.unique(graph.links, axis=0)) == len(graph.links)


@pytest.mark.parametrize(
    ("nodes", "k"), [(0, 0), (1, 0), (3, 2), (5, 4), (40, 4), (60, 6), (155, 16), (10_000, 20)]
)
def test_default_k(nodes: int, k: int) -> None:
    assert default_k(nodes) == k


@pytest.mark.parametrize("recipe", RECIPES)
def test_one_video_gives_a_graph_of_one_node(recipe: str) -> None:
    graph = build_graph(np.ones((1, 3)), recipe=recipe)
    assert graph.n_nodes == 1 and len(graph.links) <= 1


@pytest.mark.parametrize(("recipe", "memory"), [("literal", "11 GB"), ("softmax_inverse", "22 GB")])
def test_huge_complete_graphs_are_refused_with_their_memory(recipe: str, memory: str) -> None:
    with pytest.raises(ParameterError, match=memory):
        build_graph(np.zeros((20_001, 1), dtype=np.float32), recipe=recipe)


def test_bad_input_is_named() -> None:
    with pytest.raises(ParameterError, match="Did you mean knn"):
        build_graph(ON_A_LINE, recipe="kn")
    with pytest.raises(DataError, match="finite"):
        build_graph(np.array([[np.nan], [1.0]]))
    with pytest.raises(ParameterError, match="threshold"):
        Recipe("softmax_inverse", threshold="mean")  # type: ignore[arg-type]


def test_a_graph_guards_itself() -> None:
    graph = Graph(3, np.array([[0, 1], [1, 2]]), np.ones(2))
    assert "3 nodes, 2 undirected links" in repr(graph)
    with pytest.raises(ValueError, match="read-only"):
        graph.weights[0] = 2
    with pytest.raises(DataError, match="outside"):
        Graph(2, np.array([[0, 2]]), np.ones(1))
    with pytest.raises(DataError, match="positive"):
        Graph(2, np.array([[0, 1]]), np.zeros(1))
    with pytest.raises(DataError, match="1 links and 2 weights"):
        Graph(2, np.array([[0, 1]]), np.ones(2))
