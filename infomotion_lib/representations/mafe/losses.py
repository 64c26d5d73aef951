"""The two losses that MAFE adds to the middle frame, and what a constant answer would cost."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from infomotion_lib.representations.mafe.choices import Choices

LEAST_FLOW = 0.1
"""Pixels; a flow shorter than this has no direction, and no scale to be divided by."""


def flow_loss(flows: Tensor, target: Tensor, *, normed: bool, choices: Choices) -> Tensor:
    """Mean absolute difference of flows from the middle to both ends, a scalar.

    Parameters
    ----------
    flows, target : Tensor, shape (B, 2, 2, H, W)
        Of the network and of the teacher, pixels: end frame, x then y.
    normed : bool
        Whether they are normalised first.
    choices : Choices
        How.
    """
    flows, target = flows.float(), target.float()
    if normed and choices.flow_norm == "scale":
        square = target.square().sum(dim=2, keepdim=True).mean(dim=(3, 4), keepdim=True)
        scale = square.sqrt().clamp_min(LEAST_FLOW)  # (B, 2, 1, 1, 1)
        flows, target = flows / scale, target / scale
    elif normed:
        flows, target = (flow / (_lengths(flow) + LEAST_FLOW) for flow in (flows, target))
    return (flows - target).abs().mean()


def reid_loss(identities: Tensor, target: Tensor, *, normed: bool, choices: Choices) -> Tensor:
    """Squared difference of identity vectors, mean over frames, a scalar.

    Parameters
    ----------
    identities, target : Tensor, shape (B, 2, K)
        Of the network and of the teacher: first frame, last frame.
    normed : bool
        Whether they are given length 1 first.
    choices : Choices
        Mean or sum over the K numbers.
    """
    identities, target = identities.float(), target.float()
    if normed:
        identities, target = normalize(identities, dim=-1), normalize(target, dim=-1)
    squares = (identities - target).square()
    return squares.mean() if choices.reid_reduction == "mean" else squares.sum(dim=-1).mean()


def _lengths(flows: Tensor) -> Tensor:
    return torch.linalg.vector_norm(flows, dim=2, keepdim=True)
