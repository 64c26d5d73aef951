"""Which patches a student sees: tubes for the video, and for the image another few of every frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Masks:
    """Visible patches of one batch, each row in raster order.

    Attributes
    ----------
    whole : Tensor of int64, shape (B, V)
        Of the clip whose masked tokens are decoded.
    views : Tensor of int64, shape (M, B, V)
        Of the views whose CLS token is compared with the teacher's.
    images : Tensor of int64, shape (N, B T, v)
        Of single frames.
    """

    whole: Tensor
    views: Tensor
    images: Tensor

    def part(self, clips: slice) -> Masks:
        """Those of some clips, a slice from one number to another."""
        first, last, _ = clips.indices(len(self.whole))
        frames = self.images.shape[1] // len(self.whole)  # T
        images = self.images[:, first * frames : last * frames]
        return Masks(self.whole[clips], self.views[:, clips], images)

    def to(self, device: torch.device) -> Masks:
        """The same on a device."""
        return Masks(self.whole.to(device), self.views.to(device), self.images.to(device))


def visible_count(places: int, ratio: float) -> int:
    """How many of the patches of a frame are seen at a mask ratio."""
    return places - int(ratio * places)


def visible_places(rng: np.random.Generator, rows: int, places: int, ratio: float) -> NDArray[np.int64]:
    """Random patches of a frame, ascending, (rows, v)."""
    order = rng.random((rows, places)).argsort(axis=1, kind="stable")
    return np.sort(order[:, : visible_count(places, ratio)], axis=1)


def tubes(places: NDArray[np.int64], *, times: int, per_frame: int) -> NDArray[np.int64]:
    """Patches of a clip (..., times v) whose patches ``places`` (..., v) of each tubelet frame are seen."""
    offsets = np.arange(times)[:, None] * per_frame  # (times, 1)
    return (places[..., None, :] + offsets).reshape(*places.shape[:-1], -1)


def random_masks(
    rng: np.random.Generator, *, clips: int, frames: int, places: int, views: int, ratio: float
) -> Masks:
    """Masks of a batch: one for the whole clip and some views, the same at all times; some for each frame.

    Parameters
    ----------
    rng : Generator
        Decides them alone.
    clips, frames : int
        B and T.
    places : int
        Patches per frame.
    views : int
        M and N (published: 4 and 4).
    ratio : float
        Share of the patches that are hidden (published: 0.9).
    """
    drawn = visible_places(rng, (1 + views) * clips, places, ratio)
    video = torch.from_numpy(tubes(drawn, times=frames // 2, per_frame=places)).view(1 + views, clips, -1)
    images = torch.from_numpy(visible_places(rng, views * clips * frames, places, ratio))
    return Masks(video[0], video[1:], images.view(views, clips * frames, -1))
