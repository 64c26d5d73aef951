"""Selectors that look at all classes first: which candidates may stay, then the picks within each class.

A label that disagrees with the motion is only seen beside the motions of other classes, and a draw is judged
as a whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.errors import DataError
from infomotion_lib.selection.baselines import central, pick_kmeans
from infomotion_lib.selection.registry import AllClasses, ClassPool, Judge, Picks, selector

FORMAT = 2
"""Raised whenever changed code would leave out or pick other videos of equal candidates."""

COPY_BELOW = 0.3
"""A vector nearer to an earlier one than this share of the class's median distance is a copy of it; each
number is in units of its spread over all candidates."""

STILL_BELOW = 0.05
"""Of a clip in which nothing moves, filling and emptying differ by less than this share of the median
difference."""

SHORT_BELOW = 0.25
"""So does a vector that is shorter than this share of the median length show no motion, of whatever kind it
is."""

FOLDS, KEPT_SHARE, DRAWS = 5, 0.5, 16
PENALTIES = tuple(float(10.0**power) for power in range(-1, 6))


def copies(vectors: NDArray[np.floating], classes: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Which rows (N,) copy an earlier row of their class."""
    from sklearn.metrics import pairwise_distances

    copied = np.zeros(len(vectors), dtype=bool)
    values = np.asarray(vectors, dtype=np.float64)
    spread = values.std(axis=0)
    values = values / np.where(spread > 0, spread, 1.0)
    for name in np.unique(classes):
        rows = np.flatnonzero(classes == name)
        if len(rows) < 3:
            continue
        distance = pairwise_distances(values[rows])
        near = COPY_BELOW * float(np.median(distance[np.triu_indices(len(rows), 1)]))
        for place in range(1, len(rows)):
            earlier = ~copied[rows[:place]]
            copied[rows[place]] = bool((distance[place, :place][earlier] <= near).any())
    return copied


def still(vectors: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which rows (N,) are of clips in which nothing moves: filling and emptying have the same vector, or the
    vector is far shorter than the others.

    The length alone finds no frozen clip: between two equal frames the network's motion is not zero.
    """
    values = np.asarray(vectors, dtype=np.float64)
    length = np.linalg.norm(values, axis=1)
    change = np.linalg.norm(np.subtract(*two_motions(values)), axis=1)
    short = length < SHORT_BELOW * np.median(length)
    return np.asarray(short | (change < STILL_BELOW * np.median(change)))


def two_motions(vectors: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Filling and emptying (N, D // 2 each) of mean motion vectors, whose order is scale, motion, direction,
    channel, with a third of the numbers on the first scale; of vectors of one motion, its two directions.
    """
    third = vectors.shape[1] // 3 // 2 * 2
    scales = vectors[:, :third], vectors[:, third:]
    halves = [(scale[:, : scale.shape[1] // 2], scale[:, scale.shape[1] // 2 :]) for scale in scales]
    size = vectors.shape[1] // 2
    first, second = (np.concatenate(parts, axis=1)[:, :size] for parts in zip(*halves, strict=True))
    return first, second


def disagreement(
    vectors: NDArray[np.floating], ef: NDArray[np.float64], *, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Distance (N,) in EF points of each label from a ridge regression that has not seen it: five folds,
    penalty by leave-one-out within the other four.
    """
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fold = rng.permutation(len(ef)) % min(FOLDS, len(ef))
    predicted = np.empty(len(ef))
    for number in np.unique(fold):
        left = fold == number
        ridge = make_pipeline(StandardScaler(), RidgeCV(alphas=PENALTIES)).fit(vectors[~left], ef[~left])
        predicted[left] = ridge.predict(vectors[left])
    return np.abs(predicted - ef)


def keep_agreeing(pool: AllClasses, *, budget: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """The half of each class whose labels agree best with the motion, copies and still clips left out; never
    fewer than ``budget`` where there are as many.

    The folds are the same for every seed: the method draws nothing. Of fewer than 10 candidates all stay,
    since nothing can be left out and predicted.
    """
    if len(pool.ef) < 2 * FOLDS:
        return np.ones(len(pool.ef), dtype=bool)
    dropped = copies(pool.vectors, pool.classes) | still(pool.vectors)
    far = np.full(len(pool.ef), np.inf)
    if (~dropped).sum() >= 2 * FOLDS:
        far[~dropped] = disagreement(pool.vectors[~dropped], pool.ef[~dropped], rng=np.random.default_rng(0))
    kept = np.zeros(len(far), dtype=bool)
    for name in np.unique(pool.classes):
        rows = np.flatnonzero(pool.classes == name)
        good = int(np.isfinite(far[rows]).sum())
        kept[rows[np.argsort(far[rows], kind="stable")][: max(budget, int(np.ceil(KEPT_SHARE * good)))]] = (
            True
        )
    return kept


@selector(
    "filter_random",
    on="motion",
    label="Filter + Random",
    needs="ef draws",
    colour="#A6761D",
    marker="P",
    summary="drawn at random among the videos whose label agrees with their motion",
    screen=keep_agreeing,
)
def pick_filtered(pool: ClassPool, *, budget: int, rng: np.random.Generator) -> Picks:
    """``budget`` of those that the screen kept, drawn without replacement."""
    index = rng.permutation(len(pool))[:budget]
    return Picks(index, np.full(len(index), -1), np.full(len(index), np.nan))


selector(
    "agree_infomotion",
    on="motion",
    label="Agreeing InfoMotion",
    needs="graph ef",
    colour="#7A0177",
    marker="v",
    summary="InfoMotion among the videos whose label agrees with their motion",
    screen=keep_agreeing,
)(central)


def keep_best_draw(pool: AllClasses, *, budget: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """The draw that the judge likes best, out of 16 with ``budget`` videos of each class.

    Its cost is the judge's: an honest judge trains on each draw and tests on TRAIN videos left out of it,
    so it needs every TRAIN label, and many times the steps of the set it returns.

    Raises
    ------
    DataError
        If there is no judge, or it returns no finite number.
    """
    judge: Judge | None = pool.judge
    if judge is None:
        raise DataError(
            "Method validated_draw needs a judge: a function from file names to an error.",
            remedy='Pass method=judged("validated_draw", judge=...).',
        )
    best, least = np.zeros(len(pool.ef), dtype=bool), np.inf
    for _ in range(DRAWS):
        drawn = np.zeros(len(pool.ef), dtype=bool)
        for name in np.unique(pool.classes):
            drawn[rng.permutation(np.flatnonzero(pool.classes == name))[:budget]] = True
        error = float(judge(pool.file_names[drawn].tolist()))
        if not np.isfinite(error):
            raise DataError(f"The judge of a draw returned {error}.", remedy="It must return a finite error.")
        if error < least:
            best, least = drawn, error
    return best


@selector(
    "validated_draw",
    label="Validated draw",
    needs="draws judge",
    colour="#1B9E77",
    marker="h",
    summary="the best of 16 draws by the error that a judge finds; costs 16 judgements",
    screen=keep_best_draw,
)
def pick_kept(pool: ClassPool, *, budget: int, rng: np.random.Generator) -> Picks:
    """What the screen kept, by file name."""
    index = np.arange(min(budget, len(pool)))
    return Picks(index, np.full(len(index), -1), np.full(len(index), np.nan))


@selector(
    "tac_like",
    on="motion",
    label="TAC-like (from an abstract only)",
    colour="#882255",
    marker="d",
    summary="K-means on time-ordered motion; built from the abstract of TAC-DT alone",
)
def pick_tac_like(pool: ClassPool, *, budget: int, rng: np.random.Generator) -> Picks:
    """Medoids of K-means on the two motions in their order in time and the step between them, each part
    divided by its root mean squared norm.

    Temporal-aware clustering (arXiv 2505.06670) publishes no code that we found: this follows its abstract
    and may differ from it in everything else. K-means starts the same for every seed.
    """
    first, second = two_motions(pool.vectors)
    parts = [part - part.mean(axis=0) for part in (first, second, second - first)]
    sizes = [float(np.sqrt((part**2).sum(axis=1).mean())) or 1.0 for part in parts]
    ordered = np.concatenate([part / size for part, size in zip(parts, sizes, strict=True)], axis=1)
    return pick_kmeans(ClassPool(ordered, pool.ef), budget=budget, rng=rng)
