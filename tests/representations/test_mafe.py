"""MAFE in the house: losses that teach, targets that follow flips, a killed training that ends with the same
bytes, one vector per video from stage 02 on.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from infomotion_lib.data.records import Dataset, read_dataset
from infomotion_lib.errors import CheckpointError, DataError, ParameterError, StageError
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.reporting.figures.mafe import loss_curves
from infomotion_lib.reporting.figures.representations import show_each
from infomotion_lib.reporting.style import use_style
from infomotion_lib.representations import extract
from infomotion_lib.representations.ifa.augment import Augmentation, Change
from infomotion_lib.representations.ifa.objective import Batch
from infomotion_lib.representations.ifa.settings import TrainingSettings
from infomotion_lib.representations.ifa.training import TrainingResult, new_interpolator, train_interpolator
from infomotion_lib.representations.ifa.triplets import TripletStore, attach_paths
from infomotion_lib.representations.mafe import taught as room
from infomotion_lib.representations.mafe.alarms import Signs, alarms
from infomotion_lib.representations.mafe.choices import Choices
from infomotion_lib.representations.mafe.flows import dis_flows, exact_flows
from infomotion_lib.representations.mafe.losses import flow_loss, reid_loss
from infomotion_lib.representations.mafe.objective import PARTS, MafeObjective, Targets, TaughtNetwork
from infomotion_lib.representations.mafe.reid import frames_by_video, pairs_of, reid_teacher
from infomotion_lib.representations.mafe.taught import targets_of
from infomotion_lib.representations.stage import Represented, fit_representations, load_representations
from infomotion_lib.stage_table import RUN_CARD
from infomotion_lib.training.placement import Placement

OURS, NOT_LOOKED = Choices(), Signs()
SMALL: dict[str, Any] = {"steps": 5, "batch_size": 2, "warmup_steps": 2, "checkpoint_every": 3, "seed": 3}


@pytest.fixture(scope="module")
def store() -> TripletStore:
    """Triplets of 32 pixels that move by whole pixels."""
    rng, frames = np.random.default_rng(0), []
    for _ in range(6):
        rough = rng.random((8, 8)).repeat(4, axis=0).repeat(4, axis=1)
        frames += [np.roll(np.uint8(255 * rough), k, axis=1) for k in range(3)]
    names = tuple(f"real/{number // 2} {('diastole', 'systole')[number % 2]}" for number in range(6))
    return TripletStore(np.stack(frames), np.arange(18).reshape(6, 3), names)


def objective_of(store: TripletStore, method: str = "both", **changes: Any) -> MafeObjective:
    rng = np.random.default_rng(1)
    flows = rng.normal(size=(len(store), 2, 2, 32, 32)).astype(np.float16)
    identities = rng.random((len(store), 2, 128)).astype(np.float32)
    targets = Targets(
        flows if "flow" in method or "both" in method else None,
        identities if method in ("reid", "both", "bothnorm") else None,
    )
    taught = TaughtNetwork(
        new_interpolator(4, (1, 1, 1, 1, 1), seed=5, refine=False),
        identifies=targets.identities is not None,
        seed=6,
    )
    return MafeObjective(method, replace(OURS, **changes), targets, taught)  # type: ignore[arg-type]


def trained(
    store: TripletStore, folder: Path, *, kill_at: int = 0, **changes: Any
) -> tuple[TrainingResult, nn.Module]:
    method = changes.pop("method", "both")
    objective = objective_of(store, method, **changes.pop("choices", {}))

    def on_step(step: int, loss: float) -> None:
        if step == kill_at:
            raise Kill

    result = train_interpolator(
        objective.taught.network,
        store,
        folder=folder,
        settings=TrainingSettings(**(SMALL | changes)),
        val=store,
        placement=Placement(),
        on_step=on_step,
        objective=objective,
    )
    return result, objective.taught


class Kill(Exception):
    """Stands for the end of the process."""


def test_a_killed_training_ends_with_the_same_bytes(store: TripletStore, tmp_path: Path) -> None:
    whole, taught = trained(store, tmp_path / "whole")
    with pytest.raises(Kill):
        trained(store, tmp_path / "killed", kill_at=4)
    again, resumed = trained(store, tmp_path / "killed")
    pd.testing.assert_frame_equal(again.log, whole.log, check_exact=True)
    theirs = taught.state_dict()
    assert {"head.weight", "head.bias"} <= set(theirs)
    assert all(torch.equal(value, theirs[name]) for name, value in resumed.state_dict().items())
    best = [(tmp_path / name / "best.safetensors").read_bytes() for name in ("whole", "killed")]
    assert best[0] == best[1]
    log = whole.log
    total = log["middle"] + 0.01 * log["flow"] + log["reid"]
    assert log["loss"].to_numpy() == pytest.approx(total.to_numpy(), rel=1e-5)


def test_another_run_is_not_gone_on_from(store: TripletStore, tmp_path: Path) -> None:
    trained(store, tmp_path, steps=2)
    with pytest.raises(CheckpointError, match="switch targets_follow"):
        trained(store, tmp_path, steps=2, choices={"targets_follow": False})
    with pytest.raises(CheckpointError, match="method, identity targets"):
        trained(store, tmp_path, steps=2, method="flow")


def test_a_training_that_diverges_names_its_own_parameters(store: TripletStore, tmp_path: Path) -> None:
    with pytest.raises(StageError, match="MAFE training diverged") as caught:
        trained(store, tmp_path, learning_rate=1e30)
    assert "mafe_learning_rate" in str(caught.value)


@pytest.mark.parametrize("method", ["none", "reid", "flow", "flownorm", "both", "bothnorm"])
def test_each_method_trains_what_it_says(store: TripletStore, method: str) -> None:
    objective = objective_of(store, method)
    taught, settings = objective.taught, TrainingSettings(**SMALL)
    first, middle, last = (torch.from_numpy(store.batch(np.arange(2))).float() / 255).split(1, dim=1)
    losses = objective.losses(taught(first, last), middle, Batch(0, np.arange(2), settings))
    parts = dict(zip(PARTS, (float(part.detach()) for part in losses.parts), strict=True))
    assert np.isfinite(parts["middle"])
    assert np.isfinite(parts["flow"]) == (method in ("flow", "flownorm", "both", "bothnorm"))
    assert np.isfinite(parts["reid"]) == (method in ("reid", "both", "bothnorm")) == (taught.head is not None)
    losses.total.backward()
    plain = objective_of(store, "none")
    alone = plain.losses(plain.taught(first, last), middle, Batch(0, np.arange(2), settings))
    alone.total.backward()
    pairs = zip(taught.network.parameters(), plain.taught.network.parameters(), strict=True)
    differs = any(
        not torch.equal(a.grad, b.grad) for a, b in pairs if a.grad is not None and b.grad is not None
    )
    assert differs == (method != "none"), "an added loss reaches the network"


def test_losses_by_hand() -> None:
    target = torch.zeros(1, 2, 2, 4, 4)
    target[:, :, 0] = 3.0
    flows = torch.zeros_like(target)
    assert float(flow_loss(flows, target, normed=False, choices=OURS)) == pytest.approx(1.5)
    assert float(flow_loss(flows, target, normed=True, choices=OURS)) == pytest.approx(0.5)
    small = flow_loss(flows, target / 100, normed=True, choices=OURS)
    assert float(small) == pytest.approx(0.5 * 0.03 / 0.1), "no scale below a tenth of a pixel"
    direction = replace(OURS, flow_norm="direction")
    same = flow_loss(100 * target, target, normed=True, choices=direction)
    assert float(same) < 0.02 < float(flow_loss(-target, target, normed=True, choices=direction))
    a, b = torch.zeros(1, 2, 128), torch.ones(1, 2, 128)
    assert float(reid_loss(a, b, normed=False, choices=OURS)) == 1
    assert float(reid_loss(a, b, normed=False, choices=replace(OURS, reid_reduction="sum"))) == 128
    assert float(reid_loss(3 * b, b, normed=True, choices=OURS)) == pytest.approx(0, abs=1e-7)


def moved(change: Change) -> tuple[np.ndarray, np.ndarray]:
    """DIS flow of a changed triplet, and the changed flow of the triplet itself."""
    y, x = np.mgrid[:64, :64]
    blob = 40 + 180 * np.exp(-((x - 30) ** 2 / 90 + (y - 34) ** 2 / 160)) + 20 * np.sin(x / 3) * np.cos(y / 4)
    triplet = np.stack([np.roll(np.uint8(blob), (-k, 2 * k), axis=(0, 1)) for k in range(3)])
    flows = []
    for frames in (triplet, np.ascontiguousarray(change.of_frames(triplet))):
        flows.append(dis_flows(TripletStore(frames, np.array([[0, 1, 2]]), ("a/b systole",)))[0])
    return flows[1].astype(float), change.of_flows(flows[0].astype(float))


@pytest.mark.parametrize(
    "change",
    [
        Change(),
        Change(swap=True),
        Change(mirror=True),
        Change(upend=True),
        *(Change(turns=turns) for turns in (1, 2, 3)),
        Change(swap=True, mirror=True, upend=True, turns=1),
        Change(mirror=True, turns=3),
    ],
)
def test_flow_targets_follow_the_frames(change: Change) -> None:
    seen, followed = moved(change)
    inside = np.s_[:, :, 22:42, 22:42]
    assert np.abs(seen[inside] - followed[inside]).mean() < 0.25
    assert np.abs(seen[inside] - followed[inside][::-1]).mean() > 1, "the two ends differ"


def test_targets_change_as_the_triplets_of_their_step_do(store: TripletStore) -> None:
    settings = TrainingSettings(batch_size=4, seed=11)
    rows = np.arange(4)
    flows = np.zeros((6, 2, 2, 32, 32), np.float16)
    flows[:, 0, 0], flows[:, 1, 0] = -1, 1  # to the left at the first frame, to the right at the last
    identities = np.stack([np.zeros((6, 128)), np.ones((6, 128))], axis=1).astype(np.float32)
    targets = Targets(flows, identities)
    swaps = 0
    for step in range(6):
        batch = Batch(step, rows, settings)
        frames = settings.augmented(store.batch(rows), step=step)
        made = targets.of(batch, follow=True)
        changes = settings.changes(step, count=4, square=True)
        assert made.flows is not None and made.identities is not None
        for k, change in enumerate(changes):
            assert np.array_equal(change.of_frames(store.batch(rows)[k]), frames[k])
            assert made.identities[k, 0, 0] == float(change.swap)
            swaps += change.swap
        plain = targets.of(batch, follow=False)
        assert plain.flows is not None and np.array_equal(plain.flows, flows[rows])
    assert 6 < swaps < 18


def test_oblong_frames_turn_by_half_turns_only() -> None:
    changes = Augmentation().drawn(40, np.random.default_rng(0), square=False)
    assert {change.turns for change in changes} == {0, 2}


def test_alarms_ring_when_a_loss_does_nothing() -> None:
    well = {"loss": 0.1, "flow": 0.5, "flow_zero": 1.0, "reid": 0.01, "reid_mean": 0.02}
    told = {"flow_weight": 0.01, "reid_weight": 1.0, "accuracy": 0.9}

    def raised(
        signs: Signs = NOT_LOOKED, *, accuracy: float = 0.9, weight: float = 0.01, **changes: float
    ) -> list[str]:
        log = pd.DataFrame([well | changes] * 20)
        return alarms(log, signs, **(told | {"accuracy": accuracy, "flow_weight": weight}))

    assert raised() == []
    assert raised(flow=0.99) == ["flow loss taught nothing"]
    assert raised(reid=0.02) == ["identity loss taught nothing"]
    assert raised(Signs(flow=1.0, flow_zero=1.0)) == ["flow loss taught nothing that holds on VAL"]
    assert raised(Signs(reid=1.1, reid_mean=1.0)) == ["identity loss taught nothing that holds on VAL"]
    assert raised(weight=1e-5) == ["flow loss weighs nothing"]
    assert raised(accuracy=0.5) == ["identity teacher does not know videos again"]
    nothing = dict.fromkeys(("flow", "flow_zero", "reid", "reid_mean"), np.nan)
    assert raised(accuracy=np.nan, **nothing) == [] == alarms(pd.DataFrame(), Signs(), **told)


@pytest.fixture(scope="module")
def dataset(tiny_phantom: Path) -> Dataset:
    return read_dataset(tiny_phantom, name="phantom")


@pytest.fixture(scope="module")
def rows(dataset: Dataset) -> pd.DataFrame:
    index = build_frame_index(dataset, source="real", parameters=FrameIndexParameters())
    kept = index[index["class_name"].isin(["severe", "normal"])]
    return attach_paths(kept, {"real": dataset})


VALUES: dict[str, Any] = {
    "representations": ["mafe"],
    "mafe_method": "both",
    "mafe_width": 4,
    "mafe_depths": [1, 1, 1, 1, 1],
    "mafe_steps": 2,
    "mafe_batch_size": 2,
    "mafe_reid_steps": 1,
    "mafe_reid_size": 32,
    "workers": 1,
}


@pytest.fixture(scope="module")
def stage02(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Represented]:
    folder = tmp_path_factory.mktemp("mafe")
    parameters = stage_parameters("ifa_training", VALUES)
    return folder, fit_representations(rows, teacher="real", folder=folder, parameters=parameters)


def test_it_goes_through_stage_02(stage02: tuple[Path, Represented], rows: pd.DataFrame) -> None:
    folder, made = stage02
    table, fitted = made.vectors["mafe"], made.fitted["mafe"]
    assert table.features.shape == (len(rows), 384) and not len(table.missing)
    assert np.isfinite(table.features).all() and len(np.unique(table.features, axis=0)) == len(rows)
    promised = {"mafe.safetensors", "mafe_training_log.csv", "mafe_features.npz"}
    assert promised <= {file.name for file in folder.iterdir()}
    train = rows[rows["split"] == "TRAIN"]
    taught_by = fitted.taught_by  # type: ignore[attr-defined]
    assert {name.rsplit(" ", 1)[0] for name in taught_by} <= set("real/" + train["file_name"])
    summary = json.loads(json.dumps(made.summary(), allow_nan=False))
    assert summary["method"] == "both" and summary["val_flow"] > 0 and summary["val_reid"] > 0
    assert 0 <= summary["reid_accuracy"] <= 1
    log = pd.read_csv(folder / "mafe_training_log.csv")
    assert list(log) == ["step", "loss", "lr", "psnr", "psnr_naive", *PARTS] and len(log) == 2

    parameters = stage_parameters("ifa_training", VALUES)
    loaded = load_representations(["mafe"], folder, parameters=parameters, device="cpu")["mafe"]
    again = loaded.vectors(rows.iloc[::-1], workers=1)
    np.testing.assert_array_equal(again.features, table.features)
    assert loaded.summary()["gain_db"] == pytest.approx(summary["gain_db"], abs=1e-6)


def test_extract_takes_any_videos_by_the_run_card(
    stage02: tuple[Path, Represented], rows: pd.DataFrame, tmp_path: Path
) -> None:
    folder, made = stage02
    some = rows.iloc[3:6]
    table = extract("mafe", some, folder=folder, device="cpu", out=tmp_path / "some.npz")
    np.testing.assert_allclose(table.features, made.vectors["mafe"].features[3:6], atol=1e-6)
    values = VALUES | {"mafe_pair": "filling"}
    card = {"stage": "ifa_training", "git": {}, "parameters": values, "inputs": {}, "outputs": {}}
    (folder / RUN_CARD).write_text(json.dumps(card), encoding="utf-8")
    other = extract("mafe", some, folder=folder, device="cpu").features
    (folder / RUN_CARD).unlink()
    assert np.abs(other - table.features).max() > 1e-6, "another motion of the same hearts"


def test_what_it_shows_of_itself(
    stage02: tuple[Path, Represented], rows: pd.DataFrame, tmp_path: Path
) -> None:
    parameters = stage_parameters("ifa_training", VALUES)
    with mpl.rc_context():
        use_style()
        about, *figures = show_each(
            stage02[1].fitted, rows, folder=tmp_path, parameters=parameters, data="Klinik A, 2024"
        )
    assert all(figure.alt.startswith("Klinik A, 2024: ") for figure in figures)
    assert about.data.startswith("### MAFE") and "What to see" in about.data
    assert [figure.path.name for figure in figures] == ["mafe_flow.svg", "mafe_losses.svg"]
    assert "pixels from DIS" in figures[0].alt and "pixels from true" in figures[0].alt
    log = pd.DataFrame({name: [1.0, 2.0] for name in ("step", *PARTS)}).assign(reid=np.nan, reid_mean=np.nan)
    figure = loss_curves(log, method="flow", alarms=[])
    assert len(figure.axes) == 2 and figure.get_suptitle() == "Training by method flow raised no alarm"
    assert loss_curves(log, method="flow", alarms=["a", "b"]).get_suptitle() == "a; b"


def test_true_flow_is_of_drawn_hearts_alone(rows: pd.DataFrame, tmp_path: Path) -> None:
    some = rows[rows["split"] == "VAL"].head(1)
    store = TripletStore.from_frame_index(some, split="VAL")
    parameters = stage_parameters(
        "ifa_training", VALUES | {"mafe_flow_teacher": "exact", "mafe_method": "flow"}
    )
    exact = targets_of("flow", store, some, None, parameters=parameters).flows
    assert exact is not None and np.array_equal(exact, exact_flows(store, some))
    estimated = dis_flows(store).astype(float)
    moving = np.linalg.norm(exact.astype(float), axis=2) > 1
    error = np.linalg.norm(exact - estimated, axis=2)[moving].mean()
    assert error < np.linalg.norm(exact.astype(float), axis=2)[moving].mean(), "DIS is better than no flow"
    with pytest.raises(DataError, match="this phantom did not draw it"):
        exact_flows(store, some.assign(path=str(tmp_path / "Videos" / "a.avi")))


def test_the_identity_teacher_is_taken_up_and_the_same_again(store: TripletStore, tmp_path: Path) -> None:
    options: dict[str, Any] = {"steps": 2, "size": 32, "seed": 1, "placement": Placement()}
    first = reid_teacher(store, store, path=tmp_path / "a.safetensors", **options)
    reid_teacher(store, store, path=tmp_path / "b.safetensors", **options)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    (tmp_path / "b.safetensors").write_bytes(b"cut")
    stamp = (tmp_path / "a.safetensors").stat().st_mtime_ns
    again = reid_teacher(store, store, path=tmp_path / "a.safetensors", **options)
    assert (tmp_path / "a.safetensors").stat().st_mtime_ns == stamp and again.accuracy == first.accuracy
    np.testing.assert_array_equal(again.identities(store.frames), first.identities(store.frames))
    reid_teacher(store, store, path=tmp_path / "b.safetensors", **options)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    one = TripletStore(store.frames, store.triplets[:2], store.names[:2])
    with pytest.raises(DataError, match="two TRAIN videos"):
        reid_teacher(one, store, path=tmp_path / "c.safetensors", **options)


def test_pairs_are_of_one_video_or_of_two(store: TripletStore) -> None:
    videos = frames_by_video(store)
    assert [len(some) for some in videos] == [6, 6, 6]
    pairs, same = pairs_of(videos, 40, np.random.default_rng(0))
    assert same.sum() == 20 and (pairs[:, 0] != pairs[:, 1]).all()
    assert np.array_equal(pairs[:, 0] // 6 == pairs[:, 1] // 6, same)


def test_without_steps_nobody_teaches(rows: pd.DataFrame, tmp_path: Path) -> None:
    parameters = stage_parameters("ifa_training", VALUES | {"mafe_steps": 0})
    train, val = (rows[rows["split"] == split] for split in ("TRAIN", "VAL"))
    made = room.fit(train, val, folder=tmp_path, parameters=parameters, device="cpu")
    start = new_interpolator(4, (1, 1, 1, 1, 1), seed=0, refine=False).state_dict()
    assert all(torch.equal(value, start[name]) for name, value in made.network.state_dict().items())
    assert made.alarms == [] and not (tmp_path / "mafe_checkpoints" / "reid.safetensors").exists()


def test_half_beats_have_no_filling(rows: pd.DataFrame, tmp_path: Path) -> None:
    parameters = stage_parameters("ifa_training", VALUES | {"pairs": 1, "mafe_pair": "filling"})
    with pytest.raises(ParameterError, match="no filling"):
        room.fit(rows, rows, folder=tmp_path, parameters=parameters, device="cpu")
