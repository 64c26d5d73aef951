"""Figures of Table 1: accuracy with its intervals and constants, tolerance, confusion, scatter, scanner
styles, paired differences.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from infomotion_lib.evaluation.metrics import soft_curve
from infomotion_lib.reporting.figures.parts import headline, legend_below, mean_points, zero_line
from infomotion_lib.reporting.flags import in_brackets
from infomotion_lib.reporting.style import (
    METHOD_COLOURS,
    METHOD_MARKERS,
    METHOD_NAMES,
    MUTED,
    PHONE_WIDTH,
    graph_name,
    source_names,
)
from infomotion_lib.reporting.tables import CONSTANT_NAMES


def accuracy_by_vpc(
    table: pd.DataFrame,
    constants: pd.DataFrame,
    *,
    data: str,
    metric: str = "hard_accuracy",
) -> Figure:
    """Accuracy of each selector by videos per class, with 95 % intervals; lines of the whole set and of the
    two constants that matter.

    Parameters
    ----------
    table, constants : DataFrame
        ``table1.csv`` and ``constants.csv``.
    data : str
        What the videos are, such as ``"Phantom"``; it opens the title.
    """
    rows = table[table["metric"] == metric]
    sources = list(dict.fromkeys(rows["source"]))
    fig = Figure(figsize=(PHONE_WIDTH, 3.9))
    axes = fig.subplots(1, len(sources), sharey=True, squeeze=False)[0]
    best = constants.iloc[int(constants[metric].to_numpy(float).argmax())]
    lines = (
        constants[(constants["predictor"].isin(["always normal", best["predictor"]]))]
        .drop_duplicates(metric)
        .to_dict("records")
    )
    for axis, source in zip(axes, sources, strict=True):
        part = rows[rows["source"] == source]
        _selectors(axis, part[part["method"] != "whole"], _labels(rows))
        whole = part[part["method"] == "whole"]
        if len(whole):
            axis.axhspan(
                float(whole["ci_low"].iloc[0]),
                float(whole["ci_high"].iloc[0]),
                color=METHOD_COLOURS["whole"],
                alpha=0.08,
                lw=0,
            )
            axis.axhline(
                float(whole["mean"].iloc[0]), color=METHOD_COLOURS["whole"], lw=1.4, label="Whole set"
            )
        for line, dashes in zip(lines, ("--", ":"), strict=False):
            axis.axhline(
                line[metric],
                color=MUTED,
                lw=1.4,
                ls=dashes,
                label=constant_name(line["predictor"], line["constant"]),
            )
        axis.set_title(f"trained on: {source_names(data)[source]}", fontsize=10, fontweight="normal")
        axis.set_xlabel("videos per class")
    axes[0].set_ylabel(f"{metric.replace('_', ' ')} on TEST (%)")
    legend_below(fig, axes[0], most=3)
    headline(fig, f"{data}: {_separation(rows)}")
    return fig


def constant_name(predictor: str, answer: float) -> str:
    """Name of a constant predictor for a legend, with its answer."""
    return f"{CONSTANT_NAMES.get(predictor, predictor)} (EF {answer:g})"


def _labels(rows: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Name of each method and graph for a legend, with what is unhealthy about the graphs behind any of its
    rows.
    """
    return {
        (method, graph): (
            METHOD_NAMES[method]
            + in_brackets(
                rows[(rows["method"] == method) & (rows["graph"].fillna("") == graph)].get("graph_flag", ())
            )
        )
        for method, graph in zip(rows["method"], rows["graph"].fillna(""), strict=True)
    }


def _selectors(axis: Axes, rows: pd.DataFrame, labels: Mapping[tuple[str, str], str]) -> None:
    sizes = sorted(int(size) for size in rows["vpc"].unique())
    cells = list(dict.fromkeys(zip(rows["method"], rows["graph"].fillna(""), strict=True)))
    for number, (method, graph) in enumerate(cells):
        cell = rows[(rows["method"] == method) & (rows["graph"].fillna("") == graph)].set_index("vpc")
        x = np.array([sizes.index(size) for size in cell.index]) + (
            number - (len(cells) - 1) / 2
        ) * 0.72 / len(cells)
        mean_points(axis, x, cell, method, labels[method, graph])
    axis.set_xticks(range(len(sizes)), [str(size) for size in sizes])
    axis.set_xlim(-0.55, len(sizes) - 0.45)
    axis.grid(axis="x", visible=False)


def _separation(rows: pd.DataFrame) -> str:
    chosen = rows[~rows["method"].isin(["whole", "random"])].merge(
        rows[rows["method"] == "random"], on=["source", "vpc"], suffixes=("", "_random")
    )
    if chosen.empty:
        return "accuracy by videos per class"
    apart = int(
        ((chosen["ci_low"] > chosen["ci_high_random"]) | (chosen["ci_high"] < chosen["ci_low_random"])).sum()
    )
    if not apart:
        return "no selector is clearly apart from Random"
    return f"{apart} of {len(chosen)} intervals {'does' if apart == 1 else 'do'} not overlap Random's"


def tolerance_curves(
    tolerances: pd.DataFrame,
    test_ef: Sequence[float],
    *,
    data: str,
    vpc: int,
    constant: float = 60.0,
) -> Figure:
    """Soft accuracy by tolerance with its 95 % band, for each selector at one size and the whole set, beside
    a constant answer.

    A selector's graph is named where there are several.

    Parameters
    ----------
    tolerances : DataFrame
        From :func:`infomotion_lib.evaluation.runs.tolerance_table`.
    test_ef : sequence of float
        True EF of the TEST videos, for the constant's curve.
    constant : float
        What the constant answers, points.
    """
    rows = tolerances[tolerances["vpc"].isin([0, vpc])]
    sources = list(dict.fromkeys(rows["source"]))
    fig = Figure(figsize=(PHONE_WIDTH, 3.9))
    axes = fig.subplots(1, len(sources), sharey=True, squeeze=False)[0]
    points = sorted(rows["tolerance"].unique())
    several = len(set(rows["graph"]) - {""}) > 1
    flat = soft_curve(test_ef, np.full(len(test_ef), constant), tolerances=points)
    for axis, source in zip(axes, sources, strict=True):
        part = rows[rows["source"] == source]
        for (method, graph), cell in part.groupby(["method", "graph"], sort=False):
            name = METHOD_NAMES[str(method)] + (f" ({graph_name(str(graph))})" if graph and several else "")
            name += in_brackets(cell.get("graph_flag", ()))
            marker, colour = METHOD_MARKERS[str(method)], METHOD_COLOURS[str(method)]
            axis.plot(cell["tolerance"], cell["mean"], color=colour, marker=marker, ms=5, lw=1.6, label=name)
            axis.fill_between(
                cell["tolerance"], cell["ci_low"], cell["ci_high"], color=colour, alpha=0.13, lw=0
            )
        axis.plot(points, flat, color=MUTED, ls="--", lw=1.4, label=constant_name("always normal", constant))
        axis.set_title(f"trained on: {source_names(data)[source]}", fontsize=10, fontweight="normal")
        axis.set_xlabel("tolerance (EF points)")
    axes[0].set_ylabel("soft accuracy on TEST (%)")
    legend_below(fig, axes[0], most=3)
    first = rows[(rows["source"] == sources[0]) & (rows["vpc"] == vpc)].pivot_table(
        index="tolerance", values="mean", aggfunc="mean"
    )["mean"]
    gain = first.iloc[-1] - first.iloc[0]
    headline(
        fig, f"{data}, {vpc} per class: {points[-1]:g} points of tolerance add {gain:.0f} points of accuracy"
    )
    return fig


def machine_bars(machines: pd.DataFrame, *, data: str, source: str, vpc: int) -> Figure:
    """Hard accuracy by scanner style for each selector at one size and the whole set, with 95 % intervals
    over runs.

    Parameters
    ----------
    machines : DataFrame
        ``machine_accuracy.csv``.
    """
    rows = machines[(machines["source"] == source) & machines["vpc"].isin([0, vpc])]
    count = rows.groupby("machine", sort=False)["n_videos"].first().sort_values(ascending=False)
    cells = list(dict.fromkeys(zip(rows["method"], rows["graph"].fillna(""), strict=True)))
    fig = Figure(figsize=(PHONE_WIDTH, 4.0))
    axis = fig.subplots()
    for number, (method, graph) in enumerate(cells):
        cell = (
            rows[(rows["method"] == method) & (rows["graph"].fillna("") == graph)]
            .set_index("machine")
            .reindex(count.index)
        )
        x = np.arange(len(count)) + (number - (len(cells) - 1) / 2) * 0.76 / len(cells)
        mean_points(axis, x, cell, method, _labels(rows)[method, graph])
    axis.set_xticks(range(len(count)), [f"{name}\n{number} videos" for name, number in count.items()])
    axis.set_ylabel("hard accuracy on TEST (%)")
    axis.grid(axis="x", visible=False)
    legend_below(fig, axis, most=5)
    mean = rows.groupby("machine")["mean"].mean()
    headline(
        fig,
        f"{data}, {vpc} per class: best on “{mean.idxmax()}”, worst on “{mean.idxmin()}”"
        f" ({mean.max() - mean.min():.0f} points apart)",
    )
    return fig


def paired_forest(differences: pd.DataFrame, *, data: str) -> Figure:
    """Each selector minus Random on the same pool and seed, with 95 % intervals; the upright line is no
    difference.

    Parameters
    ----------
    differences : DataFrame
        From :func:`infomotion_lib.evaluation.intervals.paired_differences`.
    """
    rows = differences.iloc[::-1].reset_index(drop=True)
    fig = Figure(figsize=(PHONE_WIDTH, 0.34 * len(rows) + 1.5))
    axis = fig.subplots()
    for y, row in enumerate(rows.to_dict("records")):
        colour = METHOD_COLOURS[row["method"]]
        axis.plot([row["ci_low"], row["ci_high"]], [y, y], color=colour, lw=2)
        axis.plot(row["difference"], y, color=colour, marker=METHOD_MARKERS[row["method"]], ms=7)
    names = source_names(data)
    labels = [
        f"{names[row['source']]}, {METHOD_NAMES[row['method']]}{in_brackets([row.get('graph_flag')])},"
        f" {row['vpc']}"
        for row in rows.to_dict("records")
    ]
    axis.set_yticks(range(len(rows)), labels, fontsize=9.5)
    axis.set_title("pool, selector, videos per class", loc="right", fontsize=9, fontweight="normal")
    zero_line(axis, len(rows))
    clear = int(((rows["ci_low"] > 0) | (rows["ci_high"] < 0)).sum())
    pools = int(rows["n_pools"].max())
    runs = int(rows["n_pairs"].max())
    few = (
        f" over {runs} runs" + (", too narrow for so few" if runs < 10 else "")
        if pools == 1
        else f" over {pools} pools"
    )
    spread = ";\none pool: the spread between pools is not in the intervals" if pools == 1 else ""
    label = f"hard accuracy minus Random's (points)\n95 % bootstrap intervals{few}{spread}"
    fig.supxlabel(label, fontsize=10)  # of the figure: under the axis alone it would not fit
    kept = int((rows["p_holm"] < 0.05).sum())
    excluding = f"{clear or 'none'} of {len(rows)} intervals {'excludes' if clear <= 1 else 'exclude'} zero"
    title = f"{data}: {excluding}, {kept or 'none'} after Holm's correction"
    headline(fig, title)
    return fig
