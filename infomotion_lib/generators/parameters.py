"""Parameters of the synthetic pools."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infomotion_lib.parameters import Count, Seed, StageParameters
from infomotion_lib.selection.parameters import Method


class LatteParameters(StageParameters):
    """Stage 05: train an autoencoder and a Latte, sample a pool, put two pools through one pipeline.

    Settings of phases, graphs and regressors are those of stages 01 to 04 of the same run.
    """

    latte_frames: int = Field(
        16, ge=8, le=64, description="frames a clip, in both pools (published Latte: 16)"
    )
    latte_fps: float = Field(
        12.5, gt=0, description="frames a second, in both pools; the phantom's regressor looks at this rate"
    )
    latte_side: int = Field(
        64,
        ge=16,
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
    autoencoder_weights: str = Field(
        "", description="folder of published weights (diffusers); empty: train our own"
    )
    autoencoder_steps: int = Field(300, ge=0, description="training steps of the autoencoder")
    autoencoder_batch_size: Count = Field(16, description="frames a step")
    latte_size: Literal["cpu/2", "S/2", "B/2", "XL/2"] = Field(
        "cpu/2", description="size of the Latte; the last three are published"
    )
    latte_steps: int = Field(
        1000, ge=0, description="training steps of the Latte (published Latte: up to a million)"
    )
    latte_batch_size: Count = Field(8, description="clips a step (published Latte: 5 a GPU)")
    latte_learning_rate: float = Field(1e-3, gt=0, description="peak (published Latte: 1e-4, constant)")
    latte_seed: Seed = Field(0, description="seed of both trainings")
    pool_per_class: Count = Field(30, description="clips of each requested class in either pool")
    pool_seed: Seed = Field(0, description="seed of the sampled pool")
    pool_methods: tuple[Method, ...] = Field(
        ("random", "infomotion"), description="selectors to compare the pools by (paper: InfoMotion)"
    )
    steps_pool: Count = Field(
        600, description="training steps on a whole pool (half those of a pool of twice the size)"
    )
    guidance: float = Field(
        2.0,
        ge=1,
        le=20,
        description="classifier-free guidance; 1: the conditional model itself (published Latte: 7)",
    )
    sampling_steps: int = Field(
        25, ge=1, le=1000, description="denoising steps of a sample (published Latte: 250)"
    )
    fidelity_resamples: Count = Field(100, description="subsamples of each interval of a distance")
    inception_weights: str = Field(
        "", description="TorchScript Inception for FID; empty: our own encoders alone"
    )
    inception_sha256: str = Field("", description="its hash")
    i3d_weights: str = Field("", description="TorchScript I3D for FVD; empty: our own encoders alone")
    i3d_sha256: str = Field("", description="its hash")
