"""Does a class have more structure than noise? Its partition against those of Gaussian noise with the same
covariance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.selection.communities import find_communities
from infomotion_lib.selection.graph import Recipe, build_graph

NOISE_FLAG = "no more structure than noise of the same covariance"
"""Flag of a partition that noise gives as well."""

NULL_DRAWS = 99
LEVEL = 0.01
"""Largest p that counts as structure: 99 draws, none of which saves as much."""

ENOUGH = 10
"""Draws that save at least as much, after which no more are made."""

FEWEST_ROWS = 8


def structure_p(
    features: NDArray[np.floating],
    *,
    recipe: str | Recipe = "knn",
    draws: int = NULL_DRAWS,
    seed: int = 0,
    most_nodes: int = 500,
) -> float:
    r"""P-value of the hypothesis that the rows of ``features`` (n, D) are Gaussian noise, whatever its
    covariance; nan with fewer than 8 rows, without spread, or with no draws.

    The statistic is the share of the codelength that Infomap saves in one trial. Each null draw keeps mean
    and sample covariance of the rows exactly and forgets all else: with :math:`X = \bar x + U S V^\top` it is
    :math:`Q S`, :math:`Q` uniform among the orthonormal frames orthogonal to :math:`\mathbf 1` (a rotation
    test; Langsrud, 2005), so p is exact for Gaussian rows. A null that shuffles each feature
    alone destroys the covariance, and finds every correlated cloud structured.

    Parameters
    ----------
    recipe : str or Recipe
        Of the graphs.
    draws : int
        At most so many; they end with the tenth that saves at least as much (Besag and Clifford, 1991).
    most_nodes : int
        Larger classes are judged on a random sample of so many rows.
    """
    rng = np.random.default_rng(seed)
    if len(features) > most_nodes:
        features = features[np.sort(rng.choice(len(features), most_nodes, replace=False))]
    rows = np.asarray(features, dtype=np.float64)
    if len(rows) < FEWEST_ROWS or draws < 1:
        return float("nan")
    chosen = Recipe.of(recipe).for_nodes(len(rows))
    spread = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)[: len(rows) - 1]
    spread = spread[spread > 1e-9 * max(spread[0], 1e-300)]
    if not len(spread):
        return float("nan")

    def savings(vectors: NDArray[np.float64]) -> float:
        graph = build_graph(vectors, recipe=chosen)
        return find_communities(graph, seed=seed, trials=1, markov_time=chosen.markov_time).savings

    saved, reached = savings(rows), 0
    for drawn in range(1, draws + 1):
        reached += savings(_noise(spread, len(rows), rng)) >= saved
        if reached == ENOUGH:
            return reached / drawn
    return (reached + 1) / (draws + 1)


def _noise(spread: NDArray[np.float64], count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise (count, r) whose centred rows have the singular values ``spread`` (r,)."""
    normal = rng.standard_normal((count, len(spread)))
    frame, triangle = np.linalg.qr(normal - normal.mean(axis=0))
    return np.asarray(frame * np.sign(np.diag(triangle)) * spread)
