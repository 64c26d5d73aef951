"""Parameters of the frame network."""

from __future__ import annotations

from pydantic import Field

from infomotion_lib.parameter_types import Seed
from infomotion_lib.training.parameters import TrainingParameters


class AppearanceParameters(TrainingParameters):
    """How the frame ResNet-18 is trained."""

    appearance_steps: int = Field(150, ge=0, description="training steps of the frame ResNet-18")
    appearance_size: int = Field(64, ge=32, le=1024, description="side of its input frame, pixels")
    appearance_seed: Seed = Field(0, description="seed of its weights and batches")
