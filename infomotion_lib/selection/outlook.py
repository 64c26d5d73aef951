"""What stage 03 will do with the videos of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from infomotion_lib.errors import DataError, InfoMotionError
from infomotion_lib.outlook import Outlook, by_class, class_counts, sources, usable
from infomotion_lib.parameters import StageParameters
from infomotion_lib.representations.registry import REPRESENTATIONS

FEWEST = 2
"""Candidates of a source: one video is nothing to choose among."""


def outlook(videos: pd.DataFrame, parameters: Any, stages: Mapping[str, StageParameters]) -> Outlook:
    """How many candidates each class has; refused where a source has none to choose among."""
    phases = any(REPRESENTATIONS[name].needs == "phases" for name in parameters.representations)
    parts, refusals, remarks = [], list[InfoMotionError](), list[str]()
    for source in sources(videos):
        train = usable(videos, source=source, split="TRAIN")
        train = train[train["phases"] != "none"] if phases else train
        parts.append(f"{source}: {by_class(train)}")
        counts = class_counts(train)
        if len(train) < FEWEST:
            refusals.append(no_candidates(source, len(train)))
            continue
        if empty := [name for name, count in counts.items() if not count]:
            remarks.append(f"{source}: nothing can be selected of class {', '.join(empty)}")
        most = max(parameters.vpc)
        if short := [f"{name} {count}" for name, count in counts.items() if 0 < count < most]:
            remarks.append(f"{source}: fewer than {most} TRAIN videos to choose from: {', '.join(short)}")
        if np.ptp(train["ef"].to_numpy(dtype=float)) == 0:
            remarks.append(f"{source}: every TRAIN video has the same EF, {train['ef'].iloc[0]:g}")
    return Outlook(f"candidates {'; '.join(parts)}", tuple(refusals), tuple(remarks))


def no_candidates(source: str, candidates: int, *, without_vectors: int = 0) -> DataError:
    """That a source has too few videos to choose among."""
    lost = f", {without_vectors} more without vectors" if without_vectors else ""
    return DataError(
        f"No video of source {source!r} can be selected: {candidates} usable TRAIN videos with an EF{lost}.",
        remedy="Look at status_counts.csv of stage 01 and missing_videos.csv of stage 02.",
    )
