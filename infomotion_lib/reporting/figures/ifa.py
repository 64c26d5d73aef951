"""Figures of the interpolation network: triplets, training, what it fills in, flow, and the probe of its
vectors.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from infomotion_lib.classes import CLASS_NAMES, class_name
from infomotion_lib.reporting.figures.parts import INK, headline
from infomotion_lib.reporting.style import CLASS_COLOURS, METHOD_COLOURS, PHONE_WIDTH, Registered
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

_LEFTWARD, _RIGHTWARD = "#56B4E9", "#FFB000"
_COLUMNS = 2
_GREY, _ACCENT, _SECOND = (METHOD_COLOURS[name] for name in ("random", "infomotion", "kmeans"))


def training_curves(log: pd.DataFrame, *, threshold: float = 1.0) -> Figure:
    """Training loss by step, and the PSNR on VAL with that of the naive average and the least gain of a
    network that has learnt motion.

    Parameters
    ----------
    log : DataFrame
        ``step``, ``loss``, ``psnr``, ``psnr_naive``.
    threshold : float
        Gain in dB at which a network counts as one that learnt motion.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 3.2))
    left, right = fig.subplots(1, 2)
    smooth = log["loss"].rolling(max(len(log) // 40, 1), center=True, min_periods=1).median()
    left.plot(log["step"], log["loss"], color=_SECOND, alpha=0.25, lw=0.8, label="each step")
    left.plot(log["step"], smooth, color=_SECOND, label="running median")
    low, high = np.quantile(log["loss"], (0.005, 0.995)) if len(log) else (0.0, 1.0)
    left.set(xlabel="step", ylabel="training loss", ylim=(0.95 * low, 1.05 * high + 1e-9))
    left.legend(fontsize=9, loc="upper right")
    seen, told = log.dropna(subset=["psnr"]), "Training loss; no VAL videos"
    if len(seen):
        naive = float(seen["psnr_naive"].iloc[-1])
        right.plot(seen["step"], seen["psnr"], color=_ACCENT, marker="o", ms=4, label="network")
        right.axhline(naive, color=_GREY, ls="--", label="average of two frames")
        right.axhline(naive + threshold, color=INK, ls=":", lw=1, label=f"{threshold:g} dB above it")
        right.legend(fontsize=9, loc="lower right")
        gain = float(seen["psnr"].max()) - naive
        bottom, top = min(float(seen["psnr"].min()), naive), max(float(seen["psnr"].max()), naive + threshold)
        right.set(
            xlabel="step",
            ylabel="PSNR on VAL, dB",
            ylim=(bottom - 0.9 * (top - bottom), top + 0.1 * (top - bottom)),
        )
        verdict = "learnt motion" if gain >= threshold else "did not learn motion"
        told = f"The network {verdict}: {gain:+.2f} dB against the average of two frames"
    else:
        right.text(0.5, 0.5, "no VAL videos", ha="center", transform=right.transAxes)
        right.set_axis_off()
    return _titled(fig, told)


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
    fig = Figure(figsize=(PHONE_WIDTH, 0.8 + 1.05 * len(first)))
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
        axes[row, 0].set_ylabel(name, fontsize=9)
    titles = ("first", "last", "truth", "network", "average", "error,\nnetwork", "error,\naverage")
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=9.5)
    less = 1 - float(np.square(ours).mean() / np.square(naive).mean()) if naive.any() else 0.0
    return _titled(
        fig,
        f"The network's squared error is {abs(less):.0%} {'smaller' if less >= 0 else 'LARGER'} than the"
        " average's here",
    )


def flow_panels(frames: Floats, flows: Mapping[str, Floats], *, names: Sequence[str]) -> Figure:
    """Flow as arrows on the frame that it starts from, one row per video, a column per method; leftward
    arrows in one colour, rightward ones in another.

    Parameters
    ----------
    frames : ndarray, shape (K, H, W)
        First frames, in [0, 1].
    flows : mapping of str to ndarray, shape (K, 2, H, W)
        Flow from the first to the last frame by each method, pixels.
    names : sequence of str
        One per row.
    """
    columns = len(flows)
    side = (PHONE_WIDTH - 0.3) / max(columns, 2)
    fig = Figure(figsize=(PHONE_WIDTH, 0.8 + (side + 0.05) * len(frames)))
    axes = fig.subplots(len(frames), columns, squeeze=False)
    for column, (method, flow) in enumerate(flows.items()):
        axes[0, column].set_title(method, fontsize=10)
        for axis, picture, field in zip(axes[:, column], frames, flow, strict=True):
            _picture(axis, picture, vmax=1)
            _arrows(axis, field)
    for axis, name in zip(axes[:, 0], names, strict=True):
        axis.set_ylabel(name, fontsize=10)
    handles = [Patch(color=colour) for colour in (_LEFTWARD, _RIGHTWARD)]
    fig.legend(handles, ["to the left", "to the right"], loc="outside lower center", ncols=2, fontsize=9)
    told = []
    for method, flow in flows.items():
        length = float(np.linalg.norm(flow, axis=1).mean())
        kept = float(np.linalg.norm(flow.mean(axis=(2, 3)), axis=1).mean()) / max(length, 1e-9)
        told.append(f"{kept:.0%} of {length:.1f} px ({method})")
    return _titled(fig, f"Opposite walls cancel in part: the mean over the frame keeps {', '.join(told)}")


def spectrum(values: Mapping[str, Floats], *, bound: int) -> Figure:
    """Singular values of the centred mean motion vectors, and the bound that the algebra sets on how many
    there can be.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 3.2))
    axis = fig.subplots()
    for (name, relative), colour, style in zip(values.items(), (_ACCENT, _GREY), ("-", "--"), strict=False):
        shown = np.maximum(relative, 1e-10)
        axis.semilogy(np.arange(1, len(shown) + 1), shown, color=colour, ls=style, label=name)
    axis.axvline(bound, color=INK, ls=":", lw=1)
    size = min(max(map(len, values.values())), 3 * bound)
    axis.annotate(
        f"bound: {bound}", (bound, 0.02), xytext=(6, 0), textcoords="offset points", fontsize=9.5, color=INK
    )
    axis.axhline(RESOLUTION, color=_GREY, lw=0.8, ls="-.")
    axis.text(size, RESOLUTION, "resolution of float32", ha="right", va="bottom", fontsize=9, color=INK)
    axis.set(xlabel="number of the singular value", ylabel="singular value, relative", xlim=(0, size + 1))
    axis.legend(fontsize=9, loc="upper right")
    ranks = {name: int((relative > RESOLUTION).sum()) for name, relative in values.items()}
    return _titled(fig, "Measured rank: " + ", ".join(f"{rank} ({name})" for name, rank in ranks.items()))


def components_by_ef(components: Mapping[str, Floats], shares: Mapping[str, Floats], ef: Floats) -> Figure:
    """First two principal components of each feature, one point per video in the colour of its EF class, in
    rows of two panels.

    Parameters
    ----------
    components : mapping of str to ndarray, shape (N, 2)
        By key of :data:`FEATURE_NAMES`.
    shares : mapping of str to ndarray, shape (2,)
        Shares of variance.
    ef : ndarray, shape (N,)
        EF, points.
    """
    columns = min(_COLUMNS, len(components))
    lines = -(-len(components) // columns)
    fig = Figure(figsize=(PHONE_WIDTH, 0.7 + 2.6 * lines))
    axes = np.ravel(fig.subplots(lines, columns))
    for axis in axes[len(components) :]:
        axis.remove()
    table = pd.DataFrame({"class": class_name(ef)})
    present = [name for name in CLASS_NAMES if (table["class"] == name).any()]
    strongest = {}
    for axis, (name, points) in zip(axes, components.items(), strict=False):
        by_class = {"hue": "class", "hue_order": present, "palette": CLASS_COLOURS}
        dots = {"s": 18, "linewidth": 0.3, "alpha": 0.85, "legend": axis is axes[0]}
        sns.scatterplot(table, x=points[:, 0], y=points[:, 1], ax=axis, **by_class, **dots)
        axis.set(
            xlabel=f"PC 1 ({shares[name][0]:.0%})",
            ylabel=f"PC 2 ({shares[name][1]:.0%})",
            xticks=[],
            yticks=[],
        )
        rho = [abs(float(np.corrcoef(_ranks(points[:, k]), _ranks(ef))[0, 1])) for k in (0, 1)]
        strongest[name] = max(rho)
        told = textwrap.fill(FEATURE_NAMES.get(name, name), 26)
        axis.set_title(f"{told}\n|ρ| = {strongest[name]:.2f}", fontsize=10, fontweight="normal")
    handles, labels = axes[0].get_legend_handles_labels()
    axes[0].legend().remove()
    fig.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=9, handletextpad=0.1)
    best = max(strongest, key=lambda name: strongest[name])
    return _titled(
        fig,
        f"EF follows a main component best in {FEATURE_NAMES.get(best, best)}: |ρ| = {strongest[best]:.2f}",
    )


def probe_bars(table: pd.DataFrame, *, chance: float) -> Figure:
    """R2 of a ridge regression of EF, and class purity of the 5 nearest neighbours, on held-out videos, by
    feature.
    """
    rows = table.sort_values("ridge_r2").reset_index(drop=True)
    fig = Figure(figsize=(PHONE_WIDTH, 1.0 + 0.42 * len(rows)))
    left, right = fig.subplots(1, 2, sharey=True)
    colours = [REPRESENTATIONS[name].colour if name in REPRESENTATIONS else _GREY for name in rows["feature"]]
    for axis, column, text in (
        (left, "ridge_r2", "R² of EF, ridge"),
        (right, "knn_purity", "5-NN class purity"),
    ):
        shown = rows[column].clip(lower=0)
        axis.barh(np.arange(len(rows)), shown, color=colours, height=0.65)
        for k, (value, length) in enumerate(zip(rows[column], shown, strict=True)):
            beyond = " (no bar)" if value < 0 else ""
            axis.text(length + 0.015, k, f"{value:.2f}{beyond}", va="center", fontsize=9.5)
        axis.set(xlim=(0, 1.12), xlabel=text)
        axis.grid(axis="y", visible=False)
    left.set_yticks(np.arange(len(rows)), [FEATURE_NAMES.get(name, name) for name in rows["feature"]])
    right.axvline(chance, color=INK, ls=":", lw=1)
    right.text(chance, len(rows) - 0.45, " chance", fontsize=9, va="bottom")
    known = [
        name for name in rows["feature"] if name not in REPRESENTATIONS or not REPRESENTATIONS[name].oracle
    ]
    best = known[-1] if known else rows["feature"].iloc[-1]
    return _titled(fig, f"On held-out videos, {FEATURE_NAMES.get(best, best)} predicts EF best")


def _arrows(axis: Axes, flow: Floats) -> None:
    """The longest arrow is as long as two steps of the grid; where nothing moves there is none."""
    height, width = flow.shape[-2:]
    step = max(height // 14, 1)
    y, x = np.mgrid[step // 2 : height : step, step // 2 : width : step]
    part = flow[:, step // 2 :: step, step // 2 :: step]
    length = np.linalg.norm(part, axis=0)
    longest = max(float(length.max()), 1e-9)
    moves = length > 0.15 * longest
    colours = np.where(part[0] < 0, _LEFTWARD, _RIGHTWARD)
    axis.quiver(
        x[moves],
        y[moves],
        part[0][moves],
        part[1][moves],
        color=colours[moves],
        angles="xy",
        scale_units="xy",
        scale=longest / (2 * step),
        width=0.011,
    )


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
