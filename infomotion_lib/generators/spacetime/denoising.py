"""One call of a network: latents padded by replication, and for videos the reference frame beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from infomotion_lib.errors import ParameterError

MULTIPLE = 8
"""Sides of latents are padded towards a multiple of this."""


def padding(side: int) -> int:
    """Pixels added at each edge of a latent of this side: ``(8 - side mod 8) // 2``, as published, so that 14
    becomes 16, and 8 becomes 16 too.

    >>> [padding(side) for side in (14, 8, 10, 6, 7)]
    [1, 4, 3, 1, 0]
    """
    return (MULTIPLE - side % MULTIPLE) // 2


def network_input(noisy: Tensor, reference: Tensor) -> Tensor:
    """Padded input (B, T, 8, S + 2p, S + 2p) of a noisy clip (B, 4, T, S, S) and its reference frame
    (B, 4, S, S).
    """
    frames, edge = noisy.shape[2], padding(noisy.shape[-1])
    joined = torch.cat([noisy, reference[:, :, None].expand(-1, -1, frames, -1, -1)], dim=1)
    return functional.pad(joined, (edge, edge, edge, edge, 0, 0), mode="replicate").transpose(1, 2)


def denoise(unet: Any, noisy: Tensor, *, reference: Tensor, condition: Tensor, timestep: Tensor) -> Tensor:
    """What the network says of noisy clips, (B, 4, T, S, S): the velocity, if it was trained on that.

    Parameters
    ----------
    unet : UNetSpatioTemporalConditionModel
        Eight channels in, four out.
    noisy : Tensor, shape (B, 4, T, S, S)
        Latent clips, channels before time.
    reference : Tensor, shape (B, 4, S, S)
        Latent frame of the heart that moves; the same for all frames.
    condition : Tensor, shape (B, 1, D)
        One token per clip: an EF from 0 to 1, or a motion vector.
    timestep : Tensor, shape (B,)
        Noise step of each clip.

    Raises
    ------
    ParameterError
        If shapes do not fit each other, or the padded side cannot be halved as often as the network does it
        (odd sides: the published padding leaves them odd).
    """
    _check(unet, noisy, reference, condition, timestep)
    side = noisy.shape[-1]
    edge = padding(side)
    width = unet.config["projection_class_embeddings_input_dim"] // unet.config["addition_time_embed_dim"]
    predicted = unet(
        network_input(noisy, reference),
        timestep,
        encoder_hidden_states=condition,
        added_time_ids=noisy.new_zeros(len(noisy), width),  # without effect on networks of these sizes
        return_dict=False,
    )[0]
    return predicted.transpose(1, 2)[..., edge : edge + side, edge : edge + side]


@dataclass(frozen=True)
class Guided:
    r"""A way to denoise that is told its condition with more emphasis (classifier-free guidance, Ho and
    Salimans, 2022).

    .. math:: \hat u = u(0) + w\, (u(c) - u(0))

    The network must have been taught with some conditions left out: zeros then stand for none.

    Attributes
    ----------
    network : callable
        How windows are denoised, such as
        :func:`~infomotion_lib.generators.spacetime.windows.stitched_denoise`.
    strength : float
        1: the network itself.
    """

    network: Callable[..., Tensor]
    strength: float

    def __call__(
        self, unet: Any, noisy: Tensor, *, reference: Tensor, condition: Tensor, timestep: Tensor
    ) -> Tensor:
        given = {"reference": reference, "timestep": timestep}
        told: Tensor = self.network(unet, noisy, condition=condition, **given)
        if self.strength == 1:
            return told
        untold = self.network(unet, noisy, condition=torch.zeros_like(condition), **given)
        return untold + self.strength * (told - untold)


def denoise_hearts(unet: Any, noisy: Tensor, *, timestep: Tensor) -> Tensor:
    """What the network of hearts says of noisy latent frames, (B, 4, S, S), padded in the same way.

    Parameters
    ----------
    unet : UNet2DModel
    noisy : Tensor, shape (B, 4, S, S)
    timestep : Tensor, shape (B,)
    """
    side = noisy.shape[-1]
    edge = padding(side)
    padded = functional.pad(noisy, (edge, edge, edge, edge), mode="replicate")
    return unet(padded, timestep, return_dict=False)[0][..., edge : edge + side, edge : edge + side]


def _check(unet: Any, noisy: Tensor, reference: Tensor, condition: Tensor, timestep: Tensor) -> None:
    if noisy.ndim != 5 or noisy.shape[-1] != noisy.shape[-2]:
        raise ParameterError(f"Noisy clips must be (B, 4, T, S, S), not {tuple(noisy.shape)}.")
    clips, channels, _, side, _ = noisy.shape
    token = (clips, 1, unet.config["cross_attention_dim"])
    wanted = {
        "Reference frames": (reference, (clips, channels, side, side)),
        "Conditions": (condition, token),
        "Timesteps": (timestep, (clips,)),
    }
    for what, (given, shape) in wanted.items():
        if tuple(given.shape) != shape:
            raise ParameterError(f"{what} must be {shape} for these clips, not {tuple(given.shape)}.")
    padded, halvings = side + 2 * padding(side), len(unet.config["block_out_channels"]) - 1
    if padded % 2**halvings:
        raise ParameterError(
            f"Latents of side {side} are padded to {padded}, which cannot be halved {halvings} times.",
            remedy="Take frames whose side is a multiple of 16 pixels.",
        )
