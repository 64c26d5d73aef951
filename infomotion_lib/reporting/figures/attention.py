"""One attention window on a picture: where a token looks in the other frame, and how far it has moved."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from infomotion_lib.reporting.figures.parts import headline
from infomotion_lib.reporting.style import PHONE_WIDTH
from infomotion_lib.representations.ifa.inspection import WindowView

_OWN, _FOUND = "#56B4E9", "#E69F00"


def attention_window(
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    view: WindowView,
    still: WindowView,
    *,
    head: int,
    token: int,
) -> Figure:
    """Three panels: a token of the first frame; where it looks in the second; how much further all tokens
    point than at rest.

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
    start, end = view.pixels[token], view.pixels[token] + view.moves[head, token]
    for axis, frame in ((one, first), (two, second), (three, first)):
        axis.imshow(frame, cmap="gray", vmin=0, vmax=255)
        _frame_window(axis, view, frame.shape)
    _square(one, start, view.patch, _OWN)
    one.set_title("first frame:\nthe patch", fontsize=9)
    weights = view.attention[head, token]
    for centre, weight in zip(view.pixels, weights / weights.max(), strict=True):
        corner = centre - view.patch / 2
        two.add_patch(
            Rectangle(
                (corner[0], corner[1]),
                view.patch,
                view.patch,
                facecolor=_FOUND,
                alpha=0.7 * float(weight),
                lw=0,
            )
        )
    _square(two, start, view.patch, _OWN)
    two.annotate(
        "",
        end,
        start,
        arrowprops={"arrowstyle": "-|>", "color": "white", "lw": 1.6, "shrinkA": 0, "shrinkB": 0},
    )
    two.set_title(f"second frame: its\nattention, head {head + 1}", fontsize=9)
    change = view.moves[head] - still.moves[head]
    longest = float(np.linalg.norm(change, axis=1).max())
    three.quiver(
        *view.pixels.T,
        *change.T,
        angles="xy",
        scale_units="xy",
        scale=max(longest, 1e-6) / (1.5 * view.patch),
        color=_FOUND,
        width=0.01,
    )
    three.set_title(f"shift of all patches\n(up to {longest:.1f} px)", fontsize=9)
    text = (
        f"A patch of the wall sends {weights.max():.0%} of its attention to one place"
        f" (evenly spread: {1 / len(weights):.0%})"
    )
    headline(fig, text)
    return fig


def _frame_window(axis: Axes, view: WindowView, shape: tuple[int, ...]) -> None:
    """Zoom to the window, with a margin, and outline it."""
    half = view.patch / 2
    (left, top), (right, bottom) = view.pixels.min(axis=0) - half, view.pixels.max(axis=0) + half
    axis.add_patch(
        Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor="white", lw=0.8, ls=":")
    )
    axis.set(
        xlim=(max(left - 12, -0.5), min(right + 12, shape[1] - 0.5)),
        ylim=(min(bottom + 12, shape[0] - 0.5), max(top - 12, -0.5)),
    )
    axis.set(xticks=[], yticks=[])
    axis.grid(False)


def _square(axis: Axes, centre: NDArray[np.floating], side: int, colour: str) -> None:
    corner = centre - side / 2
    axis.add_patch(Rectangle((corner[0], corner[1]), side, side, fill=False, edgecolor=colour, lw=1.8))
