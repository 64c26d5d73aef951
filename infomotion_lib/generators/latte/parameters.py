"""Parameters of the Latte and of its autoencoder."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infomotion_lib.parameter_types import Count, LocatedFolder, Rate, Seed
from infomotion_lib.training.parameters import TrainingParameters


class LatteParameters(TrainingParameters):
    """Train an autoencoder and a Latte, and draw clips."""

    latte_side: int = Field(
        64,
        ge=16,
        le=512,
        multiple_of=16,
        description="side of the generated frames, pixels; latents have an eighth of it",
    )
    latte_windows: Count = Field(2, description="clips cut from each training video")
    latte_condition: Literal["label", "requested"] = Field(
        "label", description="EF that gives a training clip its class"
    )
    autoencoder: Literal["small", "full"] = Field(
        "small", description="size of the autoencoder; full: that of Stable Diffusion"
    )
    autoencoder_weights: LocatedFolder = Field(
        "", description="folder of published weights (diffusers); empty: train our own"
    )
    autoencoder_steps: int = Field(300, ge=0, description="training steps of the autoencoder")
    autoencoder_batch_size: Count = Field(16, description="frames per step")
    latte_latents: Literal["scaled", "standardised"] = Field(
        "scaled",
        description="one factor for all latent channels (published), or mean 0 and variance 1 in each",
    )
    latte_size: Literal["cpu/2", "S/2", "B/2", "XL/2"] = Field(
        "cpu/2", description="size of the Latte; the last three are published"
    )
    latte_steps: int = Field(
        1000, ge=0, description="training steps of the Latte (published Latte: up to a million)"
    )
    latte_batch_size: Count = Field(8, description="clips per step (published Latte: 5 per GPU)")
    latte_learning_rate: Rate = Field(1e-3, description="peak (published Latte: 1e-4, constant)")
    latte_objective: Literal["v", "epsilon", "flow"] = Field(
        "epsilon", description="what the Latte learns to say: velocity, noise (published), or flow matching"
    )
    latte_shift: float = Field(
        1.0,
        ge=0.1,
        le=20,
        description="flow alone: above 1 more steps near pure noise, where shapes are made",
    )
    latte_seed: Seed = Field(0, description="seed of both trainings")
    guidance: float = Field(
        2.0,
        ge=1,
        le=20,
        description="classifier-free guidance; 1: the conditional model itself (published Latte: 7)",
    )
    sampling_steps: int = Field(
        25, ge=1, le=1000, description="denoising steps of a sample (published Latte: 250)"
    )
