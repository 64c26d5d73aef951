"""One graph per EF class: videos are nodes, and a recipe turns distances between their vectors into link
weights.

Infomap reads a weight as affinity: a random walker follows a link with probability proportional to its
weight, so a large weight must mean "alike". Each recipe's docstring says which way its weights point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.errors import DataError, ParameterError, did_you_mean
from infomotion_lib.selection.neighbours import Search, finite_rows, nearest_neighbours

RECIPES = ("knn", "softmax_inverse", "literal")
COMPLETE_UP_TO = 20_000
"""Nodes above which a complete graph is refused."""
BYTES_A_LINK = 55
"""Memory of one link in Infomap, measured."""
SMALLEST_WEIGHT = 1e-12
SMALLEST_DISTANCE = 1e-6


@dataclass(frozen=True)
class Recipe:
    """How videos become a graph, a graph communities, and communities a ranking; equal recipes on equal
    vectors give equal ones.

    Attributes
    ----------
    name : {"knn", "softmax_inverse", "literal"}
        See :func:`build_graph`.
    k : int
        ``knn``: neighbours per node; 0 for :func:`default_k`.
    scale : float
        ``softmax_inverse``: factor on the distances.
    threshold : float or "median"
        ``softmax_inverse``: weights below are dropped; ``"median"`` drops those below the median of their
        row.
    search : {"auto", "exact", "approximate"}
        ``knn``: how neighbours are found.
    trials, markov_time : int, float
        Infomap's; see :func:`infomotion_lib.selection.communities.find_communities`. 0 trials: as many as the
        graph needs.
    centrality : {"map_equation", "ghalmane"}
        See :func:`infomotion_lib.selection.centrality.modular_centrality`.
    null_draws : int
        Draws of noise that each class is held against; 0: none. See
        :func:`infomotion_lib.selection.noise.structure_p`.
    """

    name: str = "knn"
    k: int = 0
    scale: float = 1.0
    threshold: float | Literal["median"] = 1e-3
    search: Search = "auto"
    trials: int = 10
    markov_time: float = 1.0
    centrality: str = "map_equation"
    null_draws: int = 99

    def __post_init__(self) -> None:
        if self.name not in RECIPES:
            raise ParameterError(
                f"Unknown graph recipe: {self.name}", remedy=did_you_mean(self.name, RECIPES)
            )
        if (
            self.k < 0
            or self.null_draws < 0
            or not self.scale > 0
            or (isinstance(self.threshold, str) and self.threshold != "median")
        ):
            raise ParameterError(
                f"Not a valid recipe: {self!r}", remedy='k >= 0, scale > 0, threshold a number or "median".'
            )

    @classmethod
    def of(cls, recipe: str | Recipe) -> Recipe:
        """The recipe itself, or the one of that name with its default settings."""
        return cls(recipe) if isinstance(recipe, str) else recipe

    def for_nodes(self, n_nodes: int) -> Recipe:
        """The same recipe with the k that a graph of ``n_nodes`` gets, whatever smaller graph it is then used
        on.
        """
        return replace(self, k=self.k or default_k(n_nodes))


@dataclass(frozen=True)
class Graph:
    """A weighted graph; its arrays are read-only.

    Attributes
    ----------
    n_nodes : int
        Nodes are numbered 0 to n_nodes - 1.
    links : ndarray of int, shape (L, 2)
        Source and target of each link; an undirected link stands once.
    weights : ndarray of float64, shape (L,)
        Affinities, positive.
    directed : bool
        Whether a link leads one way only.
    parameters : mapping
        The recipe as built: name, k in force, recall of the neighbour search and the like.
    """

    n_nodes: int
    links: NDArray[np.integer[Any]]
    weights: NDArray[np.float64]
    directed: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        links = np.asarray(self.links).reshape(-1, 2).view()
        weights = np.asarray(self.weights, dtype=np.float64).view()
        if len(links) != len(weights):
            raise DataError(f"A graph has {len(links)} links and {len(weights)} weights.")
        if len(links) and not 0 <= links.min() <= links.max() < self.n_nodes:
            raise DataError(f"A link of this graph leads outside its {self.n_nodes} nodes.")
        if not (np.isfinite(weights) & (weights > 0)).all():
            raise DataError("Every weight of a graph must be finite and positive.")
        for name, array in (("links", links), ("weights", weights)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def __repr__(self) -> str:
        kind = "directed" if self.directed else "undirected"
        made = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"Graph({self.n_nodes} nodes, {len(self.links)} {kind} links{'; ' + made if made else ''})"


def default_k(n_nodes: int) -> int:
    """Neighbours per node unless asked otherwise: a tenth of the class, at least 4, at most 20, and fewer
    than the nodes.
    """
    return max(min(max(round(n_nodes / 10), 4), 20, n_nodes - 1), 0)


def build_graph(features: NDArray[np.floating], *, recipe: str | Recipe = "knn") -> Graph:
    r"""Graph of the rows of ``features`` (n, D), with :math:`d_{ij}` their Euclidean distances.

    ``literal``
        Complete, undirected, :math:`w_{ij} = d_{ij}`: the paper's sentence as it stands. The weight points
        the wrong way (far videos attract the walker), so Infomap finds one community.
    ``softmax_inverse``
        Directed, :math:`w_{ij} = \exp(u_{ij}) / \sum_l \exp(u_{il})` with :math:`u_{ij} = 1 / (s\,d_{ij})`
        and :math:`u_{ii} = 0`; weights under the threshold are dropped. The form of the authors' earlier
        selection method. It points the right way, but depends on the unit of distance: with :math:`s\,d \gg
        1` all weights of a row are nearly equal, with :math:`s\,d \ll 1` the nearest neighbour takes them
        all.
    ``knn``
        Undirected, i and j are linked if one is among the k nearest neighbours of the other, :math:`w_{ij} =
        \exp(-d_{ij}^2 / (\sigma_i \sigma_j))` with :math:`\sigma_i` the distance of i to its k-th neighbour
        (self-tuned Gaussian; Zelnik-Manor and Perona, 2004). It points the right way and does not depend on
        the unit. Weights are at least 1e-12, so that an outlier keeps its links.

    Features are taken as they are: no scaling, no projection.

    Raises
    ------
    DataError
        If a feature is not finite.
    ParameterError
        If the recipe is unknown, or a complete graph would have more than 20,000 nodes.
    """
    chosen = Recipe.of(recipe)
    rows = np.asarray(features)
    if rows.ndim != 2 or not finite_rows(rows).all():
        raise DataError(
            f"Features must be a finite array of shape (videos, numbers); this one has shape {rows.shape}."
        )
    if chosen.name == "knn":
        return _knn(rows, chosen)
    _refuse_huge(len(rows), chosen.name)
    centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    return _literal(centred) if chosen.name == "literal" else _softmax_inverse(centred, chosen)


def _knn(rows: NDArray[np.floating], recipe: Recipe) -> Graph:
    count = len(rows)
    k = min(recipe.k or default_k(count), count - 1)
    if k < 1:
        return _without_links(count, {"recipe": "knn", "k": 0})
    near = nearest_neighbours(rows, k, search=recipe.search)
    width = _positive(near.distance[:, -1])
    source, target = np.repeat(np.arange(count), k), near.index.ravel()
    pair = np.minimum(source, target) * count + np.maximum(source, target)
    pair, first = np.unique(pair, return_index=True)
    source, target = pair // count, pair % count
    weight = np.exp(-(near.distance.ravel()[first] ** 2) / (width[source] * width[target]))
    parameters = {"recipe": "knn", "k": k, "search": near.method, "recall": round(near.recall, 4)}
    return Graph(
        count,
        np.stack([source, target], axis=1).astype(np.int32),
        np.maximum(weight, SMALLEST_WEIGHT),
        False,
        parameters,
    )


def _literal(rows: NDArray[np.float64]) -> Graph:
    count = len(rows)
    total = count * (count - 1) // 2
    links, weights = np.empty((total, 2), dtype=np.int32), np.empty(total)
    node = np.arange(count, dtype=np.int32)
    filled = 0
    for start, block in _distance_blocks(rows, later_only=True):
        for row in range(len(block)):  # the part of the row above the diagonal
            part = slice(filled, filled := filled + count - 1 - start - row)
            links[part, 0], links[part, 1] = start + row, node[start + row + 1 :]
            weights[part] = block[row, row + 1 :]
    kept = weights > 0
    if not kept.all():  # videos with equal vectors
        links, weights = links[kept], weights[kept]
    return Graph(count, links, weights, False, {"recipe": "literal"})


def _softmax_inverse(rows: NDArray[np.float64], recipe: Recipe) -> Graph:
    links, weights = [np.zeros((0, 2), np.int32)], [np.zeros(0)]
    for start, block in _distance_blocks(rows):
        row = np.arange(len(block))
        affinity = 1.0 / np.maximum(recipe.scale * block, SMALLEST_DISTANCE)
        affinity[row, start + row] = 0.0
        share = np.exp(affinity - affinity.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        floor = np.median(share, axis=1, keepdims=True) if recipe.threshold == "median" else recipe.threshold
        source, target = np.nonzero((share >= floor) & (share > 0))
        links.append(np.stack([source + start, target], axis=1).astype(np.int32))
        weights.append(share[source, target])
    parameters = {"recipe": "softmax_inverse", "scale": recipe.scale, "threshold": recipe.threshold}
    return Graph(len(rows), np.concatenate(links), np.concatenate(weights), True, parameters)


def _distance_blocks(
    rows: NDArray[np.float64], *, later_only: bool = False, block: int = 256
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Distances of 256 rows at a time to all rows, or to those from the first of them on, with the number of
    the first.
    """
    square = np.einsum("ij,ij->i", rows, rows)
    for start in range(0, len(rows), block):
        part, first = slice(start, start + block), start if later_only else 0
        squared = rows[part] @ rows[first:].T
        squared *= -2.0
        squared += square[part, None]
        squared += square[first:]
        row = np.arange(len(squared))
        squared[row, start - first + row] = 0.0
        yield start, np.sqrt(np.maximum(squared, 0.0, out=squared), out=squared)


def _positive(width: NDArray[np.float64]) -> NDArray[np.float64]:
    """Widths with zeros (duplicate videos) replaced by the smallest positive one, or by 1 where there is
    none.
    """
    positive = width[width > 0]
    return np.where(width > 0, width, positive.min() if len(positive) else 1.0)


def _without_links(count: int, parameters: Mapping[str, Any]) -> Graph:
    return Graph(count, np.zeros((0, 2), np.int32), np.zeros(0), False, parameters)


def _refuse_huge(count: int, name: str) -> None:
    if count <= COMPLETE_UP_TO:
        return
    links = count * count if name == "softmax_inverse" else count * (count - 1) // 2
    raise ParameterError(
        f"A complete graph of {count:,} videos ({name}) has {links:,} links and would take"
        f" {links * BYTES_A_LINK / 1e9:,.0f} GB.",
        where=f"Complete graphs are built up to {COMPLETE_UP_TO:,} nodes.",
        remedy=(
            'Use the recipe "knn", whose memory grows with the number of videos, or a sample of the class.'
        ),
    )
