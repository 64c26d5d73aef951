"""Parameters of MCDM; the defaults are a CPU size."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from infomotion_lib.parameter_types import Count, LocatedFolder, Rate, Seed
from infomotion_lib.representations.parameters import RepresentationChoice
from infomotion_lib.training.parameters import TrainingParameters

Motion = Literal["motion", "mafe"]
Condition = Literal["motion", "ef_motion"]
DonorSetting = Literal["shuffled", "self"]
Hearts = Literal["drawn", "real"]


class McdmParameters(TrainingParameters, RepresentationChoice):
    """Train an autoencoder, a denoiser of hearts and one of videos, and draw clips by motion vectors."""

    mcdm_motion: Motion = Field(
        "motion", description="whose motion vectors it is told; published: mafe, which the run must make then"
    )
    mcdm_condition: Condition = Field(
        "motion", description="what it is told: the motion vector, or the EF before it (both published)"
    )
    mcdm_scaling: Literal["standard", "raw"] = Field(
        "standard",
        description="motion vectors by mean and spread of TRAIN, or as they are (published)",
    )
    mcdm_donors: DonorSetting = Field(
        "shuffled",
        description="motion and heart of different videos; self: of one, which is made again, as published",
    )
    mcdm_hearts: Hearts = Field(
        "drawn", description="hearts that move: drawn by a network, or frames of real videos (published)"
    )
    mcdm_side: int = Field(
        48,
        ge=16,
        le=512,
        multiple_of=16,
        description="side of the generated frames, pixels (published: 112); padded, 64 costs four times 48",
    )
    mcdm_windows: Count = Field(2, description="clips cut from each training video")
    mcdm_size: Literal["small", "published"] = Field(
        "small", description="size of both denoisers; published: 189.4 million weights move hearts"
    )
    mcdm_autoencoder: Literal["small", "full"] = Field(
        "small", description="size of the autoencoder; full: that of Stable Diffusion"
    )
    mcdm_autoencoder_weights: LocatedFolder = Field(
        "", description="folder of published weights (diffusers); empty: train our own"
    )
    mcdm_autoencoder_steps: int = Field(300, ge=0, description="training steps of the autoencoder")
    mcdm_autoencoder_batch_size: Count = Field(16, description="frames per step")
    mcdm_heart_steps: int = Field(
        600, ge=0, description="training steps of the denoiser of hearts, where hearts are drawn"
    )
    mcdm_heart_batch_size: Count = Field(32, description="frames per step")
    mcdm_video_steps: int = Field(
        400, ge=0, description="training steps of the denoiser of videos (published: a million)"
    )
    mcdm_video_batch_size: Count = Field(4, description="clips per step (published: 16 per GPU)")
    mcdm_learning_rate: Rate = Field(1e-3, description="of both denoisers, constant (published: 1e-4)")
    mcdm_seed: Seed = Field(0, description="seed of all trainings")
    mcdm_sampling_steps: int = Field(
        25, ge=1, le=1000, description="denoising steps of hearts and of videos (published: 128)"
    )
    mcdm_check_clips: int = Field(
        8, ge=0, le=1000, description="VAL motions drawn before and after training, to see what is kept"
    )

    @model_validator(mode="after")
    def _self_shows_real_hearts(self) -> McdmParameters:
        if self.mcdm_donors == "self" and self.mcdm_hearts != "real":
            raise ValueError(
                "mcdm_donors: self makes real videos again from their own frames, which needs"
                " mcdm_hearts: real"
            )
        return self
