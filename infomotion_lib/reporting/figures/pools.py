"""Figures of the ablation: generated clips side by side, labels, distances, accuracy of every pool.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from infomotion_lib.classes import CLASS_NAMES, EF_EDGES
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.reporting.figures.evaluation import constant_name
from infomotion_lib.reporting.figures.heatmap import class_map
from infomotion_lib.reporting.figures.parts import INK, headline, legend_below, mean_points, span_at_least
from infomotion_lib.reporting.flags import in_brackets
from infomotion_lib.reporting.style import CLASS_COLOURS, METHOD_NAMES, MUTED, PHONE_WIDTH
from infomotion_lib.reporting.tables import CONSTANT_NAMES

_BOUNDS = {"real": (INK, "o"), "noise": ("#7F7F7F", "x")}
_PLAIN = FuncFormatter(lambda value, _: f"{value:g}")
_METRIC_NAMES = {
    "fid": "FID (Inception)",
    "fvd": "FVD (I3D)",
    "fed_frame": "frames (our ResNet-18)",
    "fed_video": "clips (our regressor)",
}


def pool_colour(pool: str) -> str:
    """Colour of a pool, of reference clips or of noise."""
    return _BOUNDS[pool][0] if pool in _BOUNDS else GENERATORS[pool].colour


def pool_marker(pool: str) -> str:
    """Marker of a pool, of reference clips or of noise."""
    return _BOUNDS[pool][1] if pool in _BOUNDS else GENERATORS[pool].marker


def consistency_matrices(
    consistency: pd.DataFrame, conditioning: pd.DataFrame, *, names: Mapping[str, str]
) -> Figure:
    """Share of each requested class by relabelled class, one panel per pool.

    Parameters
    ----------
    consistency, conditioning : DataFrame
        From :func:`infomotion_lib.evaluation.pools.label_consistency` and
        :func:`~infomotion_lib.evaluation.pools.conditioning`.
    names : mapping
        Name of each pool for readers.
    """
    pools = list(dict.fromkeys(consistency["source"]))
    columns = min(2, len(pools))
    rows = -(-len(pools) // columns)
    fig = Figure(figsize=(PHONE_WIDTH, 0.6 + 3.2 * rows))
    axes = fig.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes[len(pools) :]:
        axis.set_axis_off()
    summary = conditioning.set_index("source")
    for number, (axis, pool) in enumerate(zip(axes, pools, strict=False)):
        part = consistency[consistency["source"] == pool]
        counts = part.pivot_table(index="requested", columns="relabelled", values="n").reindex(
            index=CLASS_NAMES, columns=CLASS_NAMES
        )
        class_map(axis, counts.to_numpy(float), named=number % columns == 0, size=9)
        axis.set_title(names[pool], fontsize=10, fontweight="normal")
    fig.supylabel("requested class", fontsize=10)
    fig.supxlabel("relabelled class (% of the row)", fontsize=10)
    held = "; ".join(f"{names[pool]} {summary.loc[pool, 'same_class_percent']:.0f} %" for pool in pools)
    headline(fig, f"Share of clips with the requested class: {held}")
    return fig


def ef_by_request(labels: pd.DataFrame, *, names: Mapping[str, str]) -> Figure:
    """Relabelled EF by requested class: median and middle half of each pool, over bands of the EF classes."""
    from infomotion_lib.classes import class_name

    pools = list(dict.fromkeys(labels["source"]))
    fig = Figure(figsize=(PHONE_WIDTH, 3.8))
    axis = fig.subplots()
    for name, low, high in zip(CLASS_NAMES, (0, *EF_EDGES), (*EF_EDGES, 100), strict=True):
        axis.axhspan(low, high, color=CLASS_COLOURS[name], alpha=0.12, lw=0)
        axis.text(
            1.01,
            (low + high) / 2,
            name,
            transform=axis.get_yaxis_transform(),
            va="center",
            fontsize=9,
            color=INK,
        )
    asked = class_name(labels["requested_ef"].to_numpy(float))
    table = pd.DataFrame(
        {"asked": asked, "ef": labels["ef"].to_numpy(float), "pool": labels["source"].map(names).to_numpy()}
    )
    sns.pointplot(
        table,
        x="asked",
        y="ef",
        hue="pool",
        order=CLASS_NAMES,
        hue_order=[names[pool] for pool in pools],
        palette=[pool_colour(pool) for pool in pools],
        markers=[pool_marker(pool) for pool in pools],
        estimator="median",
        errorbar=("pi", 50),
        dodge=0.2 * (len(pools) - 1),
        capsize=0.06,
        linewidth=1.4,
        markersize=7,
        ax=axis,
    )
    axis.legend().remove()  # one legend for all panels stands below
    medians = table.pivot_table(index="pool", columns="asked", values="ef", aggfunc="median").reindex(
        columns=CLASS_NAMES
    )
    rises = {}
    for pool in pools:
        known = medians.loc[names[pool]].dropna()
        rises[pool] = known.iloc[-1] - known.iloc[0]
    axis.tick_params(axis="x", labelsize=9)
    axis.set(xlabel="requested class", ylabel="relabelled EF (points)\nmedian and middle half", ylim=(0, 100))
    axis.grid(axis="x", visible=False)
    legend_below(fig, axis, most=3)
    text = "; ".join(f"{names[pool]} {rise:+.0f}" for pool, rise in rises.items())
    headline(fig, f"From the lowest to the highest request, relabelled EF rises by: {text} points")
    return fig


def distances(fidelity: pd.DataFrame, *, names: Mapping[str, str]) -> Figure:
    """Fréchet distances to reference clips, one panel per metric, with their floor and the ceiling (noise).

    An arrow at the left end of an interval says that it reaches down to zero, which a logarithmic axis does
    not have.
    """
    metrics = list(dict.fromkeys(fidelity["metric"]))
    columns = min(len(metrics), 2)
    rows = -(-len(metrics) // columns)
    fig = Figure(figsize=(PHONE_WIDTH, (0.46 * fidelity["pair"].nunique() + 1.4) * rows + 0.4))
    axes = fig.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for empty in axes[len(metrics) :]:
        empty.set_axis_off()
    pairs = list(dict.fromkeys(fidelity["pair"]))[::-1]
    for axis, metric in zip(axes, metrics, strict=False):
        part = fidelity[fidelity["metric"] == metric].set_index("pair")
        ends = [*part["value"], *part["ci_low"][part["ci_low"] > 0.02 * part["value"]]]
        least = 0.7 * min((end for end in map(float, ends) if end > 0), default=1e-3)
        for y, pair in enumerate(pairs):
            pool = pair.removeprefix("real_vs_")
            low, value, high = (
                max(float(part.loc[pair, column]), least) for column in ("ci_low", "value", "ci_high")
            )
            colour = pool_colour(pool)
            axis.plot([low, high], [y, y], color=colour, lw=2)
            if low == least:
                axis.plot(least, y, color=colour, marker="<", ms=7, clip_on=False)
            axis.plot(value, y, color=colour, marker=pool_marker(pool), ms=7)
        axis.set_xscale("log")
        axis.set_xlim(left=least)
        decades = np.log10(axis.get_xlim()[1] / least)
        for y, pair in enumerate(pairs):
            value = max(float(part.loc[pair, "value"]), least)
            aside = np.log10(value / least) < 0.12 * decades  # centred, the number would cross the axis
            place: dict[str, Any] = {
                "xytext": (2, 6) if aside else (0, 6),
                "ha": "left" if aside else "center",
            }
            axis.annotate(
                f"{part.loc[pair, 'value']:.3g}", (value, y), textcoords="offset points", fontsize=10, **place
            )
        axis.xaxis.set_major_locator(
            LogLocator(subs=(1, 2, 5) if decades < 2 else (1, 3) if decades < 3 else (1,))
        )
        axis.xaxis.set_major_formatter(_PLAIN)
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.set_title(_METRIC_NAMES.get(metric, metric), fontsize=10, fontweight="normal")
        axis.set_xlabel("Fréchet distance to\nreference clips")
        axis.grid(axis="y", visible=False)
    shown = {"real": "other reference clips\n(floor)", "noise": "noise\n(ceiling)"} | dict(names)
    axes[0].set_yticks(
        range(len(pairs)), [shown.get(pair.removeprefix("real_vs_"), pair) for pair in pairs], fontsize=10
    )
    axes[0].set_ylim(-0.6, len(pairs) - 0.4)
    headline(fig, f"{_nearer(fidelity, names)} ({int(fidelity['n'].iloc[0])} clips per side)")
    return fig


def _nearer(fidelity: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Which pool is nearer to the reference clips; of a single one, how far it is above the floor."""
    value = fidelity.pivot_table(index="metric", columns="pair", values="value", sort=False)
    value.index = pd.Index(
        [_METRIC_NAMES.get(str(metric), str(metric)).split(" (")[0] for metric in value.index]
    )
    pools = value[[f"real_vs_{pool}" for pool in names if f"real_vs_{pool}" in value]]
    if pools.shape[1] == 0:
        return "The one pool is made of the reference clips: only floor and ceiling are drawn"
    if pools.shape[1] < 2:
        ratios = (pools.iloc[:, 0] / value["real_vs_real"].clip(lower=1e-9)).items()
        name = names[str(pools.columns[0]).removeprefix("real_vs_")]
        return f"{name} as a multiple of the floor: " + ", ".join(
            f"{ratio:.3g} by {metric}" for metric, ratio in ratios
        )
    nearest = {
        metric: names[str(pair).removeprefix("real_vs_")] for metric, pair in pools.idxmin(axis=1).items()
    }
    if len(set(nearest.values())) == 1:
        return f"Nearer to the reference clips: {next(iter(nearest.values()))} by every encoder"
    return "Nearer to the reference clips: " + ", ".join(
        f"{name} by {metric}" for metric, name in nearest.items()
    )


def pool_accuracy(
    table: pd.DataFrame, constants: pd.DataFrame, *, names: Mapping[str, str], data: str
) -> Figure:
    """Hard accuracy on TEST of networks trained on each pool, by size, with 95 % intervals; dashed: the
    best constant.

    Parameters
    ----------
    table : DataFrame
        From :func:`infomotion_lib.evaluation.intervals.summarise`, one source per pool.
    constants : DataFrame
        ``constants.csv`` of stage 04.
    """
    rows = table[table["metric"] == "hard_accuracy"]
    sizes = sorted({int(size) for size in rows["vpc"]})
    pools = list(dict.fromkeys(rows["source"]))
    columns = min(2, len(pools))
    lines = -(-len(pools) // columns)
    fig = Figure(figsize=(PHONE_WIDTH, 0.9 + 2.5 * lines))
    axes = fig.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    for axis in axes[len(pools) :]:
        axis.set_axis_off()
    best = constants.iloc[int(constants["hard_accuracy"].to_numpy(float).argmax())]
    for axis, pool in zip(axes, pools, strict=False):
        part = rows[rows["source"] == pool]
        methods = list(dict.fromkeys(part["method"]))
        for number, method in enumerate(methods):
            cell = part[part["method"] == method]
            x = np.array([sizes.index(int(size)) for size in cell["vpc"]], float)
            x += 0 if method == "whole" else (number - len(methods) / 2) * 0.22
            name = METHOD_NAMES[method] + in_brackets(rows[rows["method"] == method].get("graph_flag", ()))
            mean_points(axis, x, cell, method, name)
        axis.axhline(
            best["hard_accuracy"],
            color=MUTED,
            ls="--",
            lw=1.4,
            label=constant_name(best["predictor"], best["constant"]),
        )
        axis.set_xticks(range(len(sizes)), [f"{size} per\nclass" if size else "all" for size in sizes])
        axis.set_xlim(-0.6, len(sizes) - 0.4)
        axis.set_title(names[pool], fontsize=10, fontweight="normal")
        axis.grid(axis="x", visible=False)
    span_at_least(axes[0], 5.0)
    fig.supylabel("hard accuracy on TEST (%)", fontsize=10)
    legend_below(fig, axes[0], most=4)
    above = int((rows["mean"] > best["hard_accuracy"]).sum())
    name = CONSTANT_NAMES.get(best["predictor"], best["predictor"])
    lie = f"{above} of {len(rows)} sets {'beats' if above == 1 else 'beat'}"
    headline(
        fig,
        f"{data}: {lie} the best constant, {name[0].lower()}{name[1:]} ({best['hard_accuracy']:.0f} %)",
    )
    return fig
