"""When does it help: the headroom that an oracle has in each world, and what each arm makes of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from infomotion_lib.reporting.figures.parts import INK, headline, legend_below, zero_line
from infomotion_lib.reporting.style import METHOD_COLOURS, METHOD_MARKERS, MUTED, PHONE_WIDTH

ORACLE = "oracle"

_HEADROOM = 2.0
"""Inches for the title and the labels below."""


def room_and_gain(gate: pd.DataFrame, gains: pd.DataFrame | None = None) -> Figure:
    """Left: headroom of each world by the oracle, with its interval and the least that enters. Right: gain of
    each arm over Random in the worlds that entered.

    Parameters
    ----------
    gate : DataFrame
        ``world, headroom, low, high, enters``, and ``least``, the mean that a world needs.
    gains : DataFrame, optional
        ``world, arm, label, difference, low, high``; nothing is drawn right without it.
    """
    worlds = gate.iloc[::-1].reset_index(drop=True)
    names = [str(name).replace("_", " ").replace(" ef", " EF") for name in worlds["world"]]
    some = gains is not None and len(gains) > 0
    fig = Figure(figsize=(PHONE_WIDTH, 0.55 * len(worlds) + _HEADROOM))
    axes = fig.subplots(1, 2 if some else 1, sharey=True, squeeze=False)[0]
    places = np.arange(len(worlds))
    for place, row in zip(places, worlds.to_dict("records"), strict=True):
        colour = "C0" if row["enters"] else MUTED
        axes[0].plot([row["low"], row["high"]], [place, place], color=colour, linewidth=1.4)
        inside = colour if row["enters"] else "white"
        axes[0].plot(row["headroom"], place, "o", color=colour, markerfacecolor=inside)
    axes[0].axvline(float(gate["least"].iloc[0]), color=MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
    axes[0].set_yticks(places, names)
    axes[0].set(xlabel="oracle minus Random, points,\n90 % interval over pools", title="headroom")
    if gains is not None and some:
        arms = list(dict.fromkeys(gains["arm"]))
        for number, arm in enumerate(arms):
            shift = 0.7 * ((len(arms) - 1) / 2 - number) / len(arms)
            part = gains[gains["arm"] == arm].set_index("world").reindex(worlds["world"])
            at, colour = places + shift, INK if arm == ORACLE else METHOD_COLOURS[arm]
            axes[1].hlines(at, part["low"], part["high"], color=colour, linewidth=1.2)
            label = str(part["label"].dropna().iloc[0])
            marker = "*" if arm == ORACLE else METHOD_MARKERS[arm]
            axes[1].plot(part["difference"], at, marker, color=colour, ms=4, label=label)
        axes[1].set(xlabel="arm minus Random, points,\n95 % interval over pools", title="gain")
        legend_below(fig, axes[1], most=3)
    for axis in axes:
        zero_line(axis, len(worlds))
    entered = int(gate["enters"].sum())
    headline(fig, f"Drawn hearts: {entered} of {len(gate)} worlds have headroom for a selector")
    return fig
