"""Every chosen heart at end-diastole and end-systole: what a distilled set looks like at one glance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from infomotion_lib.classes import GROUPS
from infomotion_lib.reporting.figures.parts import headline
from infomotion_lib.reporting.style import CLASS_COLOURS, PHONE_WIDTH

HEARTS_PER_ROW = 3
"""As many as a phone shows with captions that can be read."""

_GAP, _GREY, _LONGEST = 2, 128, 12
_CAPTION, _BAR = 9, 0.5


def contact_sheet(
    pairs: Sequence[NDArray[np.uint8]], classes: Sequence[str], *, captions: Sequence[str], title: str
) -> Figure:
    """ED (left) and ES (right) of each chosen video, class by class, a coloured bar before each class.

    Parameters
    ----------
    pairs : sequence of (2, H, W) uint8
        In order of rank within a class; a frame that is not known is black.
    classes, captions : sequence of str
        One per video: its EF class, and its name and EF.
    title : str
        Of the sheet.
    """
    rows: list[tuple[str, list[int]]] = []
    for name in GROUPS:
        members = [number for number, other in enumerate(classes) if other == name]
        for first in range(0, len(members), HEARTS_PER_ROW):
            rows.append((name, members[first : first + HEARTS_PER_ROW]))
    columns = min(HEARTS_PER_ROW, max((len(members) for _, members in rows), default=1))
    height, width = pairs[0].shape[1:]
    cell = (PHONE_WIDTH - _BAR) / HEARTS_PER_ROW
    fig = Figure(figsize=(PHONE_WIDTH, 0.7 + len(rows) * (cell / 2 * height / width + 0.3)))
    axes = fig.subplots(max(len(rows), 1), columns, squeeze=False)
    for axis in axes.ravel():
        axis.set(xticks=[], yticks=[])
        axis.grid(False)
        axis.spines[:].set_visible(False)
    for line, (name, members) in zip(axes, rows, strict=True):
        line[0].set_ylabel(name, fontsize=_CAPTION)
        line[0].spines["left"].set(visible=True, color=CLASS_COLOURS[name], linewidth=6)
        line[0].spines["left"].set_position(("outward", 4))
        for axis in line[len(members) :]:
            axis.set_visible(False)
        for axis, number in zip(line, members, strict=False):
            ed, es = pairs[number]
            between = np.full((height, _GAP), _GREY, np.uint8)
            axis.imshow(np.hstack([ed, between, es]), cmap="gray", vmin=0, vmax=255)
            axis.set_title(captions[number], fontsize=_CAPTION, fontweight="normal", loc="left", pad=2)
    headline(fig, title)
    return fig


def short_name(name: str) -> str:
    """A name that fits above a heart: the end of a long one, where names differ.

    >>> short_name("2024-03-18_ward-7_patient-0012_A4C")
    '…-0012_A4C'
    """
    return name if len(name) <= _LONGEST else f"…{name[-_LONGEST + 3 :]}"
