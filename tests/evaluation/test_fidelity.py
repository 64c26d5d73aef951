"""Fréchet distances: known values, order of floor, pool and ceiling, and names that are earned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import linalg

from infomotion_lib.errors import CheckpointError, DataError
from infomotion_lib.evaluation.ablation_parameters import AblationParameters
from infomotion_lib.evaluation.fidelity import (
    FIDELITY_COLUMNS,
    NamedEncoder,
    fidelity_table,
    frechet_distance,
    standard_encoders,
    torchscript_encoder,
)
from infomotion_lib.provenance import sha256


def test_shift_of_the_mean_is_its_squared_length() -> None:
    x = np.random.default_rng(0).normal(size=(50, 4))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(x, x + np.array([3, 0, 4, 0])) == pytest.approx(25)


def test_scaling_by_two_adds_the_trace_of_the_covariance() -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    x -= x.mean(0)
    assert frechet_distance(x, 2 * x) == pytest.approx(np.trace(np.cov(x.T)))


@pytest.mark.parametrize(("n", "m"), [(40, 43), (5, 8), (40, 5), (2, 3)])
def test_equals_the_matrix_root_formula_also_with_few_samples(n: int, m: int) -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(size=(n, 8)), random.normal(1, 2, size=(m, 8))
    root = linalg.sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-4)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-4)


def test_interval_is_as_wide_as_the_spread_over_other_draws() -> None:
    """Of two Gaussians 2 apart in 2 dimensions, so that bias is small: the truth is 4."""
    encoder = NamedEncoder(
        "fed_frame", "two numbers a clip", lambda clips: clips[:, 0, 0, :2].astype(float) / 10
    )
    rows = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        real = (128 + 10 * random.normal(size=(160, 1, 1, 2))).round().astype(np.uint8)
        pool = (128 + 10 * random.normal(size=(80, 1, 1, 2)) + np.array([20, 0])).round().astype(np.uint8)
        rows.append(
            fidelity_table(real, {"latte": pool}, [encoder], seed=seed, resamples=60)
            .set_index("pair")
            .loc["real_vs_latte"]
        )
    found = pd.DataFrame(rows).astype({"value": float, "ci_low": float, "ci_high": float})
    assert ((found["ci_low"] <= 4) & (found["ci_high"] >= 4)).mean() > 0.85
    assert (found["ci_high"] - found["ci_low"]).mean() / (2 * 1.96) == pytest.approx(
        found["value"].std(), rel=0.25
    )


def test_small_samples_are_biased_upwards_and_more_clips_lessen_it() -> None:
    random = np.random.default_rng(0)
    few, many = (
        np.mean([frechet_distance(*random.normal(size=(2, n, 16))) for _ in range(20)]) for n in (20, 200)
    )
    assert few > 5 * many > 0


def test_table_has_floor_pool_and_ceiling_in_that_order() -> None:
    random = np.random.default_rng(0)
    real = random.normal(100, 10, size=(60, 2, 8, 8)).clip(0, 255).astype(np.uint8)
    pool = random.normal(120, 10, size=(40, 2, 8, 8)).clip(0, 255).astype(np.uint8)
    encoder = NamedEncoder(
        "fed_frame",
        "frame mean and spread",
        lambda clips: np.stack([clips.mean((1, 2, 3)), clips.std((1, 2, 3))], 1),
    )
    table = fidelity_table(real, {"latte": pool}, [encoder], resamples=20)
    assert tuple(table.columns) == FIDELITY_COLUMNS
    assert table.pair.tolist() == ["real_vs_real", "real_vs_latte", "real_vs_noise"]
    assert table.value.is_monotonic_increasing
    assert (table.n == 30).all()
    assert (table.ci_low <= table.value).all()
    assert (table.value <= table.ci_high).all()
    assert table.ci_low[1] > table.ci_high[0]


def test_standard_names_need_the_standard_weights(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No encoder weights"):
        torchscript_encoder(tmp_path / "inception.pt", metric="fid", expected_sha256="0", side=299)
    (tmp_path / "inception.pt").write_bytes(b"not it")
    with pytest.raises(CheckpointError, match="SHA-256"):
        torchscript_encoder(tmp_path / "inception.pt", metric="fid", expected_sha256="0" * 64, side=299)
    with pytest.raises(CheckpointError, match="SHA-256") as caught:
        standard_encoders(AblationParameters(i3d_weights=str(tmp_path / "inception.pt"), i3d_sha256="0" * 64))
    assert caught.value.exit_code == 2
    assert standard_encoders(AblationParameters()) == []
    right = sha256(tmp_path / "inception.pt")
    with pytest.raises(CheckpointError, match="is no TorchScript network"):
        torchscript_encoder(tmp_path / "inception.pt", metric="fid", expected_sha256=right, side=299)
    with pytest.raises(DataError, match="two samples"):
        frechet_distance(np.zeros((1, 3)), np.zeros((5, 3)))


def scripted(module: torch.nn.Module, path: Path) -> str:
    """Hash of the module saved as TorchScript."""
    torch.jit.script(module).save(str(path))
    return sha256(path)


class PublishedInception(torch.nn.Module):
    """As the file of StyleGAN's metrics: grey levels 0 to 255 in; scores out, or features if asked."""

    def forward(self, img: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        return img.mean(dim=(2, 3)) if return_features else img.mean(dim=(2, 3)).softmax(1)


class PublishedI3D(torch.nn.Module):
    """As the file of StyleGAN-V's metrics: prepares its input if asked to."""

    def forward(
        self, x: torch.Tensor, rescale: bool = False, resize: bool = False, return_features: bool = False
    ) -> torch.Tensor:
        assert rescale and resize and return_features
        return x.mean(dim=(3, 4)).flatten(1)


class PlainNetwork(torch.nn.Module):
    """A network with no options: its input must be prepared."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([x.amin(), x.amax(), torch.tensor(float(x.shape[-1]))])[None]


def test_published_encoders_get_the_grey_levels_and_the_options_they_are_made_for(tmp_path: Path) -> None:
    clips = np.random.default_rng(0).integers(0, 256, (3, 4, 16, 16)).astype(np.uint8)
    digest = scripted(PublishedInception(), tmp_path / "inception.pt")
    fid = torchscript_encoder(tmp_path / "inception.pt", metric="fid", expected_sha256=digest, side=299)
    assert fid.encode(clips) == pytest.approx(
        np.repeat(clips[:, 2].mean((1, 2))[:, None], 3, axis=1), rel=1e-5
    )
    assert digest[:12] in fid.encoder
    digest = scripted(PublishedI3D(), tmp_path / "i3d.pt")
    fvd = torchscript_encoder(tmp_path / "i3d.pt", metric="fvd", expected_sha256=digest, side=224)
    assert fvd.encode(clips) == pytest.approx(np.tile(clips.mean((2, 3)), 3), rel=1e-5)
    digest = scripted(PlainNetwork(), tmp_path / "plain.pt")
    low, high, side = torchscript_encoder(
        tmp_path / "plain.pt", metric="fid", expected_sha256=digest, side=32
    ).encode(clips)[0]
    assert -1 <= low < -0.8 and 0.8 < high <= 1 and side == 32


def test_our_own_encoders_tell_movement_and_frames_apart() -> None:
    from infomotion_lib.evaluation.fidelity import frame_encoder, video_encoder
    from infomotion_lib.regressor.parameters import LabelsParameters
    from infomotion_lib.regressor.training import train_regressor
    from infomotion_lib.representations.appearance.network import train_appearance

    random = np.random.default_rng(0)
    clips = random.integers(0, 255, size=(6, 8, 32, 32), dtype=np.uint8)
    still = np.repeat(clips[:, 4:5], 8, axis=1)
    ef = np.linspace(20, 80, 6)
    frames = frame_encoder(train_appearance(clips[:, 4], ef, steps=0, size=32))
    settings = LabelsParameters(clip_frames=4, clip_period=2, clip_size=16, batch_size=2)
    video = video_encoder(
        train_regressor([clip[:, ::2, ::2] for clip in clips], ef, parameters=settings, seed=0, steps=1),
        period=2,
    )
    assert (frames.metric, video.metric) == ("fed_frame", "fed_video")
    assert frames.encode(clips).shape == (6, 512)
    assert np.allclose(frames.encode(clips), frames.encode(still), atol=1e-5), "the middle frame alone"
    assert not np.allclose(video.encode(clips), video.encode(still), atol=1e-3)
