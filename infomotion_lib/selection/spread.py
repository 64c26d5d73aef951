"""How a selected set lies among its candidates: coverage and diversity in the space of some vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def coverage(vectors: NDArray[np.floating], classes: NDArray[np.str_], chosen: Sequence[int]) -> float:
    """Mean distance of each candidate to the nearest chosen video of its class, as a share of the class's
    root mean squared distance from its mean: the lower, the better covered.

    Parameters
    ----------
    vectors : ndarray, shape (N, D)
        Of all candidates.
    classes : ndarray of str, shape (N,)
    chosen : sequence of int
        Rows. Classes without one are left out; nan if none is left.
    """
    parts = []
    for rows, picked, scale in _by_class(vectors, classes, chosen):
        parts.append(_distances(vectors[rows], vectors[picked]).min(axis=1) / scale)
    return float(np.concatenate(parts).mean()) if parts else float("nan")


def diversity(vectors: NDArray[np.floating], classes: NDArray[np.str_], chosen: Sequence[int]) -> float:
    """Mean distance between two chosen videos of one class, in the unit of :func:`coverage`; nan where no
    class has two.
    """
    parts = []
    for _, picked, scale in _by_class(vectors, classes, chosen):
        if len(picked) > 1:
            between = _distances(vectors[picked], vectors[picked])
            parts.append(between[np.triu_indices(len(picked), 1)] / scale)
    return float(np.concatenate(parts).mean()) if parts else float("nan")


def _by_class(
    vectors: NDArray[np.floating], classes: NDArray[np.str_], chosen: Sequence[int]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64], float]]:
    """Rows of each class with a pick, its picks, and its root mean squared distance from its mean."""
    picked, parts = np.asarray(chosen, dtype=np.int64), []
    for name in np.unique(classes[picked]) if len(picked) else ():
        rows = np.flatnonzero(classes == name)
        scale = float(np.sqrt(np.asarray(vectors[rows], dtype=np.float64).var(axis=0).sum()))
        parts.append((rows, picked[classes[picked] == name], scale or 1.0))
    return parts


def _distances(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    from sklearn.metrics import pairwise_distances

    return np.asarray(pairwise_distances(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)))
