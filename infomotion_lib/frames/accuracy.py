"""How far the detected phases are from the true ones, always beside the same count on shuffled frames.

Shuffled clips have no heart beat left, only its pictures: what the detector still finds there is what chance finds.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from infomotion_lib.data.video import Clip
from infomotion_lib.frames.detect import detect_phases
from infomotion_lib.frames.signals import Curve, single_threaded

MARGIN = 3
"""True phases nearer than this many frames to the clip's border need not be found, but may be."""

TOLERANCE_MS = 200.0
"""A phase counts as found within this time of the truth."""


class KnownClip(NamedTuple):
    """A clip whose phases are known: ``clip`` (T, H, W), ``fps``, all true ``es`` and ``ed`` frames, in the clip and around it."""

    clip: Clip
    fps: float
    es: Sequence[float]
    ed: Sequence[float]


def true_beats(first_es: int, first_ed: int, *, cycle: int, n_frames: int) -> tuple[list[int], list[int]]:
    """All ES and all ED frames of a regular heart, from one beat before the clip to one beat after it.

    >>> true_beats(20, 8, cycle=36, n_frames=64)[0]
    [-16, 20, 56, 92]
    """
    es, ed = (list(range(first % cycle - cycle, n_frames + cycle, cycle)) for first in (first_es, first_ed))
    return es, ed


def beat_errors(true: ArrayLike, found: ArrayLike, *, n_frames: int, tolerance: float, margin: int = MARGIN) -> tuple[Curve, int, int]:
    """Signed error in frames of each true phase that was found, how many had to be found, and how many finds are false.

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
    truth, seen = np.sort(np.asarray(true, float)), np.sort(np.asarray(found, float))
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


def detector_error(clips: Iterable[KnownClip], *, seed: int = 0, tolerance_ms: float = TOLERANCE_MS) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Summary table and all single errors of the detector, on the frames in order and on the same frames shuffled.

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
        A row an order of frames and phase: ``frames`` (in_order, shuffled), ``phase`` (es, ed), ``clips``, ``due`` (true phases
        to find), ``found_share``, ``false_a_clip``, and of the found ones ``median_frames``, ``p90_frames``, ``median_ms``,
        ``p90_ms`` (absolute) and ``bias_ms`` (mean of detected minus true).
    errors : DataFrame
        A row a found phase: ``frames``, ``phase``, ``error_frames``, ``error_ms``, signed.
    """
    random = np.random.default_rng(seed)
    rows, counts = [], []
    for known in clips:
        n = len(known.clip)
        for order, clip in (("in_order", known.clip), ("shuffled", known.clip[random.permutation(n)])):
            with single_threaded():
                phases = detect_phases(clip, known.fps)
            for phase, true, found in (("es", known.es, phases.es), ("ed", known.ed, phases.ed)):
                errors, due, false = beat_errors(true, found, n_frames=n, tolerance=tolerance_ms * known.fps / 1000)
                counts.append((order, phase, due, len(errors), false))
                rows += [(order, phase, error, 1000 * error / known.fps) for error in errors]
    single = pd.DataFrame(rows, columns=["frames", "phase", "error_frames", "error_ms"])
    count = pd.DataFrame(counts, columns=["frames", "phase", "due", "found", "false"])
    summary = [_summary(key, group, single) for key, group in count.groupby(["frames", "phase"], sort=False)]
    return pd.DataFrame(summary), single


def _summary(key: tuple[Hashable, ...], count: pd.DataFrame, single: pd.DataFrame) -> dict[str, object]:
    own = single[(single["frames"] == key[0]) & (single["phase"] == key[1])]
    size_frames, size_ms = own["error_frames"].abs(), own["error_ms"].abs()
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
        "bias_ms": own["error_ms"].mean(),
    }
