"""The filter of one run: a network that knows TRAIN hearts again, and what it says of drawn clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from infomotion_lib.data.video import resize_clip
from infomotion_lib.errors import DataError
from infomotion_lib.generators.base import Lessons
from infomotion_lib.generators.cutting import Cut, cut_videos
from infomotion_lib.generators.parameters import PoolParameters
from infomotion_lib.generators.privacy.filter import PrivacyReport, privacy_filter
from infomotion_lib.generators.privacy.network import Reidentification, real_frames, synthetic_frames
from infomotion_lib.generators.privacy.training import reidentification, told_apart

WEIGHTS = "reidentification.safetensors"
WINDOWS = 2
"""Clips of each real video."""


@dataclass(frozen=True)
class RealClips:
    """Clips of the real videos of one split.

    Attributes
    ----------
    clips : ndarray, shape (N, T, S, S), uint8
    videos : ndarray, shape (N,), int64
        Number of the video of each.
    names : tuple of str
        Name of the video of each.
    """

    clips: NDArray[np.uint8] = field(repr=False)
    videos: NDArray[np.int64] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class ClipFilter:
    """What decides whether a drawn clip is too like a training heart.

    Attributes
    ----------
    network : Reidentification
        Taught on TRAIN, in evaluation mode.
    train, other : RealClips
        TRAIN, and VAL: real hearts that no generator has learnt from.
    known, unknown : ndarray, shapes (N, F) and (M, F)
        Their features.
    percentile : float
        See :func:`~infomotion_lib.generators.privacy.privacy_filter`.
    scaling : {"each", "published"}
        Whether a drawn clip is scaled by itself, as real ones are, or by the whole set, as published.
    redraws : int
        How often a dropped clip is drawn again.
    accuracy : float
        Share of pairs of VAL frames that the network tells right.
    """

    network: Reidentification = field(repr=False)
    train: RealClips = field(repr=False)
    other: RealClips = field(repr=False)
    known: NDArray[np.float64] = field(repr=False)
    unknown: NDArray[np.float64] = field(repr=False)
    percentile: float
    scaling: str
    redraws: int
    accuracy: float

    def report(self, clips: Sequence[NDArray[np.uint8]]) -> PrivacyReport:
        """What is said of drawn clips (T, S, S), of any side."""
        side = self.train.clips.shape[-1]
        small = np.stack([resize_clip(clip, side) for clip in clips])
        drawn = features(self.network, small, scaling=self.scaling)
        return privacy_filter(self.known, self.unknown, drawn, percentile=self.percentile)

    def of_real(self) -> PrivacyReport:
        """What is said of the VAL hearts themselves, which no generator has copied: the price of the rule."""
        return privacy_filter(self.known, self.unknown, self.unknown, percentile=self.percentile)

    def settings(self) -> dict[str, Any]:
        """What decides which clips are kept, for ``pool.json``."""
        return {
            "privacy_filter": "closest",
            "privacy_percentile": self.percentile,
            "privacy_scaling": self.scaling,
            "privacy_redraws": self.redraws,
        }


def open_filter(lessons: Lessons, *, folder: Path, parameters: PoolParameters, device: str) -> ClipFilter:
    """The filter of a run, its network taught on TRAIN videos; ``reidentification.safetensors`` in
    ``folder``.

    Raises
    ------
    DataError
        If there is no VAL video: how alike real hearts are is not known then.
    """
    p = parameters
    cut = Cut(lessons.cut.frames, lessons.cut.fps, p.privacy_side)
    if lessons.real.get("VAL", pd.DataFrame()).empty:
        raise DataError(
            "No VAL video: how alike two real hearts are is not known.",
            remedy="Give some videos the split VAL, or draw without the filter: privacy_filter=none.",
        )
    train, other = (real_clips(lessons, split, cut) for split in ("TRAIN", "VAL"))
    network = reidentification(
        train.clips, train.videos, steps=p.privacy_steps, path=folder / WEIGHTS, device=device
    )
    known, unknown = (features(network, part.clips) for part in (train, other))
    accuracy = told_apart(network, other.clips, other.videos)
    return ClipFilter(
        network,
        train,
        other,
        known,
        unknown,
        percentile=p.privacy_percentile,
        scaling=p.privacy_scaling,
        redraws=p.privacy_redraws,
        accuracy=accuracy,
    )


@torch.inference_mode()
def features(
    network: Reidentification, clips: NDArray[np.uint8], *, scaling: str = "each", batch: int = 64
) -> NDArray[np.float64]:
    """Features (N, 128) of the first frames of clips (N, T, S, S)."""
    values = torch.from_numpy(clips).float()[:, :, None]
    first = real_frames(list(values)) if scaling == "each" else synthetic_frames(values)[:, 0]
    device = network.fc_end.weight.device
    parts = [network(first[start : start + batch].to(device)).cpu() for start in range(0, len(first), batch)]
    return torch.cat(parts).double().numpy()


def real_clips(lessons: Lessons, split: str, cut: Cut) -> RealClips:
    """Two clips of each real video of a split."""
    videos = lessons.real[split]
    clips, rows = cut_videos(videos, cut, windows=WINDOWS, workers=lessons.workers)
    return RealClips(clips, rows, tuple(videos["file_name"].iloc[rows]))
