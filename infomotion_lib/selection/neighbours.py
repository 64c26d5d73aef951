"""Nearest neighbours of every video: exact up to tens of thousands, by cells with a measured recall beyond.

The cell search is our own: the usual libraries either cannot be loaded beside Infomap (their SWIG iterators
clash and the process dies) or compile for longer than the search takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

from infomotion_lib.errors import ParameterError
from infomotion_lib.progress import track

Search = Literal["auto", "exact", "cells"]
EXACT_UP_TO = 20_000
"""Nodes up to which ``auto`` compares every pair."""

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Neighbours:
    """The k nearest other rows of each row, nearest first.

    Attributes
    ----------
    index : ndarray of int64, shape (n, k)
        Row numbers; a row is never its own neighbour.
    distance : ndarray of float64, shape (n, k)
        Euclidean distances.
    method : str
        ``"exact"`` or ``"cells"``.
    recall : float
        Share of the true neighbours found, measured on a sample of rows; 1 for the exact search.
    """

    index: NDArray[np.int64]
    distance: NDArray[np.float64]
    method: str
    recall: float

    def __repr__(self) -> str:
        return (
            f"Neighbours({self.index.shape[0]} x {self.index.shape[1]}, {self.method}, recall"
            f" {self.recall:.3f})"
        )


def nearest_neighbours(
    features: NDArray[np.floating],
    k: int,
    *,
    search: Search = "auto",
    target_recall: float = 0.95,
    sample: int = 500,
    seed: int = 0,
) -> Neighbours:
    """The ``k`` nearest other rows of each row of ``features`` (n, D), with 1 <= k < n.

    Parameters
    ----------
    search : {"auto", "exact", "cells"}
        ``exact`` compares all pairs. ``cells`` groups the rows by K-means and compares each row with those of
        its own and the nearest cells; where that saves nothing it becomes exact. ``auto`` is exact up to
        :data:`EXACT_UP_TO` rows.
    target_recall : float
        ``cells`` looks into twice as many cells until it finds this share of the true neighbours of the
        sample.
    sample : int
        Rows, of twenty cells, whose true neighbours are computed to measure the recall.
    seed : int
        Of the cells and of the sample.

    Raises
    ------
    ParameterError
        If ``k`` is not between 1 and n - 1.
    """
    count = len(features)
    if not 1 <= k < count:
        raise ParameterError(
            f"k = {k} neighbours cannot be taken from {count} rows.", remedy="Use 1 <= k < number of rows."
        )
    if search == "exact" or (search == "auto" and count <= EXACT_UP_TO):
        distance, index = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(features).kneighbors()
        return Neighbours(index.astype(np.int64), distance.astype(np.float64), "exact", 1.0)
    rows = np.asarray(features, dtype=np.float32)
    cells = _Cells.of(rows, seed)
    shown = cells.sample(sample, np.random.default_rng(seed))
    truth = [cells.among(members, np.arange(count), k) for _, members in shown]
    probes, recall = 1, 0.0
    while recall < target_recall and probes <= cells.number // 2:
        probes *= 2
        tried = [cells.among(members, cells.reach(cell, probes, k), k) for cell, members in shown]
        shared = [
            len(np.intersect1d(a, b))
            for ours, true in zip(tried, truth, strict=True)
            for a, b in zip(ours, true, strict=True)
        ]
        recall = float(np.mean(shared)) / k
    if probes > cells.number // 2:  # no clusters to profit from: all pairs are as cheap
        return nearest_neighbours(features, k, search="exact")
    index = np.empty((count, k), dtype=np.int64)
    for cell in track(range(cells.number), label="neighbour search", unit="cell"):
        members = cells.members(cell)
        if len(members):
            index[members] = cells.among(members, cells.reach(cell, probes, k), k)
    return _ordered(rows, index, recall)


@dataclass(frozen=True)
class _Cells:
    """Rows grouped around centres: ``order[start[c]:start[c + 1]]`` are the rows of cell c, ``near[c]`` all
    cells by distance from c.
    """

    rows: Rows
    cell: NDArray[np.int64]
    order: NDArray[np.int64]
    start: NDArray[np.int64]
    near: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Rows, seed: int) -> _Cells:
        number = max(1, min(int(1.6 * len(rows) ** 0.5), len(rows) // 40))
        shown = np.random.default_rng(seed).permutation(len(rows))[: 64 * number]
        means = KMeans(number, init="random", n_init=1, max_iter=8, random_state=seed).fit(rows[shown])
        cell = means.predict(rows).astype(np.int64)
        centres = means.cluster_centers_
        near = np.argsort((centres**2).sum(axis=1)[None, :] - 2 * centres @ centres.T, axis=1, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=number))])
        return cls(rows, cell, np.argsort(cell, kind="stable"), start, near)

    @property
    def number(self) -> int:
        return len(self.near)

    def members(self, cell: int) -> NDArray[np.int64]:
        return self.order[self.start[cell] : self.start[cell + 1]]

    def sample(
        self, count: int, rng: np.random.Generator, most_cells: int = 20
    ) -> list[tuple[int, NDArray[np.int64]]]:
        """Up to ``count`` rows of a few cells, each cell as likely as it is large; by cell."""
        sizes = np.diff(self.start)
        drawn = rng.choice(
            self.number, min(most_cells, int((sizes > 0).sum())), replace=False, p=sizes / sizes.sum()
        )
        return [(int(cell), self.members(cell)[: max(1, count // len(drawn))]) for cell in drawn]

    def reach(self, cell: int, probes: int, k: int) -> NDArray[np.int64]:
        """Rows of the ``probes`` nearest cells, and of further ones until there are more than k."""
        sizes = np.diff(self.start)[self.near[cell]]
        enough = int(np.searchsorted(np.cumsum(sizes), k + 1)) + 1
        return np.concatenate([self.members(other) for other in self.near[cell][: max(probes, enough)]])

    def among(self, members: NDArray[np.int64], others: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        """The k nearest of ``others`` to each of ``members``, itself left out, in no order."""
        nearest = others[
            NearestNeighbors(n_neighbors=k + 1, algorithm="brute")
            .fit(self.rows[others])
            .kneighbors(self.rows[members])[1]
        ]
        other = nearest != members[:, None]
        other[other.all(axis=1), -1] = False  # more than k duplicates: the row itself is not among them
        return nearest[other].reshape(len(members), k)


def _ordered(rows: Rows, index: NDArray[np.int64], recall: float) -> Neighbours:
    distance = np.empty(index.shape)
    for start in range(0, len(rows), 1024):
        part = slice(start, start + 1024)
        distance[part] = np.linalg.norm(rows[index[part]].astype(np.float64) - rows[part, None], axis=2)
    order = np.argsort(distance, axis=1, kind="stable")
    return Neighbours(
        np.take_along_axis(index, order, axis=1), np.take_along_axis(distance, order, axis=1), "cells", recall
    )
