"""One attention window on a picture: how the place that a token looks at shifts when the heart moves."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from infomotion_lib.reporting.figures.parts import headline
from infomotion_lib.reporting.style import PHONE_WIDTH
from infomotion_lib.reporting.two_grounds import keep_colours
from infomotion_lib.representations.ifa.inspection import WindowView

_LESS, _MORE = "#56B4E9", "#E69F00"
_LEAST_SHIFT = 0.25
"""Pixels under which attention does not count as following."""


def attention_window(
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    view: WindowView,
    still: WindowView,
    *,
    head: int,
    token: int,
) -> Figure:
    """Three panels: a token of the first frame; where it looks more and less in the second frame than it
    does at rest, and the shift that this makes; the shift of all tokens. Arrows are enlarged alike.

    Parameters
    ----------
    first, second : ndarray of uint8, shape (H, W)
        The two frames.
    view, still : WindowView
        From :func:`infomotion_lib.representations.ifa.inspection.follow_window`: from the first frame to the
        second, and, the same window, to itself.
    head, token : int
        Which row of A to follow.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 2.7))
    one, two, three = fig.subplots(1, 3)
    for axis, frame in ((one, first), (two, second), (three, first)):
        axis.imshow(frame, cmap="gray", vmin=0, vmax=255)
        _frame_window(axis, view, frame.shape)
    shift = view.moves[head] - still.moves[head]
    lengths = np.linalg.norm(shift, axis=1)
    enlarged = 2 * view.patch / max(float(lengths.max()), 1e-6)
    _square(one, view.pixels[token], view.patch, "white")
    one.set_title("first frame:\none patch", fontsize=9)
    gain = view.attention[head, token] - still.attention[head, token]
    for centre, more in zip(view.pixels, gain / max(float(np.abs(gain).max()), 1e-9), strict=True):
        colour = _MORE if more > 0 else _LESS
        corner, strength = _corner(centre, view.patch), 0.75 * abs(float(more))
        two.add_patch(Rectangle(corner, view.patch, view.patch, facecolor=colour, alpha=strength, lw=0))
    _square(two, view.pixels[token], view.patch, "white")
    _arrows(two, view.pixels[[token]], shift[[token]] * enlarged, "white")
    two.set_title("second: attention\nmore (orange), less", fontsize=9)
    _arrows(three, view.pixels, shift * enlarged, _MORE)
    _arrows(three, view.pixels[[token]], shift[[token]] * enlarged, "white")
    three.set_title(f"shift of all patches,\n{enlarged:.0f} times as long", fontsize=9)
    far = f"{lengths[token]:.1f} px"
    follows = f"and this patch's attention with it: by {far}"
    stays = f"this patch's attention hardly does: by {far}"
    headline(fig, f"The heart moves, {follows if lengths[token] >= _LEAST_SHIFT else stays}")
    return fig


def _arrows(axis: Axes, starts: NDArray[np.floating], moves: NDArray[np.floating], colour: str) -> None:
    look: dict[str, Any] = {"color": colour, "width": 0.012, "zorder": 3}
    keep_colours([axis.quiver(*starts.T, *moves.T, angles="xy", scale_units="xy", scale=1, **look)])


def _frame_window(axis: Axes, view: WindowView, shape: tuple[int, ...]) -> None:
    """Zoom to the window, with a margin, and outline it."""
    half = view.patch / 2
    (left, top), (right, bottom) = view.pixels.min(axis=0) - half, view.pixels.max(axis=0) + half
    window = Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor="white", lw=0.8, ls=":")
    keep_colours([axis.add_patch(window)])
    axis.set(
        xlim=(max(left - 12, -0.5), min(right + 12, shape[1] - 0.5)),
        ylim=(min(bottom + 12, shape[0] - 0.5), max(top - 12, -0.5)),
    )
    axis.set(xticks=[], yticks=[])
    axis.grid(False)


def _square(axis: Axes, centre: NDArray[np.floating], side: int, colour: str) -> None:
    square = Rectangle(_corner(centre, side), side, side, fill=False, edgecolor=colour, lw=1.8)
    keep_colours([axis.add_patch(square)])


def _corner(centre: NDArray[np.floating], side: int) -> tuple[float, float]:
    return float(centre[0]) - side / 2, float(centre[1]) - side / 2
