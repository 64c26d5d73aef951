"""Parameters of the evaluation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infomotion_lib.parameter_types import Count
from infomotion_lib.regressor.parameters import LabelsParameters


class EvaluationParameters(LabelsParameters):
    """Stage 04: train the EF regressor on every selection of stage 03, test it on real TEST."""

    checkpoint: Literal["last", "val"] = Field(
        "last", description="weights to test: the last step's, or those with the least VAL error"
    )
    steps_selected: Count = Field(300, description="training steps on a selected set (400 no better)")
    soft_tolerance: float = Field(
        1.0, ge=0, description="EF points outside the true class still soft-correct"
    )
    grid_jobs: int = Field(
        1, ge=1, le=1000, description="jobs that share the networks to train; 1: the stage"
    )
    bootstrap_samples: Count = Field(2000, description="resamples of each 95 % interval")
