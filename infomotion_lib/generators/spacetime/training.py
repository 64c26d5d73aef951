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

from infomotion_lib.errors import CheckpointError
from infomotion_lib.generators.noise import NOISE_STEPS
from infomotion_lib.generators.objectives import noised
from infomotion_lib.generators.spacetime.denoising import denoise, denoise_hearts
from infomotion_lib.generators.spacetime.targets import (
    masked_loss,
    with_offset,
)
from infomotion_lib.progress import track
from infomotion_lib.provenance import atomic

FORMAT = 1
"""Raised when equal latents and settings teach another network: a checkpoint of another format is not gone on
from.
"""

EMA_DECAY = 0.999
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
    checkpoint: Path | None = None,
) -> list[float]:
    """Losses of every step; ``unet`` then holds the running average of its weights.

    Parameters
    ----------
    unet : UNetSpatioTemporalConditionModel
        On the device where it is taught.
    latents : Tensor, shape (N, 4, T, S, S)
        Scaled latent clips.
    condition : Tensor, shape (N, 1, D)
        Token of each clip, such as :func:`ef_tokens`.
    course : Course
    hearts : Tensor, shape (N, 4, S, S), optional
        Reference frame of each clip; a random frame of it otherwise, as published.
    checkpoint : path, optional
        Training state; a killed training of the same clips goes on as if it had not been.
    """
    loss = partial(_video_loss, unet, latents, condition, hearts, course)
    taught = [latents, condition] if hearts is None else [latents, condition, hearts]
    return _teach(unet, taught, loss, course, label="videos", checkpoint=checkpoint)


def teach_hearts(
    unet: Any, latents: Tensor, course: Course, *, checkpoint: Path | None = None
) -> list[float]:
    """Losses of every step of a denoiser of single frames (N, 4, S, S); see :func:`teach_videos`."""
    loss = partial(_heart_loss, unet, latents, course)
    return _teach(unet, [latents], loss, course, label="hearts", checkpoint=checkpoint)


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
    unet: Any,
    latents: Tensor,
    condition: Tensor,
    hearts: Tensor | None,
    course: Course,
    chosen: NDArray[np.int64],
    random: np.random.Generator,
) -> Tensor:
    rows, device = torch.from_numpy(chosen), unet.device
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
    predicted = denoise(
        unet, task.noisy, reference=reference, condition=told.to(device), timestep=task.timestep
    )
    whole = torch.full((len(chosen),), clean.shape[2], device=device)
    return masked_loss(predicted, task.target, valid=whole)


def _heart_loss(
    unet: Any, latents: Tensor, course: Course, chosen: NDArray[np.int64], random: np.random.Generator
) -> Tensor:
    clean = latents[torch.from_numpy(chosen)].to(unet.device)
    noise = torch.randn(clean.shape).to(unet.device)
    timestep = torch.randint(NOISE_STEPS, (len(chosen),)).to(unet.device)
    task = noised(course.objective, clean, noise, timestep)
    predicted = denoise_hearts(unet, task.noisy, timestep=task.timestep)
    return functional.mse_loss(predicted, task.target)


def _teach(
    network: nn.Module,
    taught: Sequence[Tensor],
    loss_of: Callable[[NDArray[np.int64], np.random.Generator], Tensor],
    course: Course,
    *,
    label: str,
    checkpoint: Path | None,
) -> list[float]:
    count = len(taught[0])
    network.train()
    average = {name: value.detach().clone() for name, value in network.state_dict().items()}
    # fused: its square root is exact, see arithmetic.py
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=course.learning_rate, weight_decay=0.01, fused=True
    )
    identity = _identity(course, network, taught)
    losses = _resumed(checkpoint, network, average, optimiser, identity) if checkpoint else []
    bar = track(range(len(losses), course.steps), label=label, unit="step")
    for step in bar:
        random = np.random.default_rng([course.seed, step])
        torch.manual_seed(int(random.integers(2**62)))
        chosen = random.choice(count, size=min(course.batch, count), replace=False)
        loss = loss_of(chosen, random)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        decay = min(EMA_DECAY, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            average[name].lerp_(value.detach(), 1 - decay)
        losses.append(float(loss.detach()))
        if checkpoint and ((step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == course.steps):
            state = {
                "identity": identity,
                "network": network.state_dict(),
                "average": average,
                "optimiser": optimiser.state_dict(),
                "losses": losses,
            }
            with atomic(checkpoint) as temporary:
                torch.save(state, temporary)
        if step % 20 == 0:
            bar.set_postfix(loss=f"{np.mean(losses[-100:]):.3f}")
    network.load_state_dict(average)
    network.eval()
    return losses


def _identity(course: Course, network: nn.Module, taught: Sequence[Tensor]) -> dict[str, Any]:
    """What decides a training: settings, the network's beginning, and what it is taught."""
    digest = hashlib.sha256()
    for values in (*network.state_dict().values(), *taught):
        digest.update(values.detach().cpu().contiguous().numpy().data)
    return {"format": FORMAT, **asdict(course), "content": digest.hexdigest()}


def _resumed(
    path: Path,
    network: nn.Module,
    average: dict[str, Tensor],
    optimiser: torch.optim.Optimizer,
    identity: dict[str, Any],
) -> list[float]:
    """Losses so far, the state put in place; none without a checkpoint of this very training."""
    if not path.is_file():
        return []
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        if state["identity"] != identity:
            return []
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        for name, value in state["average"].items():
            average[name].copy_(value)
    except Exception as error:
        raise CheckpointError(
            f"{path} is not a training checkpoint: {error}", remedy="Delete it to train from the start."
        ) from None
    return list(state["losses"])
