"""What MCDM needs of the videos it learns from, and of the stages before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from infomotion_lib.errors import InfoMotionError, ParameterError
from infomotion_lib.generators.spacetime.outlook import missing_videos


def refusals(parts: Mapping[str, pd.DataFrame], parameters: Any) -> list[InfoMotionError]:
    """Why MCDM cannot be trained on the videos of these splits, all long enough for a clip."""
    unknown = parameters.mcdm_motion not in parameters.representations
    vectors = [no_vectors(parameters.mcdm_motion)] if unknown else []
    return [*vectors, *missing_videos(parts, learner="MCDM")]


def no_vectors(name: str) -> ParameterError:
    """That a run does not make the motion vectors which MCDM is to be told."""
    return ParameterError(
        f"mcdm_motion = {name!r}, and this run makes no such vectors.",
        remedy=f"Add {name} to representations, or name one that is there.",
    )
