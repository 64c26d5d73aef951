"""The chain learns from clips, draws a pool by EF, is resumed and read back; stage 05 knows it by one line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from data_folders import textured_clip

from infomotion_lib.classes import CLASS_NAMES, ef_class
from infomotion_lib.data.video import read_clip
from infomotion_lib.errors import CheckpointError, DataError, ParameterError
from infomotion_lib.generators.base import Lessons
from infomotion_lib.generators.cutting import Cut, LabelledClips
from infomotion_lib.generators.lvdm import generator as room
from infomotion_lib.generators.lvdm.outlook import refusals
from infomotion_lib.generators.lvdm.parameters import LvdmParameters
from infomotion_lib.generators.pool import PoolRequest, write_pool
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.generators.spacetime import training
from infomotion_lib.generators.spacetime.networks import chain_size, heart_unet
from infomotion_lib.generators.spacetime.sampling import draw_hearts
from infomotion_lib.generators.spacetime.training import Course, teach_hearts
from infomotion_lib.provenance import read_json
from infomotion_lib.stage_table import TABLE, pool_stage

EF = np.array([20.0, 35, 45, 60, 77])
CUT = Cut(4, 16.0, 24)
SETTINGS: dict[str, Any] = {
    "lvdm_side": 16,
    "lvdm_autoencoder_steps": 1,
    "lvdm_heart_steps": 1,
    "lvdm_video_steps": 1,
    "lvdm_sampling_steps": 2,
}


@dataclass(frozen=True)
class FiveClips(Lessons):
    """A clip of each class, in both splits."""

    def clips(self, split: str, *, side: int, condition: str = "label", windows: int = 1) -> LabelledClips:
        made = [textured_clip(i, frames=CUT.frames, height=side, width=side) for i in range(len(EF))]
        return LabelledClips(np.stack(made), EF)


LESSONS = FiveClips({}, pd.DataFrame(), CUT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lvdm")


@pytest.fixture(scope="module")
def fitted(folder: Path) -> room.FittedLvdm:
    return room.fit(LESSONS, folder=folder, parameters=LvdmParameters(**SETTINGS), device="cpu")


def test_it_draws_a_pool_by_ef(fitted: room.FittedLvdm, folder: Path) -> None:
    pool = write_pool(fitted, folder / "pool", PoolRequest(CUT, 1, 3, "lvdm"))
    manifest = pd.read_csv(pool / "manifest.csv")
    assert manifest["requested_class"].tolist() == list(CLASS_NAMES)
    assert manifest["requested_ef"].tolist() == EF.tolist(), "EF of the training clips of each class"
    assert ef_class(manifest["requested_ef"].to_numpy()).tolist() == list(range(len(CLASS_NAMES)))
    assert read_clip(pool / "Videos" / "lvdm_000004.avi").shape == (4, 24, 24)
    assert read_json(pool / "pool.json")["privacy_filter"] is False, "nobody has filtered these hearts"
    assert all((folder / name).is_file() for name in GENERATORS["lvdm"].files)
    assert set(fitted.summary()["val_loss"]) == {"right EF", "wrong EF"}


def test_a_clip_is_its_row_alone(fitted: room.FittedLvdm) -> None:
    requests = fitted.requests(per_class=1, seed=3)
    together = fitted.draw(requests.iloc[[3, 0]])
    assert np.array_equal(together[1], fitted.draw(requests.iloc[[0]])[0])
    assert not np.array_equal(together[0], together[1])
    assert requests.equals(fitted.requests(per_class=1, seed=3))
    more = fitted.requests(per_class=2, seed=3)
    assert more["seed"].is_unique and set(requests["seed"]) < set(more["seed"])


def test_what_was_learnt_is_read_back(fitted: room.FittedLvdm, folder: Path) -> None:
    again = room.load(folder, parameters=LvdmParameters(**SETTINGS), device="cpu", side=CUT.side)
    assert again.settings() == fitted.settings() and again.recipe == fitted.recipe
    assert np.array_equal(again.clip(50, seed=1), fitted.clip(50, seed=1))
    assert np.array_equal(fitted.clip(50, seed=1), fitted.clip(50, seed=1))


def test_a_finished_training_is_taken_up(
    fitted: room.FittedLvdm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_heart_loss", "_video_loss"):
        monkeypatch.setattr(training, name, lambda *_: pytest.fail("trained again"))
    again = room.fit(LESSONS, folder=folder, parameters=LvdmParameters(**SETTINGS), device="cpu")
    assert again.checkpoint_sha256 == fitted.checkpoint_sha256


def test_a_killed_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "CHECKPOINT_EVERY", 1)
    latents = torch.randn(6, 4, 2, 2, generator=torch.Generator().manual_seed(0))
    course, path = Course(2, batch=2), tmp_path / "state.pt"

    def beginning() -> Any:
        torch.manual_seed(0)
        return heart_unet(chain_size("small"))

    unbroken = beginning()
    losses = teach_hearts(unbroken, latents, course)
    stopping, broken = iter([None]), beginning()
    loss_of = training._heart_loss
    with monkeypatch.context() as patch:
        patch.setattr(training, "_heart_loss", lambda *given: [next(stopping), loss_of(*given)][1])
        with pytest.raises(StopIteration):
            teach_hearts(broken, latents, course, checkpoint=path)
    resumed = beginning()
    assert teach_hearts(resumed, latents, course, checkpoint=path) == losses
    for name, value in unbroken.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    other = beginning()
    assert teach_hearts(other, latents + 1, course, checkpoint=path) != losses, "other latents start anew"
    path.write_bytes(b"half a file")
    with pytest.raises(CheckpointError, match="not a training checkpoint"):
        teach_hearts(beginning(), latents, course, checkpoint=path)


def test_networks_of_two_trainings_are_not_mixed(
    fitted: room.FittedLvdm, tmp_path: Path, folder: Path
) -> None:
    parameters = LvdmParameters(**SETTINGS)
    other = fitted.recipe.__class__(**{**fitted.recipe.__dict__, "autoencoder_sha256": "ab" * 32})
    for kind, network in (("lidm", fitted.hearts), ("lvdm", fitted.videos)):
        room.save_denoiser(network, tmp_path / f"{kind}.safetensors", kind=kind, recipe=other)
    (tmp_path / room.AUTOENCODER).symlink_to(folder / room.AUTOENCODER)
    with pytest.raises(CheckpointError, match="not of one training"):
        room.load(tmp_path, parameters=parameters, device="cpu")
    (tmp_path / room.HEARTS).write_bytes((tmp_path / room.VIDEOS).read_bytes())
    with pytest.raises(CheckpointError, match=r"Not a checkpoint of the chain \(lidm\)"):
        room.load(tmp_path, parameters=parameters, device="cpu")


def test_it_is_a_stage_of_its_own() -> None:
    stage = TABLE[pool_stage("lvdm")]
    assert (stage.folder, stage.notebook) == ("05_generators/lvdm", "05_generators")
    assert GENERATORS["lvdm"].load() is room and room.ABOUT.is_file()


def test_a_class_without_a_clip_is_refused_before_training() -> None:
    videos = pd.DataFrame({"ef": EF[1:]})
    found = refusals({"TRAIN": videos, "VAL": videos}, None)
    assert ["severe" in str(error) for error in found] == [True]
    assert len(refusals({"TRAIN": pd.DataFrame({"ef": EF})}, None)) == 1, "no VAL"
    assert all(isinstance(error, DataError) for error in found)


def test_steps_out_of_range_are_refused(fitted: room.FittedLvdm) -> None:
    with pytest.raises(ParameterError, match="1 to 1000, not 0"):
        draw_hearts(fitted.hearts, side=2, seeds=[1], steps=0)
