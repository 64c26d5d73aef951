"""What MCDM needs of the videos it learns from, and of the stages before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from infomotion_lib.classes import CLASS_NAMES, class_name
from infomotion_lib.errors import DataError, InfoMotionError, ParameterError
from infomotion_lib.generators.cutting import WITHOUT_POOLS, no_clip_of


def refusals(parts: Mapping[str, pd.DataFrame], parameters: Any) -> list[InfoMotionError]:
    """Why MCDM cannot be trained on the videos of these splits, all long enough for a clip."""
    found: list[InfoMotionError] = []
    if parameters.mcdm_motion not in parameters.representations:
        found.append(no_vectors(parameters.mcdm_motion))
    if "VAL" not in parts or parts["VAL"].empty:
        found.append(
            DataError(
                "No VAL video is long enough for a clip: MCDM is judged on them.",
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


def no_vectors(name: str) -> ParameterError:
    """That a run does not make the motion vectors which MCDM is to be told."""
    return ParameterError(
        f"mcdm_motion = {name!r}, and this run makes no such vectors.",
        remedy=f"Add {name} to representations, or name one that is there.",
    )
