"""The selectors: each takes the candidates of one class and gives that many videos of it.

The registry is filled from here when a profile is read, so that scikit-learn is imported only by what runs.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.errors import ParameterError
from infomotion_lib.selection.registry import ClassPool, Picks, selector

Vectors = NDArray[np.floating]


@selector(
    "random", label="Random", needs="draws", colour="#7F7F7F", summary="drawn at random within each class"
)
def pick_random(pool: ClassPool, *, budget: int, rng: np.random.Generator) -> Picks:
    """``budget`` videos drawn without replacement; a larger budget extends the same draw."""
    index = rng.permutation(len(pool))[:budget]
    return Picks(index, np.full(len(index), -1), np.full(len(index), np.nan))


@selector(
    "kmeans",
    on="appearance",
    label="K-means",
    colour="#0072B2",
    marker="s",
    summary="the video nearest to each K-means centroid",
)
def pick_kmeans(pool: ClassPool, *, budget: int, rng: np.random.Generator) -> Picks:
    """The video nearest to each of ``budget`` K-means centroids, most populous cluster first; the score is
    its distance to it.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    vectors = pool.vectors
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # fewer distinct vectors than clusters: the others stay empty
        clusters = KMeans(budget, n_init=10, random_state=pool.seed).fit(vectors)
    distance = _distances(vectors, clusters.cluster_centers_)
    order = np.argsort(-np.bincount(clusters.labels_, minlength=budget), kind="stable")
    chosen: list[int] = []
    for cluster in order:
        free = np.setdiff1d(np.arange(len(vectors)), chosen)
        chosen.append(int(free[np.argmin(distance[free, cluster])]))
    index = np.array(chosen, dtype=np.int64)
    return Picks(index, order.astype(np.int64), distance[index, order])


@selector(
    "infomotion",
    on="motion",
    label="InfoMotion",
    needs="graph",
    colour="#D55E00",
    marker="^",
    summary="central videos of the communities of the motion graph",
)
@selector(
    "infodist",
    on="appearance",
    label="InfoDist",
    needs="graph",
    colour="#009E73",
    marker="D",
    summary="central videos of the communities of the appearance graph",
)
def central(pool: ClassPool, *, budget: int, rng: np.random.Generator) -> Picks:
    """Central videos of the communities of the class's graph; decorators register from here upwards."""
    from infomotion_lib.selection.modular import pick_modular

    assert pool.graph is not None
    return pick_modular(pool.graph.communities, pool.graph.centrality, budget=budget)


@selector(
    "kcenter",
    on="appearance",
    label="k-centre",
    colour="#2E94C9",
    marker="v",
    summary="k-center greedy: always the farthest from those chosen",
)
def pick_kcenter(pool: ClassPool, *, budget: int, rng: np.random.Generator) -> Picks:
    """k-center greedy from the video nearest to the mean on: always the farthest from those chosen; the score
    is that distance.
    """
    vectors = pool.vectors
    nearest = _distances(vectors, vectors.mean(axis=0, keepdims=True))[:, 0]
    chosen, score = [int(np.argmin(nearest))], [0.0]
    nearest = np.full(len(vectors), np.inf)
    while len(chosen) < budget:
        nearest = np.minimum(nearest, _distances(vectors, vectors[chosen[-1:]])[:, 0])
        nearest[chosen] = -1.0
        chosen.append(int(np.argmax(nearest)))
        score.append(float(nearest[chosen[-1]]))
    return _plain(chosen, score)


@selector(
    "facility_location",
    on="appearance",
    label="Facility location",
    colour="#CC79A7",
    marker="P",
    summary="most similar to all the others taken together",
)
def pick_facility_location(pool: ClassPool, *, budget: int, rng: np.random.Generator) -> Picks:
    """Greedy maximum of the summed similarity of every video to its nearest pick (largest distance minus
    distance); the score is the gain.

    Raises
    ------
    ParameterError
        If the class is too large for its matrix of distances.
    """
    from infomotion_lib.selection.graph import COMPLETE_UP_TO

    vectors = pool.vectors
    if len(vectors) > COMPLETE_UP_TO:
        raise ParameterError(
            f"facility_location compares all pairs; {len(vectors):,} videos are more than its"
            f" {COMPLETE_UP_TO:,}."
        )
    distance = _distances(vectors, None).astype(np.float32)
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


@selector(
    "ef_stratified",
    label="EF-stratified",
    needs="ef draws",
    colour="#B8860B",
    marker="X",
    summary="one at random in each EF-quantile bin",
)
def pick_ef_stratified(pool: ClassPool, *, budget: int, rng: np.random.Generator) -> Picks:
    """One video drawn from each of ``budget`` EF-quantile bins, lowest first; the score is its EF."""
    ef = pool.ef
    bins = ef_bins(ef, budget)
    index = np.array([rng.choice(np.flatnonzero(bins == number)) for number in range(budget)], dtype=np.int64)
    return Picks(index, np.arange(budget), ef[index].astype(np.float64))


@selector(
    "herding_ef",
    on=("motion", "appearance"),
    label="Kernel herding",
    needs="ef",
    colour="#6A4C93",
    marker="<",
    summary="kernel herding with one pick in each EF-quantile bin",
)
def pick_herding_ef(pool: ClassPool, *, budget: int, rng: np.random.Generator) -> Picks:
    r"""Kernel herding with one pick in each of ``budget`` EF-quantile bins.

    Pick t + 1 maximises, over the bins not yet used, :math:`\frac1n\sum_i k(x, x_i) - \frac{1}{t+1}\sum_{s
    \in S} k(x, x_s)`: like the class as a whole, unlike the picks so far (Chen, Welling and Smola, 2010).
    :math:`k(x, y) = \exp(-\|x - y\|^2 / 2\sigma^2)` with
    :math:`\sigma` the median distance of the class. The score is the value maximised.
    """
    vectors = pool.vectors
    bins = ef_bins(pool.ef, budget)
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
    from sklearn.decomposition import PCA

    columns = []
    for part in parts:
        centred = part - part.mean(axis=0, dtype=np.float64)
        spread = centred.std(axis=0)
        scaled = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12)
        reduced = PCA(min(components, *scaled.shape), random_state=0).fit_transform(scaled)
        energy = float(np.sqrt((reduced**2).sum(axis=1).mean()))
        columns.append(reduced / (energy or 1.0))
    return np.concatenate(columns, axis=1)


def vectors_on(features: Mapping[str, Vectors], on: tuple[str, ...]) -> Vectors | None:
    """What a selector on these representations is given: nothing, one feature, or several joined.

    Raises
    ------
    ParameterError
        If there are no vectors of one of them.
    """
    for name in on:
        if name not in features:
            raise ParameterError(
                f"There are no vectors of the representation {name}.",
                where=f"Vectors at hand: {', '.join(features) or 'none'}.",
                remedy=f"Put {name} into the parameter representations, and run stage 02 again.",
            )
    if len(on) > 1:
        return joint_features([features[name] for name in on])
    return features[on[0]] if on else None


def _distances(left: Vectors, right: Vectors | None) -> NDArray[np.float64]:
    """Euclidean distances (n, m) of rows; of ``left`` to itself without ``right``."""
    from sklearn.metrics import pairwise_distances

    return np.asarray(pairwise_distances(left, right))


def _plain(chosen: list[int], score: list[float]) -> Picks:
    return Picks(np.array(chosen, dtype=np.int64), np.full(len(chosen), -1), np.array(score))


def _kernel(left: Vectors, right: Vectors, width: float) -> NDArray[np.float64]:
    return np.exp(-(np.asarray(_distances(left, right), dtype=np.float64) ** 2) / (2 * width**2))


def _median_distance(vectors: Vectors, most: int = 2000) -> float:
    rows = vectors[:: max(1, len(vectors) // most)]
    distance = _distances(rows, None)[np.triu_indices(len(rows), 1)]
    return float(np.median(distance)) or 1.0 if len(distance) else 1.0


def _blocks(vectors: Vectors, size: int = 1024) -> Iterator[Vectors]:
    for start in range(0, len(vectors), size):
        yield vectors[start : start + size]
