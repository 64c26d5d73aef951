"""What the released sampler does with long videos and this package does not, kept to be measured.

Whether the public synthetic data were drawn in this way is not known: batches of one video, or of one window
each, are not touched by the first. MCDM's samplers order conditions alike: told motion alone they draw 64
frames by default, one window; told EF and motion 128, three windows.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from infomotion_lib.generators.spacetime.denoising import denoise
from infomotion_lib.generators.spacetime.released_order import released_conditions
from infomotion_lib.generators.spacetime.windows import WINDOW, stitch, window_starts


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
