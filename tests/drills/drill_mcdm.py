"""A network of videos learns to move a heart as another one moved: correlation of what a clip shows with its
donor's motion, before and after training.

The hearts are toys: two latent patterns that beat with an amplitude each, which is their motion; the network
is told a vector that holds both amplitudes, mixed.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from infomotion_lib.generators.mcdm.donors import Scale, tokens
from infomotion_lib.generators.spacetime.networks import chain_size, video_unet
from infomotion_lib.generators.spacetime.sampling import draw_videos
from infomotion_lib.generators.spacetime.training import Course, teach_videos

SIDE, LENGTH, PERIODS, NUMBERS = 6, 8, (4, 8), 12
PATTERNS = torch.randn(2, 4, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(9))
PATTERNS /= PATTERNS.pow(2).mean(dim=(1, 2, 3, 4), keepdim=True).sqrt()
MIXED = torch.randn(2, NUMBERS, generator=torch.Generator().manual_seed(10)).numpy()


def beats() -> Tensor:
    """Both patterns over time, (2, 4, T, S, S)."""
    times = torch.arange(LENGTH)
    waves = torch.stack([torch.cos(2 * torch.pi * times / period) for period in PERIODS])
    return 2 * PATTERNS * waves.view(2, 1, -1, 1, 1)


def hearts(count: int, *, seed: int) -> Tensor:
    """Still hearts (N, 4, S, S)."""
    still = torch.randn(count, 4, 2, 2, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(still, size=(SIDE, SIDE), mode="bilinear")


def amplitudes(count: int, *, seed: int) -> Tensor:
    """Motions (N, 2), 0 to 1."""
    return torch.rand(count, 2, generator=torch.Generator().manual_seed(seed))


def shown(clips: Tensor) -> Tensor:
    """Motions (N, 2) that clips show."""
    template = beats().flatten(1)
    moving = clips - clips.mean(dim=2, keepdim=True)
    return torch.linalg.lstsq(template.T, moving.flatten(1).T).solution.T


def test_motion_is_kept_after_training_and_not_before() -> None:
    motion = amplitudes(400, seed=0)
    clips = hearts(400, seed=1)[:, :, None] + torch.einsum("na,actij->nctij", motion, beats())
    vectors = (motion.numpy() @ MIXED + 5).astype(np.float32)  # most of a vector is the same for all
    scale = Scale.of(vectors, standard=True)
    told = tokens(vectors, np.zeros(400), scale=scale, condition="motion")
    torch.manual_seed(0)
    unet = video_unet(chain_size("small"), condition=NUMBERS)
    asked = amplitudes(24, seed=2)
    given = tokens(
        (asked.numpy() @ MIXED + 5).astype(np.float32), np.zeros(24), scale=scale, condition="motion"
    )
    kept = {}
    for when in ("before", "after"):
        if when == "after":
            losses = teach_videos(unet, clips, told, Course(600, batch=16), hearts=hearts(400, seed=1))
            print(f"loss {np.mean(losses[:20]):.3f} -> {np.mean(losses[-50:]):.3f}")
        drawn = draw_videos(unet.eval(), hearts(24, seed=3), given, frames=LENGTH, seeds=range(24), steps=16)
        found = shown(drawn).numpy()
        kept[when] = [float(np.corrcoef(asked[:, i], found[:, i])[0, 1]) for i in range(2)]
        print(f"{when} training: correlation with the donor's motion", np.round(kept[when], 2))
    assert max(np.abs(kept["before"])) < 0.6
    assert min(kept["after"]) > 0.85
