"""Nearest neighbours of every video: exact up to tens of thousands, then by cells with a measured recall."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from infomotion_lib.errors import ParameterError
from infomotion_lib.progress import track
from infomotion_lib.selection.cells import cell_neighbours

Search = Literal["auto", "exact", "approximate"]
EXACT_UP_TO = 20_000
"""Nodes up to which ``auto`` compares every pair."""

ALL_PAIRS_UP_TO = 100_000
"""Nodes up to which all pairs are compared where the approximate search misses its recall."""

ROWS_AT_A_TIME = 16_384

Rows = NDArray[np.floating]
Numbers = NDArray[np.int64]


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
        ``"exact"`` or ``"approximate"``.
    recall : float
        Share of the true neighbours found, measured on a sample of rows; 1 for the exact search.
    """

    index: Numbers
    distance: NDArray[np.float64]
    method: str
    recall: float

    def __repr__(self) -> str:
        return (
            f"Neighbours({self.index.shape[0]} x {self.index.shape[1]}, {self.method}, recall"
            f" {self.recall:.3f})"
        )


def nearest_neighbours(
    features: Rows,
    k: int,
    *,
    search: Search = "auto",
    target_recall: float = 0.95,
    sample: int = 500,
    seed: int = 0,
) -> Neighbours:
    """The ``k`` nearest other rows of each row of ``features`` (n, D), with 1 <= k < n.

    The approximate search reads ``features`` a block at a time, so that a memory-mapped array serves; it
    writes a float16 copy into the temporary folder and holds one as float32. It uses one thread, and gives
    the same for the same seed on one processor.

    Parameters
    ----------
    search : {"auto", "exact", "approximate"}
        ``exact`` compares all pairs. ``approximate`` compares each row with those of the nearest cells
        (:mod:`infomotion_lib.selection.cells`) and reorders what it finds by exact distances. ``auto`` is
        exact up to :data:`EXACT_UP_TO` rows.
    target_recall : float
        ``approximate`` looks into more cells until it finds this share of the true neighbours of the sample.
        Where 64 cells do not, all pairs are compared up to :data:`ALL_PAIRS_UP_TO` rows; beyond, a warning
        names the recall.
    sample : int
        Rows whose true neighbours are computed to measure the recall.
    seed : int
        Of the centres of the cells, and of the sample.

    Raises
    ------
    ParameterError
        If ``k`` is not between 1 and n - 1.
    InfoMotionError
        If the process that searches dies, such as for want of memory.
    """
    count = len(features)
    if not 1 <= k < count:
        raise ParameterError(
            f"k = {k} neighbours cannot be taken from {count} rows.", remedy="Use 1 <= k < number of rows."
        )
    if search == "exact" or (search == "auto" and count <= EXACT_UP_TO):
        return _exact(features, k)
    shown = np.sort(np.random.default_rng(seed).choice(count, min(sample, count), replace=False))
    scaled = _Scale.of(features)
    with tempfile.TemporaryDirectory() as folder:
        found = cell_neighbours(
            Path(folder),
            (_half(scaled(features[part])) for part in _parts(count)),
            shape=(count, features.shape[1]),
            k=k,
            sample=shown,
            truth=_true_neighbours(scaled, features, shown, k),
            target=target_recall,
            seed=seed,
        )
        if found.recall < target_recall:
            if count <= ALL_PAIRS_UP_TO:
                return _exact(features, k)
            warnings.warn(
                f"The neighbour search among {count:,} videos finds {found.recall:.0%} of the nearest: these"
                " vectors hardly form groups.",
                stacklevel=2,
            )
        index = np.empty((count, k), dtype=np.int64)
        distance = np.empty((count, k))
        for part in track(list(_parts(count)), label="distances", unit="block"):
            near = np.array(found.near[part])
            short = np.flatnonzero((near < 0).any(axis=1))  # their cells held too few
            if len(short):
                near[short] = _true_neighbours(scaled, features, short + part.start, k)
            index[part], distance[part] = _by_distance(features, part, near)
    return Neighbours(index, distance, "approximate", found.recall)


def finite_rows(features: Rows) -> NDArray[np.bool_]:
    """Whether all numbers of each row of ``features`` (n, D) are finite, (n,); a block at a time."""
    parts = [np.isfinite(features[part]).all(axis=1) for part in _parts(len(features))]
    return np.concatenate([np.zeros(0, dtype=bool), *parts])


def _exact(features: Rows, k: int) -> Neighbours:
    rows = np.asarray(features, dtype=np.float32) if features.dtype == np.float16 else features
    distance, index = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(rows).kneighbors()
    return Neighbours(index.astype(np.int64), distance.astype(np.float64), "exact", 1.0)


@dataclass(frozen=True)
class _Scale:
    """Centre (D,) and spread of the rows: without them float16 would keep the mean and lose what differs."""

    centre: NDArray[np.float32]
    spread: float

    @classmethod
    def of(cls, features: Rows) -> _Scale:
        total = np.zeros(features.shape[1])
        for part in _parts(len(features)):
            total += features[part].sum(axis=0, dtype=np.float64)
        centre = (total / len(features)).astype(np.float32)
        squares = 0.0
        for part in _parts(len(features)):
            squares += float(((features[part].astype(np.float32) - centre) ** 2).sum(dtype=np.float64))
        return cls(centre, float(np.sqrt(squares / max(features.size, 1))) or 1.0)

    def __call__(self, rows: Rows) -> NDArray[np.float32]:
        return np.asarray((rows.astype(np.float32) - self.centre) / np.float32(self.spread))


def _half(rows: NDArray[np.float32]) -> NDArray[np.float16]:
    return np.clip(rows, -65504.0, 65504.0).astype(np.float16)


def _true_neighbours(scaled: _Scale, features: Rows, numbers: Numbers, k: int) -> Numbers:
    """The k nearest others (m, k) of some rows among all, in no order."""
    mine = scaled(features[numbers])
    best = np.full((len(numbers), k), np.inf, dtype=np.float32)
    index = np.zeros((len(numbers), k), dtype=np.int64)
    for part in _parts(len(features)):
        rows = scaled(features[part])
        squared = np.einsum("ij,ij->i", rows, rows) - 2 * mine @ rows.T  # up to the row's own square
        here = (numbers >= part.start) & (numbers < part.stop)
        squared[here, numbers[here] - part.start] = np.inf
        columns = np.broadcast_to(np.arange(part.start, part.stop), squared.shape)
        squared = np.concatenate([best, squared], axis=1)
        columns = np.concatenate([index, columns], axis=1)
        kept = np.argpartition(squared, k - 1, axis=1)[:, :k]
        best, index = np.take_along_axis(squared, kept, axis=1), np.take_along_axis(columns, kept, axis=1)
    return index


def _by_distance(features: Rows, part: slice, near: Numbers) -> tuple[Numbers, NDArray[np.float64]]:
    """Neighbours of a block of rows by exact distance, and those distances."""
    mine = features[part].astype(np.float32)
    distance = np.empty(near.shape)
    for place in range(near.shape[1]):  # a column at a time: k times the block would be large
        apart = features[near[:, place]].astype(np.float32) - mine
        distance[:, place] = np.sqrt(np.einsum("ij,ij->i", apart, apart, dtype=np.float64))
    order = np.lexsort((near, distance), axis=1)
    return np.take_along_axis(near, order, axis=1), np.take_along_axis(distance, order, axis=1)


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, ROWS_AT_A_TIME):
        yield slice(start, min(start + ROWS_AT_A_TIME, count))
