"""Parameters of the EF regressor."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infomotion_lib.parameter_types import Count, LocatedFile, Rate, Seed
from infomotion_lib.parameters import StageParameters

DECIDING = (
    *("regressor", "clip_frames", "clip_size", "clip_shift", "test_clips"),
    *("batch_size", "optimiser", "learning_rate", "weight_decay", "arithmetic"),
)
"""Parameters that decide what a network learns; its videos, steps and clip period are said beside them."""


class LabelsParameters(StageParameters):
    """Labels stage: EF of the synthetic pool by a regressor trained on real TRAIN."""

    regressor: Literal["tiny_r3d", "mini_r3d", "r3d_18", "r2plus1d_18"] = Field(
        "mini_r3d", description="network of the EF regressor"
    )
    regressor_weights: LocatedFile = Field(
        "", description="published checkpoint to start from or to label with; empty: none"
    )
    clip_frames: Count = Field(12, description="frames per clip (EchoNet: 32)")
    clip_period: Count = Field(4, description="frames from one clip frame to the next (EchoNet: 2)")
    clip_size: int = Field(28, ge=16, le=512, description="side of a clip, pixels (EchoNet: 112)")
    clip_shift: float = Field(
        0.107, ge=0, lt=0.5, description="random shift in training, share of the side (EchoNet: 12 of 112 px)"
    )
    test_clips: Count = Field(
        3, description="clips of a test video whose predictions are averaged (EchoNet: one, or all)"
    )
    batch_size: Count = Field(8, description="clips per step (EchoNet: 20)")
    optimiser: Literal["adamw", "sgd"] = Field(
        "adamw", description="of the regressor; sgd has momentum 0.9 (EchoNet)"
    )
    learning_rate: Rate = Field(3e-3, description="peak of the cosine schedule")
    weight_decay: float = Field(1e-4, ge=0, le=1, description="weight decay of the regressor (EchoNet: 1e-4)")
    steps_whole: Count = Field(1200, description="training steps on a whole set (400 underfit)")
    labeller_seed: Seed = Field(100, description="training seed of the relabelling regressor")
