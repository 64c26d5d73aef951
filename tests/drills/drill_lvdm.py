"""How much of the EF asked for is kept when windows get conditions in the released sampler's order.

The hearts are toys: latent patterns that beat with an amplitude, which plays EF. What is measured is the
sampler, not the public data: whether those were drawn in batches of several long videos is not known.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from infomotion_lib.generators.spacetime.networks import chain_size, video_unet
from infomotion_lib.generators.spacetime.released import released_stitched_denoise
from infomotion_lib.generators.spacetime.released_order import own_conditions
from infomotion_lib.generators.spacetime.sampling import draw_videos
from infomotion_lib.generators.spacetime.training import Course, ef_tokens, teach_videos
from infomotion_lib.generators.spacetime.windows import stitched_denoise, window_starts

SIDE, WINDOW, PERIOD, LENGTH, VIDEOS = 6, 8, 4, 24, 8
PATTERN = torch.randn(4, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(9))
PATTERN /= PATTERN.pow(2).mean().sqrt()


def beat(frames: int) -> Tensor:
    return 2 * PATTERN * torch.cos(2 * torch.pi * torch.arange(frames) / PERIOD).view(1, -1, 1, 1)


def toy(ef: Tensor, *, frames: int, seed: int) -> tuple[Tensor, Tensor]:
    """Clips (N, 4, T, S, S) that beat by their EF (N,), 0 to 1, and their hearts (N, 4, S, S)."""
    generator = torch.Generator().manual_seed(seed)
    smooth = torch.nn.functional.interpolate(
        torch.randn(len(ef), 4, 2, 2, generator=generator), size=(SIDE, SIDE), mode="bilinear"
    )
    return smooth[:, :, None] + ef.view(-1, 1, 1, 1, 1) * beat(frames), smooth


def measured(clips: Tensor) -> Tensor:
    """EF (N,) that clips (N, 4, T, S, S) of whole periods show."""
    template = beat(clips.shape[2])
    return (clips * template).sum(dim=(1, 2, 3, 4)) / template.pow(2).sum()


def test_the_released_order_loses_the_ef_and_one_by_one_keeps_it() -> None:
    ef = torch.rand(400, generator=torch.Generator().manual_seed(0)) * 0.8 + 0.1
    clips, hearts = toy(ef, frames=WINDOW, seed=1)
    torch.manual_seed(0)
    unet = video_unet(chain_size("small"))
    losses = teach_videos(unet, clips, ef_tokens(100 * ef.numpy()), Course(600, batch=16), hearts=hearts)
    print(f"loss {np.mean(losses[:20]):.3f} -> {np.mean(losses[-50:]):.3f}")

    windows = len(window_starts(LENGTH, window=WINDOW))
    assert int(own_conditions(VIDEOS, windows).sum()) == VIDEOS, "8 videos, 5 windows: one window each"
    shown: dict[str, list[Tensor]] = {"one by one": [], "released": []}
    asked = []
    for batch in range(3):
        wanted = torch.rand(VIDEOS, generator=torch.Generator().manual_seed(50 + batch)) * 0.8 + 0.1
        _, hearts = toy(wanted, frames=WINDOW, seed=100 + batch)
        asked.append(wanted)
        for order, network in (("one by one", stitched_denoise), ("released", released_stitched_denoise)):
            drawn = draw_videos(
                unet,
                hearts,
                wanted.view(-1, 1, 1),
                frames=LENGTH,
                seeds=range(VIDEOS * batch, VIDEOS * (batch + 1)),
                steps=16,
                network=partial(network, window=WINDOW),
            )
            shown[order].append(measured(drawn))
    requested = torch.cat(asked).numpy()
    kept = {}
    for order, parts in shown.items():
        values = torch.cat(parts).numpy()
        kept[order] = float(np.corrcoef(requested, values)[0, 1])
        error = 100 * np.abs(values - requested).mean()
        print(f"{order}: correlation with the EF asked for {kept[order]:.2f}, error {error:.1f} points")
    assert kept["one by one"] > 0.9
    assert kept["released"] < kept["one by one"] - 0.3


def test_a_single_video_is_drawn_the_same_in_both_orders() -> None:
    torch.manual_seed(1)
    unet = video_unet(chain_size("small")).eval()
    _, heart = toy(torch.tensor([0.5]), frames=WINDOW, seed=3)
    drawn = [
        draw_videos(
            unet,
            heart,
            torch.full((1, 1, 1), 0.5),
            frames=LENGTH,
            seeds=[4],
            steps=2,
            network=partial(network, window=WINDOW),
        )
        for network in (stitched_denoise, released_stitched_denoise)
    ]
    assert float((drawn[0] - drawn[1]).abs().max()) == pytest.approx(0, abs=1e-4)
