"""Fréchet distances: known values, order of floor, pool and ceiling, and names that are earned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import linalg

from infomotion_lib.errors import CheckpointError, DataError
from infomotion_lib.evaluation.fidelity import (
    FIDELITY_COLUMNS,
    NamedEncoder,
    fidelity_table,
    frechet_distance,
    standard_encoders,
    torchscript_encoder,
)
from infomotion_lib.parameters import LatteParameters


def test_shift_of_the_mean_is_its_squared_length() -> None:
    x = np.random.default_rng(0).normal(size=(50, 4))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(x, x + np.array([3, 0, 4, 0])) == pytest.approx(25)


def test_scaling_by_two_adds_the_trace_of_the_covariance() -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    x -= x.mean(0)
    assert frechet_distance(x, 2 * x) == pytest.approx(np.trace(np.cov(x.T)))


@pytest.mark.parametrize("n", [40, 5])
def test_equals_the_matrix_root_formula_also_with_few_samples(n: int) -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(size=(n, 8)), random.normal(1, 2, size=(n + 3, 8))
    root = linalg.sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-4)


def test_table_has_floor_pool_and_ceiling_in_that_order() -> None:
    random = np.random.default_rng(0)
    real = random.normal(100, 10, size=(60, 2, 8, 8)).clip(0, 255).astype(np.uint8)
    pool = random.normal(120, 10, size=(40, 2, 8, 8)).clip(0, 255).astype(np.uint8)
    encoder = NamedEncoder("fed_frame", "frame mean and spread", lambda clips: np.stack([clips.mean((1, 2, 3)), clips.std((1, 2, 3))], 1))
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
        standard_encoders(LatteParameters(i3d_weights=str(tmp_path / "inception.pt"), i3d_sha256="0" * 64))
    assert caught.value.exit_code == 2
    assert standard_encoders(LatteParameters()) == []
    with pytest.raises(DataError, match="two samples"):
        frechet_distance(np.zeros((1, 3)), np.zeros((5, 3)))


def test_our_own_encoders_tell_movement_and_frames_apart() -> None:
    from infomotion_lib.appearance import train_appearance
    from infomotion_lib.evaluation.fidelity import frame_encoder, video_encoder
    from infomotion_lib.parameters import LabelsParameters
    from infomotion_lib.regressor.training import train_regressor

    random = np.random.default_rng(0)
    clips = random.integers(0, 255, size=(6, 8, 32, 32), dtype=np.uint8)
    still = np.repeat(clips[:, 4:5], 8, axis=1)
    ef = np.linspace(20, 80, 6)
    frames = frame_encoder(train_appearance(clips[:, 4], ef, steps=0, size=32))
    settings = LabelsParameters(clip_frames=4, clip_period=2, clip_size=16, batch_size=2)
    video = video_encoder(train_regressor([clip[:, ::2, ::2] for clip in clips], ef, parameters=settings, seed=0, steps=1), period=2)
    assert (frames.metric, video.metric) == ("fed_frame", "fed_video")
    assert frames.encode(clips).shape == (6, 512)
    assert np.allclose(frames.encode(clips), frames.encode(still), atol=1e-5), "the middle frame alone"
    assert not np.allclose(video.encode(clips), video.encode(still), atol=1e-3)
