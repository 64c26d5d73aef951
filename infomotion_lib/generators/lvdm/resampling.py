"""Frames that a training clip takes from a video of another rate, as published; torch-free."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.errors import DataError

TARGET_FPS, TARGET_FRAMES = 32.0, 64
"""Rate and length of the published training clips."""


@dataclass(frozen=True)
class Resampled:
    """A video at the training rate, and the choices that a random clip of it leaves.

    Attributes
    ----------
    indices : ndarray, shape (n,), int64
        Frame of the video at each tick of the training rate.
    frames : int
        Frames of the video.
    target_frames : int
        Frames of a clip.
    """

    indices: NDArray[np.int64] = field(repr=False)
    frames: int
    target_frames: int

    @property
    def offsets(self) -> int:
        """How many shifts of all indices there are to choose from."""
        return max(1, int(self.indices[1])) if len(self.indices) > 1 else 1

    @property
    def starts(self) -> int:
        """How many first ticks there are to choose from."""
        return max(1, len(self.indices) - self.target_frames)

    def clip(self, *, offset: int = 0, start: int = 0) -> NDArray[np.int64]:
        """Frame numbers of one clip, at most ``target_frames``; those past the end of the video are left out,
        and are zeros in training.
        """
        shifted = self.indices[start : start + self.target_frames] + offset
        return shifted[shifted < self.frames]


def resampled(
    frames: int, fps: float, *, target_fps: float = TARGET_FPS, target_frames: int = TARGET_FRAMES
) -> Resampled:
    """A video of ``frames`` at ``fps``, at the training rate.

    Raises
    ------
    DataError
        If it does not last for longer than a clip; published training drops such videos.
    """
    if frames / fps <= target_frames / target_fps:
        raise DataError(
            f"{frames} frames at {fps:g} per second do not last for longer than {target_frames} at"
            f" {target_fps:g}.",
            remedy="Leave the video out, or train on shorter clips.",
        )
    ticks = int(np.floor(target_fps / fps * frames))
    indices = np.round(np.linspace(0, frames, ticks, endpoint=False)).astype(np.int64)  # half to even
    return Resampled(indices, frames, target_frames)
