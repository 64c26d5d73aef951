"""Figures of the class graphs: their communities with the chosen videos, their health by recipe, the sweep of
settings.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from infomotion_lib.classes import GROUPS
from infomotion_lib.reporting.figures.parts import FAINT, INK, edge_note, fitted_legend, headline
from infomotion_lib.reporting.flags import health_of
from infomotion_lib.reporting.style import CLASS_COLOURS, PHONE_WIDTH, SOURCE_NAMES

RECIPE_NAMES = {"knn": "kNN", "softmax_inverse": "softmax of 1/d", "literal": "literal (distance)"}
RECIPE_COLOURS = {"knn": "#0072B2", "softmax_inverse": "#E69F00", "literal": "#7F7F7F"}
RECIPE_MARKERS = {"knn": "o", "softmax_inverse": "s", "literal": "D"}
_COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_SETTINGS = {
    "k": "neighbours k\n(kNN)",
    "scale": "scale of distances\n(softmax)",
    "markov_time": "Markov time\n(kNN)",
}


def module_counts(
    report: pd.DataFrame, *, vpc: Sequence[int] = (), names: Mapping[str, str] = SOURCE_NAMES
) -> Figure:
    """Communities of each class by recipe, a dot each, one panel per source and feature; unhealthy graphs are
    hollow, the dash is the count after shuffling the features.

    Parameters
    ----------
    report : DataFrame
        ``graph_report.csv``.
    vpc : sequence of int
        Drawn as lines: fewer communities than these cannot give one video each.
    names : mapping
        Of the sources, see :func:`infomotion_lib.reporting.style.source_names`.
    """
    panels = list(report[["source", "feature"]].drop_duplicates().itertuples(index=False, name=None))
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    fig = Figure(figsize=(PHONE_WIDTH, 1.3 + 1.75 * rows))
    axes = fig.subplots(rows, columns, squeeze=False, sharey=True, sharex=True)
    recipes = [name for name in RECIPE_NAMES if name in set(report["graph"])]
    classes = [name for name in GROUPS if name in set(report["class_name"])]
    for axis, (source, feature) in zip(axes.ravel(), panels, strict=False):
        part = report[(report["source"] == source) & (report["feature"] == feature)]
        for number, recipe in enumerate(recipes):
            table = part[part["graph"] == recipe].set_index("class_name").reindex(classes)
            at = np.arange(len(classes)) + 0.24 * (number - (len(recipes) - 1) / 2)
            healthy = [flag == "healthy" for flag in health_of(table)]
            colour, marker = RECIPE_COLOURS[recipe], RECIPE_MARKERS[recipe]
            fill = [colour if well else "white" for well in healthy]
            axis.scatter(
                table["communities"], at, c=fill, edgecolors=colour, marker=marker, s=34, lw=1.4, zorder=3
            )
            axis.scatter(table["null_communities"], at, color=INK, marker="|", s=50, lw=1.2, zorder=2)
        for wanted in vpc:
            axis.axvline(wanted, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
        name = names.get(str(source), source)
        axis.set_title(f"{name}, {feature}", fontsize=10, fontweight="normal")
        axis.set_yticks(np.arange(len(classes)), classes)
    axes[0, 0].set(xscale="log", ylim=(len(classes) - 0.5, -0.5))
    ticks = [count for count in _COUNTS if count <= report["communities"].max() * 1.3]
    for axis in axes[-1]:
        axis.set_xticks(ticks, [str(count) for count in ticks])
        axis.set_xticks([], minor=True)
        axis.set_xlabel("communities")
    handles = [
        Line2D([], [], linestyle="", marker=RECIPE_MARKERS[name], color=RECIPE_COLOURS[name])
        for name in recipes
    ]
    sick = sorted(set(health_of(report)) - {"healthy"})
    handles += [Line2D([], [], ls="", marker="o", mfc="white", mec=INK)] if sick else []
    handles.append(Line2D([], [], linestyle="", marker="|", color=INK, markersize=9))
    labels = [*(RECIPE_NAMES[name] for name in recipes), *([" or ".join(sick)] if sick else []), "shuffled"]
    handles += [Line2D([], [], color=INK, lw=0.8, ls=(0, (2, 2)))] if vpc else []
    labels += [f"VPC {' and '.join(map(str, vpc))}"] if vpc else []
    fitted_legend(fig, handles, labels, most=3)
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
    fig = Figure(figsize=(PHONE_WIDTH, 3.7))
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
    ticks = [count for count in _COUNTS if count <= table["communities"].max() * 1.3]
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
    fitted_legend(fig, handles, [*names, "collapsed or shattered"], most=3)
    low, high = int(table["communities"].min()), int(table["communities"].max())
    headline(fig, f"From {low} to {high} communities, depending on settings the paper leaves open")
    return fig


def _collapse_sentence(report: pd.DataFrame, recipes: Sequence[str]) -> str:
    counts = []
    for name in recipes:
        flags = report.loc[report["graph"] == name, "flag"]
        counts.append(f"{RECIPE_NAMES[name].split()[0]} {int((flags == 'collapsed').sum())} of {len(flags)}")
    return f"Graphs that collapse: {', '.join(counts)}"
