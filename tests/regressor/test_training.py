"""Training: learns, repeats itself, resumes, keeps TEST out, and can be kept in a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from infomotion_lib.classes import ef_class
from infomotion_lib.errors import CheckpointError, DataError
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.regressor import training
from infomotion_lib.regressor.fitted import FittedRegressor
from infomotion_lib.regressor.inputs import Normalisation, measure, shifted
from infomotion_lib.regressor.setup import TrainingSetup, Validation
from infomotion_lib.regressor.training import batch_of, learning_rate_at, train_regressor

Discs = tuple[list[NDArray[np.uint8]], NDArray[np.float64]]


def test_it_learns_what_moves(discs: Discs, quick: EvaluationParameters) -> None:
    videos, ef = discs
    longer = quick.model_copy(update={"batch_size": 8, "clip_shift": 0.0})
    fitted = train_regressor(videos[:30], ef[:30], parameters=longer, seed=0, steps=150)
    error = np.abs(fitted.predict(videos[30:]) - ef[30:]).mean()
    assert error < 0.6 * np.abs(ef[30:] - ef[:30].mean()).mean()
    assert np.mean(fitted.record["losses"][-10:]) < 0.5 * np.mean(fitted.record["losses"][:5])
    assert (ef_class(fitted.predict(videos[30:])) >= 0).all()


def test_equal_seeds_give_equal_numbers(discs: Discs, quick: EvaluationParameters) -> None:
    videos, ef = discs
    first, again, other = (
        train_regressor(videos, ef, parameters=quick, seed=seed, steps=6) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.predict(videos), again.predict(videos))
    assert not np.allclose(first.predict(videos), other.predict(videos))
    assert first.record["losses"] == again.record["losses"]


def test_training_leaves_the_callers_random_numbers_alone(discs: Discs, quick: EvaluationParameters) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train_regressor(discs[0][:4], discs[1][:4], parameters=quick, seed=1, steps=2)
    torch.testing.assert_close(torch.rand(3), expected, atol=0, rtol=0)


def test_a_killed_training_goes_on_to_the_same_numbers(
    discs: Discs, quick: EvaluationParameters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos, ef = discs
    monkeypatch.setattr(training, "CHECKPOINT_EVERY", 3)
    unbroken = train_regressor(videos, ef, parameters=quick, seed=3, steps=8)
    step = training._train_step

    def stopped(*arguments: object) -> float:
        if arguments[2] == 7:
            raise KeyboardInterrupt
        return step(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "_train_step", stopped)
    with pytest.raises(KeyboardInterrupt):
        train_regressor(
            videos,
            ef,
            parameters=quick,
            seed=3,
            steps=8,
            setup=TrainingSetup(checkpoint=tmp_path / "half.pt"),
        )
    monkeypatch.setattr(training, "_train_step", step)
    assert (tmp_path / "half.pt").is_file()
    with pytest.raises(CheckpointError, match="another run"):
        train_regressor(
            videos,
            ef,
            parameters=quick,
            seed=4,
            steps=8,
            setup=TrainingSetup(checkpoint=tmp_path / "half.pt"),
        )
    for other in (
        quick.model_copy(update={"learning_rate": 1e-4}),
        quick.model_copy(update={"clip_shift": 0.2}),
    ):
        with pytest.raises(CheckpointError, match="another run"):
            train_regressor(
                videos,
                ef,
                parameters=other,
                seed=3,
                steps=8,
                setup=TrainingSetup(checkpoint=tmp_path / "half.pt"),
            )
    with pytest.raises(CheckpointError, match="another run"):
        train_regressor(
            [255 - video for video in videos],
            ef,
            parameters=quick,
            seed=3,
            steps=8,
            setup=TrainingSetup(checkpoint=tmp_path / "half.pt"),
        )
    resumed = train_regressor(
        videos, ef, parameters=quick, seed=3, steps=8, setup=TrainingSetup(checkpoint=tmp_path / "half.pt")
    )
    assert resumed.record["losses"] == unbroken.record["losses"]
    np.testing.assert_array_equal(resumed.predict(videos), unbroken.predict(videos))
    assert not (tmp_path / "half.pt").exists()


def test_the_best_weights_on_val_are_kept_when_val_is_given(
    discs: Discs, quick: EvaluationParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos, ef = discs
    monkeypatch.setattr(training, "VALIDATE_EVERY", 2)
    fitted = train_regressor(
        videos[:20], ef[:20], parameters=quick, seed=0, steps=10, val=Validation(videos[20:], ef[20:])
    )
    assert fitted.record["chosen_by"] == "VAL error"
    assert fitted.record["chosen_step"] % 2 == 0
    error = float(np.abs(fitted.predict(videos[20:]) - ef[20:]).mean())
    assert error == pytest.approx(fitted.record["val_mae"])
    assert (
        train_regressor(videos[:20], ef[:20], parameters=quick, seed=0, steps=2).record["chosen_by"]
        == "last step"
    )


def test_constants_come_from_the_training_videos_alone(discs: Discs, quick: EvaluationParameters) -> None:
    videos, ef = discs
    fitted = train_regressor(
        videos[:10], ef[:10], parameters=quick, seed=0, steps=1, val=Validation(videos[10:], ef[10:])
    )
    assert fitted.normalisation == measure(videos[:10], frames=quick.clip_frames, period=quick.clip_period)
    assert fitted.ef_mean == pytest.approx(ef[:10].mean())
    assert fitted.ef_std == pytest.approx(ef[:10].std())


def test_the_optimiser_is_a_parameter(discs: Discs, quick: EvaluationParameters) -> None:
    videos, ef = discs
    both = [quick, quick.model_copy(update={"optimiser": "sgd", "learning_rate": 0.01})]
    adamw, sgd, again = (
        train_regressor(videos[:8], ef[:8], parameters=own, seed=0, steps=12).record["losses"]
        for own in (*both, both[1])
    )
    assert adamw[0] == sgd[0] and adamw[1:] != sgd[1:], "one start, two ways"
    assert sgd == again
    assert np.mean(sgd[-4:]) < np.mean(sgd[:4])


def test_every_video_is_seen_once_an_epoch() -> None:
    seen = np.concatenate(
        [batch_of(step, n=25, batch_size=8, seed=0) for step in range(25)]
    )  # 200 draws: 8 epochs
    assert (np.bincount(seen, minlength=25) == 8).all()
    assert not np.array_equal(seen[:25], seen[25:50])


def test_the_schedule_is_one_cosine() -> None:
    rates = [learning_rate_at(step, steps=100, peak=3e-3) for step in range(101)]
    assert rates[0] == 3e-3
    assert rates[50] == pytest.approx(1.5e-3)
    assert rates[100] == pytest.approx(0)
    assert (np.diff(rates) < 0).all()


def test_a_shift_moves_the_picture_and_nothing_else() -> None:
    clips = torch.arange(2 * 3 * 5 * 5, dtype=torch.uint8).reshape(2, 3, 5, 5) + 1
    moved = shifted(clips, np.array([[1, -2], [0, 0]]))
    torch.testing.assert_close(moved[1], clips[1])
    torch.testing.assert_close(moved[0, :, 1:, :3], clips[0, :, :4, 2:])
    assert (moved[0, :, 0] == 0).all()
    assert (moved[0, :, :, 3:] == 0).all()


def test_channels_are_the_frame_and_its_departure_from_the_clip_mean() -> None:
    clips = torch.randint(0, 255, (2, 6, 4, 4), dtype=torch.uint8)
    normalisation = Normalisation(mean=100.0, std=50.0, motion_std=10.0)
    two = normalisation.channels(clips, in_channels=2)
    assert two.shape == (2, 2, 6, 4, 4)
    assert two.is_contiguous(memory_format=torch.channels_last_3d)
    torch.testing.assert_close(two[:, 1].mean(dim=1), torch.zeros(2, 4, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(3 * two[:, 0], (clips.float() - 100) / 50)
    still = normalisation.channels(clips[:, :1].expand(-1, 6, -1, -1), in_channels=2)
    assert still[:, 1].abs().max() < 1e-5
    three = normalisation.channels(clips, in_channels=3)
    torch.testing.assert_close(three[:, 0], three[:, 2])


def test_files_keep_a_regressor_whole(discs: Discs, quick: EvaluationParameters, tmp_path: Path) -> None:
    videos, ef = discs
    fitted = train_regressor(videos, ef, parameters=quick, seed=0, steps=3)
    loaded = FittedRegressor.load(fitted.save(tmp_path / "net.safetensors"))
    np.testing.assert_array_equal(loaded.predict(videos), fitted.predict(videos))
    assert loaded.record == fitted.record
    assert "8 frames x 16 px" in repr(loaded)
    (tmp_path / "other.safetensors").write_bytes(b"no weights")
    for name in ("other.safetensors", "gone.safetensors"):
        with pytest.raises(CheckpointError, match=name):
            FittedRegressor.load(tmp_path / name)


def test_bad_training_sets_are_refused(discs: Discs, quick: EvaluationParameters) -> None:
    videos, ef = discs
    with pytest.raises(DataError, match="no training video"):
        train_regressor([], [], parameters=quick, seed=0, steps=1)
    with pytest.raises(DataError, match="40 training videos came with 3 labels"):
        train_regressor(videos, ef[:3], parameters=quick, seed=0, steps=1)
    with pytest.raises(DataError, match="1 training labels are not finite"):
        train_regressor(videos, np.where(np.arange(40) == 3, np.nan, ef), parameters=quick, seed=0, steps=1)
    fitted = train_regressor(videos, ef, parameters=quick, seed=0, steps=1)
    with pytest.raises(CheckpointError, match=r"\(T, 16, 16\)"):
        fitted.predict([np.zeros((9, 20, 20), np.uint8)])
    assert fitted.predict([]).shape == (0,)


def test_one_video_is_enough(discs: Discs, quick: EvaluationParameters) -> None:
    fitted = train_regressor(discs[0][:1], discs[1][:1], parameters=quick, seed=0, steps=2)
    assert np.isfinite(fitted.predict(discs[0])).all()


@pytest.mark.parametrize("name", ["r3d_18", "r2plus1d_18"])
def test_networks_of_full_size_take_a_step(name: str, quick: EvaluationParameters) -> None:
    videos = [
        np.random.default_rng(index).integers(0, 255, (9, 16, 16)).astype(np.uint8) for index in range(2)
    ]
    large = quick.model_copy(update={"regressor": name, "batch_size": 2, "test_clips": 1})
    fitted = train_regressor(videos, [30.0, 60.0], parameters=large, seed=0, steps=1)
    assert fitted.network.in_channels == 3
    assert np.isfinite(fitted.predict(videos)).all()
