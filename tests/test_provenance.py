"""Files appear whole or not at all; run cards say where each came from."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_book.run_sentences import device as shown_device
from infomotion_lib import provenance
from infomotion_lib.errors import StageError
from infomotion_lib.paths import PROJECT
from infomotion_lib.provenance import (
    RECORDED_PACKAGES,
    atomic,
    git_state,
    read_run_card,
    sha256,
    shown_path,
    start_stage,
    write_csv,
    write_json,
    write_npz,
)
from infomotion_lib.run.code import MACHINERY


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError, match="half way"), atomic(target) as temporary:
        temporary.write_text("ne", encoding="utf-8")
        raise RuntimeError("half way")
    assert target.read_text(encoding="utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_nobody_sees_a_file_before_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new.txt"
    with atomic(target) as temporary:
        temporary.write_text("half", encoding="utf-8")
        assert not target.exists()
    assert target.read_text(encoding="utf-8") == "half"


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    table = pd.DataFrame({"name": ["a", "b"], "value": [1 / 3, 2.0]})
    arrays = {"features": np.arange(6, dtype=np.float32).reshape(2, 3), "file_name": np.array(["a", "b"])}
    for turn in ("one", "two"):
        write_csv(table, tmp_path / turn / "t.csv")
        write_npz(tmp_path / turn / "f.npz", arrays)
    assert sha256(tmp_path / "one/t.csv") == sha256(tmp_path / "two/t.csv")
    assert sha256(tmp_path / "one/f.npz") == sha256(tmp_path / "two/f.npz")
    assert (tmp_path / "one/t.csv").read_text(encoding="utf-8") == "name,value\na,0.333333333\nb,2\n"
    with np.load(tmp_path / "one/f.npz") as loaded:
        np.testing.assert_array_equal(loaded["features"], arrays["features"])


def test_json_takes_numpy_and_refuses_the_unknown(tmp_path: Path) -> None:
    write_json({"a": np.float32(0.5), "b": np.arange(2), "c": Path("x/y")}, tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {
        "a": 0.5,
        "b": [0, 1],
        "c": "x/y",
    }
    with pytest.raises(TypeError, match="object"):
        write_json({"a": object()}, tmp_path / "b.json")
    assert not (tmp_path / "b.json").exists()


def test_the_run_card_states_parameters_inputs_and_outputs(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("x\n1\n", encoding="utf-8")
    run = start_stage("frame_index", tmp_path / "01", parameters={"limit": 0}, inputs=[source])
    output = write_csv(pd.DataFrame({"x": [1]}), tmp_path / "01/out.csv")
    run.finish([output])
    card = read_run_card(tmp_path / "01")
    assert card["parameters"] == {"limit": 0}
    assert card["inputs"] == {shown_path(source): sha256(source)}
    assert card["outputs"] == {shown_path(output): sha256(output)}
    assert card["packages"]["numpy"] == np.__version__
    assert card["wall_seconds"] >= 0
    assert set(card["git"]) == {"commit", "dirty"}


def test_every_card_says_what_the_data_are_called(tmp_path: Path) -> None:
    data, first, later = (tmp_path / name for name in ("data", "01", "02"))
    stage = start_stage("data", data, parameters={})
    stage.notes["called"] = {"own": "Clinic A, 2024", "own-synthetic": "Generator G"}
    stage.finish([write_csv(pd.DataFrame({"x": [1]}), data / "videos.csv")])
    start_stage("frame_index", first, parameters={}, inputs=[data / "videos.csv"]).finish(
        [write_csv(pd.DataFrame({"x": [1]}), first / "frame_index.csv")]
    )
    stage.notes["called"]["own"] = "Clinic A, 2025"
    stage.finish([data / "videos.csv"])
    inputs = [data / "videos.csv", first / "frame_index.csv"]
    run = start_stage("ifa_training", later, parameters={"real_data": "own"}, inputs=inputs)
    assert (run.data, run.every_data) == ("Clinic A, 2025", "Clinic A, 2025 and Generator G")
    run.finish([])
    assert read_run_card(first)["notes"]["called"]["own"] == "Clinic A, 2024"
    assert read_run_card(later)["notes"]["called"]["own"] == "Clinic A, 2025"
    unnamed = start_stage("ifa_training", tmp_path / "03", parameters={"real_data": "own"})
    assert (unnamed.data, unnamed.every_data, unnamed.notes) == ("", "", {})


def test_the_run_card_names_the_graphics_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"a card, asked for as {device}")
    write_json({}, tmp_path / "out.json")
    cards = {}
    for device in ("cpu", "cuda"):
        start_stage("s", tmp_path, parameters={}, device=device).finish([tmp_path / "out.json"])
        cards[device] = read_run_card(tmp_path)
    assert {name: card["machine"]["gpu"] for name, card in cards.items()} == {
        "cpu": "",
        "cuda": "a card, asked for as cuda",
    }
    assert [shown_device(card) for card in (*cards.values(), {"device": "cpu"})] == [
        "CPU",
        "a card, asked for as cuda",
        "CPU",
    ]


def imported_packages() -> dict[str, str]:
    """Distribution of every third-party import of the rooms that decide results, with a file that has it."""
    renamed = {
        "cv2": "opencv-python-headless",
        "faiss": "faiss-cpu",
        "sklearn": "scikit-learn",
        "lightning_fabric": "lightning-fabric",
    }
    found = {}
    for file in (PROJECT / "infomotion_lib").rglob("*.py"):
        room = file.relative_to(PROJECT / "infomotion_lib").parts[0].removesuffix(".py")
        if room in MACHINERY | {"reporting"}:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for name in {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"infomotion_lib"}:
                found[renamed.get(name, name)] = file.name
    return found


def test_the_run_card_names_every_package_that_decides_results(tmp_path: Path) -> None:
    decide_nothing = {
        "mlcroissant",  # checks the description of a data set
        "pooch",  # downloads, each file checked by hash
        "requests",  # likewise
        "pydantic",  # checks parameters, whose values are on the card
        "tqdm",  # progress bars
        "yaml",  # reads profiles, likewise
    }
    imported = imported_packages()
    missing = {
        name: file for name, file in imported.items() if name not in (*RECORDED_PACKAGES, *decide_nothing)
    }
    assert not missing, f"imported where results are made, and on no run card: {missing}"
    assert {"torch", "diffusers", "monai", "scipy", "lightning-fabric", "safetensors"} <= imported.keys(), (
        "the search finds them"
    )
    assert decide_nothing <= imported.keys(), "an exception for what nobody imports"
    unused = set(RECORDED_PACKAGES) - imported.keys()
    assert unused == {"infomotion", "pillow"}, "the project itself, and what pydicom decodes pictures with"
    start_stage("data", tmp_path, parameters={}).finish([])
    versions = read_run_card(tmp_path)["packages"]
    assert all(versions[name] == metadata.version(name) for name in ("scipy", "joblib", "infomap"))


def test_the_commit_is_that_of_this_project_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    who = {
        f"GIT_{role}_{what}": "nobody@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=tmp_path, check=True, env={**os.environ, **who})

    project = tmp_path / "downloads/infomotion"
    project.mkdir(parents=True)
    (project / "pyproject.toml").touch()
    monkeypatch.setattr(provenance, "PROJECT", project)
    assert git_state() == {"commit": None, "dirty": None}
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "somebody's own")
    assert git_state() == {"commit": None, "dirty": None}, (
        "the repository around an archive is not the project's"
    )
    git("add", ".")
    git("commit", "-q", "-m", "the project")
    state = git_state()
    assert len(state["commit"]) == 40 and state["dirty"] is False
    (project / "pyproject.toml").write_text("changed", encoding="utf-8")
    assert git_state()["dirty"] is True


def test_a_stage_that_starts_again_is_not_finished_any_more(tmp_path: Path) -> None:
    start_stage("data", tmp_path, parameters={}).finish([])
    assert read_run_card(tmp_path)["stage"] == "data"
    start_stage("data", tmp_path, parameters={})
    with pytest.raises(StageError, match="No finished stage"):
        read_run_card(tmp_path)


def test_missing_inputs_and_outputs_are_named(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"absent\.csv"):
        start_stage("evaluation", tmp_path / "04", parameters={}, inputs=[tmp_path / "absent.csv"])
    assert not (tmp_path / "04").exists()
    with pytest.raises(StageError, match="did not write"):
        start_stage("evaluation", tmp_path, parameters={}).finish([tmp_path / "table1.csv"])
    assert not (tmp_path / "run_card.json").exists()


def test_paths_are_shown_without_the_folders_of_this_machine(tmp_path: Path) -> None:
    assert shown_path(PROJECT / "runs/smoke/x.csv") == "runs/smoke/x.csv"
    assert shown_path(tmp_path / "EchoNet-Dynamic/FileList.csv") == "EchoNet-Dynamic/FileList.csv"
