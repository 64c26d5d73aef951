"""Augmentation of triplets: that of the published code without its crop, each part with its own switch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Change:
    """What happens to one triplet, in this order.

    Attributes
    ----------
    swap : bool
        First and last frame exchanged.
    mirror, upend : bool
        Left and right exchanged; top and bottom.
    turns : int
        Quarter turns, counterclockwise.
    recolour : bool
        Colour channels reversed.
    """

    swap: bool = False
    mirror: bool = False
    upend: bool = False
    turns: int = 0
    recolour: bool = False

    def of_frames(self, triplet: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Triplet (3, H, W) or (3, H, W, channels) after it."""
        if self.swap:
            triplet = triplet[::-1]
        if self.mirror:
            triplet = triplet[:, :, ::-1]
        if self.upend:
            triplet = triplet[:, ::-1]
        triplet = np.rot90(triplet, self.turns, axes=(1, 2))
        return triplet[..., ::-1] if self.recolour and triplet.ndim == 4 else triplet

    def of_flows(self, flows: NDArray[np.floating]) -> NDArray[np.floating]:
        """Flows (2, 2, H, W) after it: from the middle frame to the first and to the last, each x then y."""
        if self.swap:
            flows = flows[::-1]
        x, y = flows[:, 0], flows[:, 1]  # (2, H, W) each
        if self.mirror:
            x, y = -x[..., ::-1], y[..., ::-1]
        if self.upend:
            x, y = x[..., ::-1, :], -y[..., ::-1, :]
        x, y = np.rot90(x, self.turns, axes=(1, 2)), np.rot90(y, self.turns, axes=(1, 2))
        for _ in range(self.turns % 4):
            x, y = y, -x
        return np.stack([x, y], axis=1)


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
        changes = self.drawn(len(triplets), rng, square=triplets.shape[2] == triplets.shape[3])
        return np.stack([change.of_frames(one) for change, one in zip(changes, triplets, strict=True)])

    def drawn(self, count: int, rng: np.random.Generator, *, square: bool) -> list[Change]:
        """What happens to each of ``count`` triplets, ``square`` or not."""
        coins, turns = rng.random((count, 4)) < 0.5, rng.integers(0, 4, count)
        changes = []
        for (swap, mirror, upend, recolour), turn in zip(coins.tolist(), turns.tolist(), strict=True):
            changes.append(
                Change(
                    swap=self.temporal_swap and swap,
                    mirror=self.horizontal_flip and mirror,
                    upend=self.vertical_flip and upend,
                    turns=(turn if square else turn // 2 * 2) if self.rotation else 0,
                    recolour=self.channel_reversal and recolour,
                )
            )
        return changes
