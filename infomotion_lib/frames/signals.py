"""Three signals that follow the ventricle's volume through a clip without any training, and how well the
frames hang together.

Each works on frames of 56 x 56 pixels and looks mostly at the middle of the sector's upper half, where an
apical view has its left ventricle. Each fails on its own somewhere: darkness with gain and atria, the
principal component with its sign, flow with noise. Their sum is what :mod:`detect` reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from infomotion_lib.data.video import Clip, resize_clip

SIDE = 56
"""Side of the frames the signals are measured on, pixels."""

CENTRE = (0.50, 0.42)
SPREAD = (0.18, 0.22)
"""Centre (x, y) and standard deviation of the Gaussian weight, in shares of the side."""

_BLUR = 1.0
_DARK_BLUR = 1.5
_SOFTNESS = 0.25  # width of the dark-bright edge, in standard deviations of grey
_LIT = 8  # grey level that a pixel inside the sector reaches at some time

Curve = NDArray[np.float64]
_Float = NDArray[np.float32]


@dataclass(frozen=True)
class ClipSignals:
    """What one clip shows frame by frame.

    Attributes
    ----------
    dark : ndarray, shape (T,)
        Soft area darker than Otsu's threshold, as a share of the weight: large when the cavity is.
    component : ndarray, shape (T,)
        First principal component of the weighted frames; its sign is arbitrary.
    radial : ndarray, shape (T,)
        Flow away from the centre summed over time, pixels: the wall's mean way outwards.
    residual : float
        Largest mean absolute difference of a frame from the next one brought back along the flow, over the
        clip's mean grey. Small where one heart moves; large where anatomy or gain jumps.
    """

    dark: Curve
    component: Curve
    radial: Curve
    residual: float


@contextmanager
def single_threaded() -> Iterator[None]:
    """OpenCV and BLAS on one thread: small frames lose time to more."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        cv2.setNumThreads(threads)


def clip_signals(clip: Clip) -> ClipSignals:
    """The three signals and the residual of a clip.

    Parameters
    ----------
    clip : ndarray of uint8, shape (T, H, W)
        Grey frames, T of two or more.
    """
    frames = resize_clip(clip, SIDE)
    smooth = np.stack([cv2.GaussianBlur(frame, (0, 0), _BLUR) for frame in frames]).astype(np.float32)
    flow = np.stack([_farneback(a, b) for a, b in pairwise(frames)])  # (T-1, S, S, 2)
    weight = _weight()
    return ClipSignals(
        _dark(frames, weight),
        _component(smooth, weight),
        _radial(smooth, flow, weight),
        _residual(frames, smooth, flow),
    )


def _grid() -> tuple[_Float, _Float]:
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    return (columns + 0.5) / SIDE - CENTRE[0], (rows + 0.5) / SIDE - CENTRE[1]


def _weight() -> _Float:
    x, y = _grid()
    return np.exp(-0.5 * ((x / SPREAD[0]) ** 2 + (y / SPREAD[1]) ** 2))


def _farneback(first: Clip, second: Clip) -> _Float:
    """Flow (S, S, 2) in pixels: what stands at p in the first frame stands at p + flow in the second."""
    return np.asarray(cv2.calcOpticalFlowFarneback(first, second, None, 0.5, 2, 11, 2, 5, 1.1, 0), np.float32)  # type: ignore[call-overload]


def _dark(frames: Clip, weight: _Float) -> Curve:
    blurred = np.stack([cv2.GaussianBlur(frame, (0, 0), _DARK_BLUR) for frame in frames])
    middle = np.ascontiguousarray(blurred[:, weight > 0.3])
    threshold, _ = cv2.threshold(middle, 0, 255, cv2.THRESH_OTSU)
    width = _SOFTNESS * max(float(middle.std()), 1.0)
    darkness = special.expit((np.float32(threshold) - blurred.astype(np.float32)) / np.float32(width))
    return np.asarray((darkness * (weight / weight.sum())).sum(axis=(1, 2)), np.float64)


def _component(smooth: _Float, weight: _Float) -> Curve:
    deviation = ((smooth - smooth.mean(axis=0)) * np.sqrt(weight)).reshape(len(smooth), -1).astype(np.float64)
    last = len(smooth) - 1
    values, vectors = linalg.eigh(deviation @ deviation.T, subset_by_index=[last, last])
    return np.asarray(vectors[:, 0] * np.sqrt(max(values[0], 0.0)))


def _radial(smooth: _Float, flow: _Float, weight: _Float) -> Curve:
    x, y = _grid()
    outward = (flow[..., 0] * x + flow[..., 1] * y) / (np.hypot(x, y) + 1e-6)
    tissue = weight * (
        smooth[:-1] + smooth[1:]
    )  # bright pixels are tissue; blood's speckle has no lasting flow
    speed = (outward * tissue).sum(axis=(1, 2)) / (tissue.sum(axis=(1, 2)) + 1e-6)
    return np.concatenate([[0.0], np.cumsum(speed, dtype=np.float64)])


def _residual(frames: Clip, smooth: _Float, flow: _Float) -> float:
    sector = frames.max(axis=0) > _LIT
    if not sector.any():
        return 0.0
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    worst = 0.0
    for step, following, first in zip(flow, smooth[1:], smooth[:-1], strict=True):
        back = cv2.remap(
            following,
            columns + step[..., 0],
            rows + step[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        worst = max(worst, float(np.abs(back - first)[sector].mean()))
    return worst / float(frames[:, sector].mean())
