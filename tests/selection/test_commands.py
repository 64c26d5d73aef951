"""The commands about selections, on a finished run of a tiny phantom."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.data.records import read_dataset
from infomotion_lib.data.videos import open_source, write_videos
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.paths import run_paths
from infomotion_lib.provenance import start_stage, write_csv
from infomotion_lib.representations.vectors import Vectors
from infomotion_lib.run import cli
from infomotion_lib.selection.parameters import SelectionParameters
from infomotion_lib.selection.stage import run_selection
from infomotion_lib.stage_table import RUN_CARD


@pytest.fixture(scope="module")
def finished(tiny_phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Profile file and runs folder of a run whose stage 03 has finished."""
    runs = tmp_path_factory.mktemp("runs")
    profile = runs / "tiny.yml"
    profile.write_text("profile: tiny\nsynthetic_data: none\n")
    paths = run_paths("tiny", runs)
    paths.data.mkdir(parents=True)
    (paths.data / "phantom").symlink_to(tiny_phantom)
    dataset = open_source("phantom", data_dir=paths.data)
    write_videos({"real": dataset}, paths.videos)
    index = build_frame_index(
        dataset,
        source="real",
        parameters=FrameIndexParameters(),
        workers=1,
    )
    write_csv(index, paths.frame_index)
    names = index["file_name"].to_numpy(dtype=str)
    vectors = Vectors(
        np.full(len(names), "real"), names, np.random.default_rng(0).normal(size=(len(names), 4))
    )
    parameters = SelectionParameters(
        synthetic_data="none", vpc=(2,), n_runs=2, infomap_trials=1, health_resamples=0, graphs=("knn",)
    )
    folder = paths.stage("graph_selection")
    run = start_stage("graph_selection", folder, parameters=parameters.model_dump())
    tables = run_selection(index, {"motion": vectors, "appearance": vectors}, parameters=parameters)
    run.finish([write_csv(table, folder / name) for name, table in tables.files().items()])
    return profile, runs


def call(command: str, finished: tuple[Path, Path], *words: str) -> int:
    return cli.main([command, "--profile", str(finished[0]), "--runs-dir", str(finished[1]), *words])


def test_export_writes_a_data_set(
    finished: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("export-distilled", finished, "--vpc", "2", "--out", str(tmp_path / "set")) == 0
    assert capsys.readouterr().out.startswith("10 videos")
    assert len(read_dataset(tmp_path / "set").usable) == 10


def test_export_names_what_is_not_there(
    finished: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        call(
            "export-distilled",
            finished,
            "--method",
            "infomoton",
            "--vpc",
            "2",
            "--out",
            str(tmp_path / "set"),
        )
        == 2
    )
    assert "Did you mean infomotion" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("command", [["export-distilled", "--vpc", "2"], ["publish-selections"]])
def test_copies_that_the_source_forbids_are_refused(
    command: list[str],
    finished: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("infomotion_lib.paths.MANIFESTS", tmp_path / "manifests")
    shutil.copytree(finished[1], tmp_path / "runs", symlinks=True)
    card = run_paths("tiny", tmp_path / "runs").stage("graph_selection") / RUN_CARD
    content = json.loads(card.read_text())
    content["parameters"]["real_data"] = "echonet-dynamic"
    card.write_text(json.dumps(content))
    out = ["--out", str(tmp_path / "set")] if command[0] == "export-distilled" else []
    assert call(command[0], (finished[0], tmp_path / "runs"), *command[1:], *out) == 2
    assert "Videos of echonet-dynamic may not be passed on" in capsys.readouterr().err
    assert not (tmp_path / "set").exists() and not (tmp_path / "manifests").exists()


def test_published_selections_hold_names_and_hashes(
    finished: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("infomotion_lib.paths.MANIFESTS", tmp_path)
    assert call("publish-selections", finished) == 0
    table = pd.read_csv(tmp_path / "selections" / "tiny.csv", keep_default_na=False)
    assert {"file_name", "sha256", "selection_seeds", "graph_flag"} <= set(table.columns)
    assert set(table["method"]) == {"random", "kmeans", "infodist", "infomotion"}
    assert str(len(table)) in capsys.readouterr().out


def test_a_run_that_has_not_finished_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile = tmp_path / "none.yml"
    profile.write_text("profile: none\n")
    assert cli.main(["publish-selections", "--profile", str(profile), "--runs-dir", str(tmp_path)]) == 2
    assert "No finished stage" in capsys.readouterr().err


def test_the_study_of_open_splits_asks_for_its_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        cli.main(["study", "open-splits", "--runs-dir", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    )
    assert "No finished stage" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_study_of_checkpoints_asks_for_a_finished_evaluation(
    finished: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "out")]
    assert (
        cli.main(["study", "checkpoint", "--profile", str(finished[0]), "--runs-dir", str(finished[1]), *out])
        == 2
    )
    assert "No finished stage" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
