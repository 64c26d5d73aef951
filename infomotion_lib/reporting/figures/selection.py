"""Figures of the class graphs: their communities with the chosen videos, their health by recipe, the sweep of
settings.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.reporting.style import CLASS_COLOURS, SOURCE_NAMES
from infomotion_lib.selection.graph import Graph
from infomotion_lib.selection.layout import force_layout
from infomotion_lib.selection.modular import ClassGraph

RECIPE_NAMES = {"knn": "kNN", "softmax_inverse": "softmax of 1/d", "literal": "literal (distance)"}
RECIPE_COLOURS = {"knn": "#0072B2", "softmax_inverse": "#E69F00", "literal": "#7F7F7F"}
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
_INK, _FAINT = "#1F2933", "#C9D1D9"
_SETTINGS = {
    "k": "neighbours k (kNN)",
    "scale": "scale of distances (softmax)",
    "markov_time": "Markov time (kNN)",
}


def community_graphs(
    graphs: Mapping[str, ClassGraph],
    picks: Collection[str],
    *,
    of: str | None = None,
    most_nodes: int = 600,
    seed: int = 0,
) -> Figure:
    """Graph of each class, a colour a community, the chosen videos ringed (the paper's Figure 2b).

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
        figsize=(5.6, 4.6)
        if single
        else (2.4 * columns, 0.4 + 2.85 * rows + (0.3 if len(graphs) % columns == 0 else 0))
    )
    axes = fig.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes[len(graphs) :]:
        axis.set_axis_off()
    for axis, (name, own) in zip(axes, graphs.items(), strict=False):
        shown = _draw_graph(axis, own, picks, most_nodes=most_nodes, seed=seed)
        found = own.communities
        health = "" if found.flag == "healthy" else f" · {found.flag}"
        axis.set_title(f"{name}{health}", fontsize=10)
        nodes = (
            f"{own.graph.n_nodes:,}" if shown == own.graph.n_nodes else f"{shown:,} of {own.graph.n_nodes:,}"
        )
        counted = (
            "" if single else f"{_count(found.n_communities, 'community')}, "
        )  # a single graph has its count in the title
        axis.set_xlabel(f"{counted}{nodes} videos", fontsize=8.5)
    marks = [
        Line2D(
            [],
            [],
            marker="o",
            linestyle="",
            markersize=8,
            markerfacecolor=_FAINT,
            markeredgecolor=_INK,
            markeredgewidth=2.0,
        ),
        Line2D(
            [],
            [],
            marker="o",
            linestyle="",
            markersize=7,
            markerfacecolor=COMMUNITY_COLOURS[0],
            markeredgecolor="white",
        ),
        Line2D(
            [],
            [],
            marker="o",
            linestyle="",
            markersize=4,
            markerfacecolor=COMMUNITY_COLOURS[0],
            markeredgecolor="white",
        ),
    ]
    labels = ["chosen", "central in its community", "less central"]
    marks, labels = (marks, labels) if len(picks) else (marks[1:], labels[1:])
    counts = [own.communities.n_communities for own in graphs.values()]
    repeated = (
        f"colours repeat after {len(COMMUNITY_COLOURS)} communities"
        if max(counts) > len(COMMUNITY_COLOURS)
        else ""
    )
    if len(graphs) < len(axes):
        note = "one colour a community" + (f";\n{repeated}" if repeated else "")
        axes[-1].legend(marks, labels, loc="center", fontsize=8.5, title=note, title_fontsize=8.5)
    else:
        if repeated:
            marks, labels = [*marks, Line2D([], [], linestyle="")], [*labels, repeated]
        fig.legend(marks, labels, loc="outside lower left", ncols=4, fontsize=8.5, handletextpad=0.2)
    span = (
        f"{min(counts)} to {max(counts)} communities"
        if min(counts) < max(counts)
        else _count(counts[0], "community")
    )
    ringed = "; the most central videos are ringed" if len(picks) else ""
    whose = of if of is not None else "" if single else "in each class"
    headline(fig, f"{span}{whose and ' '}{whose}{ringed}")
    return fig


def module_counts(report: pd.DataFrame, *, vpc: Sequence[int] = ()) -> Figure:
    """Communities of each class by recipe, a panel a source and feature; the dash is the count after
    shuffling the features.

    Parameters
    ----------
    report : DataFrame
        ``graph_report.csv``.
    vpc : sequence of int
        Drawn as lines: fewer communities than these cannot give one video each.
    """
    panels = list(report[["source", "feature"]].drop_duplicates().itertuples(index=False, name=None))
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    fig = Figure(figsize=(7.2, 0.9 + 2.3 * rows))
    axes = fig.subplots(rows, columns, squeeze=False, sharey=True, sharex=True)
    recipes = [name for name in RECIPE_NAMES if name in set(report["graph"])]
    width = 0.8 / len(recipes)
    classes = [name for name in CLASS_NAMES if name in set(report["class_name"])]
    for axis, (source, feature) in zip(axes.ravel(), panels, strict=False):
        own = report[(report["source"] == source) & (report["feature"] == feature)].set_index(
            ["graph", "class_name"]
        )
        for number, recipe in enumerate(recipes):
            at = np.arange(len(classes)) + (number - (len(recipes) - 1) / 2) * width
            table = own.loc[recipe].reindex(classes)
            bars = axis.bar(at, table["communities"], width * 0.92, color=RECIPE_COLOURS[recipe])
            for bar, flag in zip(bars, table["flag"], strict=True):
                if flag != "healthy":
                    bar.set(
                        facecolor="white",
                        edgecolor=RECIPE_COLOURS[recipe],
                        linewidth=1.2,
                        linestyle="-" if flag == "collapsed" else ":",
                    )
            axis.plot(
                at,
                table["null_communities"],
                linestyle="",
                marker="_",
                color=_INK,
                markersize=9,
                markeredgewidth=1.4,
            )
        for wanted in vpc:
            axis.axhline(wanted, color=_INK, linewidth=0.8, linestyle=(0, (2, 2)))
            axis.annotate(
                f"VPC {wanted}",
                (1, wanted),
                (2, 0),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                fontsize=7.5,
                va="center",
            )
        axis.set_title(f"{SOURCE_NAMES.get(str(source), source)}, {feature} vectors", fontsize=10)
        axis.set_xticks(np.arange(len(classes)), [_short(name) for name in classes], fontsize=8.5)
        axis.grid(axis="x", visible=False)
    for axis in axes[:, 0]:
        axis.set_ylabel("communities")
    handles: list[Any] = [Patch(color=RECIPE_COLOURS[name]) for name in recipes]
    sick = [flag for flag in ("collapsed", "shattered") if flag in set(report["flag"])]
    handles += [
        Patch(facecolor="white", edgecolor=_INK, linestyle="-" if flag == "collapsed" else ":")
        for flag in sick
    ]
    handles.append(Line2D([], [], linestyle="", marker="_", color=_INK, markersize=9))
    labels = [*(RECIPE_NAMES[name] for name in recipes), *sick, "after shuffling"]
    fig.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=len(labels),
        fontsize=8.5,
        handlelength=1.4,
        columnspacing=1.2,
    )
    headline(fig, _collapse_sentence(report, recipes))
    return fig


def settings_sweep(
    table: pd.DataFrame, *, vpc: Sequence[int] = (), defaults: Mapping[str, float] | None = None
) -> Figure:
    """Communities by k, distance scale and Markov time, a line a class; collapsed and shattered settings are
    open marks.

    Parameters
    ----------
    table : DataFrame
        Of :func:`infomotion_lib.selection.sweep_settings`.
    vpc : sequence of int
        Drawn as lines.
    defaults : mapping of setting to float
        Values in force, drawn upright.
    """
    settings = [name for name in _SETTINGS if name in set(table["setting"])]
    fig = Figure(figsize=(2.4 * len(settings) + 0.2, 3.7))
    widths = [1.3 if setting == "scale" else 1.0 for setting in settings]
    axes = fig.subplots(1, len(settings), squeeze=False, sharey=True, width_ratios=widths)[0]
    for axis, setting in zip(axes, settings, strict=True):
        part = table[table["setting"] == setting]
        for name, own in part.groupby("class_name", sort=False):
            colour = CLASS_COLOURS[str(name)]
            axis.plot(own["value"], own["communities"], color=colour, linewidth=1.3, zorder=2)
            sick = own["flag"] != "healthy"
            axis.scatter(own["value"][~sick], own["communities"][~sick], color=colour, s=20, zorder=3)
            axis.scatter(
                own["value"][sick],
                own["communities"][sick],
                s=20,
                facecolor="white",
                edgecolor=colour,
                zorder=3,
            )
        for wanted in vpc:
            axis.axhline(wanted, color=_INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        if defaults and setting in defaults:
            axis.axvline(defaults[setting], color=_FAINT, linewidth=6, alpha=0.6, zorder=0)
        axis.set(xscale="log", yscale="log", xlabel=_SETTINGS[setting])
        values = part["value"].unique()
        axis.set_xticks(values, [f"{value:g}" for value in values], fontsize=9)
        axis.set_xticks([], minor=True)
    ticks = [
        count for count in (1, 2, 5, 10, 20, 50, 100, 200, 500) if count <= table["communities"].max() * 1.3
    ]
    axes[0].set_yticks(ticks, [str(count) for count in ticks])
    axes[0].set_yticks([], minor=True)
    axes[0].set_ylabel("communities")
    for wanted in vpc:
        axes[-1].annotate(
            f"VPC {wanted}",
            (1, wanted),
            (2, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            fontsize=9.5,
            va="center",
        )
    names = [name for name in CLASS_NAMES if name in set(table["class_name"])]
    handles = [Line2D([], [], color=CLASS_COLOURS[name], marker="o", markersize=4.5) for name in names]
    handles.append(
        Line2D(
            [], [], linestyle="", marker="o", markersize=4.5, markerfacecolor="white", markeredgecolor=_INK
        )
    )
    fig.legend(
        handles,
        [*names, "collapsed or shattered"],
        loc="outside lower center",
        ncols=3,
        fontsize=9.5,
        columnspacing=1.1,
    )
    low, high = int(table["communities"].min()), int(table["communities"].max())
    headline(fig, f"From {low} to {high} communities, depending on settings the paper leaves open")
    return fig


def _draw_graph(axis: Axes, own: ClassGraph, picks: Collection[str], *, most_nodes: int, seed: int) -> int:
    """Number of nodes drawn."""
    chosen = np.isin(own.file_names, list(picks))
    nodes = np.arange(own.graph.n_nodes)
    if len(nodes) > most_nodes:
        nodes = np.union1d(
            np.random.default_rng(seed).choice(nodes, most_nodes, replace=False), np.flatnonzero(chosen)
        )
    graph = _part(own.graph, nodes)
    module, chosen, centrality = own.communities.module[nodes], chosen[nodes], own.centrality[nodes]
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
    size = (14 + 46 * centrality / max(float(own.centrality.max()), 1e-12)) * min(
        1.0, (120 / len(nodes)) ** 0.5
    )
    order = np.argsort(chosen, kind="stable")  # rings on top
    axis.scatter(
        *(place[order, 0], place[order, 1]),
        s=np.where(chosen[order], np.maximum(size[order], 18), size[order]),
        c=[COMMUNITY_COLOURS[number % len(COMMUNITY_COLOURS)] for number in module[order]],
        edgecolors=[_INK if ring else "white" for ring in chosen[order]],
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


def _collapse_sentence(report: pd.DataFrame, recipes: Sequence[str]) -> str:
    counts = []
    for name in recipes:
        flags = report.loc[report["graph"] == name, "flag"]
        counts.append(f"{RECIPE_NAMES[name].split()[0]} {int((flags == 'collapsed').sum())} of {len(flags)}")
    return f"Graphs that collapse: {', '.join(counts)}"


def headline(fig: Figure, text: str) -> None:
    """Put the finding above the figure, at its left."""
    fig.suptitle(text, x=0.01, ha="left", fontsize=11, fontweight="bold")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else 'communities'}"


def _short(name: str) -> str:
    return "hyper-\ndynamic" if name == "hyperdynamic" else name
