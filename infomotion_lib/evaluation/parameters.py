"""Parameters of the evaluation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infomotion_lib.parameters import Count
from infomotion_lib.regressor.parameters import LabelsParameters
from infomotion_lib.selection.parameters import Method


class EvaluationParameters(LabelsParameters):
    """Stage 04: train the EF regressor on every selection, test it on real TEST."""

    methods: tuple[Method, ...] = Field(
        ("random", "kmeans", "infodist", "infomotion"), description="selectors to evaluate"
    )
    vpc: tuple[Count, ...] = Field((5, 10), min_length=1, description="videos per class (paper: 5 and 10)")
    n_runs: Count = Field(5, description="runs a cell; run r has selection_seed = training_seed = r")
    checkpoint: Literal["last", "val"] = Field(
        "last", description="weights to test: the last step's, or those with the least VAL error"
    )
    steps_selected: Count = Field(300, description="training steps on a selected set (400 no better)")
    soft_tolerance: float = Field(
        1.0, ge=0, description="EF points outside the true class still soft-correct"
    )
    bootstrap_samples: Count = Field(2000, description="resamples of each 95 % interval")
