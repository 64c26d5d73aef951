"""What several figures share: their headline, one legend below all panels, ink for lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from infomotion_lib.reporting.style import METHOD_COLOURS, METHOD_MARKERS
from infomotion_lib.reporting.two_grounds import FAINT, INK

__all__ = ["FAINT", "INK"]


def headline(fig: Figure, text: str, *, size: int = 11) -> None:
    """Put what the figure shows above it, at its left."""
    fig.suptitle(text, x=0.01, ha="left", fontsize=size, fontweight="bold")


def keep_apart(fig: Figure, *, across: float = 1 / 24, down: float = 1 / 24) -> None:
    """Pads of the panels in inches, across and down: more than the style's where labels would touch."""
    engine = fig.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(w_pad=across, h_pad=down)


def span_at_least(axis: Axes, span: float) -> None:
    """Widen a y-axis that is shorter than ``span`` about its middle: equal values, or values that differ by
    rounding alone, are drawn as equal.
    """
    low, high = axis.get_ylim()
    if high - low < span:
        axis.set_ylim((low + high - span) / 2, (low + high + span) / 2)


def legend_below(fig: Figure, axis: Axes, *, most: int) -> None:
    """Legend of an axis below all panels, points with error bars as markers alone."""
    handles, labels = axis.get_legend_handles_labels()
    marks = [handle[0] if isinstance(handle, ErrorbarContainer) else handle for handle in handles]
    fitted_legend(fig, marks, labels, most=most)


def fitted_legend(fig: Figure, marks: Sequence[Any], labels: Sequence[str], *, most: int) -> None:
    """Legend below all panels, in as many columns, at most ``most``, as the figure is wide enough for."""
    for columns in range(most, 0, -1):
        legend = fig.legend(
            marks, labels, loc="outside lower center", ncols=columns, fontsize=9.5, columnspacing=1.1
        )
        if columns == 1 or legend.get_window_extent().width <= fig.bbox.width:
            return
        legend.remove()


def bare(axis: Axes) -> None:
    """Take ticks and frame off an axis that holds a picture."""
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    axis.spines[:].set_visible(False)


def edge_note(
    axis: Axes,
    text: str,
    y: float,
    *,
    shift: tuple[float, float],
    size: float,
    ha: str = "left",
    va: str = "center",
) -> None:
    """Text at the right edge of an axis, at the height of the value ``y``; ``shift`` in points."""
    axis.annotate(
        text,
        (1, y),
        shift,
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha=ha,
        va=va,
        fontsize=size,
    )


def mean_points(axis: Axes, x: NDArray[np.floating], rows: pd.DataFrame, method: str, label: str) -> None:
    """Mean of each row at its ``x`` with its interval, in the colour and by the marker of the method."""
    mean = rows["mean"].to_numpy(float)
    error = np.nan_to_num(np.clip(np.stack([mean - rows["ci_low"], rows["ci_high"] - mean]), 0, None))
    look: dict[str, Any] = {"color": METHOD_COLOURS[method], "marker": METHOD_MARKERS[method], "ls": "none"}
    axis.errorbar(x, mean, yerr=error, label=label, ms=7, capsize=3, elinewidth=1.6, **look)


def zero_line(axis: Axes, ys: int) -> None:
    """An upright line at no difference, across ``ys`` rows of differences."""
    axis.axvline(0, color=INK, lw=1)
    axis.grid(axis="y", visible=False)
    axis.set_ylim(-0.7, ys - 0.3)
