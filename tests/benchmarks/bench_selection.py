"""Time of graphs, Infomap and centrality, beside bare calls of the same engines in the same process.

Run ``python tests/benchmarks/bench_selection.py`` (minutes on one core; ``--most-nodes 10000`` for a quick
look; ``--out`` keeps the table, such as ``book/results/studies/speed_selection.csv``, which the book shows).
Budgets: complete graph and Infomap at 5,000 videos in 8 s; neighbour graph and Infomap at 100,000 videos of
512 numbers in 90 s. CPU seconds stand beside those of the clock, since other work on the machine does not
enter them.
"""

from __future__ import annotations

import argparse
import resource
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
from infomotion_lib.selection.centrality import map_equation_centrality
from infomotion_lib.selection.communities import find_communities
from infomotion_lib.selection.graph import Recipe, build_graph

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
    """Seconds by the clock and by the processor, all threads together."""

    wall: float
    cpu: float


def timed(call: Callable[[], Any]) -> tuple[Any, Spent]:
    """Result of one call and what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, Spent(time.perf_counter() - wall, time.process_time() - cpu)


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


def bench_knn(count: int, *, search: str = "auto", separation: float = 1.0) -> dict[str, object]:
    """Neighbour graph, one Infomap trial and centrality."""
    rows, group = vectors(count, separation=separation)
    graph, seconds = timed(lambda: build_graph(rows, recipe=Recipe("knn", k=15, search=search)))
    found, infomap_seconds = timed(lambda: find_communities(graph, trials=1))
    _, centrality_seconds = timed(lambda: map_equation_centrality(found))
    agreement = adjusted_mutual_info_score(group, found.module)
    how = graph.parameters
    together = Spent(
        *(sum(parts) for parts in zip(seconds, infomap_seconds, centrality_seconds, strict=True))
    )
    note = (
        f"search {seconds.wall:.1f} s, recall {how['recall']:.3f}; Infomap {infomap_seconds.wall:.1f} s;"
        f" centrality {centrality_seconds.wall:.3f} s; {found.n_communities} communities, AMI with the"
        f" planted groups {agreement:.3f}"
    )
    return line(f"15-NN graph ({how['search']}) + Infomap + centrality", count, together, note=note) | {
        "recall": how["recall"]
    }


def bench_search(count: int) -> dict[str, object]:
    """Search by cells beside scikit-learn's exact one."""
    rows, _ = vectors(count)
    graph, seconds = timed(lambda: build_graph(rows, recipe=Recipe("knn", k=15, search="cells")))
    _, exact = timed(lambda: NearestNeighbors(n_neighbors=15, algorithm="brute").fit(rows).kneighbors())
    recall = graph.parameters["recall"]
    note = f"recall {recall:.3f}"
    return line(
        "15-NN graph by cells", count, seconds, baseline="scikit-learn, all pairs", bare=exact, note=note
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
    parser.add_argument("--out", type=Path, help="also write the table here")
    asked = parser.parse_args()
    most = asked.most_nodes
    rows = [bench_complete(n) for n in (1000, 2000, 5000) if n <= most]
    rows += [bench_centrality(min(20_000, most)), bench_search(min(20_000, most))]
    growth = [
        bench_knn(n, search="cells", separation=asked.separation)
        for n in (1000, 3000, 10_000, 30_000, 100_000)
        if n <= most
    ]
    table = pd.DataFrame(rows + growth)
    table["cpu_ratio"] = table["cpu_seconds"] / table["baseline_cpu"]
    shown = ["what", "nodes", "seconds", "cpu_seconds", *BASELINE, "cpu_ratio"]
    print(table[shown].round(3).to_string(index=False, na_rep=""))
    for row in rows + growth:
        print(f"{row['nodes']:>7} {row['what']}: {row.get('note', '')}")
    if len(growth) > 1:
        slope = np.polyfit(
            np.log([row["nodes"] for row in growth]), np.log([row["cpu_seconds"] for row in growth]), 1
        )[0]
        print(f"growth of the 15-NN graph with Infomap: CPU seconds ~ nodes^{slope:.2f}")
    if asked.out:
        kept = table.rename(columns={"nodes": "size"})[
            ["what", "size", "seconds", "cpu_seconds", *BASELINE, "recall"]
        ]
        write_csv(kept.assign(unit="videos", processor=processor()), asked.out)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
