"""Counts of one class by another as a map of shares: confusion of a network, classes asked for against
classes delivered.
"""

from __future__ import annotations

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from numpy.typing import NDArray

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.reporting.figures.parts import INK
from infomotion_lib.reporting.two_grounds import keep_colours

_DARK = 55.0
"""Percent above which a cell is too dark for dark text."""


def class_map(axis: Axes, counts: NDArray[np.number], *, named: bool, size: float) -> None:
    """Percent of each row of ``counts``, shape (classes, classes), in its cells; a row without a count stays
    empty.

    The cells are shapes, not pixels, so that a run whose pictures may not be shown can show them.

    Parameters
    ----------
    named : bool
        Whether the rows carry the names of their classes; of panels side by side the first does.
    size : float
        Of the text, points.
    """
    total = counts.sum(axis=1, keepdims=True)
    share = 100 * counts / np.maximum(total, 1)
    text = np.where(total > 0, np.char.mod("%.0f", share), "")
    sns.heatmap(
        share,
        ax=axis,
        annot=text,
        fmt="",
        cmap="Blues",
        vmin=0,
        vmax=100,
        cbar=False,
        square=True,
        linewidths=1.5,
        linecolor="white",
        annot_kws={"size": size},
    )
    keep_colours([*axis.collections, *axis.texts])
    for label, value in zip(axis.texts, share.ravel(), strict=True):
        label.set_color("white" if value > _DARK else INK)
    middles = np.arange(len(CLASS_NAMES)) + 0.5
    axis.set_xticks(middles, CLASS_NAMES, rotation=45, ha="right", rotation_mode="anchor", fontsize=size)
    axis.set_yticks(middles, CLASS_NAMES if named else [""] * len(CLASS_NAMES), rotation=0, fontsize=size)
    axis.tick_params(length=0)
    axis.grid(visible=False)
