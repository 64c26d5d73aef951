"""What several figures share: their headline, one legend below all panels, ink for lines."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

INK, FAINT = "#1F2933", "#C9D1D9"


def headline(fig: Figure, text: str, *, size: int = 11) -> None:
    """Put what the figure shows above it, at its left."""
    fig.suptitle(text, x=0.01, ha="left", fontsize=size, fontweight="bold")


def legend_below(fig: Figure, axis: Axes, *, most: int) -> None:
    """Legend of an axis below all panels, in as many columns as the figure is wide enough for; points with
    error bars as markers alone.
    """
    handles, labels = axis.get_legend_handles_labels()
    marks = [handle[0] if isinstance(handle, ErrorbarContainer) else handle for handle in handles]
    for columns in range(most, 0, -1):
        legend = fig.legend(marks, labels, loc="outside lower center", ncols=columns, fontsize=9.5)
        if columns == 1 or legend.get_window_extent().width <= fig.bbox.width:
            return
        legend.remove()


def bare(axis: Axes) -> None:
    """Take ticks and frame off an axis that holds a picture."""
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    axis.spines[:].set_visible(False)
