"""DISCOVR in the house: resumed to the same numbers, alarms that ring, one vector per video from stage 02
on.
"""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import torch

from infomotion_lib.data.records import Dataset, read_dataset
from infomotion_lib.data.video import write_clip
from infomotion_lib.errors import CheckpointError, DataError, StageError
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.reporting.figures.discovr import cluster_maps, collapse_signs
from infomotion_lib.reporting.figures.representations import show_each
from infomotion_lib.reporting.style import use_style
from infomotion_lib.representations import extract
from infomotion_lib.representations.discovr import training
from infomotion_lib.representations.discovr.alarms import alarms, signs_of
from infomotion_lib.representations.discovr.clips import ClipSource, Cut
from infomotion_lib.representations.discovr.features import extract_vectors
from infomotion_lib.representations.discovr.inspection import Look, look
from infomotion_lib.representations.discovr.model import Model, load_model
from infomotion_lib.representations.discovr.network import new_discovr
from infomotion_lib.representations.discovr.settings import TrainingSettings
from infomotion_lib.representations.discovr.sizes import SIZES
from infomotion_lib.representations.discovr.training import TrainingResult, train_discovr
from infomotion_lib.representations.discovr.variants import VARIANTS
from infomotion_lib.representations.ifa.triplets import attach_paths
from infomotion_lib.representations.stage import Represented, fit_representations, load_representations
from infomotion_lib.stage_table import RUN_CARD
from infomotion_lib.training.placement import Placement

TINY = SIZES["tiny"]
CUT = Cut(TINY.side, TINY.frames, 3)
SMALL = {"steps": 7, "batch_size": 3, "views": 2, "mask": 0.5, "checkpoint_every": 3}


@pytest.fixture(scope="module")
def source() -> ClipSource:
    frames = np.random.default_rng(0).integers(0, 256, (7, 20, TINY.side, TINY.side), dtype=np.uint8)
    names = tuple(f"real/{number}" for number in range(len(frames)))
    return ClipSource(CUT, names, names, (20,) * len(frames), (), dict(enumerate(frames)))


def fresh(source: ClipSource) -> Model:
    return Model.of_pool(new_discovr(TINY, seed=0), *source.pixels(), period=3)


def trained(source: ClipSource, folder: Path, **changes: object) -> TrainingResult:
    settings = TrainingSettings(**(SMALL | changes))  # type: ignore[arg-type]
    return train_discovr(
        fresh(source), source, folder=folder, settings=settings, val=source, placement=Placement()
    )


class Kill(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("variant", list(VARIANTS))
def test_a_killed_training_ends_with_the_same_bytes(
    source: ClipSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    whole = trained(source, tmp_path / "whole", variant=VARIANTS[variant])
    step, taken = training.training_step, []

    def killed(*arguments: object, **options: object) -> object:
        taken.append(1)
        if len(taken) == 6:
            raise Kill
        return step(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "training_step", killed)
    with pytest.raises(Kill):
        trained(source, tmp_path / "killed", variant=VARIANTS[variant])
    monkeypatch.setattr(training, "training_step", step)
    again = trained(source, tmp_path / "killed", variant=VARIANTS[variant])
    pd.testing.assert_frame_equal(again.log, whole.log, check_exact=True)
    ours, theirs = again.model.state_dict(), whole.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert again.signs == whole.signs
    assert list(whole.log["step"]) == list(range(1, 8))
    assert whole.log["loss"].to_numpy() == pytest.approx(
        whole.log[["video", "image", "video_scores", "image_scores"]].sum(axis=1).to_numpy(), rel=1e-5
    )


def test_equal_videos_and_settings_teach_the_same_network_as_ever(source: ClipSource, tmp_path: Path) -> None:
    losses = trained(source, tmp_path).log["loss"].to_numpy()
    known = {1: [8.622, 7.533, 6.046, 5.563, 5.551, 5.658, 6.278]}
    assert losses == pytest.approx(known[training.FORMAT], rel=5e-3), (
        "What is learnt has changed: raise FORMAT in discovr/training.py, and write its losses here."
    )


def test_another_run_is_not_gone_on_from(source: ClipSource, tmp_path: Path) -> None:
    trained(source, tmp_path)
    with pytest.raises(CheckpointError, match=r"it differs in momentum, switch targets\."):
        trained(
            source,
            tmp_path,
            momentum=0.9,
            variant=VARIANTS["equations"].__class__(**{**vars(VARIANTS["equations"]), "targets": "hard"}),
        )
    other = ClipSource(
        CUT,
        source.paths,
        source.names,
        source.lengths,
        (),
        {number: 255 - video for number, video in source.held.items()},
    )
    with pytest.raises(CheckpointError, match="differs in start weights, TRAIN pixels"):
        trained(other, tmp_path)
    (tmp_path / "last.pt").write_bytes(b"cut")
    with pytest.raises(CheckpointError, match="Delete it to train anew"):
        trained(source, tmp_path)


def test_a_training_that_diverges_stops(source: ClipSource, tmp_path: Path) -> None:
    with pytest.raises(StageError, match="diverged at step"):
        trained(source, tmp_path, learning_rate=float("inf"))


def test_rate_and_temperature() -> None:
    settings = TrainingSettings(steps=400, learning_rate=2.0)
    rates = [settings.rate(step) for step in range(400)]
    assert rates[0] == pytest.approx(2.0 / 40) and rates[39] == rates[40] == 2.0
    assert np.all(np.diff(rates[40:]) < 0) and 0 < rates[-1] < 1e-3
    temperatures = [settings.temperature(step) for step in (0, 29, 30, 399)]
    assert temperatures == [0.02, 0.04, 0.04, 0.04]
    released = TrainingSettings(steps=400, learning_rate=2.0, variant=VARIANTS["released"])
    assert {released.rate(step) for step in (0, 40, 399)} == {2.0}


def test_alarms_ring_for_each_kind_of_collapse() -> None:
    generator = torch.Generator().manual_seed(0)
    cls = torch.randn(8, 16, generator=generator)
    says = (4 * torch.randn(8, 32, generator=generator)).softmax(dim=1)
    well = signs_of(says, cls)
    assert well.entropy_of_mean > well.mean_entropy and alarms(well, used=4, prototypes=8) == []
    uniform, one = torch.full((8, 32), 1 / 32), torch.eye(32)[:1].repeat(8, 1)
    assert signs_of(uniform, cls).mean_entropy == pytest.approx(np.log(32))
    assert signs_of(one, cls).entropy_of_mean == pytest.approx(0, abs=1e-9)
    for alike in (uniform, one):
        assert alarms(signs_of(alike, cls), used=4, prototypes=8) == ["one answer for all videos"]
    same = signs_of(says, cls[:1].repeat(8, 1) + 1e-3 * cls)
    assert alarms(same, used=4, prototypes=8) == ["one vector for all videos"]
    assert alarms(well, used=0, prototypes=8) == ["few prototypes used"]
    assert np.isnan(signs_of(says[:1], cls[:1]).cls_cosine)


def test_clips_of_any_length() -> None:
    assert Cut(32, 4, 3).numbers(20, 5).tolist() == [5, 8, 11, 14]
    assert Cut(32, 6, 1).numbers(4, 0).tolist() == [0, 1, 2, 3, 2, 1]
    assert Cut(32, 4, 3).numbers(1, 0).tolist() == [0, 0, 0, 0]
    assert Cut(32, 4, 3).places(10) == 1 and Cut(32, 4, 3).places(12) == 3
    video = np.arange(12, dtype=np.uint8)[:, None, None]
    assert Cut(32, 4, 3).middle(video)[:, 0, 0].tolist() == [1, 4, 7, 10]


@pytest.fixture(scope="module")
def dataset(tiny_phantom: Path) -> Dataset:
    return read_dataset(tiny_phantom, name="phantom")


@pytest.fixture(scope="module")
def rows(dataset: Dataset) -> pd.DataFrame:
    index = build_frame_index(dataset, source="real", parameters=FrameIndexParameters())
    return attach_paths(index, {"real": dataset})


VALUES = {
    "representations": ["discovr"],
    "discovr_size": "tiny",
    "discovr_steps": 3,
    "discovr_batch_size": 4,
    "discovr_views": 2,
}


@pytest.fixture(scope="module")
def stage02(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Represented]:
    folder = tmp_path_factory.mktemp("discovr")
    parameters = stage_parameters("ifa_training", VALUES)
    return folder, fit_representations(rows, teacher="real", folder=folder, parameters=parameters)


def test_it_goes_through_stage_02(stage02: tuple[Path, Represented], rows: pd.DataFrame) -> None:
    folder, made = stage02
    table, fitted = made.vectors["discovr"], made.fitted["discovr"]
    assert table.features.shape == (len(rows), 24) and len(table.missing) == 0
    assert np.isfinite(table.features).all() and len(np.unique(table.features, axis=0)) == len(rows)
    promised = {"discovr.safetensors", "discovr_training_log.csv", "discovr_features.npz"}
    assert promised <= {file.name for file in folder.iterdir()}
    train = rows[rows["split"] == "TRAIN"]
    assert set(fitted.taught_by) == set("real/" + train["file_name"])  # type: ignore[attr-defined]
    summary = made.summary()
    assert summary["steps"] == 3 and summary["bias"] and isinstance(summary["collapsed"], bool)
    json.dumps(summary, allow_nan=False)
    log = pd.read_csv(folder / "discovr_training_log.csv")
    assert tuple(log) == training.LOG_COLUMNS and len(log) == 3

    loaded = load_representations(["discovr"], folder, parameters=None, device="cpu")["discovr"]
    again = loaded.vectors(rows.iloc[::-1], workers=1)
    np.testing.assert_array_equal(again.features, table.features)


def test_published_weights_give_vectors_without_training(rows: pd.DataFrame, tmp_path: Path) -> None:
    wide = replace(TINY, patch=16, width=128, heads=2, decoder_width=64, decoder_heads=1, bias=False)
    network = new_discovr(wide, seed=1)
    torch.save({"model": network.state_dict(), "args": Namespace(epochs=800)}, tmp_path / "checkpoint.pth")
    values = VALUES | {"discovr_weights": str(tmp_path / "checkpoint.pth"), "discovr_steps": 0}
    some = rows.groupby("split", group_keys=False).head(2)
    parameters = stage_parameters("ifa_training", values)
    made = fit_representations(some, teacher="real", folder=tmp_path, parameters=parameters)
    summary, table = made.summary(), made.vectors["discovr"]
    assert summary["steps"] == 0 and summary["bias"] is False and "val_cls_cosine" in summary
    assert made.fitted["discovr"].taught_by == ()  # type: ignore[attr-defined]
    clip = Cut(32, 4, 3).middle(Cut(32, 4, 3).read(some.sort_values("file_name")["path"].iloc[0]))
    grey = torch.from_numpy(clip).float() / 255
    mean, sd = (
        torch.tensor(three)[:, None, None, None] for three in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    )
    with torch.inference_mode():
        cls, _ = network.video_teacher(((grey[None] - mean) / sd)[None])
    np.testing.assert_allclose(table.features[0], cls[0].numpy(), atol=1e-5)


def test_extract_takes_any_videos_by_the_run_card(
    stage02: tuple[Path, Represented], rows: pd.DataFrame, tmp_path: Path
) -> None:
    folder, made = stage02
    some = rows[["source", "file_name", "path"]].iloc[3:6]
    table = extract("discovr", some, folder=folder, device="cpu", out=tmp_path / "some.npz")
    np.testing.assert_allclose(table.features, made.vectors["discovr"].features[3:6], atol=1e-5)
    assert (tmp_path / "some.npz").is_file()
    card = {"stage": "ifa_training", "git": {}, "parameters": VALUES, "inputs": {}, "outputs": {}}
    (folder / RUN_CARD).write_text(json.dumps(card), encoding="utf-8")
    assert np.array_equal(extract("discovr", some, folder=folder, device="cpu").features, table.features)
    with pytest.raises(CheckpointError, match="Not a network of DISCOVR"):
        extract("discovr", some, folder=tmp_path, device="cpu")


def test_videos_that_cannot_be_read_or_are_short(
    rows: pd.DataFrame, source: ClipSource, tmp_path: Path
) -> None:
    (tmp_path / "broken.avi").write_bytes(b"no video")
    short = write_clip(tmp_path / "short.avi", np.full((2, 40, 56), 90, np.uint8), fps=50)
    paths = [tmp_path / "broken.avi", short, rows["path"].iloc[0]]
    videos = pd.DataFrame({"source": "real", "file_name": list("abc"), "path": [str(path) for path in paths]})
    model = fresh(source)
    table = extract_vectors(model, videos, workers=1, out=None)
    assert table.file_name.tolist() == ["b", "c"] and np.isfinite(table.features).all()
    assert table.missing.to_numpy().tolist() == [["real", "a", "unreadable"]]
    seen = ClipSource.of(videos, CUT, workers=1)
    assert seen.names == ("real/b", "real/c") and seen.skipped == ("real/a",) and seen.lengths[0] == 2
    lazy = ClipSource.of(videos, CUT, workers=1, memory_limit=0)
    assert not lazy.held and np.array_equal(lazy.middles([1]), seen.middles([1]))
    with pytest.raises(DataError, match="None of 1 videos can be read: real/a"):
        ClipSource.of(videos.iloc[:1], CUT, workers=1)


def test_finished_blocks_are_taken_up(
    source: ClipSource, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infomotion_lib.representations.discovr.features.BLOCK", 4)
    model, some, asked = fresh(source), rows.iloc[:10], []
    whole = extract_vectors(model, some, workers=1, out=tmp_path / "whole.npz")
    plain = Model.vectors

    def killed(self: Model, clips: np.ndarray) -> np.ndarray:
        asked.append(len(clips))
        if len(asked) == 3:
            raise Kill
        return plain(self, clips)

    monkeypatch.setattr(Model, "vectors", killed)
    with pytest.raises(Kill):
        extract_vectors(model, some, workers=1, out=tmp_path / "killed.npz")
    again = extract_vectors(model, some, workers=1, out=tmp_path / "killed.npz")
    assert asked == [4, 4, 2, 2] and np.array_equal(again.features, whole.features)
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["killed.npz", "whole.npz"]


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "discovr.safetensors").write_bytes(b"cut")
    with pytest.raises(CheckpointError, match=r"Run stage 02 again"):
        load_model(tmp_path / "discovr.safetensors")


def test_what_it_shows_of_itself(
    stage02: tuple[Path, Represented], rows: pd.DataFrame, tmp_path: Path
) -> None:
    made = stage02[1]
    parameters = stage_parameters("ifa_training", VALUES)
    with mpl.rc_context():
        use_style()
        about, *figures = show_each(
            made.fitted, rows, folder=tmp_path, parameters=parameters, data="Klinik A, 2024"
        )
    assert all(figure.alt.startswith("Klinik A, 2024: ") for figure in figures)
    assert about.data.startswith("### DISCOVR") and "What to see" in about.data
    assert [figure.path.name for figure in figures] == [
        *("discovr_mask.svg", "discovr_clusters.svg", "discovr_signs.svg"),
    ]
    assert "A student sees 12% of the patches" in figures[0].alt, "2 of 16 places at a mask ratio of 0.9"
    (nothing,) = show_each({"motion": None}, rows, folder=tmp_path, parameters=parameters)
    assert nothing.data.startswith("Nothing")


def test_clusters_of_hidden_patches_are_compared_with_chance(source: ClipSource) -> None:
    clip = CUT.middle(source.video(0))
    view = look(fresh(source), clip, ratio=0.9, variant=VARIANTS["equations"], seed=1)
    assert view.frames.shape == (2, 32, 32) and view.seen.shape == view.video.shape == (2, 4, 4)
    assert view.seen.sum() == 2 * 2 and np.array_equal(view.seen[0], view.seen[1])
    assert 0 <= view.agreement <= 1
    seen = np.zeros((1, 2, 2), bool)
    labels = np.array([[[0, 0], [1, 2]]])
    told = Look(clip[:1], seen, labels, labels)
    assert told.agreement == 1 and told.chance == pytest.approx((4 + 1 + 1) / 16)
    assert Look(clip[:1], ~seen, labels, labels).agreement == 1, "nothing is hidden: all patches count"


def test_colours_and_headlines_say_what_the_numbers_say() -> None:
    log = pd.DataFrame({name: [1.0, 2.0] for name in training.LOG_COLUMNS})
    for raised, words in (([], "No sign"), (["one vector for all videos"], "Collapsed: one vector")):
        figure = collapse_signs(log, answers=32, prototypes=8, alarms=raised)
        assert figure.get_suptitle().startswith(words)
    maps = {name: np.arange(30).reshape(1, 5, 6) for name in ("video", "image")}
    figure = cluster_maps(np.zeros((1, 40, 40), np.uint8), maps, agreement=0.5, chance=0.1)
    assert figure.get_suptitle() == "Both branches agree on 50% of the hidden patches (10% by chance)"
    assert len(figure.axes) == 3
