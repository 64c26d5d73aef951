"""The paper's selector: communities of a class graph, and the most central videos of each, shared out
evenly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from infomotion_lib.classes import CLASS_NAMES, groups_of
from infomotion_lib.errors import DataError, ParameterError, did_you_mean
from infomotion_lib.selection.centrality import modular_centrality
from infomotion_lib.selection.communities import Communities, find_communities
from infomotion_lib.selection.graph import Graph, Recipe, build_graph
from infomotion_lib.selection.noise import LEVEL, NOISE_FLAG, structure_p
from infomotion_lib.selection.registry import Picks


@dataclass(frozen=True)
class ClassGraph:
    """Graph, communities and centrality of one class.

    Attributes
    ----------
    file_names : tuple of str
        Its videos, in the order of the graph's nodes.
    graph : Graph
    communities : Communities
    centrality : ndarray of float64, shape (n,)
        Score of each node.
    structure_p : float
        Whether noise of the same covariance gives such a partition
        (:func:`~infomotion_lib.selection.noise.structure_p`); nan where that was not asked, or the partition
        is collapsed or shattered anyway.
    """

    file_names: tuple[str, ...]
    graph: Graph
    communities: Communities
    centrality: NDArray[np.float64]
    structure_p: float = float("nan")

    @property
    def flag(self) -> str:
        """Health of the partition: collapsed, shattered, no more structure than noise of the same covariance,
        or healthy.
        """
        return NOISE_FLAG if self.structure_p > LEVEL else self.communities.flag


def rows_by_class(
    classes: ArrayLike,
    file_names: Sequence[str] | NDArray[np.str_],
) -> dict[str, NDArray[np.int64]]:
    """Row numbers of each class, by file name, so that no result depends on the order of the rows; an absent
    class has none.

    Raises
    ------
    DataError
        If the lengths differ or a file name stands twice.
    ParameterError
        If a class is not one of :data:`infomotion_lib.classes.CLASS_NAMES`, nor is that of all videos.
    """
    labels, names = np.asarray(classes).astype(str), np.asarray(file_names).astype(str)
    if labels.shape != names.shape:
        raise DataError(f"{len(names)} file names and {len(labels)} classes: there must be as many of each.")
    unique, count = np.unique(names, return_counts=True)
    if (count > 1).any():
        twice = unique[count > 1]
        raise DataError(
            f"{len(twice)} file names stand twice among the candidates, such as {twice[0]}.",
            remedy="Name every video once.",
        )
    groups = groups_of(labels)
    for label in np.unique(labels):
        if label not in groups:
            raise ParameterError(
                f"Unknown EF class: {str(label)!r}", remedy=did_you_mean(str(label), CLASS_NAMES)
            )
    rows = {}
    for name in groups:
        members = np.flatnonzero(labels == name)
        rows[name] = members[np.argsort(names[members], kind="stable")]
    return rows


def build_class_graphs(
    features: NDArray[np.floating],
    classes: ArrayLike,
    *,
    file_names: Sequence[str] | NDArray[np.str_],
    recipe: str | Recipe = "knn",
    seed: int = 0,
) -> dict[str, ClassGraph]:
    """Graph, communities and centrality of every class that has a video, all by one recipe; ``seed`` is
    Infomap's.
    """
    names, chosen = np.asarray(file_names).astype(str), Recipe.of(recipe)
    built = {}
    for name, rows in rows_by_class(classes, names).items():
        if len(rows):
            graph = build_graph(features[rows], recipe=chosen)
            communities = find_communities(
                graph, seed=seed, trials=chosen.trials, markov_time=chosen.markov_time
            )
            centrality = modular_centrality(graph, communities, kind=chosen.centrality)
            draws = chosen.null_draws if communities.flag == "healthy" else 0
            p_value = structure_p(features[rows], recipe=chosen, draws=draws, seed=seed)
            built[name] = ClassGraph(tuple(names[rows].tolist()), graph, communities, centrality, p_value)
    return built


def allocate(sizes: Sequence[int], budget: int) -> list[int]:
    """Videos to take from each of K communities given largest first: an equal share each, the remainder to
    the largest.

    One by one, round and round, from every community that still has one. So with a budget under K the first
    ``budget`` communities give one each, what a small community cannot give is shared by the others, and the
    total falls short only when all are exhausted.

    >>> allocate([9, 5, 4], 5)
    [2, 2, 1]
    >>> allocate([9, 1, 1], 6)
    [4, 1, 1]
    """
    taken = [0] * len(sizes)
    left = min(budget, sum(sizes))
    while left:
        for position, size in enumerate(sizes):
            if left and taken[position] < size:
                taken[position] += 1
                left -= 1
    return taken


def pick_modular(communities: Communities, score: NDArray[np.floating], *, budget: int) -> Picks:
    """The ``budget`` videos that a partition gives: shared out by :func:`allocate`, top score first within
    each community.

    Communities stand in Infomap's order, by decreasing flow. Ranks go round: the first of each community,
    then the second of each. Equal scores are ordered by flow, then by node number.
    """
    members = [np.flatnonzero(communities.module == number) for number in range(communities.n_communities)]
    ordered = [nodes[np.lexsort((nodes, -communities.flow[nodes], -score[nodes]))] for nodes in members]
    taken = allocate([len(nodes) for nodes in ordered], budget)
    picks = sorted(
        (place, number, int(nodes[place]))
        for number, (nodes, count) in enumerate(zip(ordered, taken, strict=True))
        for place in range(count)
    )
    index = np.array([node for _, _, node in picks], dtype=np.int64)
    return Picks(
        index,
        np.array([number for _, number, _ in picks], dtype=np.int64),
        np.asarray(score, dtype=np.float64)[index],
    )


def matching_graph(graphs: Mapping[str, ClassGraph], name: str, file_names: Sequence[str]) -> ClassGraph:
    """The class's graph out of ``graphs``.

    Raises
    ------
    DataError
        If there is none, or it was built from other videos.
    """
    graph = graphs.get(name)
    if graph is None or graph.file_names != tuple(file_names):
        raise DataError(
            f"The graph of class {name} is missing or was built from other videos.",
            remedy="Build the graphs from the same candidates.",
        )
    return graph
