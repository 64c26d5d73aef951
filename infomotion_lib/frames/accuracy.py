"""How far the detected phases are from the true ones, always beside the same count on shuffled frames.

Shuffled clips have no heart beat left, only its pictures: what the detector still finds there is what chance
finds.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.signal import detrend

from infomotion_lib.data.video import Clip
from infomotion_lib.frames.choose import detected_beat
from infomotion_lib.frames.detect import detect_phases, find_phases, read_phases
from infomotion_lib.frames.rule import systole_frames
from infomotion_lib.frames.signals import Curve, clip_signals, single_threaded
from infomotion_lib.frames.votes import correlation
from infomotion_lib.phantom.geometry import volume_curve
from infomotion_lib.phantom.nuisance import DEFAULT_LEVEL, NUISANCE_FPS
from infomotion_lib.phantom.rendering import render
from infomotion_lib.phantom.sampling import sample_heart

MARGIN = 3
"""True phases nearer than this many frames to the clip's border need not be found, but may be."""

TOLERANCE_MS = 200.0
"""A phase counts as found within this time of the truth."""


_PHANTOM_EF = (12.0, 83.0)


class KnownClip(NamedTuple):
    """A clip whose phases are known: ``clip`` (T, H, W), ``fps``, all true ``es`` and ``ed`` frames, in the
    clip and around it.

    ``volume`` (T,), if known, is the exact curve that the detector's signal stands for.
    """

    clip: Clip
    fps: float
    es: Sequence[float]
    ed: Sequence[float]
    volume: Curve | None = None


def true_beats(first_es: int, first_ed: int, *, cycle: int, n_frames: int) -> tuple[list[int], list[int]]:
    """All ES and all ED frames of a regular heart, from one beat before the clip to one beat after it.

    >>> true_beats(20, 8, cycle=36, n_frames=64)[0]
    [-16, 20, 56, 92]
    """
    es, ed = (list(range(first % cycle - cycle, n_frames + cycle, cycle)) for first in (first_es, first_ed))
    return es, ed


def known_phantoms(
    number: int,
    *,
    n_frames: int = 64,
    fps: float = NUISANCE_FPS,
    seed: int = 0,
    level: float = DEFAULT_LEVEL,
    size: int = 112,
) -> Iterator[KnownClip]:
    """Phantom clips drawn for the test alone, with their exact phases; EF evenly spread over what a phantom
    can have.

    Parameters
    ----------
    number : int
        Clips.
    n_frames : int
        Frames per clip.
    fps : float
        Frames per second; a slow clip is every so many frames of one at the phantom's own rate, so the rate
        is met only nearly.
    seed : int
        Of the hearts.
    level : float
        Nuisance level.
    size : int
        Side of a frame, pixels.
    """
    stride = max(1, round(NUISANCE_FPS / fps))
    drawn_fps = fps if stride == 1 else NUISANCE_FPS
    random = np.random.default_rng(seed)
    for ef in np.linspace(*_PHANTOM_EF, number):
        heart = sample_heart(random, float(ef), level=level, fps=drawn_fps)
        es, ed = true_beats(
            heart.cycle // 3 - heart.start, -heart.start, cycle=heart.cycle, n_frames=stride * n_frames
        )
        frames = stride * np.arange(n_frames)
        true_es, true_ed = ([frame / stride for frame in phase] for phase in (es, ed))
        yield KnownClip(
            render(heart, frames, size=size),
            drawn_fps / stride,
            true_es,
            true_ed,
            volume_curve(heart, frames),
        )


def beat_errors(
    true: ArrayLike, detected: ArrayLike, *, n_frames: int, tolerance: float, margin: int = MARGIN
) -> tuple[Curve, int, int]:
    """Signed error in frames of each true phase that was found, how many had to be found, and how many finds
    are false.

    Parameters
    ----------
    true, found : array_like
        Frame numbers; ``true`` may reach beyond the clip.
    n_frames : int
        Frames of the clip.
    tolerance : float
        Largest distance of a match, frames.
    margin : int
        See :data:`MARGIN`.
    """
    truth, seen = np.unique(np.asarray(true, float)), np.unique(np.asarray(detected, float))
    due = truth[(truth >= margin) & (truth <= n_frames - 1 - margin)]
    if not len(seen) or not len(truth):
        return np.zeros(0), len(due), len(seen)
    nearest = truth[np.abs(seen[:, None] - truth).argmin(axis=1)]
    errors = seen - nearest
    hits: dict[float, float] = {}
    for target, error in zip(nearest, errors, strict=True):
        if abs(error) <= tolerance and abs(error) < abs(hits.get(target, np.inf)):
            hits[target] = float(error)
    wanted = [hits[target] for target in due if target in hits]
    return np.asarray(wanted, float), len(due), len(seen) - len(hits)


def detector_error(
    clips: Iterable[KnownClip], *, seed: int = 0, tolerance_ms: float = TOLERANCE_MS
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Summary table and all single errors of the detector, on the frames in order, on the same frames
    shuffled, and on the exact volume.

    The exact volume shows what the definitions alone contribute: an onset at 90 % comes after ED even on a
    perfect curve.

    Parameters
    ----------
    clips : iterable of KnownClip
        Clips with their true phases.
    seed : int
        Of the shuffling.
    tolerance_ms : float
        Largest distance that counts as found.

    Returns
    -------
    summary : DataFrame
        One row per order of frames and phase: ``frames`` (in_order, shuffled, exact_volume), ``phase`` (es,
        ed), ``clips``, ``due`` (true phases to find), ``found_share``, ``false_a_clip``, and of the found
        ones ``median_frames``, ``p90_frames``, ``median_ms``, ``p90_ms`` (absolute) and ``bias_ms`` (mean of
        detected minus true).
    errors : DataFrame
        One row per found phase: ``frames``, ``phase``, ``error_frames``, ``error_ms``, signed.
    """
    random = np.random.default_rng(seed)
    rows, counts = [], []
    for known in clips:
        n = len(known.clip)
        with single_threaded():
            orders = {"in_order": known.clip, "shuffled": known.clip[random.permutation(n)]}
            seen = {
                order: (phases.es, phases.ed)
                for order, clip in orders.items()
                for phases in [detect_phases(clip, known.fps)]
            }
        if known.volume is not None:
            seen["exact_volume"] = find_phases(known.volume, known.fps)
        for order, (es, ed) in seen.items():
            for phase, true, detected in (("es", known.es, es), ("ed", known.ed, ed)):
                errors, due, false = beat_errors(
                    true, detected, n_frames=n, tolerance=tolerance_ms * known.fps / 1000
                )
                counts.append((order, phase, due, len(errors), false))
                rows += [(order, phase, error, 1000 * error / known.fps) for error in errors]
    single = pd.DataFrame(rows, columns=["frames", "phase", "error_frames", "error_ms"])
    count = pd.DataFrame(counts, columns=["frames", "phase", "due", "found", "false"])
    summary = [_summary(key, group, single) for key, group in count.groupby(["frames", "phase"], sort=False)]
    return pd.DataFrame(summary), single


def order_control(
    clips: Iterable[tuple[Clip, float]], *, seed: int = 0, diastole_fraction: float = 2 / 3
) -> pd.DataFrame:
    """What the detector reports of each clip with its frames in order and shuffled, where no truth is known.

    Parameters
    ----------
    clips : iterable of (clip, fps)
        Clips (T, H, W) and their frame rates.
    seed : int
        Of the shuffling.
    diastole_fraction : float
        Of the fraction rule.

    Returns
    -------
    DataFrame
        Two rows per clip: ``clip`` (number), ``frames`` (in_order, shuffled), ``es`` (how many),
        ``confidence``, ``residual``, ``lag1`` (correlation of the unfiltered central component with itself a
        frame later: near 1 where frames follow each other, near 0 where they do not), ``complete`` (an ES, an
        ED and an ES were found in a row, with a frame between them) and ``rule_error_ms`` (of complete ones:
        next ES by the fraction rule minus next ES detected).
    """
    random = np.random.default_rng(seed)
    rows = []
    for number, (clip, fps) in enumerate(clips):
        for order, frames in (("in_order", clip), ("shuffled", clip[random.permutation(len(clip))])):
            with single_threaded():
                signals = clip_signals(frames)
            seen = read_phases(signals, fps)
            beat = detected_beat(seen, n_frames=len(clip))
            late = np.nan
            if beat is not None:
                es, ed, next_es = beat
                late = (
                    1000 * (ed + systole_frames(ed - es, diastole_fraction=diastole_fraction) - next_es) / fps
                )
            rows.append(
                (
                    number,
                    order,
                    len(seen.es),
                    seen.confidence,
                    seen.residual,
                    _lag1(signals.component),
                    beat is not None,
                    late,
                )
            )
    return pd.DataFrame(
        rows, columns=["clip", "frames", "es", "confidence", "residual", "lag1", "complete", "rule_error_ms"]
    )


def _lag1(curve: Curve) -> float:
    plain = detrend(curve, type="linear")
    return correlation(plain[1:], plain[:-1])


def _summary(key: tuple[Hashable, ...], count: pd.DataFrame, single: pd.DataFrame) -> dict[str, object]:
    rows = single[(single["frames"] == key[0]) & (single["phase"] == key[1])]
    size_frames, size_ms = rows["error_frames"].abs(), rows["error_ms"].abs()
    due = int(count["due"].sum())
    return {
        "frames": key[0],
        "phase": key[1],
        "clips": len(count),
        "due": due,
        "found_share": count["found"].sum() / due if due else np.nan,
        "false_a_clip": count["false"].mean(),
        "median_frames": size_frames.median(),
        "p90_frames": size_frames.quantile(0.9),
        "median_ms": size_ms.median(),
        "p90_ms": size_ms.quantile(0.9),
        "bias_ms": rows["error_ms"].mean(),
    }
