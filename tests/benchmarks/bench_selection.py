"""Time of graphs, Infomap and centrality, beside bare calls of the same engines in the same process.

Run ``python tests/benchmarks/bench_selection.py`` (minutes on one core; ``--most-nodes 10000`` for a quick look). Budgets: complete graph
and Infomap at 5,000 videos in 8 s; neighbour graph and Infomap at 100,000 videos of 512 numbers in 90 s.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any

import infomap
import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.neighbors import NearestNeighbors

from infomotion_lib.selection import Recipe, build_graph, find_communities, map_equation_centrality

WIDTH = 512
GROUPS = 200


def vectors(count: int, *, separation: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(count, 512) vectors of 200 Gaussian groups, and the group of each; separation in units of the groups' own spread."""
    rng = np.random.default_rng(seed)
    group = rng.integers(GROUPS, size=count)
    centres = rng.normal(size=(GROUPS, WIDTH)).astype(np.float32) * separation
    return centres[group] + rng.normal(size=(count, WIDTH)).astype(np.float32), group


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Result and wall seconds of one call."""
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


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
    return {"what": "complete graph + Infomap", "nodes": count, "seconds": seconds, "baseline": "pdist + Infomap, bare"} | {
        "baseline_seconds": bare_seconds,
        "note": f"{ours.n_communities} community",
    }


def bench_knn(count: int, *, search: str = "auto", separation: float = 1.0) -> dict[str, object]:
    """Neighbour graph, one Infomap trial and centrality."""
    rows, group = vectors(count, separation=separation)
    graph, seconds = timed(lambda: build_graph(rows, recipe=Recipe("knn", k=15, search=search)))
    found, infomap_seconds = timed(lambda: find_communities(graph, trials=1))
    _, centrality_seconds = timed(lambda: map_equation_centrality(found))
    agreement = adjusted_mutual_info_score(group, found.module)
    how = graph.parameters
    return {
        "what": f"15-NN graph ({how['search']}) + Infomap + centrality",
        "nodes": count,
        "seconds": seconds + infomap_seconds + centrality_seconds,
        "note": f"search {seconds:.1f} s, recall {how['recall']:.3f}; Infomap {infomap_seconds:.1f} s; "
        f"centrality {centrality_seconds:.3f} s; {found.n_communities} communities, AMI with the planted groups {agreement:.3f}",
    }


def bench_search(count: int) -> dict[str, object]:
    """Search by cells beside scikit-learn's exact one."""
    rows, _ = vectors(count)
    graph, seconds = timed(lambda: build_graph(rows, recipe=Recipe("knn", k=15, search="cells")))
    _, exact = timed(lambda: NearestNeighbors(n_neighbors=15, algorithm="brute").fit(rows).kneighbors())
    return {"what": "15-NN graph by cells", "nodes": count, "seconds": seconds, "baseline": "scikit-learn, all pairs"} | {
        "baseline_seconds": exact,
        "note": f"recall {graph.parameters['recall']:.3f}",
    }


def bench_centrality(count: int) -> dict[str, object]:
    """Vectorised map-equation centrality beside the loop over nodes that defines it."""
    rng = np.random.default_rng(0)
    found = find_communities(build_graph(rng.normal(size=(count, 4)), recipe="knn"), trials=1)

    def loop() -> list[float]:
        total = np.bincount(found.module, found.flow)
        rest = [total[m] - p for m, p in zip(found.module, found.flow, strict=True)]
        return [0.0 if r <= 1e-15 else -r * np.log2(r / total[m]) for r, m in zip(rest, found.module, strict=True)]

    ours, seconds = timed(lambda: map_equation_centrality(found))
    plain, loop_seconds = timed(loop)
    np.testing.assert_allclose(ours, plain, atol=1e-12)
    return {"what": "map-equation centrality", "nodes": count, "seconds": seconds, "baseline": "loop"} | {"baseline_seconds": loop_seconds}


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--most-nodes", type=int, default=100_000)
    parser.add_argument("--separation", type=float, default=1.0, help="of the groups, in their own spread; 0.3: hardly any groups")
    asked = parser.parse_args()
    most = asked.most_nodes
    rows = [bench_complete(n) for n in (1000, 2000, 5000) if n <= most]
    rows += [bench_centrality(min(20_000, most)), bench_search(min(20_000, most))]
    growth = [bench_knn(n, search="cells", separation=asked.separation) for n in (1000, 3000, 10_000, 30_000, 100_000) if n <= most]
    table = pd.DataFrame(rows + growth)
    table["ratio"] = table["seconds"] / table["baseline_seconds"]
    print(table[["what", "nodes", "seconds", "baseline", "baseline_seconds", "ratio"]].round(3).to_string(index=False, na_rep=""))
    for row in rows + growth:
        print(f"{row['nodes']:>7} {row['what']}: {row.get('note', '')}")
    if len(growth) > 1:
        slope = np.polyfit(np.log([row["nodes"] for row in growth]), np.log([row["seconds"] for row in growth]), 1)[0]
        print(f"growth of the 15-NN graph with Infomap: seconds ~ nodes^{slope:.2f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
