"""Two things that the released sampler does and this package does not, kept to be measured.

Whether the public synthetic data were drawn in this way is not known: batches of one video, or of one window
each, are not touched by the first. MCDM's samplers order conditions alike: told motion alone they draw 64
frames by default, one window; told EF and motion 128, three windows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from infomotion_lib.generators.spacetime.denoising import denoise
from infomotion_lib.generators.spacetime.windows import WINDOW, stitch, window_starts


def released_conditions(videos: int, windows: int) -> NDArray[np.int64]:
    """Whose condition each window gets, (videos, windows): the released sampler lists windows by position
    first and video second, but their conditions by video first.

    >>> released_conditions(2, 3).tolist()
    [[0, 0, 1], [0, 1, 1]]
    """
    given = np.repeat(np.arange(videos), windows)  # conditions, in the order of the batch
    return given.reshape(windows, videos).T  # the batch holds window 0 of all videos, then window 1, ...


def own_conditions(videos: int, windows: int) -> NDArray[np.bool_]:
    """Whether each window gets the condition of its own video in the released order, (videos, windows).

    >>> int(own_conditions(8, 5).sum())  # 8 videos of 192 frames
    8
    """
    return released_conditions(videos, windows) == np.arange(videos)[:, None]


def released_stitched_denoise(
    unet: Any, noisy: Tensor, *, reference: Tensor, condition: Tensor, timestep: Tensor, window: int = WINDOW
) -> Tensor:
    """What the network says of noisy videos, (B, 4, T, S, S), with conditions in the released order.

    Parameters
    ----------
    unet, noisy, reference, condition, timestep, window
        See :func:`~infomotion_lib.generators.spacetime.windows.stitched_denoise`.
    """
    starts = window_starts(noisy.shape[2], window=window)
    givers = torch.from_numpy(released_conditions(len(noisy), len(starts)))
    parts = [
        denoise(
            unet,
            noisy[:, :, start : start + window],
            reference=reference,
            condition=condition[givers[:, number]],
            timestep=timestep,
        )
        for number, start in enumerate(starts)
    ]  # (B, 4, W, S, S) of each window
    return torch.stack([stitch(list(video), starts) for video in torch.stack(parts, dim=1)])


def stored_ef(percent: int) -> int:
    """EF that the released sampler writes for the one it was asked for, points: a share of it times
    100, both float32, cut off and not rounded. Of 10 to 90 points, only 53 and 59 change.

    >>> [stored_ef(ef) for ef in (30, 53, 59, 75)]
    [30, 52, 58, 75]
    """
    return int(np.float32(100) * np.float32(percent / 100))
