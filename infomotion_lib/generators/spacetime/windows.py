"""Videos longer than the network's window: windows that overlap by half are denoised and stitched, at every
step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from infomotion_lib.errors import ParameterError
from infomotion_lib.generators.spacetime.denoising import denoise

WINDOW = 64


def window_starts(frames: int, *, window: int = WINDOW) -> list[int]:
    """First frame of each window, half a window apart, and of one more where those do not reach the end.

    >>> window_starts(192), window_starts(48), window_starts(100)
    ([0, 32, 64, 96, 128], [0], [0, 32, 36])
    """
    if window < 2:
        raise ParameterError(f"A window has two frames or more, not {window}.")
    last = max(0, frames - window)
    starts = list(range(0, last + 1, window // 2))
    return starts if starts[-1] == last else [*starts, last]


def whole_frames(frames: int, *, window: int = WINDOW) -> int:
    """Frames to draw for a video of ``frames``, as published: one window, or the next multiple of half of it.

    >>> whole_frames(40), whole_frames(65), whole_frames(192)
    (64, 96, 192)
    """
    hop = window // 2
    return max(window, -(-frames // hop) * hop)


def stitch(parts: Sequence[Tensor], starts: Sequence[int]) -> Tensor:
    """Video (C, T, S, S) of windows (C, W, S, S): the first whole, then of each the frames that are not there
    yet.
    """
    pieces, reached = [parts[0]], parts[0].shape[1]
    for part, start in zip(parts[1:], starts[1:], strict=True):
        pieces.append(part[:, reached - start :])
        reached = start + part.shape[1]
    return torch.cat(pieces, dim=1)


def stitched_denoise(
    unet: Any, noisy: Tensor, *, reference: Tensor, condition: Tensor, timestep: Tensor, window: int = WINDOW
) -> Tensor:
    """What the network says of noisy videos of any length, (B, 4, T, S, S), each window with the condition of
    its own video, whatever the batch.

    Parameters
    ----------
    unet, noisy, reference, condition, timestep
        See :func:`~infomotion_lib.generators.spacetime.denoising.denoise`.
    window : int
        Frames that the network sees at once; the windows of one video go through it together.

    Raises
    ------
    ParameterError
        As in :func:`~infomotion_lib.generators.spacetime.denoising.denoise`, or if a window is shorter than
        two frames.
    """
    starts = window_starts(noisy.shape[2], window=window)
    if len(starts) == 1:
        return denoise(unet, noisy, reference=reference, condition=condition, timestep=timestep)
    videos = zip(noisy, reference, condition, timestep, strict=True)
    return torch.stack([_video(unet, *video, starts=starts, window=window) for video in videos])


def _video(
    unet: Any,
    noisy: Tensor,
    reference: Tensor,
    condition: Tensor,
    timestep: Tensor,
    *,
    starts: Sequence[int],
    window: int,
) -> Tensor:
    count = len(starts)
    parts = denoise(
        unet,
        torch.stack([noisy[:, start : start + window] for start in starts]),
        reference=reference.expand(count, -1, -1, -1),
        condition=condition.expand(count, -1, -1),
        timestep=timestep.expand(count),
    )
    return stitch(list(parts), starts)
