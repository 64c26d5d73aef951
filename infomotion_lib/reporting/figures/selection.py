"""Figures of the class graphs: their communities with the chosen videos, their health by recipe, the sweep of
settings.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from infomotion_lib.classes import GROUPS
from infomotion_lib.reporting.figures.parts import FAINT, INK, edge_note, headline
from infomotion_lib.reporting.flags import health_of
from infomotion_lib.reporting.style import CLASS_COLOURS, SOURCE_NAMES

RECIPE_NAMES = {"knn": "kNN", "softmax_inverse": "softmax of 1/d", "literal": "literal (distance)"}
RECIPE_COLOURS = {"knn": "#0072B2", "softmax_inverse": "#E69F00", "literal": "#7F7F7F"}
_SETTINGS = {
    "k": "neighbours k (kNN)",
    "scale": "scale of distances (softmax)",
    "markov_time": "Markov time (kNN)",
}


def module_counts(report: pd.DataFrame, *, vpc: Sequence[int] = ()) -> Figure:
    """Communities of each class by recipe, one panel per source and feature; the dash is the count after
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
    classes = [name for name in GROUPS if name in set(report["class_name"])]
    for axis, (source, feature) in zip(axes.ravel(), panels, strict=False):
        part = report[(report["source"] == source) & (report["feature"] == feature)].set_index(
            ["graph", "class_name"]
        )
        for number, recipe in enumerate(recipes):
            at = np.arange(len(classes)) + (number - (len(recipes) - 1) / 2) * width
            table = part.loc[recipe].reindex(classes)
            bars = axis.bar(at, table["communities"], width * 0.92, color=RECIPE_COLOURS[recipe])
            for bar, flag in zip(bars, health_of(table), strict=True):
                if flag != "healthy":
                    bar.set(
                        facecolor="white",
                        edgecolor=RECIPE_COLOURS[recipe],
                        linewidth=1.2,
                        linestyle={"collapsed": "-", "shattered": ":"}.get(flag, "--"),
                    )
            axis.plot(
                at,
                table["null_communities"],
                linestyle="",
                marker="_",
                color=INK,
                markersize=9,
                markeredgewidth=1.4,
            )
        for wanted in vpc:
            axis.axhline(wanted, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
            edge_note(axis, f"VPC {wanted}", wanted, shift=(2, 0), size=7.5)
        axis.set_title(f"{SOURCE_NAMES.get(str(source), source)}, {feature} vectors", fontsize=10)
        axis.set_xticks(np.arange(len(classes)), [_short(name) for name in classes], fontsize=8.5)
        axis.grid(axis="x", visible=False)
    for axis in axes[:, 0]:
        axis.set_ylabel("communities")
    handles: list[Any] = [Patch(color=RECIPE_COLOURS[name]) for name in recipes]
    sick = [flag for flag in ("collapsed", "shattered") if flag in set(report["flag"])]
    handles += [
        Patch(facecolor="white", edgecolor=INK, linestyle="-" if flag == "collapsed" else ":")
        for flag in sick
    ]
    handles.append(Line2D([], [], linestyle="", marker="_", color=INK, markersize=9))
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
    """Communities by k, distance scale and Markov time, one line per class; collapsed and shattered settings
    are open marks.

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
        for name, line in part.groupby("class_name", sort=False):
            colour = CLASS_COLOURS[str(name)]
            axis.plot(line["value"], line["communities"], color=colour, linewidth=1.3, zorder=2)
            sick = line["flag"] != "healthy"
            axis.scatter(line["value"][~sick], line["communities"][~sick], color=colour, s=20, zorder=3)
            axis.scatter(
                line["value"][sick],
                line["communities"][sick],
                s=20,
                facecolor="white",
                edgecolor=colour,
                zorder=3,
            )
        for wanted in vpc:
            axis.axhline(wanted, color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        if defaults and setting in defaults:
            axis.axvline(defaults[setting], color=FAINT, linewidth=6, alpha=0.6, zorder=0)
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
        edge_note(axes[-1], f"VPC {wanted}", wanted, shift=(2, 0), size=9.5)
    names = [name for name in GROUPS if name in set(table["class_name"])]
    handles = [Line2D([], [], color=CLASS_COLOURS[name], marker="o", markersize=4.5) for name in names]
    handles.append(
        Line2D([], [], linestyle="", marker="o", markersize=4.5, markerfacecolor="white", markeredgecolor=INK)
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


def _collapse_sentence(report: pd.DataFrame, recipes: Sequence[str]) -> str:
    counts = []
    for name in recipes:
        flags = report.loc[report["graph"] == name, "flag"]
        counts.append(f"{RECIPE_NAMES[name].split()[0]} {int((flags == 'collapsed').sum())} of {len(flags)}")
    return f"Graphs that collapse: {', '.join(counts)}"


def _short(name: str) -> str:
    return "hyper-\ndynamic" if name == "hyperdynamic" else name
