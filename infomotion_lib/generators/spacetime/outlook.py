"""What a video generator needs of the videos it learns from."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from infomotion_lib.classes import CLASS_NAMES, class_name
from infomotion_lib.errors import DataError, InfoMotionError
from infomotion_lib.generators.cutting import WITHOUT_POOLS, no_clip_of


def missing_videos(parts: Mapping[str, pd.DataFrame], *, learner: str) -> list[InfoMotionError]:
    """Why a generator cannot be trained on the videos of these splits, all long enough for a clip: no VAL
    video, or a class without a TRAIN video. ``learner`` names it in the middle of a sentence.
    """
    found: list[InfoMotionError] = []
    if "VAL" not in parts or parts["VAL"].empty:
        found.append(
            DataError(
                f"No VAL video is long enough for a clip: {learner} is judged on them.",
                remedy=(
                    "Give some videos the split VAL in the list of videos, compare given pools alone"
                    f" (generators: [echosyn]), or stop before: {WITHOUT_POOLS}."
                ),
            )
        )
    ef = parts["TRAIN"]["ef"].to_numpy(dtype=float)
    present = set(class_name(ef).tolist())
    if empty := [name for name in CLASS_NAMES if name not in present]:
        found.append(no_clip_of(empty, ef))
    return found
