"""Figures of class graphs: their communities by colour, the chosen videos ringed.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from infomotion_lib.reporting.figures.parts import FAINT, INK, fitted_legend, headline, keep_apart
from infomotion_lib.reporting.flags import flag_words
from infomotion_lib.reporting.style import PHONE_WIDTH
from infomotion_lib.selection.graph import Graph
from infomotion_lib.selection.layout import force_layout
from infomotion_lib.selection.modular import ClassGraph

COMMUNITY_COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
    "#8A6FB0",
    "#9AAB89",
    "#A6761D",
)
"""By rank of flow; they repeat after ten."""


MOST_LINKS = 800
"""Only the heaviest links of a graph are drawn."""


def community_graphs(
    graphs: Mapping[str, ClassGraph],
    picks: Collection[str],
    *,
    of: str | None = None,
    most_nodes: int = 600,
    seed: int = 0,
) -> Figure:
    """Graph of each class, one colour per community, the chosen videos ringed (the paper's Figure 2b).

    Parameters
    ----------
    graphs : mapping of title to ClassGraph
        Up to six, such as the classes of one recipe or the recipes of one class.
    picks : collection of str
        File names of the chosen videos.
    of : str, optional
        What the graphs are, for the title; by default "in each class" where there are several.
    most_nodes : int
        Of a larger graph, a random sample and the picks are drawn.
    """
    single = len(graphs) == 1
    columns = min(3, len(graphs))
    rows = -(-len(graphs) // columns)
    fig = Figure(
        figsize=(PHONE_WIDTH, 4.6)
        if single
        else (PHONE_WIDTH, 0.4 + 2.45 * rows + (0.5 if len(graphs) % columns == 0 else 0))
    )
    axes = fig.subplots(rows, columns, squeeze=False).ravel()
    keep_apart(fig, down=0.1)  # else a heading touches the note above it
    for axis in axes[len(graphs) :]:
        axis.set_axis_off()
    for axis, (name, built) in zip(axes, graphs.items(), strict=False):
        shown = _draw_graph(axis, built, picks, most_nodes=most_nodes, seed=seed)
        communities = built.communities
        words = flag_words([built.flag])
        health = f"\n{words}" if words else ""
        axis.set_title(f"{name.replace('_', ' ')}{health}", fontsize=10, fontweight="normal")
        nodes = (
            f"{built.graph.n_nodes:,}"
            if shown == built.graph.n_nodes
            else f"{shown:,} of {built.graph.n_nodes:,}"
        )
        counted = (
            "" if single else f"{_count(communities.n_communities, 'community')}\n"
        )  # a single graph has its count in the title
        axis.set_xlabel(f"{counted}{nodes} videos", fontsize=9.5)
    marks = [
        Line2D([], [], marker="o", ls="", markersize=8, mfc=FAINT, mec=INK, mew=2.0),
        *(
            Line2D([], [], marker="o", ls="", markersize=size, mfc=COMMUNITY_COLOURS[0], mec="white")
            for size in (7, 4)
        ),
    ]
    labels = ["chosen", "central in its community", "less central"]
    marks, labels = (marks, labels) if len(picks) else (marks[1:], labels[1:])
    counts = [built.communities.n_communities for built in graphs.values()]
    repeated = (
        f"colours repeat after {len(COMMUNITY_COLOURS)} communities"
        if max(counts) > len(COMMUNITY_COLOURS)
        else ""
    )
    if len(graphs) < len(axes):
        note = "one colour per community" + (f";\n{repeated}" if repeated else "")
        axes[-1].legend(marks, labels, loc="center", fontsize=9.5, title=note, title_fontsize=9.5)
    else:
        if repeated:
            marks, labels = [*marks, Line2D([], [], linestyle="")], [*labels, repeated]
        fitted_legend(fig, marks, labels, most=3)
    span = (
        f"{min(counts)} to {max(counts)} communities"
        if min(counts) < max(counts)
        else _count(counts[0], "community")
    )
    ringed = "; rings mark the most central videos" if len(picks) else ""
    whose = of if of is not None else "" if single else "in each class"
    headline(fig, f"{span}{whose and ' '}{whose}{ringed}")
    return fig


def _draw_graph(axis: Axes, built: ClassGraph, picks: Collection[str], *, most_nodes: int, seed: int) -> int:
    """Number of nodes drawn."""
    chosen = np.isin(built.file_names, list(picks))
    nodes = np.arange(built.graph.n_nodes)
    if len(nodes) > most_nodes:
        nodes = np.union1d(
            np.random.default_rng(seed).choice(nodes, most_nodes, replace=False), np.flatnonzero(chosen)
        )
    graph = _part(built.graph, nodes)
    module, chosen, centrality = built.communities.module[nodes], chosen[nodes], built.centrality[nodes]
    place = force_layout(graph, seed=seed)
    heavy = np.argsort(-graph.weights, kind="stable")[:MOST_LINKS]
    strength = graph.weights[heavy] / graph.weights.max() if len(heavy) else np.zeros(0)
    alpha = (0.15 + 0.45 * strength) * (1 if len(heavy) < MOST_LINKS / 2 else 0.25)
    ends = graph.links[heavy]
    colours = [
        (
            *to_rgb(
                COMMUNITY_COLOURS[module[a] % len(COMMUNITY_COLOURS)] if module[a] == module[b] else "#8895A3"
            ),
            value,
        )
        for (a, b), value in zip(ends.tolist(), alpha.tolist(), strict=True)
    ]
    axis.add_collection(LineCollection(list(place[ends]), colors=colours, linewidths=0.8, zorder=1))
    size = (14 + 46 * centrality / max(float(built.centrality.max()), 1e-12)) * min(
        1.0, (120 / len(nodes)) ** 0.5
    )
    order = np.argsort(chosen, kind="stable")  # rings on top
    axis.scatter(
        *(place[order, 0], place[order, 1]),
        s=np.where(chosen[order], np.maximum(size[order], 18), size[order]),
        c=[COMMUNITY_COLOURS[number % len(COMMUNITY_COLOURS)] for number in module[order]],
        edgecolors=[INK if ring else "white" for ring in chosen[order]],
        linewidths=np.where(chosen[order], 2.0, 0.6).tolist(),
        zorder=2,
    )
    axis.set(xticks=[], yticks=[], aspect="equal", xlim=(-0.06, 1.06), ylim=(-0.06, 1.06))
    axis.spines[:].set_visible(False)
    axis.grid(False)
    return len(nodes)


def _part(graph: Graph, nodes: NDArray[np.int64]) -> Graph:
    """The graph among ``nodes``, renumbered."""
    number = np.full(graph.n_nodes, -1)
    number[nodes] = np.arange(len(nodes))
    ends = number[graph.links]
    kept = (ends >= 0).all(axis=1) & (ends[:, 0] != ends[:, 1])
    return Graph(len(nodes), ends[kept], graph.weights[kept], graph.directed)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else 'communities'}"
