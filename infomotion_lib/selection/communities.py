"""Communities of a graph by Infomap: the partition under which a random walk has the shortest description."""

from __future__ import annotations

from dataclasses import dataclass

import infomap
import numpy as np
from numpy.typing import NDArray

from infomotion_lib.errors import ParameterError
from infomotion_lib.selection.graph import Graph

COLLAPSED_ABOVE = 0.9
LINKS_AT_A_TIME = 1 << 18

FEW_TRIALS, MANY_TRIALS, MOST_TRIALS = 10, 100, 300
MANY_LINKS = 10_000
"""Links of a kNN graph of 500 videos; a larger graph, such as a complete one, gets few trials."""


@dataclass(frozen=True)
class Communities:
    """A two-level partition; its arrays are read-only.

    Attributes
    ----------
    module : ndarray of int64, shape (n,)
        Community of each node; 0 is the one with the most flow, as Infomap orders them.
    flow : ndarray of float64, shape (n,)
        Share of a random walker's time spent at each node; sums to 1.
    codelength : float
        Description length of a step of the walk under this partition, bits.
    one_level_codelength : float
        The same with one community, bits.
    seed, trials, markov_time : int, int, float
        What it was found with.
    """

    module: NDArray[np.int64]
    flow: NDArray[np.float64]
    codelength: float
    one_level_codelength: float
    seed: int = 0
    trials: int = 1
    markov_time: float = 1.0

    def __post_init__(self) -> None:
        self.module.setflags(write=False)
        self.flow.setflags(write=False)

    @property
    def n_communities(self) -> int:
        """Number of communities, singletons included."""
        return len(np.unique(self.module))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Nodes of each community, (n_communities,)."""
        return np.bincount(self.module).astype(np.int64)

    @property
    def largest_share(self) -> float:
        """Share of the nodes that the most populous community holds."""
        return float(self.sizes.max() / len(self.module)) if len(self.module) else 0.0

    @property
    def singletons(self) -> int:
        """Communities of one node."""
        return int((self.sizes == 1).sum())

    @property
    def savings(self) -> float:
        """Share of the one-level codelength that the partition saves, 0 where there is one community."""
        if self.one_level_codelength <= 0:
            return 0.0
        return max(0.0, round(1.0 - self.codelength / self.one_level_codelength, 12))

    @property
    def flag(self) -> str:
        """``collapsed``: one community holds more than 90 % of the nodes. ``shattered``: more than a third of
        the nodes are in communities of one or two. ``healthy``: neither."""
        if self.largest_share > COLLAPSED_ABOVE or len(self.module) == 0:
            return "collapsed"
        sizes = self.sizes
        return "shattered" if sizes[sizes <= 2].sum() > len(self.module) / 3 else "healthy"

    def __repr__(self) -> str:
        return (
            f"Communities({self.n_communities} over {len(self.module)} nodes, largest"
            f" {self.largest_share:.0%}, codelength {self.codelength:.3f} of {self.one_level_codelength:.3f}"
            " bits)"
        )


def enough_trials(graph: Graph) -> int:
    """Trials after which the best partition hardly depends on Infomap's draws, as far as time allows.

    Measured on two C++ libraries (see the page on run cards): 100 for graphs of up to 100 nodes, 300 for
    larger ones. Graphs with more than :data:`MANY_LINKS` links get 10, whatever that leaves open.
    """
    if len(graph.links) > MANY_LINKS:
        return FEW_TRIALS
    return MANY_TRIALS if graph.n_nodes <= 100 else MOST_TRIALS


def find_communities(
    graph: Graph, *, seed: int = 0, trials: int = 10, markov_time: float = 1.0
) -> Communities:
    """Best of ``trials`` two-level Infomap partitions of ``graph``; on one platform the same for the same
    graph and seed.

    Infomap draws with the C++ library's ``uniform_int_distribution``, which each library defines otherwise:
    with GNU's (Linux) and with LLVM's (macOS, WebAssembly) equal seeds search otherwise. Partitions are then
    equal only if both searches find the best one. With ``trials=0`` they did for every class of the phantom
    and for all graphs with groups of up to 100 nodes that we tried. In larger graphs, and in those without
    groups, many partitions are nearly as good as the best, and 300 trials did not make all of them equal
    (``tests/benchmarks/bench_platforms.py``).

    Parameters
    ----------
    seed : int
        Of Infomap's search.
    trials : int
        Searches; the shortest codelength is kept. 0: :func:`enough_trials`.
    markov_time : float
        Resolution: below 1 the walker is looked at more often and finds more communities, above 1 fewer.

    Raises
    ------
    ParameterError
        If ``trials`` < 0, ``seed`` < 0 or ``markov_time`` is not positive.

    Notes
    -----
    The map equation of Rosvall and Bergstrom (2008). A node without links is a community of its own.
    """
    if trials < 0 or seed < 0 or not markov_time > 0:
        raise ParameterError(
            f"Infomap cannot run with seed={seed}, trials={trials}, markov_time={markov_time}."
        )
    trials = trials or enough_trials(graph)
    if len(graph.links) == 0:
        return _unlinked(graph.n_nodes, seed, trials, markov_time)
    network = infomap.Network()
    network.add_nodes(range(graph.n_nodes))
    for start in range(
        0, len(graph.links), LINKS_AT_A_TIME
    ):  # half the time of all at once, and no second copy of them
        part = slice(start, start + LINKS_AT_A_TIME)
        network.add_links(np.column_stack([graph.links[part], graph.weights[part]]))
    options = infomap.Options(
        flow_model="directed" if graph.directed else "undirected",
        markov_time=markov_time,
        two_level=True,
        num_trials=trials,
        seed=seed + 1,  # Infomap's first seed is 1
    )
    result = infomap.run(network, options=options)
    table = result.to_dataframe(columns=["node_id", "module_id", "flow"]).sort_values("node_id")
    module = table["module_id"].to_numpy(dtype=np.int64)
    flow = table["flow"].to_numpy(dtype=np.float64).copy()
    return Communities(
        _by_flow(module, flow),
        flow,
        float(result.codelength),
        float(result.one_level_codelength),
        seed,
        trials,
        markov_time,
    )


def _by_flow(module: NDArray[np.int64], flow: NDArray[np.float64]) -> NDArray[np.int64]:
    """Communities renumbered 0, 1, ... by decreasing flow; ties by their first node."""
    _, first, index = np.unique(module, return_index=True, return_inverse=True)
    total = np.round(np.bincount(index, weights=flow), 12)
    order = np.lexsort((first, -total))
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    return number[index]


def _unlinked(count: int, seed: int, trials: int, markov_time: float) -> Communities:
    return Communities(
        np.arange(count), np.full(count, 1 / max(count, 1)), 0.0, 0.0, seed, trials, markov_time
    )
