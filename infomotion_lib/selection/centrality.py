"""How central a video is within its community and between communities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.errors import ParameterError, did_you_mean
from infomotion_lib.selection.communities import Communities
from infomotion_lib.selection.graph import Graph

CENTRALITIES = ("map_equation", "ghalmane")


@dataclass(frozen=True)
class ModularCentrality:
    """Ghalmane's modular centrality with its two parts.

    Attributes
    ----------
    local : ndarray of float64, shape (n,)
        Strength of a node's links inside its community.
    between : ndarray of float64, shape (n,)
        Strength of its links to other communities (the "global" part).
    mixing : ndarray of float64, shape (n,)
        Share of between-community strength, averaged over the node's community.
    score : ndarray of float64, shape (n,)
        ``(1 - mixing) * local + mixing * between``.
    """

    local: NDArray[np.float64]
    between: NDArray[np.float64]
    mixing: NDArray[np.float64]
    score: NDArray[np.float64]


def map_equation_centrality(communities: Communities) -> NDArray[np.float64]:
    r"""Map-equation centrality of each node, bits, (n,); Infomap's own ``modular_centrality``.

    .. math:: C(u) = -(p_m - p_u) \log_2 \frac{p_m - p_u}{p_m}

    with :math:`p_u` the flow of node u and :math:`p_m` that of its community; 0 for a node alone in its
    community. How many bits the walk's description would grow if u could not be named within its community
    (Blöcker, Nieves and Rosvall, Applied Network Science 7, 56, 2022). It rises with the flow of u as long as
    u holds less than 63 % of its community's.
    """
    total = np.bincount(communities.module, weights=communities.flow)[communities.module]
    rest = np.maximum(total - communities.flow, 0.0)
    share = np.divide(rest, total, out=np.zeros_like(rest), where=total > 0)
    alone = communities.sizes[communities.module] == 1
    return np.where(alone | (share <= 0), 0.0, -rest * np.log2(np.where(share > 0, share, 1.0)))


def ghalmane_centrality(graph: Graph, module: NDArray[np.integer]) -> ModularCentrality:
    r"""Weighted modular measure of Ghalmane, El Hassouni, Cherifi and Cherifi (EPJ Data Science 8, 15, 2019),
    for strength.

    .. math:: \alpha_W(i) &= (1 - \mu_C)\,\beta_L(i) + \mu_C\,\beta_G(i) \\
              \mu_C &= \frac{1}{|C|} \sum_{j \in C} \frac{\beta_G(j)}{\beta_L(j) + \beta_G(j)}

    :math:`\beta_L` is the strength of i in the graph without links between communities, :math:`\beta_G` in
    the graph without links inside them. In a directed graph a node's strength counts the links that enter it
    and those that leave it; a self-link counts twice, as degrees do. A node without links has 0.
    """
    labels = np.asarray(module)
    source, target = graph.links[:, 0], graph.links[:, 1]
    inside = labels[source] == labels[target]
    local = _strength(graph, inside)
    between = _strength(graph, ~inside)
    whole = local + between
    share = np.divide(between, whole, out=np.zeros_like(whole), where=whole > 0)
    _, index, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    mixing = (np.bincount(index, weights=share) / sizes)[index]
    return ModularCentrality(local, between, mixing, (1 - mixing) * local + mixing * between)


def modular_centrality(
    graph: Graph, communities: Communities, *, kind: str = "map_equation"
) -> NDArray[np.float64]:
    """Score of each node, (n,), by ``kind``: ``map_equation`` or ``ghalmane``.

    Raises
    ------
    ParameterError
        If there is no such centrality.
    """
    if kind == "map_equation":
        return map_equation_centrality(communities)
    if kind == "ghalmane":
        return ghalmane_centrality(graph, communities.module).score
    raise ParameterError(f"Unknown centrality: {kind}", remedy=did_you_mean(kind, CENTRALITIES))


def _strength(graph: Graph, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    ends = graph.links[kept]
    weights = graph.weights[kept]
    out = np.bincount(ends[:, 0], weights, graph.n_nodes)
    into = np.bincount(ends[:, 1], weights, graph.n_nodes)
    return np.asarray(out + into, dtype=np.float64)
