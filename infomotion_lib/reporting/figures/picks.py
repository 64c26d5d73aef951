"""Figures of the picks: where they lie among the candidates, which EF they cover, what they look like.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from infomotion_lib.classes import CLASS_NAMES, EF_EDGES, GROUPS
from infomotion_lib.reporting.coverage import mean_gap
from infomotion_lib.reporting.figures.parts import FAINT, INK, edge_note, headline
from infomotion_lib.reporting.style import (
    CLASS_COLOURS,
    METHOD_COLOURS,
    METHOD_MARKERS,
    METHOD_NAMES,
    MUTED,
    PHONE_WIDTH,
)

_LABEL = 9
_A_ROW = 5


def picks_map(
    place: NDArray[np.floating],
    classes: ArrayLike,
    picks: Mapping[str, NDArray[np.bool_]],
    *,
    feature: str = "motion",
    shown: str = "",
) -> Figure:
    """Candidates of one class on two principal components, one panel per method, its picks marked.

    Under each panel: mean distance of all its picks from the middle of their class, as a multiple of the
    class's own.

    Parameters
    ----------
    place : ndarray, shape (N, 2)
        Such as the first two principal components of the vectors.
    classes : array_like of str, shape (N,)
    picks : mapping of method to mask (N,)
    shown : str
        The class; by default that with the most candidates.
    """
    labels = np.asarray(classes).astype(str)
    names = [name for name in GROUPS if name in set(labels.tolist())]
    name = shown or max(names, key=lambda name: int((labels == name).sum()))
    columns = min(4, len(picks))
    rows = -(-len(picks) // columns)
    fig = Figure(figsize=(PHONE_WIDTH, 0.7 + 1.95 * rows))
    axes = fig.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    off_centre = _off_centre(place, labels)
    ratios = {
        method: float(off_centre[mask].mean()) if mask.any() else np.nan for method, mask in picks.items()
    }
    members = labels == name
    for axis in axes.ravel()[len(picks) :]:
        axis.set_axis_off()
    for axis, (method, mask) in zip(axes.ravel(), picks.items(), strict=False):
        axis.scatter(*place[members].T, s=12, color=MUTED, alpha=0.45, linewidth=0)
        colour, marker = METHOD_COLOURS[method], METHOD_MARKERS[method]
        axis.scatter(
            *place[members & mask].T, s=64, color=colour, marker=marker, edgecolor=INK, linewidth=0.9
        )
        axis.set_title("\n".join(textwrap.wrap(METHOD_NAMES[method], 13)), fontsize=10, fontweight="normal")
        axis.set_xlabel(f"{ratios[method]:.2f} × the class", fontsize=_LABEL)
        axis.set(xticks=[], yticks=[])
    nearest, farthest = (
        METHOD_NAMES[choose(ratios, key=lambda method: ratios[method])] for choose in (min, max)
    )
    fig.supxlabel(f"class shown: {name}; grey: candidates; distances: mean over all classes", fontsize=_LABEL)
    headline(fig, f"By {feature}, {nearest} picks the most typical videos, {farthest} the least")
    return fig


def clip_wall(
    images: Sequence[NDArray[np.uint8]],
    classes: Sequence[str],
    *,
    captions: Sequence[str],
    method: str,
    kind: str = "videos",
) -> Figure:
    """One frame of every chosen video, one row per class.

    Parameters
    ----------
    images : sequence of (H, W) uint8
        In order of rank.
    classes, captions : sequence of str
        One per image: its EF class, and a word about it such as its EF.
    kind : str
        What the videos are, for the title: "phantom videos".
    """
    rows: list[tuple[str, list[int]]] = []
    for name in GROUPS:
        members = [number for number, label in enumerate(classes) if label == name]
        rows += [(name, members[first : first + _A_ROW]) for first in range(0, len(members), _A_ROW)]
    fig = Figure(figsize=(PHONE_WIDTH, 0.45 + max(len(rows), 1) * (5.1 / _A_ROW + 0.24)))
    axes = fig.subplots(max(len(rows), 1), _A_ROW, squeeze=False)
    for axis in axes.ravel():
        axis.set(xticks=[], yticks=[])
        axis.grid(False)
        axis.spines[:].set_visible(False)
    for row, (name, numbers) in zip(axes, rows, strict=False):
        row[0].set_ylabel(name, fontsize=10)
        row[0].spines["left"].set(visible=True, color=CLASS_COLOURS[name], linewidth=6)
        row[0].spines["left"].set_position(("outward", 4))
        for axis, number in zip(row, numbers, strict=False):
            axis.imshow(images[number], cmap="gray", vmin=0, vmax=255)
            axis.set_title(captions[number], fontsize=9.5, fontweight="normal", loc="center", pad=2)
    headline(fig, f"The {len(images)} {kind} that {METHOD_NAMES[method]} chose")
    return fig


def ef_coverage(pool_ef: ArrayLike, picks: Mapping[str, ArrayLike]) -> Figure:
    """EF of every pick, one row per method, over the EF of all candidates and the class edges.

    Parameters
    ----------
    pool_ef : array_like, shape (N,)
        EF of the candidates, points.
    picks : mapping of method to array_like
        EF of its picks, points.
    """
    pool = np.asarray(pool_ef, dtype=float)
    fig = Figure(figsize=(PHONE_WIDTH, 1.6 + 0.36 * len(picks)))
    top, axis = fig.subplots(2, 1, sharex=True, height_ratios=[1.1, 0.36 * len(picks) + 0.4])
    low, high = float(np.floor(pool.min() / 5) * 5), float(np.ceil(pool.max() / 5) * 5)
    top.hist(pool, bins=np.arange(low, high + 2.5, 2.5), color=FAINT, edgecolor="white", linewidth=0.5)
    top.set_ylabel("candidates", fontsize=_LABEL)
    gaps = {}
    for row, (method, values) in enumerate(picks.items()):
        ef = np.sort(np.asarray(values, dtype=float))
        axis.plot(
            ef,
            np.full(len(ef), row),
            linestyle="",
            marker=METHOD_MARKERS[method],
            color=METHOD_COLOURS[method],
            markersize=5.5,
            alpha=0.85,
        )
        gaps[method] = mean_gap(np.abs(pool[:, None] - ef))
        edge_note(axis, f"{gaps[method]:.1f}", row, shift=(6, 0), size=_LABEL)
    edge_note(axis, "mean\ngap", -0.6, shift=(6, 0), size=_LABEL, va="bottom")
    axis.set_yticks(np.arange(len(picks)), [METHOD_NAMES[method] for method in picks])
    axis.set(ylim=(len(picks) - 0.5, -1), xlabel="EF, points", xlim=(low, high))
    for part in (top, axis):
        part.grid(axis="y", visible=False)
        for edge in EF_EDGES:
            part.axvline(edge, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
    edges, upper = [low, *EF_EDGES, high], top.get_xaxis_transform()
    for name, left, right in zip(CLASS_NAMES, edges[:-1], edges[1:], strict=True):
        if right > left:
            top.plot(
                [left, right],
                [1, 1],
                color=CLASS_COLOURS[name],
                lw=5,
                solid_capstyle="butt",
                transform=upper,
                clip_on=False,
            )
            top.annotate(
                name,
                ((left + right) / 2, 1),
                (0, 5),
                xycoords=upper,
                textcoords="offset points",
                ha="center",
                fontsize=_LABEL,
            )
    best = min(gaps, key=lambda method: gaps[method])
    headline(
        fig,
        f"The average candidate is {gaps[best]:.1f} to {max(gaps.values()):.1f} EF points from the nearest"
        " pick",
    )
    return fig


def _off_centre(place: NDArray[np.floating], labels: NDArray[np.str_]) -> NDArray[np.float64]:
    """Distance of each row from the mean of its class, divided by the class's mean distance."""
    distance = np.ones(len(place))
    for name in np.unique(labels):
        members = labels == name
        gap = np.linalg.norm(place[members] - place[members].mean(axis=0), axis=1)
        distance[members] = gap / max(float(gap.mean()), 1e-12)
    return distance
