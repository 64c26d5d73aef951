"""Hours of a run against the nodes that it has."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from infomotion_lib.reporting.figures.parts import INK, headline
from infomotion_lib.reporting.style import MUTED, PHONE_WIDTH

WALK = "#0072B2"


def hours_by_nodes(walks: pd.DataFrame, *, floor: float, title: str) -> Figure:
    """Hours of a walk of jobs by the number of nodes, both on logarithmic axes, beside what perfect sharing
    would give and the longest chain of jobs.

    Parameters
    ----------
    walks : DataFrame
        ``nodes, most, middle, least``: hours by how much faster than a thread the GPU is.
    floor : float
        Hours of the longest chain.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 3.6))
    axis = fig.subplots()
    nodes, middle = walks["nodes"], walks["middle"]
    axis.fill_between(nodes, walks["most"], walks["least"], color=WALK, alpha=0.2, lw=0)
    axis.plot(nodes, middle, "o-", color=WALK, label="the walk")
    axis.plot(nodes, middle.iloc[0] / nodes, ls=":", color=MUTED, label="shared without loss")
    axis.axhline(floor, color=INK, lw=1.2, ls="--", label="longest chain of jobs")
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.set_xticks(nodes, [str(count) for count in nodes])
    axis.minorticks_off()
    low, high = axis.get_ylim()
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if low <= tick <= high]
    axis.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    axis.set(xlabel="nodes, one GPU each", ylabel="hours")
    axis.legend(loc="best")
    headline(fig, title)
    return fig
