"""Augmentation of triplets: that of the published code without its crop, each part with its own switch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Augmentation:
    """Which random changes a triplet meets; the same one for its three frames.

    Attributes
    ----------
    temporal_swap : bool
        First and last frame exchanged, one time in two.
    horizontal_flip, vertical_flip : bool
        Mirrored, one time in two. A mirrored heart exists in no patient: the network learns motion, not
        anatomy, but whether it should see such frames is debatable, hence the switches.
    rotation : bool
        By 0, 90, 180 or 270 degrees, one time in four each; frames that are not square are turned by 0 or 180
        only.
    channel_reversal : bool
        Colour channels in reverse order, one time in two. Grey frames have no channel axis, so on echo clips
        this does nothing; it is kept so that the published list is whole.
    """

    temporal_swap: bool = True
    horizontal_flip: bool = True
    vertical_flip: bool = True
    rotation: bool = True
    channel_reversal: bool = True

    def apply(self, triplets: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Triplets changed at random, of the same shape.

        Parameters
        ----------
        triplets : ndarray of uint8, shape (B, 3, H, W) or (B, 3, H, W, channels)
            First, middle and last frame.
        rng : numpy.random.Generator
            Draws the same numbers whatever is switched off, so that runs with and without a part can be
            compared.
        """
        coins, turns = rng.random((len(triplets), 4)) < 0.5, rng.integers(0, 4, len(triplets))
        return np.stack([self._one(*drawn) for drawn in zip(triplets, coins, turns, strict=True)])

    def _one(self, triplet: NDArray[np.uint8], coins: NDArray[np.bool_], turns: int) -> NDArray[np.uint8]:
        swap, mirror, upend, recolour = coins
        if self.temporal_swap and swap:
            triplet = triplet[::-1]
        if self.horizontal_flip and mirror:
            triplet = triplet[:, :, ::-1]
        if self.vertical_flip and upend:
            triplet = triplet[:, ::-1]
        if self.rotation:
            square = triplet.shape[1] == triplet.shape[2]
            triplet = np.rot90(triplet, turns if square else turns // 2 * 2, axes=(1, 2))
        if self.channel_reversal and recolour and triplet.ndim == 4:
            triplet = triplet[..., ::-1]
        return triplet
