"""Figures of DISCOVR itself: what it sees of a heart, the clusters of its patches over time, and the signs of
a collapse.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from infomotion_lib.reporting.figures.parts import INK, bare, edge_note, headline
from infomotion_lib.reporting.style import MUTED, PHONE_WIDTH, save_figure

COLUMNS = 8
"""Frames that are shown, evenly spread."""

HIDDEN = 0.25
"""Brightness that a hidden patch keeps."""


def show(fitted: Any, rows: pd.DataFrame, *, folder: Path, parameters: Any, data: str = "") -> list[Any]:
    """Figures of one VAL heart behind a mask, of the clusters of its patches, and of the training's signs of
    a collapse; ``discovr_mask.svg``, ``discovr_clusters.svg`` and ``discovr_signs.svg`` are saved in
    ``folder``.

    Parameters
    ----------
    fitted : Video
        Trained in this run.
    rows : DataFrame
        Frame index with a ``path`` column.
    folder : path
        Where figures go.
    parameters : DiscovrParameters
        Of the run.
    data : str, optional
        What the videos are called; titles and alt texts name them.
    """
    from infomotion_lib.representations.discovr.clips import ClipSource, Cut
    from infomotion_lib.representations.discovr.inspection import look
    from infomotion_lib.representations.discovr.variants import VARIANTS

    size, p = fitted.model.network.size, parameters
    cut = Cut(size.side, size.frames, fitted.model.period)
    val = ClipSource.of(rows[rows["split"] == "VAL"].head(1), cut, workers=1)
    (clip,) = val.middles([0])
    view = look(
        fitted.model, clip, ratio=p.discovr_mask, variant=VARIANTS[p.discovr_variant], seed=p.discovr_seed
    )
    shown = []
    share = view.seen.mean()
    alt = f"Frames of a VAL heart; hidden patches are dark. A student sees {share:.0%} of the patches."
    fig = masked_frames(view.frames, view.seen)
    shown.append(save_figure(fig, folder / "discovr_mask.svg", alt=alt, data=data))
    alt = (
        "The same frames, each patch in the colour of its cluster, by the video and by the image branch."
        f" Hidden patches agree in {view.agreement:.0%}, by chance in {view.chance:.0%}."
    )
    maps = {"video": view.video, "image": view.image}
    fig = cluster_maps(view.frames, maps, agreement=view.agreement, chance=view.chance)
    shown.append(save_figure(fig, folder / "discovr_clusters.svg", alt=alt, data=data))
    log, alarms = fitted.trained.log, fitted.trained.alarms
    if len(log):
        alt = f"Signs of a collapse by training step. Alarms at the end: {', '.join(alarms) or 'none'}."
        fig = collapse_signs(log, answers=size.out, prototypes=size.prototypes, alarms=alarms)
        shown.append(save_figure(fig, folder / "discovr_signs.svg", alt=alt, data=data))
    return shown


def masked_frames(frames: NDArray[np.uint8], seen: NDArray[np.bool_]) -> Figure:
    """Frames (T, S, S) above what is left of them where ``seen`` (T, n, n) hides patches."""
    at = _spread(len(frames))
    fig = Figure(figsize=(PHONE_WIDTH, 2.1))
    axes = fig.subplots(2, len(at), squeeze=False)
    for column, time in enumerate(at):
        frame = frames[time].astype(float)
        light = np.where(_as_pixels(seen[time], frame.shape[0]), 1.0, HIDDEN)
        for axis, picture in zip(axes[:, column], (frame, frame * light), strict=True):
            axis.imshow(picture, vmin=0, vmax=255)
            bare(axis)
    for axis, name in zip(axes[:, 0], ("teacher", "student"), strict=True):
        axis.set_ylabel(name)
    headline(fig, f"The teacher sees the whole video, the student {seen.mean():.0%} of it")
    return fig


def cluster_maps(
    frames: NDArray[np.uint8], maps: dict[str, NDArray[np.int64]], *, agreement: float, chance: float
) -> Figure:
    """Frames (T, S, S) above maps (T, n, n) of clusters, a row per branch; frequent clusters have colours of
    their own, the others are grey.
    """
    at = _spread(len(frames))
    colours = _cluster_colours(maps)
    fig = Figure(figsize=(PHONE_WIDTH, 0.8 * (len(maps) + 1) + 0.5))
    axes = fig.subplots(len(maps) + 1, len(at), squeeze=False)
    for column, time in enumerate(at):
        axes[0, column].imshow(frames[time], vmin=0, vmax=255)
        for axis, labels in zip(axes[1:, column], maps.values(), strict=True):
            axis.imshow(colours[labels[time]], interpolation="nearest")
        for axis in axes[:, column]:
            bare(axis)
    for axis, name in zip(axes[:, 0], ("heart", *maps), strict=True):
        axis.set_ylabel(name)
    headline(fig, f"Both branches agree on {agreement:.0%} of the hidden patches ({chance:.0%} by chance)")
    return fig


def collapse_signs(log: pd.DataFrame, *, answers: int, prototypes: int, alarms: list[str]) -> Figure:
    """Three panels by training step: entropy of the teacher's answers and of their mean below that of a
    uniform one, cosine of the vectors of two videos, prototypes used.

    A step sees few videos, so its values jump: they are drawn faintly, a running median over a twentieth of
    the steps on top.
    """

    def drawn(axis: Axes, name: str, *, colour: str = INK, style: str = "-", label: str = "") -> None:
        axis.plot(step, log[name], color=colour, lw=0.8, alpha=0.25)
        median = log[name].rolling(max(len(log) // 20, 1), min_periods=1, center=True).median()
        axis.plot(step, median, color=colour, lw=1.8, ls=style, label=label)

    fig = Figure(figsize=(PHONE_WIDTH, 5.6), layout="constrained")
    entropy, cosine, used = fig.subplots(3, 1, sharex=True)
    step = log["step"]
    drawn(entropy, "entropy_of_mean", label="of the mean answer")
    drawn(entropy, "mean_entropy", colour="#117733", style="--", label="mean, per video")
    entropy.axhline(np.log(answers), color=MUTED, ls=":", lw=1.2)
    edge_note(entropy, "uniform", float(np.log(answers)), shift=(-4, 2), size=9, ha="right", va="bottom")
    top = 1.35 * float(np.log(answers))  # room for the legend above the curves
    entropy.set(ylabel="entropy of the\nteacher (nats)", ylim=(0, top))
    entropy.legend(fontsize=9.5, loc="upper center")
    drawn(cosine, "cls_cosine")
    cosine.axhline(1, color=MUTED, ls=":", lw=1.2)
    cosine.set(ylabel="cosine of two\nvideos' vectors")
    drawn(used, "prototypes_used")
    used.set(xlabel="step", ylabel=f"prototypes used,\nof {prototypes}", ylim=(0, prototypes * 1.05))
    headline(fig, f"Collapsed: {', '.join(alarms)}" if alarms else "No sign of a collapse")
    return fig


def _spread(count: int) -> list[int]:
    return np.unique(np.linspace(0, count - 1, min(COLUMNS, count)).round().astype(int)).tolist()


def _as_pixels(patches: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """A map (S, S) of patches (n, n)."""
    times = side // len(patches)
    return np.kron(patches, np.ones((times, times), dtype=np.bool_)).astype(np.bool_)


def _cluster_colours(maps: dict[str, NDArray[np.int64]]) -> NDArray[np.float64]:
    """Colour (K, 3) of every cluster: the most frequent ones as in ``tab20``, all others grey."""
    labels = np.concatenate([values.ravel() for values in maps.values()])
    frequent = np.bincount(labels).argsort(kind="stable")[::-1]
    colours = np.full((len(frequent), 3), 0.6)
    palette = mpl.colormaps["tab20"].colors  # type: ignore[attr-defined]  # a list of colours has them
    for cluster, colour in zip(frequent, palette, strict=False):
        colours[cluster] = colour
    return colours
