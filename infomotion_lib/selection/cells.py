"""Neighbours among very many rows by cells: an inverted file (Jegou, Douze and Schmid, 2011) of the library
faiss, in a process of its own.

faiss and Infomap bring engines of the same kind for their threads, and have taken a process down together;
so they never meet in one. The process is given files and leaves a file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.errors import InfoMotionError
from infomotion_lib.processes import die_with_parent
from infomotion_lib.progress import TERMINAL_VARIABLE, terminal_name, track

ROWS, SAMPLE, TRUTH, NEAR = "rows.npy", "sample.npy", "truth.npy", "near.npy"
ASKED, FOUND = "asked.json", "found.json"

PROBES = 4
"""Nearest cells that are looked into at first."""

MOST_PROBES = 64
LEARNT_FROM = 64
"""Rows per cell from which the cells' centres are learnt, at most."""

ROUNDS = 8
AT_A_TIME = 4096

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """The k nearest others of each row by its cells, in no exact order.

    Attributes
    ----------
    near : ndarray of int64, shape (n, k)
        Row numbers, mapped from a file; -1 where the cells held fewer.
    recall : float
        Share of the true neighbours of the sample among them.
    """

    near: Numbers
    recall: float


def cell_neighbours(
    folder: Path,
    rows: Iterable[NDArray[np.float16]],
    *,
    shape: tuple[int, int],
    k: int,
    sample: Numbers,
    truth: Numbers,
    target: float,
    seed: int,
) -> Found:
    """Neighbours of all rows, with as many cells looked into as it takes.

    Parameters
    ----------
    folder : Path
        For the files; the result is mapped from there.
    rows : iterable of ndarray
        Blocks of all rows in their order, centred, of unit spread; ``shape`` together.
    sample, truth : ndarray of int64, shape (m,) and (m, k)
        Rows by which the recall is measured, and their true neighbours.
    target : float
        Recall from which no more cells are looked into; :data:`MOST_PROBES` are the most.
    seed : int
        Of the cells' centres.

    Raises
    ------
    InfoMotionError
        If the process dies.
    """
    kept = np.lib.format.open_memmap(folder / ROWS, mode="w+", dtype=np.float16, shape=shape)
    start = 0
    for block in rows:
        kept[start : start + len(block)] = block
        start += len(block)
    kept.flush()
    np.save(folder / SAMPLE, sample)
    np.save(folder / TRUTH, truth)
    asked = {"k": k, "target": target, "seed": seed, "probes": PROBES, "most": MOST_PROBES}
    (folder / ASKED).write_text(json.dumps(asked), encoding="utf-8")
    watched = {TERMINAL_VARIABLE: name} if (name := terminal_name()) else {}
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(folder)],
        env={**os.environ, **watched},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        preexec_fn=die_with_parent,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"signal {-done.returncode}"])[-1]
        raise InfoMotionError(
            f"The neighbour search among {shape[0]:,} videos failed: {last}",
            remedy="Is there memory for two copies of the vectors, and room for one in the temporary folder?",
        )
    recall = float(json.loads((folder / FOUND).read_text(encoding="utf-8"))["recall"])
    return Found(np.load(folder / NEAR, mmap_mode="r"), recall)


def search(folder: Path) -> None:
    """What the process does: cells, enough of them for the recall, neighbours of all rows."""
    import faiss

    faiss.omp_set_num_threads(1)  # sums in another order would be other neighbours
    asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    rows, k = np.load(folder / ROWS, mmap_mode="r"), int(asked["k"])
    index = _filled(faiss, rows, seed=int(asked["seed"]))
    sample, truth = np.load(folder / SAMPLE), np.load(folder / TRUTH)
    most = min(int(asked["most"]), index.nlist)
    index.nprobe = min(int(asked["probes"]), most)
    recall = shared(_others(index, rows, sample, k), truth)
    while recall < asked["target"] and index.nprobe < most:
        index.nprobe = min(index.nprobe * 3 // 2, most)
        recall = shared(_others(index, rows, sample, k), truth)
    near = np.lib.format.open_memmap(folder / NEAR, mode="w+", dtype=np.int64, shape=(len(rows), k))
    # a cell after the other: its rows look into the same cells, which the processor still holds
    order = np.concatenate([_members(faiss, index, cell) for cell in range(index.nlist)])
    for start in track(range(0, len(order), AT_A_TIME), label="neighbour search", unit="block"):
        numbers = order[start : start + AT_A_TIME]
        near[numbers] = _others(index, rows, numbers, k)
    near.flush()
    (folder / FOUND).write_text(json.dumps({"recall": recall}), encoding="utf-8")


def shared(ours: Numbers, truth: Numbers) -> float:
    """Share of the true neighbours (m, k) among ours (m, k)."""
    return sum(len(np.intersect1d(a, b)) for a, b in zip(ours, truth, strict=True)) / truth.size


def _filled(faiss: Any, rows: NDArray[np.float16], *, seed: int) -> Any:
    """Index of all rows, with twice as many cells as its root: a cell's rows and the cells to look through
    grow alike.
    """
    count, width = rows.shape
    cells = min(count, round(2 * count**0.5))
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(width), width, cells)
    index.cp.niter, index.cp.seed, index.cp.min_points_per_centroid = ROUNDS, seed + 1, 1
    index.cp.max_points_per_centroid = LEARNT_FROM
    learnt = np.random.default_rng(seed).choice(count, min(count, LEARNT_FROM * cells), replace=False)
    index.train(rows[np.sort(learnt)].astype(np.float32))
    for start in range(0, count, AT_A_TIME):
        index.add(rows[start : start + AT_A_TIME].astype(np.float32))
    return index


def _members(faiss: Any, index: Any, cell: int) -> Numbers:
    """Numbers of the rows in one cell."""
    size = index.invlists.list_size(cell)
    kept = faiss.rev_swig_ptr(index.invlists.get_ids(cell), size) if size else ()
    return np.array(kept, dtype=np.int64)


def _others(index: Any, rows: NDArray[np.float16], numbers: Numbers, k: int) -> Numbers:
    """Up to k others of each of these rows, (m, k), those that are missing as -1."""
    _, keys = index.search(rows[numbers].astype(np.float32), k + 1)
    other = keys != numbers[:, None]
    other[other.all(axis=1), -1] = False  # more than k duplicates: the row itself is not among them
    return keys[other].reshape(len(numbers), k)


if __name__ == "__main__":
    search(Path(sys.argv[1]))
