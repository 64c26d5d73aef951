"""The autoencoder's shapes, its scale factor, and its round trip through diffusers' own folder layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from infomotion_lib.errors import CheckpointError, ParameterError
from infomotion_lib.generators.autoencoder import (
    FittedAutoencoder,
    build_autoencoder,
    load_autoencoder,
    obtain_autoencoder,
    reconstruction_quality,
    save_autoencoder,
    train_autoencoder,
)


def blobs(n: int = 24, side: int = 32) -> np.ndarray:
    """Grey frames (n, side, side) of one smooth bright blob each."""
    y, x = np.mgrid[:side, :side] / side
    centre = np.random.default_rng(0).uniform(0.3, 0.7, (n, 2))
    return (255 * np.exp(-((x - centre[:, :1, None]) ** 2 + (y - centre[:, 1:, None]) ** 2) / 0.04)).astype(np.uint8)


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


def test_full_size_maps_112_pixels_to_14() -> None:
    import torch

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


def test_killed_training_goes_on_as_if_it_had_not_been(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from infomotion_lib.generators import autoencoder as room

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


def test_an_autoencoder_that_is_there_is_taken(tmp_path: Path) -> None:
    how = {"name": "small", "steps": 1, "batch": 2}
    first = obtain_autoencoder(blobs(), tmp_path / "vae", **how)
    again = obtain_autoencoder(blobs()[:0], tmp_path / "vae", **how)
    assert np.array_equal(first.encode(blobs()[:2]), again.encode(blobs()[:2]))
    copied = obtain_autoencoder(blobs()[:0], tmp_path / "copy", weights=str(tmp_path / "vae"), **how)
    assert copied.scale == pytest.approx(first.scale)
