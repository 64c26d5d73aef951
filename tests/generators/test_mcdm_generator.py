"""MCDM learns from clips and their motion vectors, draws a pool whose rows name both donors, is resumed and
read back, and says whose motion its clips show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from data_folders import textured_clip
from pydantic import ValidationError

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.errors import CheckpointError, DataError, ParameterError, StageError
from infomotion_lib.generators.base import Lessons
from infomotion_lib.generators.cutting import Cut, LabelledClips
from infomotion_lib.generators.mcdm import generator as room
from infomotion_lib.generators.mcdm import kept
from infomotion_lib.generators.mcdm.donors import Donors, Scale, tokens
from infomotion_lib.generators.mcdm.outlook import refusals
from infomotion_lib.generators.mcdm.parameters import McdmParameters
from infomotion_lib.generators.mcdm.requests import DRAWN, requests
from infomotion_lib.generators.pool import PoolRequest, write_pool
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.generators.spacetime import training
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_json
from infomotion_lib.reporting.figures import mcdm as figures
from infomotion_lib.representations.stage import vector_file
from infomotion_lib.representations.vectors import Vectors, write_features
from infomotion_lib.stage_table import TABLE, pool_stage

EF = np.array([20.0, 35, 45, 60, 77])
NAMES = tuple(f"heart{number}" for number in range(len(EF)))
CUT = Cut(4, 16.0, 24)
SIZE = 6
SETTINGS: dict[str, Any] = {
    "mcdm_side": 16,
    "mcdm_autoencoder_steps": 1,
    "mcdm_heart_steps": 1,
    "mcdm_video_steps": 1,
    "mcdm_sampling_steps": 2,
    "mcdm_check_clips": 0,
}


@dataclass(frozen=True)
class FiveClips(Lessons):
    """A clip of each class, in both splits, the videos named."""

    def clips(self, split: str, *, side: int, condition: str = "label", windows: int = 1) -> LabelledClips:
        made = [textured_clip(i, frames=CUT.frames, height=side, width=side) for i in range(len(EF))]
        return LabelledClips(np.stack(made), EF, NAMES)


def vectors_of(names: tuple[str, ...] = NAMES) -> Vectors:
    made = {
        row: np.random.default_rng(row).normal(5, 2, SIZE).astype(np.float32) for row in range(len(names))
    }
    listed = [{"source": "real", "file_name": name} for name in names]
    return Vectors.of(listed, made, {}, size=SIZE, identity="")


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> FiveClips:
    run = RunPaths("toy", tmp_path_factory.mktemp("run"))
    file = vector_file(run.stage("ifa_training"), "motion")
    file.parent.mkdir(parents=True)
    write_features(vectors_of(), file)
    return FiveClips({}, pd.DataFrame(), CUT, run=run)


def fit(lessons: Lessons, folder: Path, **changes: Any) -> room.FittedMcdm:
    folder.mkdir(exist_ok=True)
    return room.fit(lessons, folder=folder, parameters=McdmParameters(**SETTINGS | changes), device="cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mcdm")


@pytest.fixture(scope="module")
def fitted(lessons: FiveClips, folder: Path) -> room.FittedMcdm:
    return fit(lessons, folder)


def test_a_pool_names_the_donors_of_motion_and_heart(fitted: room.FittedMcdm, folder: Path) -> None:
    pool = write_pool(fitted, folder / "pool", PoolRequest(CUT, 1, 3, "mcdm"))
    manifest = pd.read_csv(pool / "manifest.csv")
    assert manifest["requested_class"].tolist() == list(CLASS_NAMES)
    assert manifest["requested_ef"].tolist() == EF.tolist(), "the EF of the motion's donor"
    assert manifest["motion_donor"].tolist() == [f"real/{name}" for name in NAMES]
    assert (manifest["heart_donor"] == DRAWN).all()
    record = read_json(pool / "pool.json")
    assert (record["conditioned_on"], record["hearts"], record["donors"]) == ("motion", "drawn", "shuffled")
    assert all((folder / name).is_file() for name in GENERATORS["mcdm"].files)
    assert set(fitted.summary()["val_loss"]) == {"right motion", "another's motion"}


def test_a_clip_is_its_row_alone(fitted: room.FittedMcdm) -> None:
    rows = fitted.requests(per_class=1, seed=3)
    together = fitted.draw(rows.iloc[[3, 0]])
    assert np.array_equal(together[1], fitted.draw(rows.iloc[[0]])[0])
    moved = rows.iloc[[0]].assign(motion_donor=rows["motion_donor"].iloc[4])
    latents = {}
    for name, table in (("own", rows.iloc[[0]]), ("other", moved)):
        row = [fitted.donors.row(table["motion_donor"].iloc[0])]
        latents[name] = fitted.tokens(fitted.donors.motion[row], fitted.donors.ef[row])
    assert not torch.equal(latents["own"], latents["other"])
    with pytest.raises(DataError, match="real/nobody is none of the 5 videos"):
        fitted.draw(rows.iloc[[0]].assign(motion_donor="real/nobody"))


def test_what_was_learnt_is_read_back(fitted: room.FittedMcdm, folder: Path, tmp_path: Path) -> None:
    again = room.load(folder, parameters=McdmParameters(**SETTINGS), device="cpu", side=CUT.side)
    assert again.settings() == fitted.settings() and again.recipe == fitted.recipe
    rows = fitted.requests(per_class=1, seed=0).iloc[[2]]
    assert np.array_equal(again.draw(rows), fitted.draw(rows))
    with pytest.raises(CheckpointError, match="told 6 numbers, its donors give 7"):
        room.load(folder, parameters=McdmParameters(**SETTINGS, mcdm_condition="ef_motion"), device="cpu")
    with pytest.raises(CheckpointError, match="Not a file of donors"):
        room.load_donors(tmp_path / "none.npz")


def test_a_finished_training_is_taken_up(
    fitted: room.FittedMcdm, lessons: FiveClips, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_heart_loss", "_video_loss"):
        monkeypatch.setattr(training, name, lambda *_: pytest.fail("trained again"))
    assert fit(lessons, folder).checkpoint_sha256 == fitted.checkpoint_sha256


def test_real_videos_are_made_again_in_the_published_setting(lessons: FiveClips, tmp_path: Path) -> None:
    """Own frame, own motion, EF before it, vectors as they are; no network draws hearts."""
    chosen = {
        "mcdm_donors": "self",
        "mcdm_hearts": "real",
        "mcdm_condition": "ef_motion",
        "mcdm_scaling": "raw",
    }
    made = fit(lessons, tmp_path, **chosen)
    rows = made.requests(per_class=2, seed=0)
    assert (rows["heart_donor"] == rows["motion_donor"]).all() and (rows["hearts"] == "real").all()
    assert made.hearts is None and not (tmp_path / room.HEARTS).exists()
    row = made.donors.row("real/heart3")
    token = made.tokens(made.donors.motion[[row]], made.donors.ef[[row]])
    assert token[0, 0].tolist() == pytest.approx([0.6, *vectors_of().features[3].tolist()]), "EF first"
    assert made.draw(rows.iloc[[0]]).shape == (1, 4, 24, 24)
    assert figures.identity_of(made.settings()).endswith("reference videos: not de-identified.")
    assert (rows["identity"] == "not de-identified").all(), "on every row of the manifest"
    again = room.load(tmp_path, parameters=McdmParameters(**SETTINGS | chosen), device="cpu", side=CUT.side)
    assert np.array_equal(again.draw(rows.iloc[[0]]), made.draw(rows.iloc[[0]]))


def test_self_without_real_hearts_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs mcdm_hearts: real"):
        McdmParameters(mcdm_donors="self")


def test_hearts_of_others_and_motions_of_all_in_turn() -> None:
    donors = Donors(
        tuple(f"real/{n}" for n in range(15)), np.repeat(EF, 3), np.zeros((15, 2), dtype=np.float32)
    )
    rows = requests(donors, per_class=6, seed=1, hearts="real")
    assert (rows["motion_donor"] != rows["heart_donor"]).all()
    assert (rows.groupby("requested_class")["motion_donor"].value_counts() == 2).all()
    fewer = requests(donors, per_class=2, seed=1, hearts="real")
    assert set(fewer["seed"]) < set(rows["seed"]) and rows["seed"].is_unique
    some = replace(donors, names=donors.names[3:], ef=donors.ef[3:], motion=donors.motion[3:])
    with pytest.raises(DataError, match="No video of class severe"):
        requests(some, per_class=1, seed=0)


def test_scaled_vectors_have_mean_0_and_spread_1() -> None:
    motion = np.random.default_rng(0).normal([5, -2, 3], [2, 0.1, 0], (50, 3)).astype(np.float32)
    told = tokens(motion, np.zeros(50), scale=Scale.of(motion, standard=True), condition="motion")
    assert told.shape == (50, 1, 3)
    assert told[:, 0].mean(0).abs().max() < 1e-3
    assert told[:, 0].std(0, correction=0).tolist() == pytest.approx([1, 1, 0], abs=1e-3), "no blow-up"


def test_videos_without_a_vector_teach_nothing(lessons: FiveClips, tmp_path: Path) -> None:
    run = RunPaths("some", tmp_path)
    with pytest.raises(StageError, match="no run was given"):
        fit(replace(lessons, run=None), tmp_path / "mcdm")
    with pytest.raises(ParameterError, match="makes no such vectors"):
        fit(replace(lessons, run=run), tmp_path / "mcdm")
    file = vector_file(run.stage("ifa_training"), "motion")
    file.parent.mkdir(parents=True)
    write_features(vectors_of(NAMES[1:]), file)
    with pytest.raises(DataError, match="severe"):
        fit(replace(lessons, run=run), tmp_path / "mcdm")
    write_features(vectors_of(("another",)), file)
    with pytest.raises(DataError, match="No TRAIN video has a motion vector"):
        fit(replace(lessons, run=run), tmp_path / "mcdm")


def test_it_is_a_stage_that_reads_motion_vectors() -> None:
    stage = TABLE[pool_stage("mcdm")]
    assert (stage.folder, stage.needs) == ("05_generators/mcdm", ("data", "frame_index", "ifa_training"))
    assert TABLE[pool_stage("latte")].needs == ("data",), "the others wait for nothing"
    assert GENERATORS["mcdm"].load() is room and room.ABOUT.is_file()


def test_vectors_that_the_run_does_not_make_are_refused_before_it_begins() -> None:
    videos = {split: pd.DataFrame({"ef": EF}) for split in ("TRAIN", "VAL")}
    assert refusals(videos, McdmParameters()) == []
    (refused,) = refusals(videos, McdmParameters(mcdm_motion="mafe"))
    assert "Add mafe to representations" in str(refused)
    assert refusals(videos, McdmParameters(mcdm_motion="mafe", representations=("motion", "mafe"))) == []
    (refused,) = refusals({"TRAIN": videos["TRAIN"]}, McdmParameters())
    assert "No VAL video" in str(refused)


def test_a_clip_that_moves_like_its_donor_is_told_from_one_that_does_not() -> None:
    donors = np.random.default_rng(2).normal(size=(6, 40)).astype(np.float32)
    scale = Scale.of(donors, standard=True)
    named = [{"source": kept.SOURCE, "file_name": kept.clip_name(n)} for n in range(5)]
    like = dict(
        enumerate(donors[:5] + 0.1 * np.random.default_rng(3).normal(size=(5, 40)).astype(np.float32))
    )
    vectors = Vectors.of(named, like, {}, size=40, identity="")
    clips = np.zeros((6, 2, 4, 4), dtype=np.uint8)
    table = kept.motion_kept(clips, donors, name=kept.AFTER, vectors=vectors, scale=scale)
    facts = kept.summary(table)[kept.AFTER]
    assert (facts["clips"], facts["with a vector"]) == (6, 5), "one showed no beat"
    assert facts["own donor"] > 0.95 and abs(facts["other donors"]) < 0.4
    turned = Vectors.of(named, {n: like[(n + 1) % 5] for n in range(5)}, {}, size=40, identity="")
    others = kept.motion_kept(clips, donors, name=kept.BEFORE, vectors=turned, scale=scale)
    assert kept.summary(others)[kept.BEFORE]["own donor"] < 0.4
    both = kept.joined([others, table])
    shown = figures.kept_table(both, {"val_loss": {"right motion": 0.5}}, identity="x").to_markdown()
    assert kept.AFTER in shown and "right motion 0.5000" in shown
    assert len(figures.kept_figure(both).axes[0].get_lines()) > 4
