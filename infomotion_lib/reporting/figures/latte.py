"""Figures of the Latte itself: what its autoencoder keeps, how it learnt, and what guidance does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.reporting.figures.clips import side_by_side
from infomotion_lib.reporting.figures.parts import INK, bare, edge_note, headline
from infomotion_lib.reporting.figures.pools import pool_colour
from infomotion_lib.reporting.style import MUTED, PHONE_WIDTH, figure_bytes, save_figure
from infomotion_lib.reporting.widgets import image_slider

STRENGTHS = (1.0, 2.0, 4.0, 8.0)
"""Guidance of each page of the slider."""

_PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


def show(fitted: Any, lessons: Any, *, folder: Path, parameters: Any, data: str = "") -> Any:
    """Slider of one seed at several strengths of guidance; ``restored.svg``, ``training.svg`` and, if clips
    were kept while it learnt, ``steps.svg`` are saved in ``folder``.

    Parameters
    ----------
    fitted : FittedLatte
        Trained in this run.
    lessons : Lessons
        Videos it learnt from; VAL ones are shown.
    parameters : LatteParameters
        Of the run.
    data : str, optional
        What the videos are called; titles and alt texts name them.
    """
    from infomotion_lib.generators.latte.generator import clips_while_learning, shown_frames

    recipe = fitted.trained.recipe
    val = lessons.clips("VAL", side=parameters.latte_side, condition=parameters.latte_condition)
    some = shown_frames(val)
    shown = some[:: max(1, len(some) // 5)][:5]
    quality = {name: fitted.facts[name] for name in ("psnr", "ssim")}
    restored = fitted.autoencoder.decode(fitted.autoencoder.encode(shown))
    alt = (
        "VAL frames, what the autoencoder makes of them, and the difference."
        f" PSNR {quality['psnr']:.1f} dB, SSIM {quality['ssim']:.2f}."
    )
    fig = restored_frames(shown, restored, quality=quality)
    save_figure(fig, folder / "restored.svg", alt=alt, data=data)
    on_val = fitted.facts["val_loss"]
    text = "; ".join(f"{name} {value:.3f}" for name, value in on_val.items())
    alt = f"Training loss of the Latte by step. VAL loss: {text}"
    fig = training_curve(fitted.trained.losses, on_val, objective=recipe.objective)
    save_figure(fig, folder / "training.svg", alt=alt, data=data)
    if learning := clips_while_learning(folder.parent, steps=recipe.steps):
        videos = {index: val.clips[np.argmax(val.label == index)] for index in set(val.label.tolist())}
        alt = (
            "Two frames of a clip of each class after more and more training steps, all from one noise:"
            f" {', '.join(map(str, learning))}. Last, a VAL video."
        )
        fig = learning_strip(learning, videos, asked=recipe.class_ef)
        save_figure(fig, folder / "steps.svg", alt=alt, data=data)
    pages = [figure_bytes(_one_seed(fitted, strength), data=data) for strength in STRENGTHS]
    labels = [f"guidance {strength:g}" for strength in STRENGTHS]
    alts = [f"A clip of each class from one seed, {label}" for label in labels]
    return image_slider(pages, labels, alt=alts, description="guidance", start=1, width="42rem", data=data)


def _one_seed(fitted: Any, strength: float) -> Figure:
    """A clip of each class that began from the same noise."""
    clips = {
        name: fitted.of_class(label, seeds=[1], guidance=strength)[0]
        for label, name in enumerate(CLASS_NAMES)
    }
    return side_by_side({f"one seed, guidance {strength:g}": clips}, shown=8)


def restored_frames(
    frames: NDArray[np.uint8], restored: NDArray[np.uint8], *, quality: Mapping[str, float]
) -> Figure:
    """Frames (N, S, S) above what the autoencoder makes of them, and the difference below."""
    fig = Figure(figsize=(PHONE_WIDTH, 0.6 + 3 * (PHONE_WIDTH - 0.4) / len(frames)))
    axes = fig.subplots(3, len(frames), squeeze=False)
    gap = np.abs(frames.astype(int) - restored)
    for row, (name, images, top) in enumerate(
        (("VAL frame", frames, 255), ("restored", restored, 255), ("difference", gap, 64))
    ):
        for axis, image in zip(axes[row], images, strict=True):
            axis.imshow(image, vmin=0, vmax=top)
            bare(axis)
        axes[row, 0].set_ylabel(name)
    headline(
        fig, f"The autoencoder restores VAL frames at {quality['psnr']:.1f} dB, SSIM {quality['ssim']:.2f}"
    )
    return fig


def learning_strip(
    clips: Mapping[int, NDArray[np.uint8]],
    videos: Mapping[int, NDArray[np.uint8]],
    *,
    asked: Sequence[float],
) -> Figure:
    """Two frames of each clip, the first and the one that differs most from it: a row per class, a block per
    number of training steps, VAL videos last.

    Parameters
    ----------
    clips : mapping of steps to ndarray (classes, T, S, S)
        Drawn while the generator learnt.
    videos : mapping of class index to clip (T, S, S)
        VAL videos; a class without one stays empty.
    asked : sequence of float
        EF asked for, by class, points.
    """
    blocks = {f"{step:,} steps": dict(enumerate(drawn)) for step, drawn in clips.items()} | {
        "VAL video": dict(videos)
    }
    fig = Figure(figsize=(PHONE_WIDTH, 0.7 + len(asked) * (PHONE_WIDTH - 1.0) / (2 * len(blocks))))
    axes = fig.subplots(len(asked), 2 * len(blocks), squeeze=False)
    for axis in axes.ravel():
        bare(axis)
    for block, (name, of_class) in enumerate(blocks.items()):
        axes[0, 2 * block].set_title(name.replace(" ", "\n"), fontsize=9, loc="left", fontweight="normal")
        for row, clip in of_class.items():
            apart = np.abs(clip.astype(int) - clip[0]).sum((1, 2)).argmax()
            for axis, image in zip(axes[row, 2 * block :], (clip[0], clip[apart]), strict=False):
                axis.imshow(image, vmin=0, vmax=255)
    for row, (name, ef) in enumerate(zip(CLASS_NAMES, asked, strict=True)):
        label = f"{name}\nEF {ef:.0f}"
        axes[row, 0].set_ylabel(label, fontsize=9, color=INK, rotation=0, ha="right", va="center")
    headline(fig, f"From noise to a heart: {len(asked)} classes from one noise, {_span_of(list(clips))}")
    return fig


def _span_of(steps: Sequence[int]) -> str:
    return f"after {steps[0]:,} to {steps[-1]:,} steps" if len(steps) > 1 else f"after {steps[0]:,} steps"


TASKS = {"epsilon": ("noise", 1.0), "v": ("velocity", 1.0), "flow": ("way to noise", 2.0)}
"""What a Latte learns to predict by objective, and the mean square of it in latents of unit variance."""


def training_curve(
    losses: Sequence[float], val: Mapping[str, float], *, objective: str = "epsilon", window: int = 50
) -> Figure:
    """Smoothed training loss by step and the VAL losses at the end by label given, right class first, with
    the loss of an answer of zero.
    """
    task, nothing = TASKS[objective]
    fig = Figure(figsize=(PHONE_WIDTH, 3.4))
    axis = fig.subplots()
    loss = np.asarray(losses, dtype=float)
    width = max(1, min(window, len(loss) // 4))
    if len(loss):
        axis.plot(
            np.arange(width, len(loss) + 1),
            np.convolve(loss, np.ones(width) / width, "valid"),
            color=pool_colour("latte"),
            lw=1.6,
        )
    axis.axhline(nothing, color=MUTED, ls="--", lw=1.2)
    edge_note(axis, "an answer of zero", nothing, shift=(-4, 3), size=9, ha="right", va="baseline")
    for (name, value), marker in zip(val.items(), "o^x", strict=False):
        axis.plot(
            len(loss) * 1.02 + 1,
            value,
            marker=marker,
            color=INK,
            ls="none",
            ms=6,
            label=f"VAL, {name}: {value:.4f}",
        )
    axis.set(xlabel="step", ylabel=f"mean square error of the {task}", yscale="log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(_PLAIN)
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.legend(loc="center right", fontsize=9.5)
    best, *_, worst = [*val.values(), *val.values()]
    headline(
        fig,
        f"Latte leaves {100 * best / nothing:.1f} % of the {task} in VAL clips unexplained; {[*val][-1]}:"
        f" {100 * (worst / best - 1):+.1f} %",
    )
    return fig
