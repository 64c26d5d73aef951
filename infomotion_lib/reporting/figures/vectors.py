"""Which vectors should the graph use: what each kind knows of EF, what its picks are worth, what it costs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from infomotion_lib.reporting.figures.parts import headline, zero_line
from infomotion_lib.reporting.style import MUTED
from infomotion_lib.representations.registry import REPRESENTATIONS


def which_vectors(rows: pd.DataFrame) -> Figure:
    """Three panels with a row per representation: R2 of EF, the picks' accuracy minus Random's with its 95 %
    interval, CPU time per video.

    Parameters
    ----------
    rows : DataFrame
        ``name, label, ridge_r2, difference, ci_low, ci_high, video_ms``, the best probe first.
    """
    ordered = rows.iloc[::-1].reset_index(drop=True)
    fig = Figure(figsize=(7.6, 0.42 * len(ordered) + 1.7))
    known, worth, cost = fig.subplots(1, 3, sharey=True, width_ratios=(2, 3, 2))
    colours = [REPRESENTATIONS[name].colour for name in ordered["name"]]
    places = np.arange(len(ordered))
    known.barh(places, ordered["ridge_r2"].clip(lower=0), color=colours, height=0.6)
    known.set(xlim=(0, 1), xlabel="R² of EF,\nheld-out videos", title="knows")
    known.set_yticks(places, ordered["label"])
    for place, (row, colour) in enumerate(zip(ordered.to_dict("records"), colours, strict=True)):
        worth.plot([row["ci_low"], row["ci_high"]], [place, place], color=colour, lw=2)
        worth.plot(row["difference"], place, "o", color=colour, ms=7)
    zero_line(worth, len(ordered))
    worth.set(xlabel="hard accuracy minus Random's,\npoints", title="is worth")
    if ordered["video_ms"].notna().any():
        cost.plot(ordered["video_ms"], places, "s", color=MUTED, ms=6)
        cost.set_xscale("log")
    cost.set(xlabel="CPU time per video,\nms", title="costs")
    for axis in (known, worth, cost):
        axis.grid(axis="y", visible=False)
    best = rows[[not REPRESENTATIONS[name].oracle for name in rows["name"]]].iloc[0]
    clear = rows[rows["ci_low"] > 0]
    told = f"{len(clear)} of {len(rows)} kinds pick" if len(clear) else "no kind picks"
    headline(fig, f"Phantom: {best['label']} knows most of EF; {told} better than Random")
    return fig
