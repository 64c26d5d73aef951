"""What the chain's denoisers learn: noise by a linear schedule, the velocity as target, a loss over valid
frames.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from infomotion_lib.generators.noise import LINEAR, noise_shares
from infomotion_lib.generators.objectives import PREDICTION, check_objective, flow_sampler

NOISE_OFFSET = 0.1
"""Strength of the part of the noise that all frames and pixels of a channel share, in videos; hearts have
none.
"""


def chain_schedule(objective: str = "v") -> Any:
    """Published noise schedule and sampler: 1000 linear steps, estimates of the clean latent clipped to 4;
    with ``"flow"``, Euler steps along straight lines.

    Parameters
    ----------
    objective : {"v", "epsilon", "flow"}
        What the network says; published: its velocity.
    """
    check_objective(objective)
    if objective == "flow":
        return flow_sampler()
    return DDPMScheduler(
        **LINEAR,
        variance_type="fixed_small",
        prediction_type=PREDICTION[objective],
        clip_sample=True,
        clip_sample_range=4.0,
        timestep_spacing="leading",
    )


def with_offset(noise: Tensor, offset: Tensor, *, strength: float = NOISE_OFFSET) -> Tensor:
    """Noise (B, 4, T, S, S) with a constant for each clip and channel, ``offset`` (B, 4, 1, 1, 1), added."""
    return noise + strength * offset


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
