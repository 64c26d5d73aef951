"""Whether a partition means anything: does it return with another seed, with other videos, and does noise
give one too?
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

from infomotion_lib.selection.communities import FEW_TRIALS, Communities, find_communities
from infomotion_lib.selection.graph import Graph, Recipe, build_graph
from infomotion_lib.selection.noise import structure_p


@dataclass(frozen=True)
class Health:
    """Controls of one class graph.

    Attributes
    ----------
    seed_stability : float
        Mean adjusted mutual information (AMI; 1 equal, 0 chance) with the partitions of other Infomap seeds.
    stability : float
        Mean AMI with the partitions of bootstrap samples of the videos, over the videos they share. Both are
        nan where there is one community, which has nothing to agree on, or no resample was asked for.
    null_communities, null_savings : float
        Mean number of communities, and mean share of the codelength saved, after each feature is shuffled
        over the videos: what the recipe finds where no two features are correlated.
    structure_p : float
        P-value of the hypothesis that the vectors are Gaussian noise of their own covariance
        (:func:`~infomotion_lib.selection.noise.structure_p`).
    """

    seed_stability: float
    stability: float
    null_communities: float
    null_savings: float
    structure_p: float = float("nan")


def partition_health(
    features: NDArray[np.floating],
    *,
    recipe: str | Recipe = "knn",
    resamples: int = 5,
    seed: int = 0,
    most_nodes: int = 2000,
) -> Health:
    """Stability and null of the partition that ``recipe`` and Infomap give for ``features`` (n, D).

    Samples and shuffles are made into graphs by the recipe of the whole class, with its k. Where its trials
    follow the size of the graph, all partitions here are found with 10: it is many of them.

    Parameters
    ----------
    resamples : int
        Other seeds, bootstrap samples and shuffles, as many of each; 0 leaves all values nan.
    most_nodes : int
        Larger classes are judged on a random sample of this many videos.
    """
    rng = np.random.default_rng(seed)
    rows = features
    if len(rows) > most_nodes:
        rows = rows[np.sort(rng.choice(len(rows), most_nodes, replace=False))]
    chosen = Recipe.of(recipe).for_nodes(len(rows))

    def partition(graph: Graph, infomap_seed: int) -> Communities:
        return find_communities(
            graph,
            seed=infomap_seed,
            trials=chosen.trials or FEW_TRIALS,
            markov_time=chosen.markov_time,
        )

    graph = build_graph(rows, recipe=chosen)
    whole = partition(graph, seed)
    seeds: list[float] = []
    samples: list[float] = []
    null_counts: list[float] = []
    null_savings: list[float] = []
    for draw in range(1, resamples + 1):
        if whole.n_communities > 1:
            seeds.append(adjusted_mutual_info_score(whole.module, partition(graph, seed + draw).module))
            kept = np.unique(rng.integers(0, len(rows), len(rows)))
            sample = partition(build_graph(rows[kept], recipe=chosen), seed)
            samples.append(adjusted_mutual_info_score(whole.module[kept], sample.module))
        shuffled = rng.permuted(rows, axis=0)
        null = partition(build_graph(shuffled, recipe=chosen), seed)
        null_counts.append(null.n_communities)
        null_savings.append(null.savings)
    draws = chosen.null_draws if resamples and whole.flag == "healthy" else 0
    p_value = structure_p(rows, recipe=chosen, draws=draws, seed=seed)
    return Health(_mean(seeds), _mean(samples), _mean(null_counts), _mean(null_savings), p_value)


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
