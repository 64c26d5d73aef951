"""MCDM's network and sampler give every stored number of the published ones, told the motion or EF and
motion.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from echosyn_reference import clips, gauss, references
from mcdm_reference import MOTION, keys, motion, outputs, state, worst
from reference_formula import formula_tensor
from torch import Tensor

from infomotion_lib.generators.lvdm.latents import decode, to_pixels
from infomotion_lib.generators.mcdm.donors import Scale, tokens
from infomotion_lib.generators.noise import with_noise
from infomotion_lib.generators.objectives import velocity
from infomotion_lib.generators.spacetime.denoising import denoise
from infomotion_lib.generators.spacetime.networks import (
    ChainSize,
    chain_autoencoder,
    chain_size,
    video_unet,
)
from infomotion_lib.generators.spacetime.released import released_stitched_denoise
from infomotion_lib.generators.spacetime.released_order import own_conditions, released_conditions
from infomotion_lib.generators.spacetime.targets import chain_schedule, masked_loss, with_offset
from infomotion_lib.generators.spacetime.windows import stitched_denoise, window_starts

NETWORK, EXACT = 3e-5, 1e-5
"""Tolerances, absolute: outputs of the U-Net; targets and losses."""

EF = np.array([30.0, 75])
FRAMES, KEPT = 96, [0, 31, 32, 63, 64, 95]
SAMPLED = (
    "released_batch/step0_output",
    *(f"one_by_one/step{step}_{what}" for step in (0, 1) for what in ("output", "latents")),
    "one_by_one/video",
)


def near(ours: Tensor, name: str, tolerance: float) -> None:
    difference = worst(ours, name)
    print(f"{name}: {difference:.1e}")  # shown by pytest -s
    assert difference <= tolerance, name


@cache
def unet(token: int) -> Any:
    network = video_unet(chain_size("small"), condition=token)
    network.load_state_dict(state(token=token))
    return network.eval()


@cache
def autoencoder() -> Any:
    narrow = chain_autoencoder(ChainSize((32, 64), 1, (32, 32, 32, 32), 1))
    shapes = {name: tuple(value.shape) for name, value in narrow.state_dict().items()}
    narrow.load_state_dict({name: formula_tensor(name, shape) for name, shape in shapes.items()})
    return narrow.eval()


def told(condition: str) -> Tensor:
    vectors = motion(2).numpy()
    return tokens(vectors, EF, scale=Scale.of(vectors, standard=False), condition=condition)  # type: ignore[arg-type]  # by name


@torch.inference_mode()
def test_one_step() -> None:
    clip, timesteps = clips(2, 4, 14), torch.tensor([10, 700])
    noise = with_offset(gauss("mcdm_small.noise", 2, 4, 4, 14, 14), gauss("mcdm_small.offset", 2, 4, 1, 1, 1))
    prediction = denoise(
        unet(MOTION),
        with_noise(clip, noise, timesteps),
        reference=references(2, 14),
        condition=told("motion"),
        timestep=timesteps,
    )
    near(prediction, "mcdm_small/prediction", NETWORK)
    target = velocity(clip, noise, timesteps)
    near(target[:, :, ::2], "mcdm_small/target", EXACT)
    near(masked_loss(prediction, target, valid=torch.tensor([4, 2])).view(1), "mcdm_small/loss", EXACT)


@pytest.mark.parametrize(
    ("name", "condition"), [("sample_motion", "motion"), ("sample_ef_motion", "ef_motion")]
)
@torch.inference_mode()
def test_the_sampler(name: str, condition: str) -> None:
    """Two steps over two windows, one video at a time; and, at the first, the released order."""
    given = {"reference": references(2, 6), "condition": told(condition)}
    network, facts = unet(given["condition"].shape[-1]), keys()[name]
    schedule = chain_schedule()
    schedule.set_timesteps(2)
    assert schedule.timesteps.tolist() == facts["one_by_one"]["timesteps"]
    draws = [
        torch.stack([gauss(f"stitch.draw{draw}.sample{i}", 4, FRAMES, 6, 6) for i in range(2)])
        for draw in range(2)
    ]
    latents = draws[0]
    for number, step in enumerate(schedule.timesteps):
        timestep = step.expand(2)
        if number == 0:
            mixed = released_stitched_denoise(network, latents, **given, timestep=timestep)
            near(mixed[:, :, KEPT], f"{name}/released_batch/step0_output", NETWORK)
        output = stitched_denoise(network, latents, **given, timestep=timestep)
        near(output[:, :, KEPT], f"{name}/one_by_one/step{number}_output", NETWORK)
        with patch("diffusers.schedulers.scheduling_ddpm.randn_tensor", lambda *_, **__: draws[1]):
            latents = schedule.step(output, step, latents).prev_sample
        near(latents[:, :, KEPT], f"{name}/one_by_one/step{number}_latents", 2 * NETWORK)
    frames = latents[:, :, KEPT].transpose(1, 2).flatten(0, 1)
    pixels = to_pixels(decode(autoencoder(), frames)).unflatten(0, (2, -1))[..., ::8, ::8]
    near(pixels.movedim(2, -1), f"{name}/one_by_one/video", 1)


@pytest.mark.parametrize("name", ["sample_motion", "sample_ef_motion"])
def test_whose_condition_each_window_gets(name: str) -> None:
    """The stored first number of each window's token tells whose it is."""
    stored = keys()[name]
    first = told("motion" if name == "sample_motion" else "ef_motion")[:, 0, 0].numpy()
    (in_order_of_the_batch,) = stored["released_batch"]["condition_of_each_window"]
    windows = stored["released_batch"]["windows"]
    np.testing.assert_allclose(
        first[released_conditions(2, windows)].T.ravel(), in_order_of_the_batch, atol=1e-6
    )
    alone = stored["one_by_one"]["condition_of_each_window"]
    np.testing.assert_allclose(np.repeat(first[:, None], windows, axis=1), alone, atol=1e-6)


def test_the_released_defaults_are_safe_for_motion_alone() -> None:
    """64 frames are one window; 128 frames, the default with EF, are three, and most get another video's
    token.
    """
    assert own_conditions(8, len(window_starts(64))).all()
    with_ef = own_conditions(8, len(window_starts(128)))
    assert with_ef.shape == (8, 3) and with_ef.sum() < with_ef.size / 2


@pytest.mark.parametrize(
    ("token", "name", "millions"), [(3072, "mcdm_3072", 189.43), (3073, "mcdm_with_ef_3073", 189.44)]
)
def test_the_published_size(token: int, name: str, millions: float) -> None:
    with torch.device("meta"):
        network = video_unet(chain_size("published"), condition=token)
    count = sum(value.numel() for value in network.parameters())
    assert count == keys()["counts_full"][name] and round(count / 1e6, 2) == millions
    small = sum(value.numel() for value in unet(MOTION).parameters())
    assert small == keys()["counts_small"]["mcdm_small"]


def test_every_stored_tensor_is_compared() -> None:
    sampled = {f"{name}/{part}" for name in ("sample_motion", "sample_ef_motion") for part in SAMPLED}
    assert set(outputs()) == sampled | {f"mcdm_small/{part}" for part in ("prediction", "target", "loss")}
