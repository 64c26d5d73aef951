"""Training: the same numbers after a kill at any step, batches by seed, augmentation, and flow that points
the right way.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from infomotion_lib.errors import CheckpointError, DataError, ParameterError, StageError
from infomotion_lib.representations.ifa.augment import Augmentation
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.settings import TrainingSettings
from infomotion_lib.representations.ifa.training import TrainingResult, new_interpolator, train_interpolator
from infomotion_lib.representations.ifa.triplets import TripletStore
from infomotion_lib.representations.ifa.validation import validation_psnr
from infomotion_lib.training import placement
from infomotion_lib.training.placement import Placement


def moving_textures(
    count: int, *, seed: int, size: int = 48, most: int = 3, detail: float = 0.06
) -> tuple[TripletStore, NDArray[np.int64]]:
    """Smooth textures that move by -most..most pixels a half interval; the store and the motion (N, 2), x
    then y.
    """
    rng = np.random.default_rng(seed)
    spectrum = np.exp(
        -0.5 * (np.fft.fftfreq(size) ** 2)[:, None] / detail**2
        - 0.5 * (np.fft.fftfreq(size) ** 2) / detail**2
    )
    moves = rng.integers(-most, most + 1, (count, 2))
    frames = []
    for move in moves:
        texture = np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) * spectrum).real
        texture = np.clip(127 + 60 * texture / texture.std(), 0, 255).astype(np.uint8)
        frames += [np.roll(texture, (k * move[1], k * move[0]), axis=(0, 1)) for k in range(3)]
    triplets = np.arange(3 * count).reshape(count, 3)
    return TripletStore(np.stack(frames), triplets, tuple(str(k) for k in range(count))), moves


UNCHANGED = Augmentation(*[False] * 5)
SMALL = {
    "steps": 12,
    "batch_size": 2,
    "warmup_steps": 3,
    "checkpoint_every": 5,
    "validate_every": 4,
    "seed": 3,
}


class Kill(Exception):
    """Stands for the end of the process."""


def run(folder: Path, *, kill_at: int = 0, **changes: object) -> TrainingResult:
    store, _ = moving_textures(7, seed=0)
    val, _ = moving_textures(3, seed=1)

    def on_step(step: int, loss: float) -> None:
        if step == kill_at:
            raise Kill

    network = new_interpolator(4, (1, 1, 1, 2, 2), seed=5, refine=bool(changes.pop("refine", False)))
    settings = TrainingSettings(**{**SMALL, **changes})  # type: ignore[arg-type]
    return train_interpolator(
        network, store, folder=folder, settings=settings, val=val, placement=Placement(), on_step=on_step
    )


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    return run(tmp_path_factory.mktemp("unbroken"))


@pytest.mark.parametrize("kill_at", [1, 5, 8, 11])
def test_a_run_killed_at_any_step_ends_in_the_same_numbers(
    kill_at: int, tmp_path: Path, unbroken: TrainingResult
) -> None:
    with pytest.raises(Kill):
        run(tmp_path, kill_at=kill_at)
    resumed = run(tmp_path)
    pd.testing.assert_frame_equal(resumed.log, unbroken.log, check_exact=True)
    assert resumed.summary() == unbroken.summary()
    for name, value in unbroken.network.state_dict().items():
        assert torch.equal(resumed.network.state_dict()[name], value)


def test_log_and_best_weights(tmp_path: Path, unbroken: TrainingResult) -> None:
    log = unbroken.log
    assert log["step"].tolist() == list(range(1, 13)) and log["loss"].notna().all()
    assert log.loc[log["psnr"].notna(), "step"].tolist() == [4, 8, 12]
    best = log.loc[log["psnr"].idxmax()]
    assert (unbroken.psnr, unbroken.best_step) == (pytest.approx(best["psnr"]), best["step"])
    assert validation_psnr(unbroken.network, moving_textures(3, seed=1)[0])[0] == pytest.approx(
        unbroken.psnr, abs=1e-4
    )


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    first = run(tmp_path)
    seen: list[int] = []
    store, _ = moving_textures(7, seed=0)
    val, _ = moving_textures(3, seed=1)
    network = new_interpolator(4, (1, 1, 1, 2, 2), seed=5, refine=False)
    again = train_interpolator(
        network,
        store,
        folder=tmp_path,
        settings=TrainingSettings(**SMALL),  # type: ignore[arg-type]
        val=val,
        placement=Placement(),
        on_step=lambda step, loss: seen.append(step),
    )
    assert seen == [] and again.summary() == first.summary()


def test_a_torn_log_line_is_dropped(tmp_path: Path, unbroken: TrainingResult) -> None:
    with pytest.raises(Kill):
        run(tmp_path, kill_at=8)
    with (tmp_path / "log.csv").open("a") as stream:
        stream.write("6,0.1,0.001,,\n7,0.2")
    pd.testing.assert_frame_equal(run(tmp_path).log, unbroken.log, check_exact=True)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Kill):
        run(tmp_path, kill_at=6)
    with pytest.raises(CheckpointError, match="learning_rate"):
        run(tmp_path, learning_rate=2e-3)
    with pytest.raises(CheckpointError, match="augmentation rotation"):
        run(tmp_path, augmentation=Augmentation(rotation=False))


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_bytes(b"PK\x03\x04 half")
    with pytest.raises(CheckpointError, match=r"last\.pt"):
        run(tmp_path)


def test_a_loss_that_is_not_finite_stops(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="ifa_learning_rate"):
        run(tmp_path, learning_rate=1e30)


def test_precision_asks_the_processor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(placement, "bf16_obstacle", lambda: "no instructions")
    assert (
        placement.resolve_precision("auto", "cpu")
        == "32-true"
        == placement.resolve_precision("32-true", "cpu")
    )
    with pytest.raises(ParameterError, match="no instructions"):
        run(tmp_path, steps=2, precision="bf16-mixed")
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(placement, "bf16_obstacle", lambda: "")
    assert (
        placement.resolve_precision("auto", "cpu")
        == "bf16-mixed"
        == placement.resolve_precision("bf16-mixed", "cpu")
    )


def test_a_gpu_is_asked_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "bf16_obstacle", lambda: "this is about the processor")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for able, precision in ((True, "bf16-mixed"), (False, "32-true")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda able=able: able)
        assert (
            placement.resolve_precision("auto", "auto")
            == precision
            == placement.resolve_precision("auto", "cuda")
        )


@pytest.mark.parametrize("changes", [{"loss": "ema_vfi"}, {"refine": True}, {"precision": "bf16-mixed"}])
def test_every_form_of_training_runs(
    changes: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        placement, "bf16_obstacle", lambda: ""
    )  # without the instructions it runs too, only slowly
    result = run(tmp_path, steps=2, **changes)
    assert np.isfinite(result.log["loss"]).all() and (result.network.unet is not None) == (
        "refine" in changes
    )


def test_zero_steps_leave_the_network_as_it_was(tmp_path: Path) -> None:
    result = run(tmp_path, steps=0)
    start = new_interpolator(4, (1, 1, 1, 2, 2), seed=5, refine=False)
    assert all(
        torch.equal(value, start.state_dict()[name]) for name, value in result.network.state_dict().items()
    )
    assert len(result.log) == 0 and np.isfinite(result.psnr_naive)


def test_schedule_rises_then_falls_to_a_tenth() -> None:
    full = TrainingSettings(steps=280_000, learning_rate=2e-4, warmup_steps=2000)
    assert (
        full.rate(0) == 0
        and full.rate(1000) == pytest.approx(1e-4)
        and full.rate(2000) == pytest.approx(2e-4)
    )
    assert full.rate(280_000) == pytest.approx(2e-5)
    rates = [full.rate(step) for step in range(2000, 280_000, 1000)]
    assert rates == sorted(rates, reverse=True)


def test_batches_are_whole_passes_and_depend_on_the_seed() -> None:
    settings = TrainingSettings(batch_size=3, seed=1)
    a_pass = np.concatenate([settings.rows(step, count=9) for step in range(3)])
    assert sorted(a_pass) == list(range(9))
    assert not np.array_equal(a_pass, np.concatenate([settings.rows(step, count=9) for step in range(3, 6)]))
    assert np.array_equal(settings.rows(1, count=9), TrainingSettings(batch_size=3, seed=1).rows(1, count=9))
    assert not np.array_equal(
        settings.rows(1, count=9), TrainingSettings(batch_size=3, seed=2).rows(1, count=9)
    )
    assert len(settings.rows(0, count=2)) == 2


def test_each_augmentation_does_its_own() -> None:
    triplet = np.arange(3 * 4 * 4, dtype=np.uint8).reshape(1, 3, 4, 4)
    many = np.repeat(triplet, 64, axis=0)

    def outcomes(triplets: NDArray[np.uint8], **switched_on: bool) -> set[bytes]:
        augmentation = Augmentation(**{**{name: False for name in vars(UNCHANGED)}, **switched_on})
        return {item.tobytes() for item in augmentation.apply(triplets, np.random.default_rng(0))}

    same = triplet[0].tobytes()
    assert outcomes(many) == {same}
    assert outcomes(many, temporal_swap=True) == {same, triplet[0, ::-1].tobytes()}
    assert outcomes(many, horizontal_flip=True) == {same, triplet[0, :, :, ::-1].tobytes()}
    assert outcomes(many, vertical_flip=True) == {same, triplet[0, :, ::-1].tobytes()}
    assert outcomes(many, rotation=True) == {np.rot90(triplet[0], k, axes=(1, 2)).tobytes() for k in range(4)}
    assert outcomes(many, channel_reversal=True) == {same}
    colour = np.repeat(np.arange(3 * 2 * 2 * 3, dtype=np.uint8).reshape(1, 3, 2, 2, 3), 64, axis=0)
    assert outcomes(colour, channel_reversal=True) == {colour[0].tobytes(), colour[0][..., ::-1].tobytes()}
    oblong = np.repeat(np.arange(3 * 2 * 4, dtype=np.uint8).reshape(1, 3, 2, 4), 16, axis=0)
    assert Augmentation().apply(oblong, np.random.default_rng(0)).shape == oblong.shape


@torch.inference_mode()
def test_swapped_frames_swap_the_directions() -> None:
    network = new_interpolator(8, (2, 2, 2, 2, 2), seed=0, refine=False).eval()
    frame0, frame1 = (torch.rand(2, 1, 48, 48, generator=torch.Generator().manual_seed(k)) for k in (0, 1))
    forth, back = network.features(frame0, frame1), network.features(frame1, frame0)
    for a, b in zip((*forth.motion, *forth.appearance), (*back.motion, *back.appearance), strict=True):
        torch.testing.assert_close(a, torch.roll(b, 2, dims=0), atol=1e-6, rtol=1e-5)
    still = network.features(frame0, frame0)
    for maps in still.motion:
        torch.testing.assert_close(maps[:2], maps[2:], atol=1e-6, rtol=1e-5)


def test_a_moving_texture_gets_flow_the_right_way(tmp_path: Path) -> None:
    """The flow from the middle back to the first frame is minus the motion."""
    store, _ = moving_textures(256, seed=0, detail=0.03)
    settings = TrainingSettings(steps=180, learning_rate=2e-3, warmup_steps=10, augmentation=UNCHANGED)
    network = new_interpolator(8, (1, 1, 1, 1, 1), seed=0, refine=False)
    result = train_interpolator(network, store, folder=tmp_path, settings=settings, placement=Placement())
    unseen, moves = moving_textures(48, seed=9, detail=0.03)
    with torch.inference_mode():
        first, _, last = torch.from_numpy(unseen.batch(np.arange(48))).float().div(255).split(1, dim=1)
        flow = result.network(first, last).flow[-1][:, :, 8:-8, 8:-8].mean(dim=(2, 3)).numpy()
    for axis in (0, 1):
        assert np.corrcoef(flow[:, axis], -moves[:, axis])[0, 1] > 0.5
        assert np.corrcoef(flow[:, 2 + axis], moves[:, axis])[0, 1] > 0.5


def test_a_store_needs_triplets() -> None:
    columns = {
        f"{motion}_{part}": [pd.NA] for motion in ("diastole", "systole") for part in ("start", "mid", "end")
    }
    rows = pd.DataFrame(
        {"source": ["real"], "file_name": ["a"], "split": ["TRAIN"], "path": ["a.avi"], **columns}
    )
    with pytest.raises(DataError, match="No TRAIN video shows a motion"):
        TripletStore.from_frame_index(rows)


def test_width_and_depth_reach_the_network() -> None:
    network = new_interpolator(4, (1, 1, 1, 1, 2), seed=0)
    assert isinstance(network, InterFrameInterpolator) and network.motion_size == 96
    again = new_interpolator(4, (1, 1, 1, 1, 2), seed=0)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))
