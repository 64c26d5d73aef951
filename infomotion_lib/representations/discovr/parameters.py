"""Parameters of DISCOVR; the defaults are the CPU size, and settings under which it collapsed neither on
published clips nor on drawn hearts.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from infomotion_lib.parameter_types import Count, LocatedFile, Seed
from infomotion_lib.training.parameters import TrainingParameters

Temperature = Annotated[float, Field(gt=0)]


class DiscovrParameters(TrainingParameters):
    """How the video network of DISCOVR is trained."""

    discovr_size: Literal["tiny", "cpu", "vit_s", "vit_b"] = Field(
        "cpu", description="vit_b: 112 pixels, 64 frames, width 768 (published); cpu: 64 pixels, 16, 96"
    )
    discovr_variant: Literal["equations", "released"] = Field(
        "equations", description="as the paper's equations say, or as the published code computes"
    )
    discovr_weights: LocatedFile = Field(
        "", description="published checkpoint to start from, which gives the size; empty: random"
    )
    discovr_steps: int = Field(200, ge=0, description="training steps; 0: extract with the given weights")
    discovr_batch_size: Count = Field(8, description="clips per step (published: 16)")
    discovr_learning_rate: float = Field(1e-3, gt=0, description="peak; published 1.5e-4 x batch / 256")
    discovr_momentum: float = Field(
        0.98, ge=0, le=1, description="with which teachers keep their weights (published code: 0.99)"
    )
    discovr_temperatures: tuple[Temperature, Temperature] = Field(
        (0.02, 0.04), description="of the teachers, first and last (published: 0.04, 0.07)"
    )
    discovr_mask: float = Field(0.9, ge=0, lt=1, description="share of patches that are hidden (published)")
    discovr_views: Count = Field(4, description="masked views per clip and per frame (published)")
    discovr_period: Count = Field(3, description="video frames from one clip frame to the next (published)")
    discovr_crop: float = Field(
        0.66,
        gt=0,
        le=1,
        description="smallest share of the side that a random crop keeps (published); 1: none",
    )
    discovr_seed: Seed = Field(0, description="seed of weights, batches, crops and masks")
