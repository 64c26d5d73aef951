"""Time of graphs, Infomap and centrality, beside bare calls of the same engines in the same process; growth
up to a million videos.

Run ``python tests/benchmarks/bench_selection.py`` (minutes on one core; ``--most-nodes 10000`` for a quick
look; ``--out`` keeps the table, such as ``book/results/studies/speed_selection.csv``, which the book shows).
``--growth-only`` leaves the small cases out. ``--vectors runs/phantom/02_ifa_training/motion_features.npz``
adds rows with the distances of those vectors. Each size of the growth has its process, float16 vectors on
disk, and its peak memory.

Budgets: complete graph and Infomap at 5,000 videos in 8 s; a million videos of 512 numbers in 15 minutes of
one core and 12 GB, Infomap apart, with a recall of 0.95. CPU seconds stand beside those of the clock, since
other work on the machine does not enter them.

Ten million, on paper: 20.5 GB of float32 rows in the cells and half of it on disk, 1.2 GB of neighbours and
4 GB while their links are sorted; time as the growth exponent says, from the line of a million. Infomap needs 55 bytes a link and 120 million links, 7 GB. A class is a graph of its own, so five
classes of two million need a fifth of that memory one after another. A class-balanced stream of videos is
drawn down to a million per class before the graph is built: what is chosen are a few videos of each
community, and a community that a million draws miss holds fewer than one video in 100,000.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import infomap
import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.neighbors import NearestNeighbors

from infomotion_lib.machine import processor
from infomotion_lib.provenance import write_csv
from infomotion_lib.selection import graph as graph_module
from infomotion_lib.selection.centrality import map_equation_centrality
from infomotion_lib.selection.communities import find_communities
from infomotion_lib.selection.graph import Recipe, build_graph
from infomotion_lib.selection.modular import pick_modular
from infomotion_lib.selection.neighbours import Neighbours, nearest_neighbours

BASELINE = ("baseline", "baseline_seconds", "baseline_cpu")
WIDTH = 512
GROUPS = 200


def vectors(count: int, *, separation: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(count, 512) vectors of 200 Gaussian groups, and the group of each; separation in units of the groups'
    own spread.
    """
    rng = np.random.default_rng(seed)
    group = rng.integers(GROUPS, size=count)
    centres = rng.normal(size=(GROUPS, WIDTH)).astype(np.float32) * separation
    return centres[group] + rng.normal(size=(count, WIDTH)).astype(np.float32), group


class Spent(NamedTuple):
    """Seconds by the clock and by the processor, all threads and ended child processes together."""

    wall: float
    cpu: float


def timed(call: Callable[[], Any]) -> tuple[Any, Spent]:
    """Result of one call and what it took."""
    wall, cpu = time.perf_counter(), processor_seconds()
    result = call()
    return result, Spent(time.perf_counter() - wall, processor_seconds() - cpu)


def processor_seconds() -> float:
    """Of this process and of its children that have ended: the neighbour search is one."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def peak_gb() -> float:
    """Most memory of this process and of its largest child, as if both peaks met."""
    return (
        sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        / 1e6
    )


def line(
    what: str, nodes: int, ours: Spent, *, baseline: str = "", bare: Spent | None = None, note: str = ""
) -> dict[str, object]:
    """A row of the table."""
    row: dict[str, object] = {
        "what": what,
        "nodes": nodes,
        "seconds": ours.wall,
        "cpu_seconds": ours.cpu,
        "note": note,
    }
    return row | (
        {"baseline": baseline, "baseline_seconds": bare.wall, "baseline_cpu": bare.cpu} if bare else {}
    )


def bare_complete(rows: np.ndarray) -> float:
    """Codelength of the complete distance graph by scipy and Infomap with nothing around them."""
    network = infomap.Network()
    source, target = np.triu_indices(len(rows), 1)
    network.add_links(np.column_stack([source, target, pdist(rows)]))
    return float(infomap.run(network, two_level=True, num_trials=1, seed=1).codelength)


def bench_complete(count: int) -> dict[str, object]:
    """Complete graph and one Infomap trial, ours and bare."""
    rows, _ = vectors(count)
    (ours, seconds), (bare, bare_seconds) = (
        timed(lambda: find_communities(build_graph(rows, recipe="literal"), trials=1)),
        timed(lambda: bare_complete(rows)),
    )
    assert abs(ours.codelength - bare) < 1e-3, (ours.codelength, bare)
    note = f"{ours.n_communities} community"
    return line(
        "complete graph + Infomap",
        count,
        seconds,
        baseline="pdist + Infomap, bare",
        bare=bare_seconds,
        note=note,
    )


def rows_on_disk(
    folder: Path, count: int, *, separation: float, vectors_file: str
) -> tuple[np.ndarray, np.ndarray]:
    """(count, 512) float16 rows in a memory-mapped file, and the group of each.

    Planted: those of :func:`vectors`. With a file of vectors: smoothed draws from it, a third of their
    variance from noise of the same covariance, in its principal components; the group is the row drawn.
    """
    path = folder / "rows.npy"
    kept = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(count, WIDTH))
    rng = np.random.default_rng(0)
    if vectors_file:
        known = np.load(vectors_file)["features"].astype(np.float64)
        known -= known.mean(axis=0)
        left, spread, _ = np.linalg.svd(known, full_matrices=False)
        scale = spread[:WIDTH] / np.sqrt(len(known))
        scale /= scale[0]
        centres = left[:, :WIDTH] * np.sqrt(len(known)) * scale * np.sqrt(2 / 3)
        noise = scale * np.sqrt(1 / 3)
    else:
        centres = rng.normal(size=(GROUPS, WIDTH)) * separation
        noise = np.ones(WIDTH)
    group = rng.integers(len(centres), size=count)
    used = centres.shape[1]
    for start in range(0, count, 10_000):
        drawn = group[start : start + 10_000]
        kept[start : start + 10_000, :used] = centres[drawn] + rng.normal(size=(len(drawn), used)) * noise
    kept.flush()
    del kept
    return np.load(path, mmap_mode="r"), group


def true_share(rows: np.ndarray, near: Neighbours, *, sample: int = 200) -> float:
    """Share of the true neighbours of some rows that the search found, by float64 distances."""
    shown = np.random.default_rng(99).choice(len(rows), sample, replace=False)
    squared = np.empty((sample, len(rows)))
    asked = rows[shown].astype(np.float64)
    for start in range(0, len(rows), 8192):
        part = rows[start : start + 8192].astype(np.float64)
        squared[:, start : start + 8192] = (part**2).sum(axis=1) - 2 * asked @ part.T
    squared[np.arange(sample), shown] = np.inf
    k = near.index.shape[1]
    truth = np.argpartition(squared, k, axis=1)[:, :k]
    return float(
        np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(near.index[shown], truth, strict=True)])
    )


def one_size(count: int, *, separation: float, vectors_file: str) -> dict[str, object]:
    """Row of the table of one selection from rows on disk: neighbours, graph, one Infomap trial, 50 picks."""
    kept: list[Neighbours] = []

    def search(*arguments: Any, **settings: Any) -> Neighbours:
        kept.append(nearest_neighbours(*arguments, **settings))
        return kept[0]

    graph_module.nearest_neighbours = search
    with tempfile.TemporaryDirectory() as folder:
        rows, group = rows_on_disk(Path(folder), count, separation=separation, vectors_file=vectors_file)
        recipe = Recipe("knn", k=15, search="approximate")
        graph, graph_spent = timed(lambda: build_graph(rows, recipe=recipe))
        found, infomap_spent = timed(lambda: find_communities(graph, trials=1))
        picks, pick_spent = timed(lambda: pick_modular(found, map_equation_centrality(found), budget=50))
        peak = peak_gb()
        recall = true_share(rows, kept[0])
    agreement = adjusted_mutual_info_score(group, found.module)
    spent = Spent(graph_spent.wall + pick_spent.wall, graph_spent.cpu + pick_spent.cpu)
    kind = "distances of a file" if vectors_file else f"planted groups, separation {separation:g}"
    note = (
        f"recall {recall:.3f} by all pairs, {kept[0].recall:.3f} as reported; peak {peak:.2f} GB; Infomap apart:"
        f" {infomap_spent.cpu:.1f} CPU s, {len(graph.links):,} links; {len(picks.index)} picks of"
        f" {found.n_communities} communities, AMI with the groups {agreement:.3f}"
    )
    row = line(f"15-NN graph ({kept[0].method}) and picks; {kind}", count, spent, note=note)
    more = {"recall": recall, "peak_gb": peak, "infomap_cpu": infomap_spent.cpu, "kind": kind}
    return row | more


def in_own_process(count: int, *, separation: float, vectors_file: str) -> dict[str, Any]:
    """:func:`one_size` in a process of its own, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--one", str(count), "--separation", str(separation)]
    done = subprocess.run(
        [*command, "--vectors", vectors_file], stdout=subprocess.PIPE, text=True, check=True
    )
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{count:>9,} {row['what']}: {row['cpu_seconds']:.1f} CPU s; {row['note']}", flush=True)
    return row


def bench_search(count: int) -> dict[str, object]:
    """Approximate search beside scikit-learn's exact one."""
    rows, _ = vectors(count)
    graph, seconds = timed(lambda: build_graph(rows, recipe=Recipe("knn", k=15, search="approximate")))
    _, exact = timed(lambda: NearestNeighbors(n_neighbors=15, algorithm="brute").fit(rows).kneighbors())
    recall = graph.parameters["recall"]
    note = f"recall {recall:.3f}"
    return line(
        "15-NN graph, approximate", count, seconds, baseline="scikit-learn, all pairs", bare=exact, note=note
    ) | {"recall": recall}


def bench_centrality(count: int) -> dict[str, object]:
    """Vectorised map-equation centrality beside the loop over nodes that defines it."""
    rng = np.random.default_rng(0)
    found = find_communities(build_graph(rng.normal(size=(count, 4)), recipe="knn"), trials=1)

    def loop() -> list[float]:
        total = np.bincount(found.module, found.flow)
        rest = [total[m] - p for m, p in zip(found.module, found.flow, strict=True)]
        return [
            0.0 if r <= 1e-15 else -r * np.log2(r / total[m]) for r, m in zip(rest, found.module, strict=True)
        ]

    ours, seconds = timed(lambda: map_equation_centrality(found))
    plain, loop_seconds = timed(loop)
    np.testing.assert_allclose(ours, plain, atol=1e-12)
    return line("map-equation centrality", count, seconds, baseline="loop", bare=loop_seconds)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--most-nodes", type=int, default=100_000)
    parser.add_argument(
        "--separation",
        type=float,
        default=1.0,
        help="of the groups, in their own spread; 0.3: hardly any groups",
    )
    parser.add_argument("--vectors", default="", help="file of vectors whose distances are drawn too")
    parser.add_argument("--growth-only", action="store_true", help="leave the small cases out")
    parser.add_argument("--one", type=int, default=0, help="one size alone, as JSON")
    parser.add_argument("--out", type=Path, help="also write the table here")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one_size(asked.one, separation=asked.separation, vectors_file=asked.vectors)))
        return
    most = asked.most_nodes
    rows: list[dict[str, Any]] = []
    if not asked.growth_only:
        rows += [bench_complete(n) for n in (1000, 2000, 5000) if n <= most]
        rows += [bench_centrality(min(20_000, most)), bench_search(min(20_000, most))]
    sizes = [n for n in (10_000, 30_000, 100_000, 300_000, 1_000_000) if n <= most]
    growth = []
    for vectors_file in ["", *([asked.vectors] if asked.vectors else [])]:
        growth += [in_own_process(n, separation=asked.separation, vectors_file=vectors_file) for n in sizes]
    table = pd.DataFrame(rows + growth)
    for name in BASELINE[1:]:
        table[name] = table.get(name, np.nan)
    table["cpu_ratio"] = table["cpu_seconds"] / table["baseline_cpu"]
    shown = ["what", "nodes", "seconds", "cpu_seconds", "cpu_ratio"]
    print(table[shown].round(3).to_string(index=False, na_rep=""))
    for kind, of_kind in table[table["nodes"].isin(sizes)].groupby("kind") if len(sizes) > 1 else ():
        slope = np.polyfit(np.log(of_kind["nodes"]), np.log(of_kind["cpu_seconds"]), 1)[0]
        print(f"growth without Infomap, {kind}: CPU seconds ~ nodes^{slope:.2f}")
    if asked.out:
        kept = table.rename(columns={"nodes": "size"})[
            ["what", "size", "seconds", "cpu_seconds", *BASELINE, "recall", "peak_gb", "infomap_cpu"]
        ]
        write_csv(kept.assign(unit="videos", processor=processor()), asked.out)


if __name__ == "__main__":
    main()
