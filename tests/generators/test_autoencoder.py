"""The autoencoder's shapes, its scale factor, and its round trip through diffusers' own folder layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

from infomotion_lib.errors import CheckpointError, ParameterError
from infomotion_lib.generators.autoencoder import (
    FittedAutoencoder,
    build_autoencoder,
    load_autoencoder,
    reconstruction_quality,
    save_autoencoder,
    scaled_to,
    standardised_to,
    weights_of,
)
from infomotion_lib.generators.autoencoder_training import obtain_autoencoder, train_autoencoder


def blobs(n: int = 24, side: int = 32) -> np.ndarray:
    """Grey frames (n, side, side) of one smooth bright blob each."""
    y, x = np.mgrid[:side, :side] / side
    centre = np.random.default_rng(0).uniform(0.3, 0.7, (n, 2))
    return (255 * np.exp(-((x - centre[:, :1, None]) ** 2 + (y - centre[:, 1:, None]) ** 2) / 0.04)).astype(
        np.uint8
    )


@pytest.fixture(scope="module")
def fitted() -> FittedAutoencoder:
    return train_autoencoder(blobs(), steps=60, batch=8)


def test_latents_have_unit_variance_at_an_eighth_of_the_side(fitted: FittedAutoencoder) -> None:
    latents = fitted.encode(blobs())
    assert latents.shape == (24, 4, 4, 4)
    assert float(latents.std()) == pytest.approx(1.0, abs=0.05)


def test_training_beats_the_mean_image(fitted: FittedAutoencoder) -> None:
    frames = blobs()
    mean_image = np.broadcast_to(frames.mean(0), frames.shape)
    baseline = -10 * np.log10(np.mean((frames / 255 - mean_image / 255) ** 2))
    assert reconstruction_quality(fitted, frames)["psnr"] > baseline


def test_folder_round_trip(fitted: FittedAutoencoder, tmp_path: Path) -> None:
    again = load_autoencoder(save_autoencoder(fitted, tmp_path / "vae"))
    assert again.scale == pytest.approx(fitted.scale)
    assert again.name == "small"
    assert np.array_equal(again.decode(again.encode(blobs()[:2])), fitted.decode(fitted.encode(blobs()[:2])))


def test_standardised_latents_are_centred_and_even_and_survive_the_folder(
    fitted: FittedAutoencoder, tmp_path: Path
) -> None:
    frames = blobs()
    even = standardised_to(frames, fitted)
    latents = even.encode(frames)
    torch.testing.assert_close(latents.mean((0, 2, 3)), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(latents.std((0, 2, 3)), torch.ones(4), atol=1e-4, rtol=0)
    uneven = fitted.encode(frames).std((0, 2, 3))
    assert float(uneven.max() / uneven.min()) > 1.05, "or nothing was there to even out"
    again = load_autoencoder(save_autoencoder(even, tmp_path / "vae"))
    assert np.array_equal(again.decode(again.encode(frames)), even.decode(latents))
    assert np.abs(again.decode(latents).astype(int) - fitted.decode(fitted.encode(frames))).max() <= 1
    assert scaled_to(frames, even).std == ()
    save_autoencoder(again, tmp_path / "vae")
    assert str(tmp_path) not in (tmp_path / "vae" / "config.json").read_text(encoding="utf-8"), (
        "diffusers notes the folder that a network was read from; a published one names no machine"
    )


def test_full_size_maps_112_pixels_to_14() -> None:
    with torch.device("meta"):
        network = build_autoencoder("full")
        assert network.encode(torch.zeros(1, 1, 112, 112)).latent_dist.mean.shape == (1, 4, 14, 14)


def test_bad_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="multiple of 16"):
        train_autoencoder(np.zeros((2, 40, 40), np.uint8), steps=1)
    with pytest.raises(ParameterError, match="Did you mean small"):
        build_autoencoder("smal")
    with pytest.raises(CheckpointError, match="No autoencoder"):
        load_autoencoder(tmp_path)


def test_killed_training_goes_on_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infomotion_lib.generators import autoencoder_training as room

    how = {"steps": 5, "batch": 4, "seed": 1}
    unbroken = train_autoencoder(blobs(), **how)
    monkeypatch.setattr(room, "CHECKPOINT_EVERY", 2)
    losses = iter(range(100))

    def dies(*arguments: object, **options: object) -> torch.Tensor:
        if next(losses) == 3:
            raise KeyboardInterrupt
        return torch.nn.functional.l1_loss(*arguments, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(room.functional, "l1_loss", dies)
        with pytest.raises(KeyboardInterrupt):
            train_autoencoder(blobs(), **how, checkpoint=tmp_path / "state.pt")
    resumed = train_autoencoder(blobs(), **how, checkpoint=tmp_path / "state.pt")
    assert next(losses) == 4, "the checkpoint was not ignored"
    assert resumed.scale == unbroken.scale
    for name, value in unbroken.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name])


def test_a_training_that_was_done_is_taken_up_and_another_is_not_mistaken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infomotion_lib.generators import autoencoder_training as room

    how = {"name": "small", "steps": 2, "batch": 2}
    first = obtain_autoencoder(blobs(), tmp_path / "vae", **how)
    weights = weights_of(tmp_path / "vae").read_bytes()
    monkeypatch.setattr(room.functional, "l1_loss", lambda *_: pytest.fail("trained again"))
    again = obtain_autoencoder(blobs(), tmp_path / "vae", **how)
    assert weights_of(tmp_path / "vae").read_bytes() == weights
    assert again.scale == first.scale
    monkeypatch.undo()
    for frames, changed in ((blobs(), how | {"steps": 3}), (blobs()[::-1], how)):
        obtain_autoencoder(frames, tmp_path / "vae", **changed)
        assert weights_of(tmp_path / "vae").read_bytes() != weights


def published(folder: Path) -> AutoencoderKL:
    """Colour weights as Stable Diffusion's are published: old names of the attention layers, no scale factor
    in the configuration.
    """
    from safetensors.torch import load_file, save_file

    torch.manual_seed(0)
    shape = {
        "block_out_channels": (16, 16, 32, 32),
        "latent_channels": 4,
        "norm_num_groups": 8,
        "in_channels": 3,
        "out_channels": 3,
    }
    kinds = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    network = AutoencoderKL(**shape, **kinds).eval()
    network.save_pretrained(folder)
    weights = load_file(weights_of(folder))
    for new, old in {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}.items():
        weights = {name.replace(new, old): value for name, value in weights.items()}
    assert any("proj_attn" in name for name in weights)
    save_file(weights, weights_of(folder), metadata={"format": "pt"})
    known = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps({k: v for k, v in known.items() if k not in ("scaling_factor", "shift_factor")})
    )
    return network


def test_published_weights_are_read_and_their_scale_is_measured_on_our_frames(tmp_path: Path) -> None:
    network = published(tmp_path / "sd-vae")
    found = load_autoencoder(tmp_path / "sd-vae")
    assert (found.name, found.scale) == ("published", 0.18215)
    colour = (torch.from_numpy(blobs()).to(torch.float32) / 127.5 - 1)[:, None].expand(-1, 3, -1, -1)
    with torch.no_grad():
        assert torch.equal(found.encode(blobs()), network.encode(colour).latent_dist.mean * 0.18215)
    taken = obtain_autoencoder(
        blobs(), tmp_path / "vae", weights=str(tmp_path / "sd-vae"), name="small", steps=1, batch=2
    )
    assert float(taken.encode(blobs()).std()) == pytest.approx(1.0, abs=0.01)
    assert weights_of(tmp_path / "vae").is_file()
    assert taken.decode(taken.encode(blobs())).shape == (24, 32, 32)


def test_weights_in_another_form_or_with_holes_are_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from safetensors.torch import load_file, save_file

    published(tmp_path)
    whole = weights_of(tmp_path).read_bytes()
    save_file(
        dict(list(load_file(weights_of(tmp_path)).items())[3:]),
        weights_of(tmp_path),
        metadata={"format": "pt"},
    )
    with pytest.raises(CheckpointError, match="lacks weights of an AutoencoderKL: decoder"):
        load_autoencoder(tmp_path)
    weights_of(tmp_path).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match="does not hold AutoencoderKL weights"):
        load_autoencoder(tmp_path)
    weights_of(tmp_path).rename(tmp_path / "diffusion_pytorch_model.bin")
    with pytest.raises(CheckpointError, match="Looked for: diffusion_pytorch_model"):
        load_autoencoder(tmp_path)
    assert capfd.readouterr().err == "", "one message, the error's"


def test_latents_of_another_shape_are_refused(tmp_path: Path) -> None:
    kinds = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    AutoencoderKL(**kinds, block_out_channels=(8, 8), norm_num_groups=4, latent_channels=16).save_pretrained(
        tmp_path
    )
    with pytest.raises(CheckpointError, match="16-channel latents at 1/2; 4 channels at 1/8 are needed"):
        load_autoencoder(tmp_path)
