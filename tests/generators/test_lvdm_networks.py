"""Sizes of the chain's networks, what the video network refuses, and videos of any length."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from echosyn_reference import keys
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from infomotion_lib.errors import ParameterError
from infomotion_lib.generators.lvdm import denoise, stitched_denoise
from infomotion_lib.generators.noise import with_noise
from infomotion_lib.generators.objectives import velocity
from infomotion_lib.generators.privacy.network import Reidentification, real_frames, scaled
from infomotion_lib.generators.spacetime.networks import (
    chain_autoencoder,
    chain_size,
    heart_unet,
    video_unet,
)
from infomotion_lib.generators.spacetime.released_order import own_conditions, released_conditions, stored_ef
from infomotion_lib.generators.spacetime.targets import (
    chain_schedule,
    clean_latent,
    masked_loss,
)
from infomotion_lib.generators.spacetime.windows import stitch, whole_frames, window_starts
from infomotion_lib.paths import PROJECT

PUBLISHED, SMALL = chain_size("published"), chain_size("small")
NETWORKS: dict[str, tuple[Callable[[], nn.Module], float]] = {
    "vae": (lambda: chain_autoencoder(PUBLISHED), 62.4),
    "lidm": (lambda: heart_unet(PUBLISHED), 73.5),
    "lvdm": (lambda: video_unet(PUBLISHED), 143.8),
    "reid": (Reidentification, 23.8),
    "mcdm_3072": (lambda: video_unet(PUBLISHED, condition=3072), 189.4),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_published_sizes(name: str) -> None:
    build, millions = NETWORKS[name]
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in build().parameters())
    assert count == keys()["counts_full"][name] and round(count / 1e6, 1) == millions


@pytest.mark.parametrize(
    ("name", "build"),
    [("lvdm_small", video_unet), ("lidm_small", heart_unet), ("vae_small", chain_autoencoder)],
)
def test_names_of_parameters_are_the_published_ones(name: str, build: Callable[..., nn.Module]) -> None:
    with torch.device("meta"):
        network = build(SMALL)
    ours = {key: list(value.shape) for key, value in network.state_dict().items()}
    assert ours == keys()["parameters"][name]


def test_an_unknown_size_names_the_near_one() -> None:
    with pytest.raises(ParameterError, match="Did you mean published"):
        chain_size("publisht")


class Echo(nn.Module):
    """Stands for the video network: says the sum of all that it is given."""

    def __init__(self, levels: int = 2) -> None:
        super().__init__()
        self.config = {
            "projection_class_embeddings_input_dim": 1,
            "addition_time_embed_dim": 1,
            "cross_attention_dim": 1,
            "block_out_channels": (32,) * levels,
        }
        self.seen: list[tuple[int, ...]] = []

    def forward(self, sample: Tensor, timestep: Tensor, **given: Tensor) -> tuple[Tensor]:
        self.seen.append(tuple(sample.shape))
        said = sample[:, :, :4] + sample[:, :, 4:] + given["encoder_hidden_states"].view(-1, 1, 1, 1, 1)
        return (said + timestep.view(-1, 1, 1, 1, 1),)


@given(frames=st.integers(1, 60), window=st.integers(2, 20), videos=st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_each_window_has_the_condition_and_heart_of_its_video(frames: int, window: int, videos: int) -> None:
    noisy = torch.randn(videos, 4, frames, 6, 6, generator=torch.Generator().manual_seed(frames))
    ef, steps = torch.arange(1.0, videos + 1), 100 * torch.arange(videos)
    reference = 10 * torch.randn(videos, 4, 6, 6, generator=torch.Generator().manual_seed(window))
    unet = Echo()
    said = stitched_denoise(
        unet,
        noisy,
        reference=reference,
        condition=ef.view(-1, 1, 1),
        timestep=steps,
        window=window,
    )
    expected = noisy + reference[:, :, None] + (ef + steps).view(-1, 1, 1, 1, 1)
    torch.testing.assert_close(said, expected)
    assert all(shape[1] == min(frames, window) for shape in unet.seen)


@given(frames=st.integers(1, 400), window=st.integers(2, 64))
@settings(max_examples=60, deadline=None)
def test_windows_cover_a_video_and_the_first_wins(frames: int, window: int) -> None:
    starts, length = window_starts(frames, window=window), min(frames, window)
    assert starts[0] == 0 and starts[-1] + length == frames
    assert all(0 < b - a <= window // 2 for a, b in pairwise(starts))
    parts = [torch.full((1, length, 1, 1), number) for number in range(len(starts))]
    order = stitch(parts, starts)[0, :, 0, 0]
    assert len(order) == frames
    assert (order[:length] == 0).all() and (order.diff() >= 0).all() and int(order[-1]) == len(starts) - 1
    whole = whole_frames(frames, window=window)
    assert whole >= max(frames, window) and whole - frames < max(window, window // 2 + 1)


def test_noise_and_velocity_are_inverted() -> None:
    clean, noise = torch.randn(2, 3, 4, 2, 2, 2, generator=torch.Generator().manual_seed(0))
    timestep, schedule = torch.tensor([3, 400, 998]), chain_schedule()
    noisy, target = with_noise(clean, noise, timestep), velocity(clean, noise, timestep)
    torch.testing.assert_close(noisy, schedule.add_noise(clean, noise, timestep))
    torch.testing.assert_close(target, schedule.get_velocity(clean, noise, timestep))
    torch.testing.assert_close(clean_latent(noisy, target, timestep), clean, atol=1e-5, rtol=1e-5)


def test_the_loss_counts_one_frame_past_the_valid_ones() -> None:
    error = torch.ones(2, 4, 6, 3, 3)
    loss = masked_loss(error, torch.zeros_like(error), valid=torch.tensor([2, 6]))
    assert float(loss) == pytest.approx((3 + 6) / 12)


def test_latents_are_scaled_by_their_own_video() -> None:
    first, second = torch.rand(3, 4, 2, 2), 5 + 2 * torch.rand(3, 4, 2, 2)
    first[2, 0, 0, 0], second[1, 3, 1, 1] = 7, -9
    frames = real_frames([first, second])
    torch.testing.assert_close(frames[0], (first[0] - first.min()) / (7 - first.min()) * 2 - 1)
    assert float(frames.abs().max()) <= 1
    assert float(scaled(torch.full((2, 2), 3.0)).abs().max()) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noisy": torch.zeros(2, 4, 3, 6, 8)}, "Noisy clips must be"),
        ({"reference": torch.zeros(1, 4, 6, 6)}, "Reference frames must be"),
        ({"condition": torch.zeros(2, 1)}, "Conditions must be"),
        ({"timestep": torch.tensor(3)}, "Timesteps must be"),
        ({"noisy": torch.zeros(2, 4, 3, 7, 7), "reference": torch.zeros(2, 4, 7, 7)}, "padded to 7"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(change: dict[str, Tensor], message: str) -> None:
    given = {
        "noisy": torch.zeros(2, 4, 3, 6, 6),
        "reference": torch.zeros(2, 4, 6, 6),
        "condition": torch.zeros(2, 1, 1),
        "timestep": torch.tensor([1, 2]),
        **change,
    }
    with pytest.raises(ParameterError, match=message):
        denoise(Echo(), given.pop("noisy"), **given)


def test_eight_videos_of_192_frames_get_8_of_40_windows_of_their_own() -> None:
    own = own_conditions(8, len(window_starts(192)))
    assert own.shape == (8, 5) and own.sum() == 8 and (own.sum(axis=1) == 1).all()


@pytest.mark.parametrize(("videos", "windows"), [(1, 5), (8, 1)])
def test_batches_of_one_video_or_one_window_are_safe(videos: int, windows: int) -> None:
    assert own_conditions(videos, windows).all()
    assert np.bincount(released_conditions(videos, windows).ravel()).tolist() == [windows] * videos


def test_the_stored_ef_is_cut_off() -> None:
    assert {ef: stored_ef(ef) for ef in range(10, 91) if stored_ef(ef) != ef} == {53: 52, 59: 58}


def test_the_room_loads_no_torch_by_itself() -> None:
    code = (
        "import infomotion_lib.generators.lvdm, infomotion_lib.generators.lvdm.resampling, sys;"
        " print([name for name in ('torch', 'diffusers', 'monai') if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert answer.stdout.strip() == "[]"
