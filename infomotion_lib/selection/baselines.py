"""Reference selectors: each takes the vectors of one class and gives that many videos of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import pairwise_distances

from infomotion_lib.errors import ParameterError
from infomotion_lib.selection.graph import COMPLETE_UP_TO
from infomotion_lib.selection.modular import Picks

Vectors = NDArray[np.floating]


def pick_random(count: int, *, budget: int, rng: np.random.Generator) -> Picks:
    """``budget`` of ``count`` videos drawn without replacement; a larger budget extends the same draw."""
    index = rng.permutation(count)[:budget]
    return Picks(index, np.full(len(index), -1), np.full(len(index), np.nan))


def pick_kmeans(vectors: Vectors, *, budget: int, seed: int) -> Picks:
    """The video nearest to each of ``budget`` K-means centroids, most populous cluster first; the score is
    its distance to it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # fewer distinct vectors than clusters: the others stay empty
        clusters = KMeans(budget, n_init=10, random_state=seed).fit(vectors)
    distance = pairwise_distances(vectors, clusters.cluster_centers_)
    order = np.argsort(-np.bincount(clusters.labels_, minlength=budget), kind="stable")
    chosen: list[int] = []
    for cluster in order:
        free = np.setdiff1d(np.arange(len(vectors)), chosen)
        chosen.append(int(free[np.argmin(distance[free, cluster])]))
    index = np.array(chosen, dtype=np.int64)
    return Picks(index, order.astype(np.int64), distance[index, order])


def pick_kcenter(vectors: Vectors, *, budget: int) -> Picks:
    """k-center greedy from the video nearest to the mean on: always the farthest from those chosen; the score
    is that distance.
    """
    nearest = pairwise_distances(vectors, vectors.mean(axis=0, keepdims=True))[:, 0]
    chosen, score = [int(np.argmin(nearest))], [0.0]
    nearest = np.full(len(vectors), np.inf)
    while len(chosen) < budget:
        nearest = np.minimum(nearest, pairwise_distances(vectors, vectors[chosen[-1:]])[:, 0])
        nearest[chosen] = -1.0
        chosen.append(int(np.argmax(nearest)))
        score.append(float(nearest[chosen[-1]]))
    return _plain(chosen, score)


def pick_facility_location(vectors: Vectors, *, budget: int) -> Picks:
    """Greedy maximum of the summed similarity of every video to its nearest pick (largest distance minus
    distance); the score is the gain.

    Raises
    ------
    ParameterError
        If the class is too large for its matrix of distances.
    """
    if len(vectors) > COMPLETE_UP_TO:
        raise ParameterError(
            f"facility_location compares all pairs; {len(vectors):,} videos are more than its"
            f" {COMPLETE_UP_TO:,}."
        )
    distance = pairwise_distances(vectors).astype(np.float32)
    similarity = distance.max() - distance
    cover = np.zeros(len(vectors), dtype=np.float32)
    chosen: list[int] = []
    score: list[float] = []
    while len(chosen) < budget:
        gain = np.maximum(similarity - cover[:, None], 0).sum(axis=0)
        gain[chosen] = -1.0
        chosen.append(int(np.argmax(gain)))
        score.append(float(gain[chosen[-1]]))
        cover = np.maximum(cover, similarity[:, chosen[-1]])
    return _plain(chosen, score)


def ef_bins(ef: NDArray[np.floating], bins: int) -> NDArray[np.int64]:
    """Quantile bin of each EF, 0 the lowest, (n,): as equal in number as can be, and none empty where n >=
    bins.
    """
    number = np.empty(len(ef), dtype=np.int64)
    for position, members in enumerate(np.array_split(np.argsort(ef, kind="stable"), bins)):
        number[members] = position
    return number


def pick_ef_stratified(ef: NDArray[np.floating], *, budget: int, rng: np.random.Generator) -> Picks:
    """One video drawn from each of ``budget`` EF-quantile bins, lowest first; the score is its EF."""
    bins = ef_bins(ef, budget)
    index = np.array([rng.choice(np.flatnonzero(bins == number)) for number in range(budget)], dtype=np.int64)
    return Picks(index, np.arange(budget), ef[index].astype(np.float64))


def pick_herding_ef(vectors: Vectors, ef: NDArray[np.floating], *, budget: int) -> Picks:
    r"""Kernel herding with one pick in each of ``budget`` EF-quantile bins.

    Pick t + 1 maximises, over the bins not yet used, :math:`\frac1n\sum_i k(x, x_i) - \frac{1}{t+1}\sum_{s
    \in S} k(x, x_s)`: like the class as a whole, unlike the picks so far (Chen, Welling and Smola, 2010).
    :math:`k(x, y) = \exp(-\|x - y\|^2 / 2\sigma^2)` with
    :math:`\sigma` the median distance of the class. The score is the value maximised.
    """
    bins = ef_bins(ef, budget)
    width = _median_distance(vectors)
    mean_kernel = np.concatenate([_kernel(block, vectors, width).mean(axis=1) for block in _blocks(vectors)])
    used = np.zeros(len(vectors))
    open_bins = np.ones(budget, dtype=bool)
    chosen: list[int] = []
    score: list[float] = []
    while len(chosen) < budget:
        value = np.where(open_bins[bins], mean_kernel - used / (len(chosen) + 1), -np.inf)
        chosen.append(int(np.argmax(value)))
        score.append(float(value[chosen[-1]]))
        open_bins[bins[chosen[-1]]] = False
        used += _kernel(vectors, vectors[chosen[-1:]], width)[:, 0]
    index = np.array(chosen, dtype=np.int64)
    return Picks(index, bins[index], np.array(score))


def joint_features(parts: list[Vectors], *, components: int = 40) -> NDArray[np.float64]:
    """Several features of the same videos side by side, (n, up to ``components`` a part).

    Each part is standardised column by column, reduced to its first principal components and divided by its
    root mean squared norm, so that all parts weigh the same. Fit it on all candidates of a source, not class
    by class.
    """
    columns = []
    for part in parts:
        centred = part - part.mean(axis=0, dtype=np.float64)
        spread = centred.std(axis=0)
        scaled = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12)
        reduced = PCA(min(components, *scaled.shape), random_state=0).fit_transform(scaled)
        energy = float(np.sqrt((reduced**2).sum(axis=1).mean()))
        columns.append(reduced / (energy or 1.0))
    return np.concatenate(columns, axis=1)


def _plain(chosen: list[int], score: list[float]) -> Picks:
    return Picks(np.array(chosen, dtype=np.int64), np.full(len(chosen), -1), np.array(score))


def _kernel(left: Vectors, right: Vectors, width: float) -> NDArray[np.float64]:
    return np.exp(-(np.asarray(pairwise_distances(left, right), dtype=np.float64) ** 2) / (2 * width**2))


def _median_distance(vectors: Vectors, most: int = 2000) -> float:
    rows = vectors[:: max(1, len(vectors) // most)]
    distance = pairwise_distances(rows)[np.triu_indices(len(rows), 1)]
    return float(np.median(distance)) or 1.0 if len(distance) else 1.0


def _blocks(vectors: Vectors, size: int = 1024) -> Iterator[Vectors]:
    for start in range(0, len(vectors), size):
        yield vectors[start : start + size]
