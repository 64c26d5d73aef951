"""Which vectors should the graph use: what each kind knows of EF, what its picks are worth, what it costs."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from infomotion_lib.reporting.figures.parts import headline, keep_apart, zero_line
from infomotion_lib.reporting.style import MUTED, PHONE_WIDTH
from infomotion_lib.representations.registry import REPRESENTATIONS

_LEVEL = 0.05
_HEADROOM = 1.7
"""Inches for the title and the labels below."""


def which_vectors(rows: pd.DataFrame, *, over: str) -> Figure:
    """Three panels with a row per representation: R2 of EF, the picks' accuracy minus Random's with its 95 %
    interval, CPU time per video.

    Parameters
    ----------
    rows : DataFrame
        ``name, label, ridge_r2, difference, ci_low, ci_high, p_holm, video_ms``, the best probe first.
    over : str
        What the interval is over, such as ``"8 pools"``.
    """
    ordered = rows.iloc[::-1].reset_index(drop=True)
    fig = Figure(figsize=(PHONE_WIDTH, 0.42 * len(ordered) + _HEADROOM))
    keep_apart(fig, across=0.08)  # else the labels of neighbours touch
    known, worth, cost = fig.subplots(1, 3, sharey=True, width_ratios=(2, 3, 2))
    colours = [REPRESENTATIONS[name].colour for name in ordered["name"]]
    places = np.arange(len(ordered))
    known.barh(places, ordered["ridge_r2"].clip(lower=0), color=colours, height=0.6)
    known.set(xlim=(0, 1), xlabel="R² of EF\non unseen\nvideos", title="knows EF")
    known.set_yticks(places, ["\n".join(textwrap.wrap(label, 20)) for label in ordered["label"]])
    _intervals(worth, ordered, "ci_low", "ci_high")
    worth.set(xlabel=f"points above\nRandom, over\n{over}", title="is worth")
    spent = ordered["video_ms"].where(ordered["video_ms"] > 0)
    if spent.notna().any():
        cost.plot(spent, places, "s", color=MUTED, ms=6)
        ends = 10 ** np.floor(np.log10(spent.min())), 10 ** np.ceil(np.log10(spent.max()))
        cost.set(xscale="log", xlim=(0.7 * ends[0], 1.4 * ends[1]))
        cost.xaxis.set_major_formatter("{x:g}")
        cost.xaxis.set_minor_formatter(NullFormatter())
    cost.set(xlabel="CPU ms\nper video", title="costs")
    for axis in (known, worth, cost):
        axis.grid(axis="y", visible=False)
    encoders = rows[[not REPRESENTATIONS[name].oracle for name in rows["name"]]]
    clear = encoders[(encoders["p_holm"] < _LEVEL) & (encoders["difference"] > 0)]
    told = f"{len(clear)} of {len(encoders)} kinds pick" if len(clear) else "no kind is shown to pick"
    best = REPRESENTATIONS[encoders["name"].iloc[0]].label
    headline(fig, f"Phantom: {best} knows most of EF; {told} better than Random")
    return fig


def vectors_forest(compared: pd.DataFrame) -> Figure:
    """Every kind of vector minus Random with its 95 % interval over pools, one panel per budget, in the order
    of the first.

    Parameters
    ----------
    compared : DataFrame
        From :func:`infomotion_lib.studies.selectors.comparison.compare`; ``feature`` is the representation.
    """
    budgets = sorted(int(vpc) for vpc in compared["vpc"].unique())
    order = compared.loc[compared["vpc"] == budgets[0], "feature"].tolist()[::-1]
    fig = Figure(figsize=(PHONE_WIDTH, 0.36 * len(order) + _HEADROOM))
    axes = fig.subplots(1, len(budgets), sharex=True, sharey=True, squeeze=False)[0]
    for axis, vpc in zip(axes, budgets, strict=True):
        rows = compared[compared["vpc"] == vpc].set_index("feature").reindex(order)
        _intervals(axis, rows.rename_axis("name").reset_index(), "t_low", "t_high")
        axis.set_title(
            f"{vpc} per class,\n{int(rows['pools'].max())} pools", fontsize=10, fontweight="normal"
        )
        axis.grid(axis="y", visible=False)
    axes[0].set_yticks(
        range(len(order)),
        ["\n".join(textwrap.wrap(REPRESENTATIONS[name].phrase, 22)) for name in order],
        fontsize=10,
    )
    fig.supxlabel("hard accuracy minus Random's (points), 95 % interval over pools", fontsize=10)
    kept = compared[compared["p_holm"] < _LEVEL]
    above, below = int((kept["difference"] > 0).sum()), int((kept["difference"] < 0).sum())
    headline(
        fig,
        f"Phantom pools: {above} of {len(compared)} comparisons are better than Random, {below} worse,"
        " after correction",
    )
    return fig


def _intervals(axis: Axes, rows: pd.DataFrame, low: str, high: str) -> None:
    """A mark with its interval per row, in the colour of its representation, from below."""
    for place, row in enumerate(rows.to_dict("records")):
        colour = REPRESENTATIONS[row["name"]].colour
        axis.plot([row[low], row[high]], [place, place], color=colour, lw=2)
        axis.plot(row["difference"], place, "o", color=colour, ms=7)
    zero_line(axis, len(rows))
