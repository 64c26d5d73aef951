"""Denoisers in diffusers' folders are read whole or refused with what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from infomotion_lib.errors import CheckpointError
from infomotion_lib.generators.lvdm import denoise
from infomotion_lib.generators.lvdm.published import WEIGHTS, published_denoiser
from infomotion_lib.generators.spacetime.networks import chain_size, heart_unet, video_unet

SMALL = chain_size("small")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    video_unet(SMALL).save_pretrained(tmp_path / "lvdm")
    return tmp_path / "lvdm"


@torch.inference_mode()
def test_a_saved_network_is_read_back(folder: Path) -> None:
    torch.manual_seed(0)
    network, again = video_unet(SMALL).eval(), published_denoiser(folder, kind="lvdm")
    for name, value in network.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    noisy, reference = torch.randn(1, 4, 2, 6, 6), torch.randn(1, 4, 6, 6)
    given = {"condition": torch.full((1, 1, 1), 0.5), "timestep": torch.tensor([500])}
    said = [denoise(each, noisy, reference=reference, **given) for each in (network, again)]
    torch.testing.assert_close(*said, atol=1e-5, rtol=0)


def test_what_is_not_such_a_network_is_refused(folder: Path, tmp_path: Path) -> None:
    heart_unet(SMALL).save_pretrained(tmp_path / "lidm")
    assert published_denoiser(tmp_path / "lidm", kind="lidm").config["in_channels"] == 4
    with pytest.raises(CheckpointError, match="holds a UNet2DModel, not a UNetSpatio"):
        published_denoiser(tmp_path / "lidm", kind="lvdm")
    with pytest.raises(CheckpointError, match=r"Looked for: config.json and diffusion"):
        published_denoiser(tmp_path, kind="lvdm")


def test_weights_that_are_missing_are_not_drawn_at_random(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    save_file({name: value for name, value in weights.items() if "conv_out" not in name}, folder / WEIGHTS)
    with pytest.raises(CheckpointError, match=r"lacks weights .* conv_out"):
        published_denoiser(folder, kind="lvdm")
    (folder / WEIGHTS).write_bytes(b"half a file")
    with pytest.raises(CheckpointError, match="does not hold weights"):
        published_denoiser(folder, kind="lvdm")


def test_other_channels_are_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | {"in_channels": 4}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(CheckpointError):
        published_denoiser(folder, kind="lvdm")
