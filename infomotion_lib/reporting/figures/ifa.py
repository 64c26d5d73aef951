"""Figures of the interpolation network: triplets, training, what it fills in, flow, and the probe of its
vectors.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from infomotion_lib.reporting.figures.parts import INK, headline
from infomotion_lib.reporting.style import METHOD_COLOURS, Registered
from infomotion_lib.representations.probe import RESOLUTION
from infomotion_lib.representations.registry import REPRESENTATIONS

Floats = NDArray[np.floating]
FEATURE_NAMES = Registered(
    REPRESENTATIONS,
    "phrase",
    {
        "frame_difference": "frame difference",
        "untrained": "motion, untrained",
    },
)
"""Names of probed features as figures print them."""

_IN_A_ROW = 3
_GREY, _ACCENT, _SECOND = (METHOD_COLOURS[name] for name in ("random", "infomotion", "kmeans"))


def triplet_strip(triplets: NDArray[np.uint8], *, names: Sequence[str]) -> Figure:
    """Triplets, one row each: first frame, the middle one that is to be filled in, last frame, and what
    changed between the ends.

    Parameters
    ----------
    triplets : ndarray of uint8, shape (K, 3, H, W)
        The frames.
    names : sequence of str
        One per row.
    """
    fig = Figure(figsize=(6.4, 0.55 + 1.55 * len(triplets)))
    axes = fig.subplots(len(triplets), 4, squeeze=False)
    change = np.abs(triplets[:, 2].astype(float) - triplets[:, 0])
    for row, (triplet, name) in enumerate(zip(triplets, names, strict=True)):
        for column, picture in enumerate((*triplet, change[row])):
            _picture(
                axes[row, column],
                picture,
                vmax=255 if column < 3 else max(float(change.max()), 1),
                cmap="gray" if column < 3 else "magma",
            )
        axes[row, 0].set_ylabel(name, fontsize=9)
    for axis, title in zip(
        axes[0], ("first", "middle: the target", "last", "change, first to last"), strict=True
    ):
        axis.set_title(title, fontsize=9)
    return _titled(fig, f"{(change > 25).mean():.0%} of the pixels change by over 25 grey levels")


def training_curves(log: pd.DataFrame, *, threshold: float = 1.0) -> Figure:
    """Training loss by step, and the PSNR on VAL beside the naive average and the ignition line.

    Parameters
    ----------
    log : DataFrame
        ``step``, ``loss``, ``psnr``, ``psnr_naive``.
    threshold : float
        Gain in dB at which a network counts as ignited.
    """
    fig = Figure(figsize=(7.2, 3.2))
    left, right = fig.subplots(1, 2)
    smooth = log["loss"].rolling(max(len(log) // 40, 1), center=True, min_periods=1).median()
    left.plot(log["step"], log["loss"], color=_SECOND, alpha=0.25, lw=0.8, label="each step")
    left.plot(log["step"], smooth, color=_SECOND, label="running median")
    low, high = np.quantile(log["loss"], (0.005, 0.995)) if len(log) else (0.0, 1.0)
    left.set(xlabel="step", ylabel="training loss", ylim=(0.95 * low, 1.05 * high + 1e-9), title="Loss")
    left.legend(fontsize=8, loc="upper right")
    seen = log.dropna(subset=["psnr"])
    if len(seen):
        naive = float(seen["psnr_naive"].iloc[-1])
        right.plot(seen["step"], seen["psnr"], color=_ACCENT, marker="o", ms=4, label="network")
        right.axhline(naive, color=_GREY, ls="--", label="average of the two frames")
        right.axhline(naive + threshold, color=INK, ls=":", lw=1, label=f"ignition: {threshold:g} dB above")
        right.legend(fontsize=8, loc="lower right")
        gain = float(seen["psnr"].max()) - naive
        bottom, top = min(float(seen["psnr"].min()), naive), max(float(seen["psnr"].max()), naive + threshold)
        right.set(
            xlabel="step",
            ylabel="PSNR on VAL, dB",
            ylim=(bottom - 0.5 * (top - bottom), top + 0.1 * (top - bottom)),
        )
        right.set_title(f"{gain:+.2f} dB: {'ignited' if gain >= threshold else 'not ignited'}")
    else:
        right.text(0.5, 0.5, "no VAL videos", ha="center", transform=right.transAxes)
        right.set_axis_off()
    return fig


def filled_in_strip(
    first: Floats, middle: Floats, last: Floats, *, prediction: Floats, average: Floats, names: Sequence[str]
) -> Figure:
    """Inputs, truth, the network's middle frame and the naive average, each with its error; one row per
    triplet.

    Parameters
    ----------
    first, middle, last, prediction, average : ndarray, shape (K, H, W)
        In [0, 1].
    names : sequence of str
        One per row.
    """
    fig = Figure(figsize=(7.0, 0.8 + 1.14 * len(first)))
    axes = fig.subplots(len(first), 7, squeeze=False)
    ours, naive = np.abs(prediction - middle), np.abs(average - middle)
    top = float(np.quantile(np.stack([ours, naive]), 0.998)) or 1.0
    for row, name in enumerate(names):
        for axis, picture in zip(
            axes[row, :5], (first[row], last[row], middle[row], prediction[row], average[row]), strict=True
        ):
            _picture(axis, picture, vmax=1)
        for axis, error in zip(axes[row, 5:], (ours[row], naive[row]), strict=True):
            _picture(axis, error, vmax=top, cmap="magma")
            axis.set_xlabel(
                f"{-10 * np.log10(max(float(np.square(error).mean()), 1e-12)):.1f} dB", fontsize=9, labelpad=2
            )
        axes[row, 0].set_ylabel(name, fontsize=8)
    titles = ("first", "last", "truth", "network", "average", "error,\nnetwork", "error,\naverage")
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=9.5)
    less = 1 - float(np.square(ours).mean() / np.square(naive).mean()) if naive.any() else 0.0
    return _titled(
        fig,
        f"The network's squared error is {abs(less):.0%} {'smaller' if less >= 0 else 'LARGER'} than the"
        " average's here",
    )


def flow_to_rgb(flow: Floats, *, most: float) -> NDArray[np.float64]:
    """Colours (H, W, 3) of a flow field (2, H, W): hue is the direction, saturation the length up to ``most``
    pixels.
    """
    angle = np.arctan2(flow[1], flow[0]) / (2 * np.pi) % 1
    length = np.clip(np.linalg.norm(flow, axis=0) / max(most, 1e-9), 0, 1)
    return np.asarray(hsv_to_rgb(np.stack([angle, length, np.ones_like(length)], axis=-1)), dtype=np.float64)


def flow_panels(frames: Floats, flows: Mapping[str, Floats], *, names: Sequence[str]) -> Figure:
    """Frames and their flow fields as colour with arrows, one row per video; a wheel says which colour is
    which direction.

    Parameters
    ----------
    frames : ndarray, shape (K, H, W)
        First frames, in [0, 1].
    flows : mapping of str to ndarray, shape (K, 2, H, W)
        Flow from the first to the last frame by each method, pixels.
    names : sequence of str
        One per row.
    """
    columns = 1 + len(flows)
    fig = Figure(figsize=(2.15 * columns + 1.7, 0.7 + 2.0 * len(frames)))
    axes = fig.subplots(len(frames), columns + 1, squeeze=False, width_ratios=[*[1.0] * columns, 0.75])
    most = (
        float(np.quantile(np.stack([np.linalg.norm(flow, axis=1) for flow in flows.values()]), 0.995)) or 1.0
    )
    for row, name in enumerate(names):
        _picture(axes[row, 0], frames[row], vmax=1)
        axes[row, 0].set_ylabel(name, fontsize=10)
        for axis, flow in zip(axes[row, 1:-1], flows.values(), strict=True):
            _flow(axis, flow[row], most=most)
        axes[row, -1].set_axis_off()
    for axis, title in zip(axes[0], ("first frame", *flows), strict=False):
        axis.set_title(title, fontsize=10)
    _wheel(axes[0, -1], most=most)
    mean = {title: float(np.linalg.norm(flow, axis=1).mean()) for title, flow in flows.items()}
    return _titled(
        fig, "Mean motion: " + "; ".join(f"{title} {length:.1f} px" for title, length in mean.items())
    )


def spectrum(values: Mapping[str, Floats], *, bound: int) -> Figure:
    """Singular values of the centred mean motion vectors, and the bound that the algebra sets on how many
    there can be.
    """
    fig = Figure(figsize=(6.4, 3.2))
    axis = fig.subplots()
    for (name, relative), colour, style in zip(values.items(), (_ACCENT, _GREY), ("-", "--"), strict=False):
        shown = np.maximum(relative, 1e-10)
        axis.semilogy(np.arange(1, len(shown) + 1), shown, color=colour, ls=style, label=name)
    axis.axvline(bound, color=INK, ls=":", lw=1)
    size = min(max(map(len, values.values())), 3 * bound)
    axis.annotate(
        f"bound: {bound}", (bound, 0.02), xytext=(6, 0), textcoords="offset points", fontsize=8.5, color=INK
    )
    axis.axhline(RESOLUTION, color=_GREY, lw=0.8, ls="-.")
    axis.text(size, RESOLUTION, "resolution of float32", ha="right", va="bottom", fontsize=8, color=INK)
    axis.set(xlabel="number of the singular value", ylabel="singular value, relative", xlim=(0, size + 1))
    axis.legend(fontsize=8, loc="upper right")
    ranks = {name: int((relative > RESOLUTION).sum()) for name, relative in values.items()}
    return _titled(fig, "Measured rank: " + ", ".join(f"{rank} ({name})" for name, rank in ranks.items()))


def components_by_ef(components: Mapping[str, Floats], shares: Mapping[str, Floats], ef: Floats) -> Figure:
    """First two principal components of each feature, one point per video, coloured by EF; up to three panels
    in one row, more in rows of four.

    Parameters
    ----------
    components : mapping of str to ndarray, shape (N, 2)
        By key of :data:`FEATURE_NAMES`.
    shares : mapping of str to ndarray, shape (2,)
        Shares of variance.
    ef : ndarray, shape (N,)
        EF, points.
    """
    many = len(components) > _IN_A_ROW
    columns = 4 if many else len(components)
    lines = -(-len(components) // columns)
    fig = Figure(figsize=((2.9 if many else 3.7) * columns, (3.2 if many else 3.5) * lines))
    axes = np.ravel(fig.subplots(lines, columns))
    for axis in axes[len(components) :]:
        axis.remove()
    axes = axes[: len(components)]
    for axis, (name, points) in zip(axes, components.items(), strict=True):
        dots = axis.scatter(
            *points.T, c=ef, cmap="viridis", s=16, vmin=10, vmax=85, edgecolor="white", linewidth=0.3
        )
        axis.set(
            xlabel=f"PC 1 ({shares[name][0]:.0%})",
            ylabel=f"PC 2 ({shares[name][1]:.0%})",
            xticks=[],
            yticks=[],
        )
        strongest = max(abs(float(np.corrcoef(_ranks(points[:, k]), _ranks(ef))[0, 1])) for k in (0, 1))
        told = textwrap.fill(FEATURE_NAMES.get(name, name), 26) if many else FEATURE_NAMES.get(name, name)
        between = "\n" if many else ": "
        axis.set_title(f"{told}{between}|ρ| = {strongest:.2f}", fontsize=10)
    fig.colorbar(dots, ax=axes.tolist(), label="EF, %", fraction=0.04, pad=0.02)
    return fig


def probe_bars(table: pd.DataFrame, *, chance: float) -> Figure:
    """R2 of a ridge regression of EF, and class purity of the 5 nearest neighbours, on held-out videos, by
    feature.
    """
    rows = table.sort_values("ridge_r2").reset_index(drop=True)
    fig = Figure(figsize=(7.4, 0.9 + 0.42 * len(rows)))
    left, right = fig.subplots(1, 2, sharey=True)
    colours = [REPRESENTATIONS[name].colour if name in REPRESENTATIONS else _GREY for name in rows["feature"]]
    for axis, column, text in (
        (left, "ridge_r2", "R² of EF, ridge"),
        (right, "knn_purity", "5-NN class purity"),
    ):
        shown = rows[column].clip(lower=0)
        axis.barh(np.arange(len(rows)), shown, color=colours, height=0.65)
        for k, (value, length) in enumerate(zip(rows[column], shown, strict=True)):
            beyond = ", below 0: no bar" if value < 0 else ""
            axis.text(length + 0.015, k, f"{value:.2f}{beyond}", va="center", fontsize=8.5)
        axis.set(xlim=(0, 1.12), xlabel=text)
        axis.grid(axis="y", visible=False)
    left.set_yticks(np.arange(len(rows)), [FEATURE_NAMES.get(name, name) for name in rows["feature"]])
    right.axvline(chance, color=INK, ls=":", lw=1)
    right.text(chance, len(rows) - 0.45, " chance", fontsize=8, va="bottom")
    known = [
        name for name in rows["feature"] if name not in REPRESENTATIONS or not REPRESENTATIONS[name].oracle
    ]
    best = known[-1] if known else rows["feature"].iloc[-1]
    return _titled(fig, f"On held-out videos EF is read best from {FEATURE_NAMES.get(best, best)}")


def _flow(axis: Axes, flow: Floats, *, most: float) -> None:
    height, width = flow.shape[-2:]
    _picture(axis, flow_to_rgb(flow, most=most))
    y, x = np.mgrid[6:height:12, 6:width:12]
    step = flow[:, 6::12, 6::12]
    axis.quiver(
        x,
        y,
        step[0],
        step[1],
        angles="xy",
        scale_units="xy",
        scale=max(most, 1e-9) / 11,
        width=0.006,
        color=INK,
        alpha=0.8,
    )


def _wheel(axis: Axes, *, most: float) -> None:
    y, x = np.mgrid[-1:1:81j, -1:1:81j]
    colours = flow_to_rgb(np.stack([x, y]), most=1)
    axis.imshow(np.dstack([colours, np.hypot(x, y) <= 1]), extent=(-1, 1, 1, -1))
    axis.set(xlim=(-1.25, 1.25), ylim=(1.25, -1.25))
    axis.set_title("direction", fontsize=10)
    axis.text(0, 1.35, f"edge: {most:.1f} px", ha="center", va="top", fontsize=9.5)


def _picture(axis: Axes, picture: Floats, *, vmax: float = 1, cmap: str = "gray") -> None:
    axis.imshow(picture, cmap=cmap, vmin=0, vmax=vmax, interpolation="nearest")
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _titled(fig: Figure, text: str) -> Figure:
    headline(fig, text)
    return fig


def _ranks(values: Floats) -> NDArray[np.float64]:
    return np.asarray(pd.Series(values).rank(), dtype=np.float64)
