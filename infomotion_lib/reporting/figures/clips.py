"""Pictures of generated clips: frames of several pools side by side, and one moving picture of them all."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.reporting.figures.parts import INK, bare, headline
from infomotion_lib.reporting.style import PHONE_WIDTH, WEBP_ALT

_MID_GREY = 128
_ABREAST = 6
"""Frames in a row."""


MILLISECONDS = 90


def side_by_side(pools: Mapping[str, Mapping[str, NDArray[np.uint8]]], *, shown: int = 6) -> Figure:
    """One clip of each requested class as a strip of frames, a block of columns per pool; the more pools, the
    fewer frames of each.

    Parameters
    ----------
    pools : mapping of name to mapping of class to clip (T, S, S)
        Such as ``{"Latte": {"severe": clip, ...}}``.
    shown : int
        Frames of each strip at most, evenly spread.
    """
    classes = [name for name in CLASS_NAMES if all(name in clips for clips in pools.values())]
    shown = max(2, min(shown, _ABREAST // len(pools)))
    ratios = [1.0] * (len(pools) * (shown + 1) - 1)
    for gap in range(shown, len(ratios), shown + 1):
        ratios[gap] = 0.18
    side = (PHONE_WIDTH - 1.1) / sum(ratios)
    fig = Figure(figsize=(PHONE_WIDTH, (side + 0.04) * len(classes) + 0.8))
    axes = fig.subplots(len(classes), len(ratios), squeeze=False, width_ratios=ratios)
    for axis in axes.ravel():
        bare(axis)
        axis.set_facecolor("none")
    for block, (pool, clips) in enumerate(pools.items()):
        first = block * (shown + 1)
        axes[0, first].set_title(
            " ", fontsize=10
        )  # room above; the name itself may reach over the next frames
        head = axes[0, first].annotate(
            pool, (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", fontsize=10
        )
        head.set(fontweight="bold", va="bottom", in_layout=False)
        for row, name in enumerate(classes):
            at = np.linspace(0, len(clips[name]) - 1, shown).round().astype(int)
            for axis, image in zip(axes[row, first : first + shown], clips[name][at], strict=True):
                axis.imshow(image, vmin=0, vmax=255)
    for row, name in enumerate(classes):
        axes[row, 0].set_ylabel(name, fontsize=10, color=INK, rotation=0, ha="right", va="center")
    headline(fig, "One clip of each requested class; time runs from left to right")
    return fig


def looping_webp(
    pools: Mapping[str, Mapping[str, Sequence[NDArray[np.uint8]]]], *, alt: str, side: int = 72, gap: int = 4
) -> tuple[bytes, int]:
    """Moving picture of clips, its alt text inside, and its width: one row per requested class, a block of
    columns per pool.
    """
    from PIL import Image

    from infomotion_lib.data.video import resize_clip

    blocks = []
    for clips in pools.values():
        rows = [
            np.concatenate([_framed(resize_clip(clip, side), gap) for clip in of_class], axis=2)
            for of_class in clips.values()
        ]
        blocks.append(np.concatenate(rows, axis=1)[:, :-gap, :-gap])
    length = min(len(block) for block in blocks)
    apart = np.full((length, blocks[0].shape[1], 3 * gap), _MID_GREY, np.uint8)
    joined = [part for block in blocks for part in (block[:length], apart)][:-1]
    pages = [Image.fromarray(frame) for frame in np.concatenate(joined, axis=2)]
    about = Image.Exif()
    about[WEBP_ALT] = alt.encode()
    stream = io.BytesIO()
    moving = {"save_all": True, "append_images": pages[1:], "duration": MILLISECONDS, "loop": 0}
    pages[0].save(stream, "webp", quality=50, method=4, exif=about, **moving)
    return stream.getvalue(), pages[0].width


def _framed(clip: NDArray[np.uint8], gap: int) -> NDArray[np.uint8]:
    return np.pad(clip, ((0, 0), (0, gap), (0, gap)), constant_values=_MID_GREY)
