"""Modular centralities: equal to Infomap's own, to a calculation by hand, and to networkx."""

from __future__ import annotations

import infomap
import networkx as nx
import numpy as np
import pytest

from infomotion_lib.errors import ParameterError
from infomotion_lib.selection.centrality import (
    ghalmane_centrality,
    map_equation_centrality,
    modular_centrality,
)
from infomotion_lib.selection.communities import Communities, find_communities
from infomotion_lib.selection.graph import Graph, build_graph

# two triangles joined by one link of weight 2
BARBELL = Graph(
    6, np.array([[0, 1], [1, 2], [0, 2], [3, 4], [4, 5], [3, 5], [2, 3]]), np.array([1.0, 1, 1, 1, 1, 1, 2])
)
HALVES = np.array([0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize("recipe", ["knn", "softmax_inverse", "literal"])
@pytest.mark.parametrize("markov_time", [0.6, 1.0])
def test_map_equation_centrality_is_infomaps_own(recipe: str, markov_time: float) -> None:
    graph = build_graph(np.random.default_rng(0).normal(size=(50, 3)), recipe=recipe)
    found = find_communities(graph, seed=3, trials=2, markov_time=markov_time)
    network = infomap.Network()
    network.add_nodes(range(graph.n_nodes))
    network.add_links(np.column_stack([graph.links, graph.weights]))
    flow_model = "directed" if graph.directed else "undirected"
    options = infomap.Options(
        flow_model=flow_model, markov_time=markov_time, two_level=True, num_trials=2, seed=4
    )
    table = (
        infomap.run(network, options=options)
        .to_dataframe(columns=["node_id", "modular_centrality"])
        .sort_values("node_id")
    )
    np.testing.assert_allclose(map_equation_centrality(found), table["modular_centrality"], atol=1e-12)


def test_map_equation_centrality_by_hand() -> None:
    flow = np.array([2, 2, 4, 4, 2, 2]) / 16
    found = Communities(HALVES, flow, 2.0, 3.0)
    expected = -(0.5 - flow) * np.log2((0.5 - flow) / 0.5)
    np.testing.assert_allclose(map_equation_centrality(found), expected, atol=1e-12)


def test_a_node_alone_has_no_map_equation_centrality() -> None:
    assert map_equation_centrality(find_communities(Graph(3, np.zeros((0, 2)), np.zeros(0)))).tolist() == [
        0,
        0,
        0,
    ]


def test_ghalmane_by_hand() -> None:
    found = ghalmane_centrality(BARBELL, HALVES)
    assert found.local.tolist() == [2, 2, 2, 2, 2, 2]
    assert found.between.tolist() == [0, 0, 2, 2, 0, 0]
    np.testing.assert_allclose(found.mixing, 0.5 / 3)  # (0 + 0 + 2/4) / 3
    np.testing.assert_allclose(found.score[[0, 2]], [2 * (1 - 0.5 / 3), 2])


def test_ghalmane_equals_strengths_of_networkx_subgraphs() -> None:
    graph = build_graph(np.random.default_rng(1).normal(size=(30, 3)))
    module = find_communities(graph, markov_time=0.8).module
    whole = nx.Graph()
    whole.add_nodes_from(range(30))
    whole.add_weighted_edges_from(
        (a, b, w) for (a, b), w in zip(graph.links.tolist(), graph.weights.tolist(), strict=True)
    )
    inside = nx.Graph(whole)
    inside.remove_edges_from([(a, b) for a, b in whole.edges if module[a] != module[b]])
    between = nx.Graph(whole)
    between.remove_edges_from([(a, b) for a, b in whole.edges if module[a] == module[b]])
    local = np.array([value for _, value in inside.degree(weight="weight")])
    across = np.array([value for _, value in between.degree(weight="weight")])
    share = across / (local + across)
    mixing = np.array([share[module == own].mean() for own in module])
    found = ghalmane_centrality(graph, module)
    np.testing.assert_allclose(found.local, local, atol=1e-12)
    np.testing.assert_allclose(found.between, across, atol=1e-12)
    np.testing.assert_allclose(found.score, (1 - mixing) * local + mixing * across, atol=1e-12)


def test_ghalmane_of_a_directed_graph_counts_both_ends() -> None:
    found = ghalmane_centrality(
        Graph(3, np.array([[0, 1], [1, 2]]), np.array([1.0, 5.0]), directed=True), np.array([0, 0, 1])
    )
    assert found.local.tolist() == [1, 1, 0] and found.between.tolist() == [0, 5, 5]


def test_one_community_leaves_strength_alone() -> None:
    found = ghalmane_centrality(BARBELL, np.zeros(6, dtype=int))
    np.testing.assert_allclose(found.score, [2, 2, 4, 4, 2, 2])


def test_unknown_centrality_is_named() -> None:
    found = find_communities(BARBELL)
    np.testing.assert_allclose(
        modular_centrality(BARBELL, found, kind="ghalmane"), ghalmane_centrality(BARBELL, found.module).score
    )
    with pytest.raises(ParameterError, match="Did you mean ghalmane"):
        modular_centrality(BARBELL, found, kind="ghalman")
