"""Parameters of EchoSyn's chain."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infomotion_lib.parameter_types import Count, LocatedFolder, Rate, Seed
from infomotion_lib.training.parameters import TrainingParameters


class LvdmParameters(TrainingParameters):
    """Train an autoencoder, a denoiser of hearts and one of videos, and draw clips by EF."""

    lvdm_side: int = Field(
        64,
        ge=16,
        le=512,
        multiple_of=16,
        description="side of the generated frames, pixels (published: 112)",
    )
    lvdm_windows: Count = Field(2, description="clips cut from each training video")
    lvdm_size: Literal["small", "published"] = Field(
        "small", description="size of both denoisers; published: 73.5 and 143.8 million weights"
    )
    lvdm_autoencoder: Literal["small", "full"] = Field(
        "small", description="size of the autoencoder; full: that of Stable Diffusion"
    )
    lvdm_autoencoder_weights: LocatedFolder = Field(
        "", description="folder of published weights (diffusers); empty: train our own"
    )
    lvdm_autoencoder_steps: int = Field(300, ge=0, description="training steps of the autoencoder")
    lvdm_autoencoder_batch_size: Count = Field(16, description="frames per step")
    lvdm_heart_steps: int = Field(
        600, ge=0, description="training steps of the denoiser of hearts (published: 500,000)"
    )
    lvdm_heart_batch_size: Count = Field(32, description="frames per step (published: 256)")
    lvdm_video_steps: int = Field(
        400, ge=0, description="training steps of the denoiser of videos (published: 500,000)"
    )
    lvdm_video_batch_size: Count = Field(4, description="clips per step (published: 16)")
    lvdm_learning_rate: Rate = Field(
        1e-3, description="of both denoisers, constant (published: 3e-4 for hearts, 1e-4 for videos)"
    )
    lvdm_objective: Literal["v", "epsilon", "flow"] = Field(
        "v", description="what both denoisers learn to say: velocity (published), noise, or flow matching"
    )
    lvdm_condition_dropout: float = Field(
        0.0, ge=0, lt=1, description="share of clips taught without their EF (released code: none, in effect)"
    )
    lvdm_guidance: float = Field(
        1.0, ge=1, le=20, description="emphasis on the EF asked for; above 1 needs lvdm_condition_dropout"
    )
    lvdm_seed: Seed = Field(0, description="seed of all three trainings")
    lvdm_sampling_steps: int = Field(
        25, ge=1, le=1000, description="denoising steps of hearts and of videos (published: 64)"
    )
