"""The chain's networks and arithmetic give every stored number of the published one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from echosyn_reference import clips, gauss, keys, latent, outputs, references, state, worst
from reference_formula import formula_frames, formula_tensor
from torch import Tensor, nn
from torch.nn import functional

from infomotion_lib.errors import DataError
from infomotion_lib.generators.lvdm import denoise, stitched_denoise
from infomotion_lib.generators.lvdm.latents import decode, encode, to_input, to_pixels
from infomotion_lib.generators.lvdm.resampling import resampled
from infomotion_lib.generators.noise import with_noise
from infomotion_lib.generators.objectives import velocity
from infomotion_lib.generators.privacy import privacy_filter
from infomotion_lib.generators.privacy.network import Reidentification, real_frames, synthetic_frames
from infomotion_lib.generators.spacetime.denoising import network_input
from infomotion_lib.generators.spacetime.networks import (
    ChainSize,
    chain_autoencoder,
    chain_size,
    heart_unet,
    video_unet,
)
from infomotion_lib.generators.spacetime.released import released_stitched_denoise
from infomotion_lib.generators.spacetime.released_order import released_conditions, stored_ef
from infomotion_lib.generators.spacetime.targets import (
    chain_schedule,
    masked_loss,
    with_offset,
)

NETWORK, FEATURE, EXACT = 3e-5, 1e-5, 1e-5
"""Tolerances, absolute: outputs of U-Nets and autoencoder; features; targets and losses."""

SMALL = chain_size("small")
TIMESTEPS = torch.tensor([10, 700])


def loaded(network: nn.Module, weights: dict[str, Tensor]) -> Any:
    network.load_state_dict(weights)
    return network.eval()


@cache
def small_unet() -> Any:
    return loaded(video_unet(SMALL), state("lvdm_small"))


@torch.inference_mode()
def test_videos() -> None:
    clip, reference, ef = clips(2, 4, 14), references(2, 14), torch.tensor([0.25, 0.6]).view(2, 1, 1)
    noise = with_offset(gauss("lvdm_small.noise", 2, 4, 4, 14, 14), gauss("lvdm_small.offset", 2, 4, 1, 1, 1))
    noisy = with_noise(clip, noise, TIMESTEPS)
    edges = torch.tensor([0, 1, 7, 14, 15])
    padded = network_input(noisy, reference)[:, ::3]
    assert worst(padded[..., edges, :][..., edges], "lvdm_small/model_input_edges") < EXACT
    prediction = denoise(small_unet(), noisy, reference=reference, condition=ef, timestep=TIMESTEPS)
    assert worst(prediction, "lvdm_small/prediction") < NETWORK
    target = velocity(clip, noise, TIMESTEPS)
    assert worst(target[:, :, ::2], "lvdm_small/target") < EXACT
    loss = masked_loss(prediction, target, valid=torch.tensor([4, 2]))
    assert worst(loss.view(1), "lvdm_small/loss") < EXACT


@torch.inference_mode()
def test_conditions_are_not_mixed_across_the_batch() -> None:
    """diffusers before 0.28, which upstream pins, mixed them in temporal cross-attention; what that gives is
    stored, and is not what ours gives.
    """
    clip, reference, ef = clips(2, 4, 14), references(2, 14), torch.tensor([0.25, 0.6]).view(2, 1, 1)
    noise = with_offset(gauss("lvdm_small.noise", 2, 4, 4, 14, 14), gauss("lvdm_small.offset", 2, 4, 1, 1, 1))
    given = {"reference": reference, "condition": ef, "timestep": TIMESTEPS}
    noisy = with_noise(clip, noise, TIMESTEPS)
    together = denoise(small_unet(), noisy, **given)
    alone = [
        denoise(small_unet(), noisy[[b]], **{key: value[[b]] for key, value in given.items()}) for b in (0, 1)
    ]
    assert float((together - torch.cat(alone)).abs().max()) < NETWORK
    assert worst(together[:, :, ::2], "lvdm_small/prediction_diffusers_0_27") > 10 * NETWORK


@torch.inference_mode()
def test_hearts() -> None:
    unet = loaded(heart_unet(SMALL), state("lidm_small"))
    heart, noise = references(2, 14), gauss("lidm_small.noise", 2, 4, 14, 14)
    padded = functional.pad(with_noise(heart, noise, TIMESTEPS), (1, 1, 1, 1), mode="replicate")
    prediction = unet(padded, TIMESTEPS).sample[..., 1:-1, 1:-1]
    assert worst(prediction, "lidm_small/prediction") < NETWORK
    target = velocity(heart, noise, TIMESTEPS)
    assert worst(target, "lidm_small/target") < EXACT
    assert worst(functional.mse_loss(prediction, target).view(1), "lidm_small/loss") < EXACT


@torch.inference_mode()
def test_the_autoencoder() -> None:
    autoencoder = loaded(chain_autoencoder(SMALL), state("vae_small"))
    frames = (formula_frames(2, 64, 64, seed=5) * 255).round().to(torch.uint8)
    posterior = autoencoder.encode(to_input(frames)).latent_dist
    assert worst(posterior.mean, "vae_small/mean") < NETWORK
    assert worst(posterior.logvar, "vae_small/logvar") < NETWORK
    scaled = encode(autoencoder, to_input(frames), noise=gauss("vae_small.posterior", 2, 4, 8, 8))
    assert worst(scaled, "vae_small/scaled") < NETWORK
    decoded = decode(autoencoder, scaled)
    assert worst(decoded[:, :, ::4, ::4], "vae_small/decoded") < NETWORK
    assert worst(to_pixels(decoded)[:, :, ::4, ::4], "vae_small/pixels") <= 1
    assert worst(to_pixels(decoded, grey=True)[:, ::4, ::4], "vae_small/grey") <= 1


def video(seed: int, frames: int) -> Tensor:
    noise = gauss(f"reid.video{seed}", 4, frames, 14, 14)
    return (latent(seed, frames, 14) + 0.5 * noise).transpose(0, 1)  # (T, 4, S, S)


@torch.inference_mode()
def test_reidentification_and_filter() -> None:
    weights = state("reid", slope=1.0)
    weights["model.fc.weight"] *= 16
    network = loaded(Reidentification(), weights)
    train, test = [video(i, 3) for i in range(12)], [video(200 + i, 3) for i in range(8)]
    drawn = torch.stack([video(400 + i, 1)[0] for i in range(16)])
    for i, source in {2: 3, 7: 0, 11: 9}.items():
        drawn[i] = train[source][0] + 0.05 * gauss(f"reid.copy{i}", 4, 14, 14)
    features = {
        "train": network(real_frames(train)),
        "test": network(real_frames(test)),
        "synthetic": network(synthetic_frames(drawn)),
    }
    for part, ours in features.items():
        assert worst(ours, f"reid/features_{part}") < FEATURE
    report = privacy_filter(*features.values())
    np.testing.assert_allclose(report.closest, outputs()["reid/closest_synthetic"], atol=FEATURE)
    np.testing.assert_array_equal(report.kept, outputs()["reid/kept"].bool())
    assert not report.kept[[2, 7, 11]].any() and report.nearest[[2, 7, 11]].tolist() == [3, 0, 9]
    others = torch.cat([features["train"][:3], features["test"][:3]]).roll(1, dims=0)
    logits = network.same_video(features["train"][:6], others)
    assert worst(logits, "reid/logits") < NETWORK
    loss = functional.binary_cross_entropy_with_logits(logits, torch.tensor([1.0, 0, 1, 0, 0, 1]))
    assert worst(loss.view(1), "reid/bce") < EXACT


FRAMES, KEPT = 128, [0, 31, 32, 63, 64, 95, 96, 127]


def draw(number: int) -> Tensor:
    return torch.stack([gauss(f"stitch.draw{number}.sample{i}", 4, FRAMES, 6, 6) for i in range(2)])


@contextmanager
def noise_of_the_sampler(noise: Tensor) -> Iterator[None]:
    with patch("diffusers.schedulers.scheduling_ddpm.randn_tensor", lambda *_, **__: noise):
        yield


@torch.inference_mode()
def test_stitched_videos() -> None:
    """Two steps over three windows: outputs, latents and pixels of the published sampler, one video at a
    time.
    """
    facts = keys()["stitch"]
    given = {"reference": references(2, 6), "condition": torch.tensor([0.30, 0.75]).view(2, 1, 1)}
    schedule, latents = chain_schedule(), draw(0)
    schedule.set_timesteps(2)
    assert schedule.timesteps.tolist() == facts["one_by_one"]["timesteps"]
    for number, step in enumerate(schedule.timesteps):
        timestep = step.expand(2)
        if number == 0:
            output = released_stitched_denoise(small_unet(), latents, **given, timestep=timestep)
            assert worst(output[:, :, KEPT], "stitch/released_batch/step0_output") < NETWORK
        output = stitched_denoise(small_unet(), latents, **given, timestep=timestep)
        assert worst(output[:, :, KEPT], f"stitch/one_by_one/step{number}_output") < NETWORK
        with noise_of_the_sampler(draw(1)):
            latents = schedule.step(output, step, latents).prev_sample
        assert worst(latents[:, :, KEPT], f"stitch/one_by_one/step{number}_latents") < 2 * NETWORK
    narrow = chain_autoencoder(ChainSize((32, 64), 1, (32, 32, 32, 32), 1))
    shapes = {name: tuple(value.shape) for name, value in narrow.state_dict().items()}
    loaded(narrow, {name: formula_tensor(name, shape) for name, shape in shapes.items()})
    frames = latents[:, :, KEPT].transpose(1, 2).flatten(0, 1)
    pixels = to_pixels(decode(narrow, frames)).unflatten(0, (2, -1))[..., ::8, ::8]
    assert worst(pixels.movedim(2, -1), "stitch/one_by_one/video") <= 1


def test_whose_condition_each_window_gets() -> None:
    stored, ef = keys()["stitch"], np.array([0.3, 0.75])
    windows = stored["released_batch"]["windows"]
    (in_order_of_the_batch,) = stored["released_batch"]["condition_of_each_window"]
    assert ef[released_conditions(2, windows)].T.ravel().tolist() == in_order_of_the_batch
    alone = [value * np.ones(windows) for value in ef]
    assert np.array_equal(alone, stored["one_by_one"]["condition_of_each_window"])
    for order in ("released_batch", "one_by_one"):
        assert [row[1] for row in stored[order]["filelist"]] == [stored_ef(30), stored_ef(75)]


@pytest.mark.parametrize(
    "row", keys()["resampling"], ids=lambda row: f"{row['fps']}_{row['frames']}_{row['pick']}"
)
def test_resampling(row: dict[str, Any]) -> None:
    made = resampled(
        row["frames"], row["fps"], target_fps=row["target_fps"], target_frames=row["target_frames"]
    )
    last = row["pick"] == "last"
    taken = made.clip(offset=(made.offsets - 1) * last, start=(made.starts - 1) * last)
    assert taken.tolist() == row["indices"] and len(taken) == row["padding"]


def test_videos_no_longer_than_a_clip_are_refused() -> None:
    for row in keys()["resampling_refused"]:
        with pytest.raises(DataError, match="do not last"):
            resampled(
                row["frames"], row["fps"], target_fps=row["target_fps"], target_frames=row["target_frames"]
            )
