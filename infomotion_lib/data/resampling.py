"""Frames of another size, the same bytes on every processor.

A resampled frame is ``rows @ frame @ columns.T``. The weights here are whole numbers, and so few bits of them
that every sum is exact, in whatever order and with whatever instructions it is added; the quotient is rounded
once. (OpenCV's ``INTER_AREA`` and ``INTER_CUBIC`` add in float32 on the way, and turn a grey level over on
another processor.)
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

Clip = NDArray[np.uint8]
Weights = NDArray[np.float64]

CUBIC = -0.75
"""Slope of the cubic kernel at one pixel's distance, as OpenCV's."""

CUBIC_UNIT = 1 << 15


def by_area(clip: Clip, side: int) -> Clip:
    """Square frames, uint8 (T, side, side), of uint8 (T, H, W): a pixel is the mean of the area that it
    covers.

    A mean halfway between two grey levels becomes the even one.
    """
    return _resampled(clip, _area(clip.shape[1], side), _area(clip.shape[2], side))


def by_cubic(clip: Clip, side: int) -> Clip:
    """Square frames, uint8 (T, side, side), of uint8 (T, H, W) by cubic interpolation.

    Beyond the edge the outermost pixels go on.
    """
    return _resampled(clip, _cubic(clip.shape[1], side), _cubic(clip.shape[2], side))


def _resampled(clip: Clip, rows: Weights, columns: Weights) -> Clip:
    whole = float(rows[0].sum() * columns[0].sum())
    largest = 255 * float(np.abs(rows).sum(axis=1).max() * np.abs(columns).sum(axis=1).max())
    exact = np.float32 if largest < 2**24 else np.float64  # holds every whole number up to the largest sum
    across, down = columns.T.astype(exact), rows.astype(exact)
    out = np.empty((len(clip), len(rows), len(columns)), np.uint8)
    for source, target in zip(clip, out, strict=True):
        total = down @ (source.astype(exact) @ across)
        target[:] = np.clip(np.rint(total / np.float64(whole)), 0, 255)
    return out


@lru_cache(maxsize=32)
def _area(size: int, side: int) -> Weights:
    """How much of each of ``size`` pixels lies under each of ``side`` pixels, (side, size), in whole
    numbers.
    """
    common = gcd(size, side)
    coarse, fine = size // common, side // common
    target, source = np.arange(side)[:, None], np.arange(size)
    first = np.maximum(target * coarse, source * fine)
    last = np.minimum((target + 1) * coarse, (source + 1) * fine)
    return np.maximum(last - first, 0).astype(np.float64)


@lru_cache(maxsize=32)
def _cubic(size: int, side: int) -> Weights:
    """Weights of ``size`` pixels in each of ``side`` pixels, (side, size); each row sums to
    ``CUBIC_UNIT``.
    """
    out = np.zeros((side, size))
    for target in range(side):
        pixel, share = divmod((2 * target + 1) * size - side, 2 * side)  # place of its centre
        x = share / (2 * side)
        before = ((CUBIC * (x + 1) - 5 * CUBIC) * (x + 1) + 8 * CUBIC) * (x + 1) - 4 * CUBIC
        here = ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
        after = ((CUBIC + 2) * (1 - x) - (CUBIC + 3)) * (1 - x) * (1 - x) + 1
        weights = [round(weight * CUBIC_UNIT) for weight in (before, here, after)]
        for place, weight in enumerate([*weights, CUBIC_UNIT - sum(weights)], start=pixel - 1):
            out[target, min(max(place, 0), size - 1)] += weight
    return out
