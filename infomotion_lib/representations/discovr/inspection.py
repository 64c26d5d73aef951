"""What a trained network makes of one clip: what a student sees of it, and which cluster each patch belongs
to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from infomotion_lib.representations.discovr.masks import random_masks
from infomotion_lib.representations.discovr.model import Model
from infomotion_lib.representations.discovr.step import compared_image_tokens, decode
from infomotion_lib.representations.discovr.variants import Variant


@dataclass(frozen=True)
class Look:
    """One clip, every other frame of it, patch by patch.

    Attributes
    ----------
    frames : ndarray of uint8, shape (T / 2, S, S)
    seen : ndarray of bool, shape (T / 2, n, n)
        Patches that the video student sees, the same at all times.
    video, image : ndarray of int, shape (T / 2, n, n)
        Nearest prototype of each patch: by the decoded video tokens, most of which were never seen, and by
        the tokens of the image teacher, which sees each frame whole.
    """

    frames: NDArray[np.uint8]
    seen: NDArray[np.bool_]
    video: NDArray[np.int64]
    image: NDArray[np.int64]

    @property
    def agreement(self) -> float:
        """Share of the hidden patches that both branches put into one cluster; of all, if none is hidden."""
        return float((self.video == self.image)[self._asked].mean())

    @property
    def chance(self) -> float:
        """Agreement if the clusters of one branch were shuffled over its hidden patches."""
        video, image = self.video[self._asked], self.image[self._asked]
        most = int(max(video.max(), image.max())) + 1
        shares = [np.bincount(labels, minlength=most) / len(labels) for labels in (video, image)]
        return float(shares[0] @ shares[1])

    @property
    def _asked(self) -> NDArray[np.bool_]:
        return np.ones_like(self.seen) if self.seen.all() else ~self.seen


@torch.inference_mode()
def look(model: Model, clip: NDArray[np.uint8], *, ratio: float, variant: Variant, seed: int = 0) -> Look:
    """What the network makes of a grey clip (T, S, S) behind a random mask.

    Parameters
    ----------
    model : Model
        Trained.
    clip : ndarray of uint8, shape (T, S, S)
        Of the network's size.
    ratio : float
        Share of hidden patches.
    variant : Variant
        The switches it was trained with.
    seed : int
        Of the mask.
    """
    network, size = model.network, model.network.size
    rng = np.random.default_rng(seed)
    masks = random_masks(rng, clips=1, frames=size.frames, places=size.places, views=1, ratio=ratio)
    inputs = model.normalised(clip[None])
    visible = masks.whole.to(inputs.device)
    decoded = decode(network, network.encoder.embedded(inputs), visible, variant=variant)
    _, tokens = network.image_teacher(inputs)
    compared = compared_image_tokens(tokens, clips=1, variant=variant)
    side, times = size.side // size.patch, size.frames // 2
    prototypes = normalize(network.prototypes, dim=-1)
    video, image = (
        (normalize(features[0], dim=-1) @ prototypes.T).argmax(dim=-1).view(times, side, side).cpu().numpy()
        for features in (decoded, compared)
    )
    seen = np.zeros(times * side * side, dtype=np.bool_)
    seen[masks.whole[0].numpy()] = True
    return Look(clip[::2], seen.reshape(times, side, side), video, image)
