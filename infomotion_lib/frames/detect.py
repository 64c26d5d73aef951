"""ED and ES frames of a clip from the picture alone: no tracing, no segmenter, no training.

The sum of three standardised signals (:mod:`signals`) stands for the volume curve. ES is its minimum. ED is
the onset of contraction, the last frame still at 90 % of the fall: the maximum itself is ill-posed where the
volume rests before the atrial kick.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal as filters

from infomotion_lib.data.video import Clip
from infomotion_lib.errors import DataError
from infomotion_lib.frames.rule import HEART_RATES
from infomotion_lib.frames.signals import ClipSignals, Curve, clip_signals

MIN_FRAMES = 8
LONG_CLIP = 32
"""From this many frames on a clip is band-passed; shorter ones only lose their linear trend."""

BAND = (0.5, 7.0)
"""Pass band in Hz: heart beats, without drift and speckle."""

ONSET_LEVEL = 0.9
PROMINENCE = 0.35
"""Least depth of an ES, in shares of the curve's range (5th to 95th percentile)."""

_BORDER_RISE = 0.2  # the same for the side of an ES that the clip cuts off
_FALL = 0.6  # least fall from ED to ES, in shares of the range
_NEARLY = 0.8  # two beats correlate as well as one; the shorter period is the beat
_EDGE_SECONDS = 0.06  # a fall that begins nearer to the clip's start than this may have begun before it

Frames = NDArray[np.int64]


@dataclass(frozen=True)
class Phases:
    """Detected phases of one clip.

    Attributes
    ----------
    es, ed : ndarray of int
        Frame numbers in order.
    signal : ndarray, shape (T,)
        Sum of the three filtered signals, each with mean 0 and standard deviation 1, large where the
        ventricle is.
    components : ndarray, shape (3, T)
        Those three: soft dark area, central principal component, integrated radial flow.
    confidence : float
        Median correlation of the three, after the first two took the third one's sign: 1 where all agree.
        Short or shuffled clips agree too, so it says that the three see the same, not that they see a heart.
    residual : float
        Flow-compensated residual, see :class:`~infomotion_lib.frames.signals.ClipSignals`.
    """

    es: Frames
    ed: Frames
    signal: Curve
    components: NDArray[np.float64]
    confidence: float
    residual: float

    @property
    def has_both(self) -> bool:
        """Whether there is at least one ES and one ED."""
        return bool(len(self.es) and len(self.ed))


def detect_phases(clip: Clip, fps: float) -> Phases:
    """ED and ES frames of a clip with the signal they were read from.

    Parameters
    ----------
    clip : ndarray of uint8, shape (T, H, W)
        Grey frames of an apical view. Fewer than :data:`MIN_FRAMES` or frames that never change give no
        phase.
    fps : float
        Frames per second.

    Raises
    ------
    DataError
        If the clip is not (T, H, W) or the frame rate is not positive.
    """
    check_clip(clip, fps)
    if len(clip) < MIN_FRAMES:
        none = np.zeros(0, np.int64)
        return Phases(none, none, np.zeros(len(clip)), np.zeros((3, len(clip))), 0.0, 0.0)
    return read_phases(clip_signals(clip), fps)


def check_clip(clip: Clip, fps: float) -> None:
    """Raise DataError unless the clip is (T, H, W) and the frame rate positive."""
    if clip.ndim != 3 or not (np.isfinite(fps) and fps > 0):
        raise DataError(
            f"Phases cannot be detected in a clip of shape {clip.shape} at {fps} frames per second."
        )


def read_phases(seen: ClipSignals, fps: float) -> Phases:
    """ED and ES frames in the three signals of a clip of ``fps`` frames per second."""
    components = np.stack(
        [_standardised(_filtered(curve, fps)) for curve in (seen.dark, seen.component, seen.radial)]
    )
    agreement = _correlations(components)
    signs = np.where(agreement[:, 2] < 0, -1.0, 1.0)
    components *= signs[:, None]
    agreement *= np.outer(signs, signs)
    curve = components.sum(axis=0)
    es, ed = find_phases(curve, fps)
    confidence = float(np.median(agreement[np.triu_indices(3, k=1)]))
    return Phases(es, ed, curve, components, confidence, seen.residual)


def find_phases(curve: Curve, fps: float) -> tuple[Frames, Frames]:
    """ES and ED frames of a volume-like curve (T,): minima, and the onsets of the falls between them."""
    low, high = np.percentile(curve, [5, 95])
    span = float(high - low)
    if span <= 1e-9:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    distance = max(1, round(0.5 * _period(curve, fps)))
    es = _minima(curve, span, distance=distance)
    if not len(es):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    last = len(curve) - 1
    floors = [*curve[es], curve[es].mean()]  # the fall after the last ES is not seen to its end
    beats = [
        _onset(curve[a : b + 1], float(floor), span)
        for a, b, floor in zip([0, *es], [*es, last], floors, strict=True)
    ]
    onsets = np.array(
        [start + onset for start, onset in zip([0, *es], beats, strict=True) if onset is not None], np.int64
    )
    return es, onsets[(onsets >= max(1, round(_EDGE_SECONDS * fps))) & (onsets < last)]


def _minima(curve: Curve, span: float, *, distance: int) -> Frames:
    """Minima at least ``distance`` apart, of full prominence on a side that is seen whole and of some on one
    that the clip cuts off.
    """
    wall = curve.max() + span
    minima, _ = filters.find_peaks(
        -np.concatenate([[wall], curve, [wall]]), prominence=PROMINENCE * span, distance=distance
    )
    minima = minima - 1
    sides = [min(curve[: at + 1].max(), curve[at:].max()) - curve[at] for at in minima]
    return np.asarray(minima[np.array(sides, float) >= _BORDER_RISE * span], np.int64)


def _onset(piece: Curve, floor: float, span: float) -> int | None:
    """Last frame of a piece that is still at :data:`ONSET_LEVEL` of its fall to ``floor``; None where it
    falls too little.
    """
    top = float(piece.max())
    if len(piece) < 3 or top - floor < _FALL * span:
        return None
    return int(np.flatnonzero(piece >= floor + ONSET_LEVEL * (top - floor))[-1])


def _period(curve: Curve, fps: float) -> float:
    """Frames of a beat: the first peak of the autocorrelation, among plausible heart rates, that is nearly
    the highest.
    """
    n = len(curve)
    slowest, fastest = (60 * fps / rate for rate in HEART_RATES)
    centred = curve - curve.mean()
    correlation = np.correlate(centred, centred, "full")[n - 1 :] / np.arange(n, 0, -1)
    last = min(n - 2, int(slowest) + 1)
    peaks, _ = filters.find_peaks(correlation[: last + 1])
    peaks = peaks[peaks >= max(2, int(fastest))]
    if not len(peaks):
        return float(last)
    heights = correlation[peaks]
    return (
        float(peaks[np.flatnonzero(heights >= _NEARLY * heights.max())[0]])
        if heights.max() > 0
        else float(peaks[heights.argmax()])
    )


def _filtered(curve: Curve, fps: float) -> Curve:
    plain = filters.detrend(curve, type="linear")
    top = min(BAND[1], 0.45 * fps)
    if len(curve) < LONG_CLIP or top <= BAND[0]:
        return np.asarray(plain)
    band = filters.butter(2, (BAND[0], top), btype="bandpass", fs=fps, output="sos")
    return np.asarray(filters.sosfiltfilt(band, plain, padtype="odd", padlen=min(len(curve) - 1, int(fps))))


def _standardised(curve: Curve) -> Curve:
    spread = float(curve.std())
    return (curve - curve.mean()) / spread if spread > 1e-9 else np.zeros_like(curve)


def _correlations(components: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation (3, 3) of rows that already have mean 0 and standard deviation 1 or 0."""
    return np.asarray(components @ components.T / components.shape[1])
