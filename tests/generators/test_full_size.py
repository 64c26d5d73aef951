"""The paper profile's generator at its own size: the autoencoder, the Latte and the sampler take a step each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from data_folders import textured_clip

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.generators.autoencoder_training import obtain_autoencoder
from infomotion_lib.generators.latte.diffusion import (
    LatteRecipe,
    denoising_loss,
    sample_latents,
    train_latte,
)
from infomotion_lib.generators.latte.generator import decode_clips
from infomotion_lib.generators.latte.weights import load_latte, save_latte
from infomotion_lib.parameters import read_profile

FRAMES = 2


def test_a_generator_of_the_papers_size_learns_and_draws(tmp_path: Path) -> None:
    profile = read_profile("paper")
    side, size = profile["latte_side"], profile["latte_size"]
    clip = textured_clip(0, frames=FRAMES, height=side, width=side)
    autoencoder = obtain_autoencoder(clip, tmp_path / "vae", name=profile["autoencoder"], steps=1, batch=1)
    encoded = autoencoder.encode(clip)
    assert encoded.shape == (FRAMES, 4, side // 8, side // 8)
    label = np.arange(len(CLASS_NAMES))
    latents = encoded.expand(len(label), *encoded.shape)
    recipe = LatteRecipe(size, side // 8, FRAMES, steps=1, batch=1, fps=profile["latte_fps"])
    trained = train_latte(latents, label, recipe)
    assert np.isfinite(trained.losses).all() and len(trained.losses) == 1
    assert np.isfinite(denoising_loss(trained, latents[:1], label[:1]))
    again = load_latte(save_latte(trained, tmp_path / "latte.safetensors"), size=size)
    drawn = [
        sample_latents(
            network, len(CLASS_NAMES) - 1, seeds=[1], guidance=profile["guidance"], sampling_steps=1
        )
        for network in (trained, again)
    ]
    assert torch.equal(*drawn), "the file holds the network"
    (clip,) = decode_clips(autoencoder, drawn[0], side=side)
    assert clip.shape == (FRAMES, side, side) and clip.dtype == np.uint8
