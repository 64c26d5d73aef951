"""From uint8 frames to what the network sees: normalised channels, with constants from the training set
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from infomotion_lib.errors import DataError
from infomotion_lib.regressor.clips import Video, clip_indices, fixed_starts

_VIDEOS_FOR_CONSTANTS = 512
_LEAST_SPREAD = 1.0  # grey levels: a black or still set must not divide by nought
_STILL_SHARE = 1 / 3
"""Weight of the still frame beside the motion channel: at 1, networks of few clips learn the picture instead
of its motion.
"""


@dataclass(frozen=True)
class Normalisation:
    """Grey levels to network units.

    Attributes
    ----------
    mean, std : float
        Of the frames of the training set, grey levels.
    motion_std : float
        Root mean square of a frame minus the mean of its clip, grey levels.
    """

    mean: float
    std: float
    motion_std: float

    def channels(self, clips: Tensor, *, in_channels: int) -> Tensor:
        """Network input (B, C, T, S, S), float32, channels last, of uint8 clips (B, T, S, S).

        Two channels: the frame (at a third), and the frame minus the mean of its clip, so that a narrow
        network sees motion at once. One or three channels: the grey frame, repeated.
        """
        grey = clips.to(torch.float32)
        frame = (grey - self.mean) / self.std
        if in_channels != 2:
            return (
                frame[:, None]
                .expand(-1, in_channels, -1, -1, -1)
                .contiguous(memory_format=torch.channels_last_3d)
            )
        motion = (grey - grey.mean(dim=1, keepdim=True)) / self.motion_std
        both = torch.stack((_STILL_SHARE * frame, motion), dim=1)
        return both.contiguous(memory_format=torch.channels_last_3d)  # twice as fast as stacked there at once


def cut(videos: Sequence[Video], *, frames: int, period: int, starts: Sequence[int]) -> Tensor:
    """Clips (B, T, S, S) uint8, one from each video, beginning at ``starts``."""
    clips = [
        video[clip_indices(len(video), frames=frames, period=period, start=int(start))]
        for video, start in zip(videos, starts, strict=True)
    ]
    return torch.from_numpy(np.stack(clips))


def shifted(clips: Tensor, offsets: NDArray[np.int64]) -> Tensor:
    """Clips (B, T, S, S), each moved by its own (down, right) offset (B, 2) in pixels; what moves in is
    black.

    The random part of EchoNet-Dynamic's training: pad by 12 of 112 pixels, crop at a random place.
    """
    pad = int(np.abs(offsets).max(initial=0))
    if not pad:
        return clips
    side = clips.shape[-1]
    padded = torch.nn.functional.pad(clips, (pad, pad, pad, pad))
    corners = (pad - offsets).tolist()
    return torch.stack(
        [clip[:, y : y + side, x : x + side] for clip, (y, x) in zip(padded, corners, strict=True)]
    )


def measure(videos: Sequence[Video], *, frames: int, period: int) -> Normalisation:
    """Constants of a training set, from the centre clips of at most 512 of its videos, evenly spaced.

    Raises
    ------
    DataError
        If there is no video.
    """
    if not len(videos):
        raise DataError(
            "The regressor was given no training video.",
            remedy="Look at the selection and at the class counts by split.",
        )
    picked = np.unique(np.linspace(0, len(videos) - 1, min(len(videos), _VIDEOS_FOR_CONSTANTS)).astype(int))
    total = square = motion = 0.0
    count = 0
    for index in picked:
        video = videos[int(index)]
        start = int(fixed_starts(len(video), frames=frames, period=period)[0])
        clip = video[clip_indices(len(video), frames=frames, period=period, start=start)].astype(
            np.float64
        )  # (T, S, S)
        total, square = total + clip.sum(), square + (clip**2).sum()
        motion += ((clip - clip.mean(axis=0)) ** 2).sum()
        count += clip.size
    mean = total / count
    std = max(np.sqrt(max(square / count - mean**2, 0.0)), _LEAST_SPREAD)
    return Normalisation(float(mean), float(std), float(max(np.sqrt(motion / count), _LEAST_SPREAD)))
