"""What the chain needs of the videos it learns from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from infomotion_lib.errors import InfoMotionError
from infomotion_lib.generators.spacetime.outlook import missing_videos


def refusals(parts: Mapping[str, pd.DataFrame], parameters: Any) -> list[InfoMotionError]:
    """Why the chain cannot be trained on the videos of these splits, all long enough for a clip."""
    return missing_videos(parts, learner="the chain")
