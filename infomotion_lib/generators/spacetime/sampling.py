"""Drawing hearts and videos by the published sampler (DDPM, 64 steps); each depends on its own seed only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from infomotion_lib.errors import ParameterError
from infomotion_lib.generators.noise import NOISE_STEPS
from infomotion_lib.generators.spacetime.denoising import denoise_hearts
from infomotion_lib.generators.spacetime.networks import LATENT_CHANNELS
from infomotion_lib.generators.spacetime.targets import chain_schedule
from infomotion_lib.generators.spacetime.windows import stitched_denoise

SAMPLING_STEPS = 64


@torch.no_grad()
def draw_hearts(
    unet: Any, *, side: int, seeds: Sequence[int], steps: int = SAMPLING_STEPS, objective: str = "v"
) -> Tensor:
    """Latent frames (len(seeds), 4, S, S) by a network that was taught this objective.

    Raises
    ------
    ParameterError
        If the number of steps is out of range.
    """

    def predict(noisy: Tensor, timestep: Tensor) -> Tensor:
        return denoise_hearts(unet, noisy, timestep=timestep)

    shape = (LATENT_CHANNELS, side, side)
    return sampled(predict, shape, seeds=seeds, steps=steps, device=unet.device, objective=objective)


@torch.no_grad()
def draw_videos(
    unet: Any,
    hearts: Tensor,
    condition: Tensor,
    *,
    frames: int,
    seeds: Sequence[int],
    steps: int = SAMPLING_STEPS,
    objective: str = "v",
    network: Callable[..., Tensor] = stitched_denoise,
) -> Tensor:
    """Latent videos (B, 4, frames, S, S) of hearts (B, 4, S, S) under their conditions (B, 1, D).

    Parameters
    ----------
    seeds : sequence of int
        One per video.
    objective : {"v", "epsilon", "flow"}
        What the network was taught.
    network : callable
        How windows are denoised and stitched, such as :func:`stitched_denoise` of another window.

    Raises
    ------
    ParameterError
        If the number of steps is out of range.
    """
    given = {"reference": hearts.to(unet.device), "condition": condition.to(unet.device)}

    def predict(noisy: Tensor, timestep: Tensor) -> Tensor:
        return network(unet, noisy, **given, timestep=timestep)

    shape = (LATENT_CHANNELS, frames, *hearts.shape[-2:])
    return sampled(predict, shape, seeds=seeds, steps=steps, device=unet.device, objective=objective)


def sampled(
    predict: Callable[[Tensor, Tensor], Tensor],
    shape: tuple[int, ...],
    *,
    seeds: Sequence[int],
    steps: int,
    device: torch.device,
    objective: str = "v",
) -> Tensor:
    """Latents (len(seeds), ...) on the CPU, from noise, by what ``predict`` says of noisy ones at a timestep
    (B,).
    """
    if not 1 <= steps <= NOISE_STEPS:
        raise ParameterError(f"Sampling steps must lie in 1 to {NOISE_STEPS}, not {steps}.")
    random = [torch.Generator().manual_seed(seed) for seed in seeds]
    latents = torch.stack([torch.randn(shape, generator=generator) for generator in random]).to(device)
    schedule = chain_schedule(objective)
    schedule.set_timesteps(steps)
    for step in schedule.timesteps:
        said = predict(latents, step.expand(len(seeds)).to(device))
        latents = schedule.step(said, step, latents, generator=random).prev_sample
    return latents.cpu()
