"""Infomap: planted groups come back, codelengths agree with igraph's, results are seeded and small."""

from __future__ import annotations

import random

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from infomotion_lib.errors import ParameterError
from infomotion_lib.selection import communities as room
from infomotion_lib.selection.communities import Communities, find_communities
from infomotion_lib.selection.graph import Graph, build_graph

from .conftest import Planted


def test_planted_communities_are_recovered(planted: Planted) -> None:
    found = find_communities(build_graph(planted.features), trials=5)
    assert adjusted_mutual_info_score(planted.group, found.module) == pytest.approx(1.0)
    assert (found.n_communities, found.singletons, found.flag) == (5, 0, "healthy")
    assert found.largest_share == pytest.approx(0.2)
    assert 0 < found.savings < 1 and found.codelength < found.one_level_codelength
    assert found.flow.sum() == pytest.approx(1.0)


def test_the_literal_graph_collapses(planted: Planted) -> None:
    found = find_communities(build_graph(planted.features, recipe="literal"), trials=5)
    assert (found.n_communities, found.flag, found.savings) == (1, "collapsed", pytest.approx(0, abs=1e-9))
    assert found.codelength == pytest.approx(found.one_level_codelength)


def test_softmax_inverse_finds_the_groups_at_a_small_scale_only(planted: Planted) -> None:
    from infomotion_lib.selection.graph import Recipe

    counts = [
        find_communities(
            build_graph(planted.features, recipe=Recipe("softmax_inverse", scale=s))
        ).n_communities
        for s in (0.1, 1.0)
    ]
    assert counts == [5, 1]


def test_markov_time_is_a_resolution(planted: Planted) -> None:
    graph = build_graph(planted.features)
    counts = [find_communities(graph, trials=3, markov_time=time).n_communities for time in (0.5, 1.0, 4.0)]
    assert counts[0] > counts[1] >= counts[2]
    assert find_communities(graph, trials=3, markov_time=0.3).flag == "shattered"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_codelength_equals_that_of_igraph(seed: int) -> None:
    igraph = pytest.importorskip("igraph")
    features = np.random.default_rng(seed).normal(size=(40, 3))
    graph = build_graph(features)
    ours = find_communities(graph, trials=100)
    random.seed(seed)  # igraph draws with it
    other = igraph.Graph(n=graph.n_nodes, edges=graph.links.tolist())
    theirs = other.community_infomap(edge_weights=graph.weights.tolist(), trials=100)
    assert ours.codelength == pytest.approx(theirs.codelength, abs=1e-6)


def test_undirected_flow_is_strength() -> None:
    graph = Graph(3, np.array([[0, 1], [1, 2]]), np.array([1.0, 3.0]))
    np.testing.assert_allclose(find_communities(graph).flow, np.array([1, 4, 3]) / 8)


def test_direction_matters() -> None:
    links, weights = np.array([[0, 1], [1, 2], [2, 0], [3, 0]]), np.ones(4)
    one_way = find_communities(Graph(4, links, weights, directed=True)).flow
    both_ways = find_communities(Graph(4, links, weights)).flow
    assert one_way[3] < 0.1 < both_ways[3]


def test_the_same_seed_gives_the_same_partition(planted: Planted) -> None:
    graph = build_graph(np.random.default_rng(5).normal(size=(80, 3)))
    first, again = (find_communities(graph, seed=7, trials=2) for _ in range(2))
    np.testing.assert_array_equal(first.module, again.module)
    assert first.codelength == again.codelength


def test_links_given_in_parts_give_the_same_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = build_graph(np.random.default_rng(5).normal(size=(80, 3)))
    whole = find_communities(graph, trials=2)
    monkeypatch.setattr(room, "LINKS_AT_A_TIME", 7)
    parts = find_communities(graph, trials=2)
    np.testing.assert_array_equal(whole.module, parts.module)
    assert (whole.codelength, whole.flow.tolist()) == (parts.codelength, parts.flow.tolist())


def test_modules_are_numbered_by_flow(planted: Planted) -> None:
    found = find_communities(build_graph(np.concatenate([planted.features, planted.features[:12] + 0.1])))
    flow = np.bincount(found.module, weights=found.flow)
    assert (np.diff(flow) <= 1e-9).all()


def test_a_graph_without_links_is_all_singletons() -> None:
    found = find_communities(Graph(3, np.zeros((0, 2)), np.zeros(0)))
    assert (found.n_communities, found.singletons, found.savings, found.flag) == (3, 3, 0.0, "shattered")
    assert find_communities(Graph(1, np.zeros((0, 2)), np.zeros(0))).flag == "collapsed"


def test_flags() -> None:
    def flag(*sizes: int) -> str:
        module = np.repeat(np.arange(len(sizes)), sizes)
        return Communities(module, np.full(len(module), 1 / len(module)), 1.0, 2.0).flag

    assert flag(20) == flag(19, 1) == "collapsed"
    assert flag(9, 9) == flag(8, 8, 2, 2) == "healthy"
    assert flag(6, 2, 2) == flag(*[1] * 5) == "shattered"


def test_repr_is_one_line(planted: Planted) -> None:
    assert repr(find_communities(build_graph(planted.features))).startswith(
        "Communities(5 over 60 nodes, largest 20%, codelength "
    )


@pytest.mark.parametrize("wrong", [{"trials": -1}, {"seed": -1}, {"markov_time": 0.0}])
def test_bad_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="cannot run"):
        find_communities(Graph(2, np.array([[0, 1]]), np.ones(1)), **wrong)  # type: ignore[arg-type]
