"""Figures of the frame index: the five frames of a video, the beat they come from, the statuses of a data
set.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from infomotion_lib.frames.rule import MotionPairs
from infomotion_lib.frames.tracings import Outline, outline_area
from infomotion_lib.reporting.figures.parts import INK, headline
from infomotion_lib.reporting.style import MUTED, PHASE_COLOURS, PHONE_WIDTH, SOURCE_NAMES
from infomotion_lib.reporting.two_grounds import keep_colours

EVENT_NAMES = {"es": "ES", "ed": "ED", "next_es": "next ES", "middle": "middle"}
DIASTOLE_COLOUR, SYSTOLE_COLOUR = "#0072B2", "#D55E00"
SHADE = 0.16
"""Opacity of a shaded phase, so that any ground shines through."""

_MARKS = {"es": "v", "next_es": "v", "ed": "^", "middle": "o"}
STATUS_COLOURS = {
    "annotated": "#0072B2",
    "previous_es": "#7A5195",
    "next_ed": "#56B4E9",
    "previous_ed": "#A6761D",
    "detected": "#009E73",
    "high_residual": "#E0B000",
    "clamped": "#CC79A7",
}
"""Green and yellow: detected; pink: cut off by the clip; the others: from tracings. A status without frames
is grey.
"""


def five_frames(pairs: MotionPairs) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Frame numbers and event names of both motions in the order of time; of emptying alone, three.

    >>> five_frames(MotionPairs("annotated", (10, 20, 30), (30, 35, 40)))
    ((10, 20, 30, 35, 40), ('es', 'middle', 'ed', 'middle', 'next_es'))
    """
    if pairs.systole is None:
        return (), ()
    if pairs.diastole is None:
        return pairs.systole, ("ed", "middle", "es")
    events = {
        pairs.systole[2]: "next_es",
        pairs.diastole[0]: "es",
        pairs.systole[0]: "ed",
        pairs.diastole[2]: "ed",
    }
    events |= {pairs.diastole[1]: "middle", pairs.systole[1]: "middle"}
    frames = tuple(sorted(events))
    return frames, tuple(events[frame] for frame in frames)


def traced_frames(
    pictures: Sequence[NDArray[np.uint8]], traced: Sequence[Outline], *, frames: Sequence[int]
) -> Figure:
    """Traced frames of one video with their outlines and areas; the largest is ED, the smallest ES.

    Parameters
    ----------
    pictures : sequence of (H, W) uint8
        The frames.
    traced : sequence of (P, 2) float
        Their outlines in pixels.
    frames : sequence of int
        Their numbers.
    """
    areas = [outline_area(outline) for outline in traced]
    fig = Figure(figsize=(PHONE_WIDTH, 3.2))
    for number, (axis, picture, outline) in enumerate(
        zip(np.ravel(fig.subplots(1, len(pictures))), pictures, traced, strict=True)
    ):
        name = {max(areas): "ed", min(areas): "es"}.get(areas[number], "middle")
        axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
        line = axis.fill(*outline.T, facecolor="none", edgecolor=PHASE_COLOURS[name], lw=2.2)
        axis.set_axis_off()
        area = f"{areas[number]:.0f} px²"
        look = {"color": "white", "ha": "center", "va": "center", "fontsize": 12, "fontweight": "bold"}
        keep_colours([*line, axis.text(*outline.mean(axis=0), area, **look)])
        axis.set_title(f"{EVENT_NAMES[name]} · frame {frames[number]}", fontsize=10, fontweight="normal")
    text = f"The outline shrinks by {1 - min(areas) / max(areas):.0%} from ED to ES"
    headline(fig, text)
    return fig


def frame_strip(
    pictures: Sequence[NDArray[np.uint8]],
    frames: Sequence[Sequence[int]],
    events: Sequence[Sequence[str]],
    *,
    labels: Sequence[str],
    fps: Sequence[float],
    kind: str = "videos",
) -> Figure:
    """Strip of the five frames of each video (three of half a beat), one row per video, in the order of time.

    Parameters
    ----------
    pictures : sequence of (5 or 3, H, W) uint8
        The frames.
    frames, events : sequence of sequence
        Their numbers, and keys of :data:`EVENT_NAMES`; see :func:`five_frames`.
    labels : sequence of str
        One per row.
    fps : sequence of float
        Frame rates, for the time between frames.
    kind : str
        What the videos are, for the title.
    """
    rows = len(pictures)
    height, width = pictures[0].shape[1:]
    fig = Figure(figsize=(PHONE_WIDTH, 0.5 + rows * (1.02 * height / width + 0.36)))
    axes = fig.subplots(rows, len(frames[0]), squeeze=False)
    for row, (clip, numbers, names) in enumerate(zip(pictures, frames, events, strict=True)):
        for axis, picture, number, name in zip(axes[row], clip, numbers, names, strict=True):
            axis.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            axis.grid(False)
            for spine in axis.spines.values():
                spine.set(visible=True, color=PHASE_COLOURS[name], linewidth=2.5 if name != "middle" else 1.0)
            time = 1000 * (number - numbers[0]) / fps[row]
            axis.set_xlabel(f"{EVENT_NAMES[name]} · {number}\n{time:.0f} ms", fontsize=9, labelpad=3)
        axes[row, 0].set_ylabel(labels[row], fontsize=9)
    spans = [(numbers[-1] - numbers[0]) / rate for numbers, rate in zip(frames, fps, strict=True)]
    shown = "Five frames of one heart beat" if len(frames[0]) == 5 else "Three frames of one emptying"
    span = f"{min(spans):.2f} to {max(spans):.2f} s in {rows} {kind}" if rows > 1 else f"{spans[0]:.2f} s"
    headline(fig, f"{shown}: {span}")
    return fig


def moment(
    picture: NDArray[np.uint8],
    volume: ArrayLike,
    pairs: MotionPairs,
    *,
    at: int,
    fps: float,
    true_es: Sequence[float] = (),
) -> Figure:
    """One frame of a beat beside its place on the volume curve, diastole and systole shaded (the paper's
    Figure 2a): a page of a slider.

    Parameters
    ----------
    picture : ndarray of uint8, shape (H, W)
        The frame.
    volume : array_like, shape (T,)
        LV volume as a share of its largest.
    pairs : MotionPairs
        The two motions.
    at : int
        Number of the frame.
    fps : float
        Frames per second.
    true_es : sequence of float
        True ES frames; the nearest one to each ES of the two motions is compared with it.
    """
    curve = np.asarray(volume, float)
    frames, names = five_frames(pairs)
    fig = Figure(figsize=(PHONE_WIDTH, 2.9))
    image, axis = fig.subplots(1, 2, width_ratios=(1, 1.7))
    image.imshow(picture, cmap="gray", vmin=0, vmax=255)
    image.set_axis_off()
    _shade(axis, pairs, fps)
    axis.plot(np.arange(len(curve)) / fps, curve, color=MUTED)
    _mark_events(axis, curve, frames, names, fps)
    axis.plot(at / fps, curve[at], "o", ms=12, mfc="none", mec=INK, mew=2, zorder=5)
    margin = 0.08 * (frames[-1] - frames[0]) / fps
    axis.set(
        xlabel="time (s)",
        ylabel="volume / ED volume",
        xlim=(frames[0] / fps - margin, frames[-1] / fps + 2 * margin),
    )
    headline(fig, _cycle_title(pairs, fps, true_es))
    return fig


def _shade(axis: Axes, pairs: MotionPairs, fps: float) -> None:
    """The two motions as shaded spans with their names."""
    motions = ((pairs.diastole, DIASTOLE_COLOUR, "diastole"), (pairs.systole, SYSTOLE_COLOUR, "systole"))
    for motion, colour, name in motions:
        if motion is not None:
            axis.axvspan(motion[0] / fps, motion[2] / fps, color=colour, alpha=SHADE, lw=0)
            at, across = (motion[0] + motion[2]) / 2 / fps, axis.get_xaxis_transform()
            axis.text(at, 0.97, name, ha="center", va="top", fontsize=9, transform=across)


def _mark_events(
    axis: Axes,
    curve: NDArray[np.float64],
    frames: Sequence[int],
    names: Sequence[str],
    fps: float,
) -> None:
    """Marks on the curve, and their names in two rows under it."""
    low, span = float(curve.min()), float(np.ptp(curve)) or 1.0
    for frame, name in zip(frames, names, strict=True):
        x, y, colour = frame / fps, curve[frame], PHASE_COLOURS[name]
        row = low - span * (0.20 if name == "middle" else 0.42)
        axis.plot([x, x], [row, y], color=colour, lw=0.8, ls=":")
        axis.plot(x, y, _MARKS[name], color=colour, ms=9 if name != "middle" else 6, mec="white", zorder=3)
        text = f"{EVENT_NAMES[name]}\n{frame}" if name != "middle" else f"mid {frame}"
        axis.annotate(
            text, (x, row), (0, -2), textcoords="offset points", ha="center", va="top", fontsize=9.5
        )
    axis.set_ylim(low - 0.72 * span, low + 1.22 * span)
    axis.set_yticks([tick for tick in axis.get_yticks() if low - 0.05 * span <= tick <= low + 1.05 * span])


def _cycle_title(pairs: MotionPairs, fps: float, true_es: Sequence[float]) -> str:
    if pairs.diastole is None or pairs.systole is None:
        return f"No five frames: {pairs.status}"
    diastole, systole = pairs.diastole[2] - pairs.diastole[0], pairs.systole[2] - pairs.systole[0]
    text = (
        f"Diastole takes {diastole / (diastole + systole):.0%} of this beat of"
        f" {(diastole + systole) / fps:.2f} s"
    )
    ends = (pairs.diastole[0], pairs.systole[2])
    if len(true_es):
        miss = max(min(abs(end - frame) for frame in true_es) for end in ends)
        text += (
            "; both ES frames are exact" if miss < 0.5 else f"; an ES is off by {1000 * miss / fps:.0f} ms"
        )
    return text


def status_bars(
    counts: pd.DataFrame,
    *,
    with_frames: Sequence[str] = tuple(STATUS_COLOURS),
    names: Mapping[str, str] = SOURCE_NAMES,
) -> Figure:
    """Bars of the videos of each status, one bar per source and split.

    Parameters
    ----------
    counts : DataFrame
        ``source, split, status, n``, see :func:`infomotion_lib.frames.index.status_counts`.
    with_frames : sequence of str
        Statuses that come with frames; the others are drawn in grey.
    names : mapping
        Of the sources, see :func:`infomotion_lib.reporting.style.source_names`.
    """
    table = counts.pivot_table(
        index=["source", "split"], columns="status", values="n", aggfunc="sum", fill_value=0
    )
    order = {split: place for place, split in enumerate(("TRAIN", "VAL", "TEST"))}
    table = table.loc[sorted(table.index, key=lambda key: (key[0], order.get(key[1], 9)))]
    statuses = [str(status) for status in table]
    known = [status for status in with_frames if status in statuses]
    others = [status for status in statuses if status not in known]
    greys = dict(zip(others, np.linspace(0.35, 0.75, max(len(others), 1)), strict=False))
    fig = Figure(figsize=(PHONE_WIDTH, 1.3 + 0.52 * len(table)))
    axis = fig.subplots()
    labels = [f"{names.get(source, source)}\n{split}" for source, split in table.index]
    left = np.zeros(len(table))
    for status in [*known, *others]:
        width = table[status].to_numpy(float)
        colour = STATUS_COLOURS[status] if status in known else str(greys[status])
        label = status_label(status) + ("" if status in known else " (no frames)")
        bars = axis.barh(labels, width, left=left, color=colour, edgecolor="none", height=0.8, label=label)
        most = float(table.sum(axis=1).max())
        told = [_on_bar(value / most, f"{value:.0f}", status_label(status)) for value in width]
        ink = "white" if _is_dark(colour) else INK
        keep_colours([*bars, *axis.bar_label(bars, told, label_type="center", fontsize=9, color=ink)])
        left += width
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set_xlabel("videos")
    total, usable = table.to_numpy().sum(), table[known].to_numpy().sum()
    headline(fig, f"{usable} of {total} videos give all five frames")
    fig.legend(loc="outside lower center", ncols=3, fontsize=9)
    return fig


def _on_bar(share: float, number: str, words: str) -> str:
    """What fits on a bar that is so long a share of the longest: number and words, the number, or nothing."""
    if share >= 0.02 * len(words) + 0.02:
        return f"{words}\n{number}"
    return number if share >= 0.02 * len(number) else ""


def status_label(status: str) -> str:
    """Status in words.

    >>> status_label("previous_es")
    'previous ES'
    """
    return " ".join(word.upper() if word in ("es", "ed") else word for word in status.split("_"))


def _is_dark(colour: str) -> bool:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return 0.3 * red + 0.59 * green + 0.11 * blue < 0.55
