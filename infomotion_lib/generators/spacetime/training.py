"""Teaching two denoisers: of hearts (single latent frames) and of videos (hearts moved by a token)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from infomotion_lib.generators.noise import NOISE_STEPS
from infomotion_lib.generators.objectives import noised
from infomotion_lib.generators.spacetime.denoising import denoise, denoise_hearts
from infomotion_lib.generators.spacetime.targets import (
    masked_loss,
    with_offset,
)
from infomotion_lib.training.lesson import Lesson, averaging, taught
from infomotion_lib.training.placement import Placement

FORMAT = 1
"""Raised when equal latents and settings teach another network: a checkpoint of another format is not gone on
from.
"""

CHECKPOINT_EVERY = 100


@dataclass(frozen=True)
class Course:
    """How a denoiser is taught.

    Attributes
    ----------
    steps, batch, seed : int
    learning_rate : float
        Of AdamW (weight decay 0.01, gradients clipped at 1), constant, as published.
    objective : {"v", "epsilon", "flow"}
        What the network learns to say; published: its velocity.
    dropout : float
        Share of clips whose condition is left out, zeros in its place; the released training draws such a
        mask and does not use it.
    """

    steps: int
    batch: int = 8
    learning_rate: float = 1e-3
    seed: int = 0
    objective: str = "v"
    dropout: float = 0.0


def ef_tokens(ef: NDArray[np.float64]) -> Tensor:
    """Tokens (N, 1, 1), 0 to 1, of EFs (N,) in points."""
    return torch.from_numpy(np.asarray(ef, dtype=np.float32) / 100).view(-1, 1, 1)


def teach_videos(
    unet: Any,
    latents: Tensor,
    condition: Tensor,
    course: Course,
    *,
    hearts: Tensor | None = None,
    placement: Placement = Placement(),  # noqa: B008  # frozen
    checkpoint: Path | None = None,
) -> list[float]:
    """Losses of every step; ``unet`` then holds the running average of its weights.

    Parameters
    ----------
    unet : UNetSpatioTemporalConditionModel
        Taught in place, on the device of ``placement``.
    latents : Tensor, shape (N, 4, T, S, S)
        Scaled latent clips.
    condition : Tensor, shape (N, 1, D)
        Token of each clip, such as :func:`ef_tokens`.
    course : Course
    hearts : Tensor, shape (N, 4, S, S), optional
        Reference frame of each clip; a random frame of it otherwise, as published.
    placement : Placement
        Where it is taught.
    checkpoint : path, optional
        Training state; a killed training of the same clips goes on as if it had not been.
    """
    draw = partial(_video_batch, latents, condition, hearts, course)
    used = [latents, condition] if hearts is None else [latents, condition, hearts]
    told = _Told(unet, _video_loss)
    return _teach(told, used, draw, course, label="videos", placement=placement, checkpoint=checkpoint)


def teach_hearts(
    unet: Any,
    latents: Tensor,
    course: Course,
    *,
    placement: Placement = Placement(),  # noqa: B008  # frozen
    checkpoint: Path | None = None,
) -> list[float]:
    """Losses of every step of a denoiser of single frames (N, 4, S, S); see :func:`teach_videos`."""
    draw, told = partial(_heart_batch, latents, course), _Told(unet, _heart_loss)
    return _teach(told, [latents], draw, course, label="hearts", placement=placement, checkpoint=checkpoint)


@torch.no_grad()
def velocity_loss(
    unet: Any, latents: Tensor, condition: Tensor, *, objective: str = "v", batch: int = 16
) -> float:
    """Mean square error of what a network of this objective says of clips (N, 4, T, S, S)
    given a token each, (N, 1, D).

    It is a mean over five noise levels, the noise the same at every call; the first frame of each clip is its
    reference.
    """
    generator, total, levels = torch.Generator().manual_seed(0), 0.0, range(100, NOISE_STEPS, 200)
    for level in levels:
        noise = torch.randn(latents.shape, generator=generator)
        for start in range(0, len(latents), batch):
            rows = slice(start, start + batch)
            clean, added = latents[rows].to(unet.device), noise[rows].to(unet.device)
            timestep = torch.full((len(clean),), level, device=unet.device)
            task = noised(objective, clean, added, timestep)
            predicted = denoise(
                unet,
                task.noisy,
                reference=clean[:, :, 0],
                condition=condition[rows].to(unet.device),
                timestep=task.timestep,
            )
            error = functional.mse_loss(predicted, task.target)
            total += float(error) * len(clean)
    return total / (len(levels) * len(latents))


def _video_loss(
    unet: Any, noisy: Tensor, reference: Tensor, condition: Tensor, timestep: Tensor, target: Tensor
) -> Tensor:
    predicted = denoise(unet, noisy, reference=reference, condition=condition, timestep=timestep)
    whole = torch.full((len(noisy),), noisy.shape[2], device=noisy.device)
    return masked_loss(predicted, target, valid=whole)


def _video_batch(
    latents: Tensor,
    condition: Tensor,
    hearts: Tensor | None,
    course: Course,
    step: int,
    device: torch.device,
) -> tuple[Tensor, ...]:
    chosen, random = _chosen(latents, course, step)
    rows = torch.from_numpy(chosen)
    clean = latents[rows]
    frames = torch.from_numpy(random.integers(latents.shape[2], size=len(chosen)))
    reference = clean[torch.arange(len(chosen)), :, frames] if hearts is None else hearts[rows]
    noise = with_offset(torch.randn_like(clean), torch.randn(*clean.shape[:2], 1, 1, 1))
    clean, noise, reference = clean.to(device), noise.to(device), reference.to(device)
    timestep = torch.randint(NOISE_STEPS, (len(chosen),)).to(device)
    told = condition[rows]
    if course.dropout:  # nothing is drawn without it, so that the noise of a training stays what it was
        told = told * (torch.rand(len(chosen), 1, 1) >= course.dropout)
    task = noised(course.objective, clean, noise, timestep)
    return task.noisy, reference, told.to(device), task.timestep, task.target


def _heart_loss(unet: Any, noisy: Tensor, timestep: Tensor, target: Tensor) -> Tensor:
    return functional.mse_loss(denoise_hearts(unet, noisy, timestep=timestep), target)


def _heart_batch(latents: Tensor, course: Course, step: int, device: torch.device) -> tuple[Tensor, ...]:
    chosen, _ = _chosen(latents, course, step)
    clean = latents[torch.from_numpy(chosen)].to(device)
    noise = torch.randn(clean.shape).to(device)
    timestep = torch.randint(NOISE_STEPS, (len(chosen),)).to(device)
    task = noised(course.objective, clean, noise, timestep)
    return task.noisy, task.timestep, task.target


def _chosen(latents: Tensor, course: Course, step: int) -> tuple[NDArray[np.int64], np.random.Generator]:
    """Rows of a step; torch's generator is set by the step too."""
    random = np.random.default_rng([course.seed, step])
    torch.manual_seed(int(random.integers(2**62)))
    return random.choice(len(latents), size=min(course.batch, len(latents)), replace=False), random


class _Told(nn.Module):
    """A loss of a network, as a module that several processes can share."""

    def __init__(self, network: nn.Module, loss: Callable[..., Tensor]) -> None:
        super().__init__()
        self.network, self.loss = network, loss

    def forward(self, *batch: Tensor) -> Tensor:
        return self.loss(self.network, *batch)


def _teach(
    told: _Told,
    taught_on: Sequence[Tensor],
    draw: Callable[[int, torch.device], tuple[Tensor, ...]],
    course: Course,
    *,
    label: str,
    placement: Placement,
    checkpoint: Path | None,
) -> list[float]:
    network = told.network.train()
    lesson = Lesson(
        label=label,
        network=network,
        loss=told,
        draw=draw,
        steps=course.steps,
        batch=min(course.batch, len(taught_on[0])),
        # fused: its square root is exact, see arithmetic.py
        optimiser=partial(torch.optim.AdamW, lr=course.learning_rate, weight_decay=0.01, fused=True),
        clip=1.0,
        averaging=averaging,
        identity=_identity(course, network, taught_on),
        checkpoint=checkpoint,
        every=CHECKPOINT_EVERY,
    )
    losses = taught(lesson, placement)
    network.eval()
    return losses


def _identity(course: Course, network: nn.Module, taught_on: Sequence[Tensor]) -> dict[str, Any]:
    """What decides a training: settings, the network's beginning, and what it is taught."""
    digest = hashlib.sha256()
    for values in (*network.state_dict().values(), *taught_on):
        digest.update(values.detach().cpu().contiguous().numpy().data)
    return {"format": FORMAT, **asdict(course), "content": digest.hexdigest()}
