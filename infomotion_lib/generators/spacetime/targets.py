"""What the chain's denoisers learn: noise by a linear schedule, the velocity as target, a loss over valid
frames.
"""

from __future__ import annotations

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from infomotion_lib.generators.noise import LINEAR, noise_shares

NOISE_OFFSET = 0.1
"""Strength of the part of the noise that all frames and pixels of a channel share, in videos; hearts have
none.
"""


def chain_schedule() -> DDPMScheduler:
    """Published noise schedule and sampler: 1000 linear steps, velocity prediction, estimates of the clean
    latent clipped to 4.
    """
    return DDPMScheduler(
        **LINEAR,
        variance_type="fixed_small",
        prediction_type="v_prediction",
        clip_sample=True,
        clip_sample_range=4.0,
        timestep_spacing="leading",
    )


def with_offset(noise: Tensor, offset: Tensor, *, strength: float = NOISE_OFFSET) -> Tensor:
    """Noise (B, 4, T, S, S) with a constant for each clip and channel, ``offset`` (B, 4, 1, 1, 1), added."""
    return noise + strength * offset


def velocity(clean: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:
    """Velocities (B, ...), what a denoiser learns to say.

    .. math:: v = \\sqrt{\\bar\\alpha_t}\\, \\varepsilon - \\sqrt{1 - \\bar\\alpha_t}\\, z_0
    """
    kept, added = noise_shares(timestep, like=clean)
    return kept * noise - added * clean


def clean_latent(noisy: Tensor, prediction: Tensor, timestep: Tensor) -> Tensor:
    """Clean latents (B, ...) that a predicted velocity means; the inverse of
    :func:`infomotion_lib.generators.noise.with_noise`.
    """
    kept, added = noise_shares(timestep, like=noisy)
    return kept * noisy - added * prediction


def masked_loss(prediction: Tensor, target: Tensor, *, valid: Tensor) -> Tensor:
    """Mean square error of clips (B, 4, T, S, S), a scalar, over their valid frames (B,).

    As published: frames up to and including number ``valid`` count, one more than a short clip has, and the
    mean is over all elements, so that a short clip weighs less.
    """
    frame = torch.arange(prediction.shape[2], device=prediction.device)
    counts = (frame <= valid[:, None])[:, None, :, None, None]  # (B, 1, T, 1, 1)
    return (counts * (prediction - target) ** 2).mean()
