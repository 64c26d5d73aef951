"""How many trials of Infomap make its communities the same on two C++ libraries.

Run ``python tests/benchmarks/bench_platforms.py --run runs/phantom`` (about ten minutes on one core; ``--out``
keeps the table, such as ``book/results/studies/infomap_platforms.csv``, which the book shows). ``--run``: a
finished run, whose class graphs are tried too. npm brings the second platform, Infomap's WebAssembly build,
which Node runs. The seconds are those of one graph on the first platform.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import second_platform

from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import write_csv
from infomotion_lib.representations.stage import read_vectors
from infomotion_lib.selection.candidates import find_candidates
from infomotion_lib.selection.centrality import map_equation_centrality
from infomotion_lib.selection.communities import Communities, find_communities
from infomotion_lib.selection.graph import Graph, build_graph
from infomotion_lib.selection.modular import pick_modular, rows_by_class

TRIALS = (10, 100, 300)
SIZES = (60, 100, 300, 500)
GRAPHS = 6
PICKS = 5


def grouped(count: int, seed: int) -> Graph:
    """kNN graph of points in groups of about 15 that overlap."""
    rng = np.random.default_rng([seed, count])
    centres = rng.normal(size=(max(count // 15, 4), 8)) * 1.2
    group = rng.integers(len(centres), size=count)
    return build_graph(centres[group] + rng.normal(size=(count, 8)) * 0.8)


def noise(count: int, seed: int) -> Graph:
    """kNN graph of points without groups."""
    return build_graph(np.random.default_rng([seed, count]).normal(size=(count, 8)))


def of_run(root: Path) -> Iterator[Graph]:
    """kNN graph of every class and source of a finished run, on its motion and appearance vectors."""
    paths = RunPaths(root.name, root)
    index = read_frame_index(paths.frame_index)
    tables = read_vectors(("motion", "appearance"), paths.stage("ifa_training"))
    for source in index["source"].unique():
        pool = find_candidates(index, tables, source=source)
        for vectors in pool.features.values():
            for rows in rows_by_class(pool.classes, pool.file_names).values():
                if len(rows) > 2:
                    yield build_graph(vectors[rows])


def relabelled(ours: Communities, module: np.ndarray) -> Communities:
    """Our flow in another platform's communities, numbered by decreasing flow as ours are."""
    flows = np.bincount(module, weights=ours.flow)
    rank = np.empty(len(flows), dtype=np.int64)
    rank[np.argsort(-flows, kind="stable")] = np.arange(len(flows))
    return replace(ours, module=rank[module])


def picks(found: Communities) -> set[int]:
    """Five central videos of a partition."""
    return set(pick_modular(found, map_equation_centrality(found), budget=PICKS).index.tolist())


def compare(kind: str, graphs: list[Graph], folder: Path) -> Iterator[dict[str, object]]:
    """A row per number of trials: graphs with equal communities, overlap of the picks, seconds per graph."""
    nodes = [graph.n_nodes for graph in graphs]
    for trials in TRIALS:
        equal, overlap, seconds = 0, [], 0.0
        for graph in graphs:
            begun = time.process_time()
            ours = find_communities(graph, trials=trials)
            seconds += time.process_time() - begun
            _, module = np.unique(
                second_platform.partition(graph, folder, seed=0, trials=trials), return_inverse=True
            )
            theirs = relabelled(ours, module)
            equal += second_platform.same(ours.module, theirs.module)
            one, other = picks(ours), picks(theirs)
            overlap.append(len(one & other) / len(one | other))
        yield {
            "graphs": kind,
            "fewest_nodes": min(nodes),
            "most_nodes": max(nodes),
            "tried": len(graphs),
            "trials": trials,
            "equal": equal,
            "overlap": float(np.mean(overlap)),
            "seconds": seconds / len(graphs),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="folder of a finished run")
    parser.add_argument("--out", type=Path, help="CSV to write")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        second_platform.bring(folder)
        rows: list[dict[str, object]] = []
        if asked.run:
            rows += compare("classes of the phantom", list(of_run(asked.run)), folder)
        for kind, make in (("drawn groups", grouped), ("no groups", noise)):
            for count in SIZES:
                rows += compare(kind, [make(count, seed) for seed in range(GRAPHS)], folder)
                print(pd.DataFrame(rows[-len(TRIALS) :]).to_string(index=False), flush=True)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if asked.out:
        write_csv(table, asked.out)


if __name__ == "__main__":
    main()
