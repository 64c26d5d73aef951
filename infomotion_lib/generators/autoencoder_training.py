"""Teaching the autoencoder of latent diffusion to draw frames again."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from infomotion_lib.device import resolve_device
from infomotion_lib.errors import ParameterError
from infomotion_lib.generators.autoencoder import (
    DOWNSAMPLING,
    LATENT_CHANNELS,
    FittedAutoencoder,
    build_autoencoder,
    load_autoencoder,
    save_autoencoder,
    scaled_to,
    to_input,
)
from infomotion_lib.training.lesson import Lesson, taught
from infomotion_lib.training.placement import Placement

FORMAT = 1
"""Raised when equal frames and settings teach another autoencoder: a checkpoint of another format is not gone
on from.
"""

CHECKPOINT_EVERY = 100
KL_WEIGHT = 1e-6
"""Weight of the Kullback-Leibler term, that of the latent diffusion papers."""


def train_autoencoder(
    frames: NDArray[np.uint8],
    name: str = "small",
    *,
    steps: int,
    batch: int = 32,
    learning_rate: float = 2e-3,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    placement: Placement = Placement(),  # noqa: B008  # frozen
) -> FittedAutoencoder:
    """Autoencoder trained by L1 reconstruction plus a small KL term, its scale factor measured on the
    training frames.

    Parameters
    ----------
    frames : ndarray, shape (N, S, S), uint8
        Training frames; S a multiple of 16.
    name : str
        Size, see :func:`build_autoencoder`.
    steps, batch, learning_rate, seed
        One-cycle AdamW schedule over ``steps`` steps of ``batch`` frames.
    checkpoint : path, optional
        Where training state is kept; a killed training of the same frames goes on as if it had not been.
    placement : Placement
        Where it runs.
    """
    if frames.shape[-1] % (2 * DOWNSAMPLING):
        raise ParameterError(f"The side of a frame must be a multiple of 16, not {frames.shape[-1]}.")
    torch.manual_seed(seed)
    network = build_autoencoder(name)
    content = hashlib.sha256(np.ascontiguousarray(frames).data).hexdigest()
    lesson = Lesson(
        label="autoencoder",
        network=network,
        loss=_Reconstruction(network),
        draw=partial(_drawn, frames, min(batch, len(frames)), seed),
        steps=steps,
        batch=min(batch, len(frames)),
        # fused: its square root is exact, see arithmetic.py
        optimiser=partial(torch.optim.AdamW, lr=learning_rate, weight_decay=0.0, fused=True),
        schedule=partial(
            torch.optim.lr_scheduler.OneCycleLR,
            max_lr=learning_rate,
            total_steps=max(steps, 1),
            pct_start=0.1,
        ),
        clip=1.0,
        identity={
            "how": [FORMAT, name, steps, batch, learning_rate, seed, *frames.shape],
            "content": content,
        },
        checkpoint=Path(checkpoint) if checkpoint else None,
        every=CHECKPOINT_EVERY,
    )
    taught(lesson, placement)
    return scaled_to(frames, FittedAutoencoder(network.eval(), 1.0, name), seed=seed)


def obtain_autoencoder(
    frames: NDArray[np.uint8],
    folder: str | Path,
    *,
    weights: str = "",
    name: str,
    steps: int,
    batch: int,
    seed: int = 0,
    placement: Placement = Placement(),  # noqa: B008  # frozen
) -> FittedAutoencoder:
    """An autoencoder kept in ``folder``: published weights or one trained on ``frames``, its scale factor
    measured on them.

    A training that was done or begun with the same frames and settings is taken up, not repeated.

    Parameters
    ----------
    frames : ndarray, shape (N, S, S), uint8
        Training frames.
    folder : path
        Where it is kept; training state lies beside it, under ``checkpoints/``.
    weights : str
        Folder of published weights in diffusers' layout; empty: train.
    name, steps, batch, seed, placement
        See :func:`train_autoencoder`.
    """
    target, device = Path(folder), resolve_device(placement.device).type
    if weights:
        fitted = scaled_to(frames, load_autoencoder(weights, device=device), seed=seed)
    else:
        state = target.parent / "checkpoints" / "autoencoder.pt"
        fitted = train_autoencoder(
            frames, name, steps=steps, batch=batch, seed=seed, checkpoint=state, placement=placement
        )
    save_autoencoder(fitted, target)
    return load_autoencoder(target, device=device)


class _Reconstruction(nn.Module):
    """L1 distance of frames and what is drawn again of them, plus the KL term."""

    def __init__(self, network: AutoencoderKL) -> None:
        super().__init__()
        self.network = network

    def forward(self, target: Tensor, noise: Tensor) -> Tensor:
        """A scalar, of frames (B, 1, S, S) and the noise (B, 4, S/8, S/8) that draws their latents."""
        posterior = self.network.encode(target).latent_dist
        latents = posterior.mean + posterior.std * noise
        return (
            functional.l1_loss(self.network.decode(latents).sample, target)
            + KL_WEIGHT * posterior.kl().mean()
        )


def _drawn(
    frames: NDArray[np.uint8], batch: int, seed: int, step: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    random = np.random.default_rng([seed, step])
    torch.manual_seed(int(random.integers(2**62)))
    chosen = random.choice(len(frames), size=batch, replace=False)
    target = to_input(torch.from_numpy(frames[chosen]).to(device), channels=1)
    side = frames.shape[-1] // DOWNSAMPLING
    return target, torch.randn((batch, LATENT_CHANNELS, side, side), device=device)
