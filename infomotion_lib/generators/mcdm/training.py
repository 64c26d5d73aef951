"""Teaching MCDM: a denoiser of videos told their motion, and one of hearts where hearts are drawn."""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from infomotion_lib.generators.mcdm.donors import tokens
from infomotion_lib.generators.mcdm.lessons import Moved, Taught
from infomotion_lib.generators.mcdm.parameters import McdmParameters
from infomotion_lib.generators.spacetime.networks import chain_size, heart_unet, video_unet
from infomotion_lib.generators.spacetime.training import Course, teach_hearts, teach_videos, velocity_loss
from infomotion_lib.training.placement import Placement


@dataclass(frozen=True)
class Trained:
    """What training gave.

    Attributes
    ----------
    videos : UNetSpatioTemporalConditionModel
    untrained : UNetSpatioTemporalConditionModel
        The same as it began, in evaluation mode.
    hearts : UNet2DModel or None
    token : int
        Numbers that ``videos`` is told.
    losses : dict of str to list of float
        Of every step, by network.
    facts : dict
        Seconds, losses on VAL.
    """

    videos: Any = field(repr=False)
    untrained: Any = field(repr=False)
    hearts: Any = field(repr=False)
    token: int
    losses: dict[str, list[float]] = field(repr=False)
    facts: dict[str, Any]


def train(taught: Taught, *, folder: Path, parameters: McdmParameters, device: str) -> Trained:
    """Both denoisers, trained; a killed training goes on from ``folder/checkpoints``."""
    p, size, seed = parameters, chain_size(parameters.mcdm_size), parameters.mcdm_seed
    placement = Placement.of(p, device)
    told = tokens(
        taught.train.motion, taught.train.ef, scale=taught.scale, condition=p.mcdm_condition
    )  # (N, 1, D)
    torch.manual_seed(seed)
    hearts = heart_unet(size) if p.mcdm_hearts == "drawn" else None
    torch.manual_seed(seed)
    videos = video_unet(size, condition=told.shape[-1])
    untrained = deepcopy(videos).to(device).eval()
    losses: dict[str, list[float]] = {}
    seconds: dict[str, float] = dict(taught.facts["seconds"])
    if hearts is not None:
        begun = time.monotonic()
        losses["lidm"] = teach_hearts(
            hearts,
            taught.train.latents.transpose(1, 2).flatten(0, 1),
            Course(p.mcdm_heart_steps, p.mcdm_heart_batch_size, p.mcdm_learning_rate, seed),
            placement=placement,
            checkpoint=folder / "checkpoints" / "lidm.pt",
        )
        seconds["hearts"] = round(time.monotonic() - begun, 1)
    begun = time.monotonic()
    losses["mcdm"] = teach_videos(
        videos,
        taught.train.latents,
        told,
        Course(p.mcdm_video_steps, p.mcdm_video_batch_size, p.mcdm_learning_rate, seed),
        placement=placement,
        checkpoint=folder / "checkpoints" / "mcdm.pt",
    )
    seconds["videos"] = round(time.monotonic() - begun, 1)
    facts = {"seconds": seconds, "val_loss": losses_by_motion(videos, taught.val, taught, parameters)}
    return Trained(videos, untrained, hearts, int(told.shape[-1]), losses, facts)


def losses_by_motion(unet: Any, val: Moved, taught: Taught, parameters: McdmParameters) -> dict[str, float]:
    """Loss of VAL clips told their own motion and that of another VAL video: what the motion is worth."""
    told = tokens(val.motion, val.ef, scale=taught.scale, condition=parameters.mcdm_condition)
    given = {"right motion": told, "another's motion": told.roll(1, dims=0)}
    return {name: round(velocity_loss(unet, val.latents, token), 4) for name, token in given.items()}
