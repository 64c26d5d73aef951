"""Does the filter catch copies? Training hearts are planted among others, plain and changed, and judged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.generators.privacy.clips import ClipFilter
from infomotion_lib.generators.privacy.record import OTHERS

Clips = NDArray[np.uint8]


def _noisy(clips: Clips) -> Clips:
    noise = np.random.default_rng(0).normal(0, 16, clips.shape)
    return np.clip(clips + noise, 0, 255).astype(np.uint8)


def _shifted(clips: Clips) -> Clips:
    pixels = max(1, clips.shape[-1] // 32)
    return np.roll(clips, (pixels, pixels), axis=(-2, -1))


def _blurred(clips: Clips) -> Clips:
    """Means of 3 x 3 pixels, twice."""
    values: NDArray[np.floating] = clips.astype(np.float32)
    for axis in (-1, -2, -1, -2):
        values = (np.roll(values, 1, axis) + values + np.roll(values, -1, axis)) / 3
    return np.rint(values).astype(np.uint8)


CHANGES: dict[str, Callable[[Clips], Clips]] = {
    "copies": lambda clips: clips,
    "copies, darker": lambda clips: (clips * 0.7).astype(np.uint8),
    "copies, noisy": _noisy,
    "copies, blurred": _blurred,
    "copies, shifted": _shifted,
    "copies, later in the beat": lambda clips: clips[:, clips.shape[1] // 3 :],
    "copies, mirrored": lambda clips: np.ascontiguousarray(clips[..., ::-1]),
}
"""What is done to a training heart before it is planted, by its name for readers."""


def planted(judge: ClipFilter, *, most: int = 100) -> pd.DataFrame:
    """Rows of ``privacy_planted.csv``: what the filter says of planted copies and of other hearts.

    Columns: ``kind``, one of :data:`CHANGES` or :data:`OTHERS`; ``closest``, largest correlation with a TRAIN
    heart; ``own``, whether the nearest is of the very video that was copied; ``kept``; ``tau``.

    Parameters
    ----------
    most : int
        Training hearts that are planted, evenly spread.
    """
    chosen = np.unique(np.linspace(0, len(judge.train.clips) - 1, most).astype(int))
    parts = {name: change(judge.train.clips[chosen]) for name, change in CHANGES.items()}
    videos = judge.train.videos[chosen]
    tables = []
    for kind, clips in (parts | {OTHERS: judge.other.clips}).items():
        report = judge.report(list(clips))
        nearest = judge.train.videos[report.nearest]
        own = nearest == videos if kind != OTHERS else np.zeros(len(clips), dtype=bool)
        columns = {
            "kind": kind,
            "closest": report.closest,
            "own": own,
            "kept": report.kept,
            "tau": report.tau,
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)[["kind", "closest", "own", "kept", "tau"]]
