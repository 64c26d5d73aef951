"""Noise of the diffusion generators: 1000 linear steps, the same for every one."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from diffusers import DDPMScheduler
from torch import Tensor

NOISE_STEPS = 1000


LINEAR: dict[str, Any] = {
    "num_train_timesteps": NOISE_STEPS,
    "beta_start": 1e-4,
    "beta_end": 0.02,
    "beta_schedule": "linear",
}
"""Noise levels, as options of diffusers' schedulers."""


@cache
def _roots() -> tuple[Tensor, Tensor]:
    """Shares of clean latent and of noise at every step, (1000,) each; numpy takes the roots, as torch's
    differ between processors.
    """
    kept = DDPMScheduler(**LINEAR).alphas_cumprod.numpy()
    return torch.from_numpy(np.sqrt(kept)), torch.from_numpy(np.sqrt(1 - kept))


def noise_shares(timestep: Tensor, *, like: Tensor) -> tuple[Tensor, Tensor]:
    """Shares of clean latent and of noise at each one's step (N,), shaped (N, 1, ...) for ``like``."""
    shape = (-1, *[1] * (like.ndim - 1))
    kept, added = (root.to(like.device)[timestep].view(shape) for root in _roots())
    return kept, added


def with_noise(clean: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:
    """Noisy latents (N, ...) at each one's step (N,): what the scheduler's ``add_noise`` gives, to rounding.

    .. math:: z_t = \\sqrt{\\bar\\alpha_t}\\, z_0 + \\sqrt{1 - \\bar\\alpha_t}\\, \\varepsilon
    """
    kept, added = noise_shares(timestep, like=clean)
    return kept * clean + added * noise
