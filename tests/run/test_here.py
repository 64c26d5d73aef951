"""Parameters and files that cannot work are refused before the first stage; what lies outside is an input."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from data_folders import EchoFolder, make_folder, textured_clip

from infomotion_lib.data.outside import SAMPLE, sampled_sha256, state_outside
from infomotion_lib.data.video import write_clip
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.parameters import paths_of, read_profile, stage_parameters
from infomotion_lib.paths import PARAMS, run_paths
from infomotion_lib.run.figure import draw_figure
from infomotion_lib.run.here import require_here, with_whole_paths
from infomotion_lib.run.lock import claim
from infomotion_lib.run.notebook import _literal
from infomotion_lib.run.prepare import parameters_of, resolve
from infomotion_lib.run.runner import run_stage
from infomotion_lib.run.workflow import run_all, what_would_run


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("methods", [], "at least 1 item"),
        ("graphs", [], "at least 1 item"),
        ("pool_methods", [], "at least 1 item"),
        ("methods", ["random", "random"], "random stands there twice"),
        ("vpc", [3, 3], "3 stands there twice"),
        ("generators", ["latte", "latte"], "latte stands there twice"),
        ("representations", ["motion", "motion"], "motion stands there twice"),
        ("representations", ["appearance"], "infomotion looks at motion vectors"),
        ("ifa_depths", [], "It needs 5 values"),
        ("ifa_depths", [2, 2, 2, 2, 3], "1, 2 or 4"),
        ("phantom_size", 50, "multiple of 16"),
        ("machine_shares", [0.0, 0.0, 0.0, 0.0, 0.0], "machine shares"),
        ("device", "cuda", "torch sees no GPU"),
        ("ifa_weights", "nope.pth", "names nothing that exists"),
        ("inception_weights", "nope.pt", "names nothing that exists"),
        ("autoencoder_weights", "nope", "names nothing that exists"),
        ("regressor_weights", "nope.pt", "names nothing that exists"),
        ("data_root", "/no/such/folder", "names nothing that exists"),
    ],
)
def test_it_is_refused_before_the_first_stage(
    name: str, value: Any, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(ParameterError, match=words):
        run_all("smoke", overrides={name: value, "runs_dir": str(tmp_path)})
    assert not list(tmp_path.iterdir())


def test_what_works_passes(tmp_path: Path) -> None:
    (tmp_path / "weights.pth").touch()
    values = read_profile("smoke") | {
        "ifa_weights": str(tmp_path / "weights.pth"),
        "data_root": str(tmp_path),
    }
    require_here(parameters_of(values))


def test_a_relative_path_means_the_folder_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    values = resolve("smoke", overrides={"data_root": "mine", "ifa_weights": "~/w.pth"})
    assert values["data_root"] == str(tmp_path / "mine")
    assert values["ifa_weights"] == str(Path("~/w.pth").expanduser())
    assert with_whole_paths({"data_root": "", "vpc": [2]}) == {"data_root": "", "vpc": [2]}


@pytest.fixture
def echo_folder(tmp_path: Path) -> EchoFolder:
    """40 videos in EchoNet-Dynamic's layout."""
    clip = write_clip(tmp_path / "clip.avi", textured_clip(0), fps=50)
    return make_folder(tmp_path / "EchoNet-Dynamic", [clip])


@pytest.fixture
def profile(echo_folder: EchoFolder, tmp_path: Path) -> Path:
    """A profile of the reader's own copy of EchoNet-Dynamic."""
    echo_folder.write()
    values = {
        "profile": "clinic",
        "real_data": "echonet-dynamic",
        "synthetic_data": "none",
        "data_root": str(echo_folder.root.parent),
        "runs_dir": str(tmp_path / "runs"),
        "workers": 1,
    }
    file = tmp_path / "clinic.yml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    return file


def state(profile: Path) -> dict[str, str]:
    return state_outside(stage_parameters("data", read_profile(str(profile))))


def test_lists_videos_and_folder_are_inputs(profile: Path, echo_folder: EchoFolder, tmp_path: Path) -> None:
    first = state(profile)
    assert list(first) == ["echonet-dynamic"] and state(profile) == first
    seen = [first]
    echo_folder.file_list.loc[0, "EF"] += 1
    echo_folder.write()
    seen.append(state(profile))
    os.utime(echo_folder.video(0), ns=(1, 1))
    seen.append(state(profile))
    echo_folder.video(1).unlink()
    seen.append(state(profile))
    (tmp_path / "elsewhere").mkdir()
    echo_folder.root.rename(tmp_path / "elsewhere" / "EchoNet-Dynamic")
    profile.write_text(profile.read_text().replace(str(tmp_path), str(tmp_path / "elsewhere"), 1))
    seen.append(state(profile))
    assert len({str(entry) for entry in seen}) == len(seen)
    profile.write_text(profile.read_text().replace(str(tmp_path / "elsewhere"), str(tmp_path), 1))
    with pytest.raises(DataError, match="does not exist"):
        state(profile)


def test_a_drawn_data_set_is_no_input_from_outside() -> None:
    assert state_outside(stage_parameters("data", read_profile("smoke"))) == {}


def test_a_sampled_hash_sees_size_and_both_ends(tmp_path: Path) -> None:
    file = tmp_path / "video"
    content = bytearray(3 * SAMPLE)
    hashes = set()
    for place in (None, 0, 3 * SAMPLE - 1):
        changed = bytearray(content)
        if place is not None:
            changed[place] = 1
        file.write_bytes(changed)
        hashes.add(sampled_sha256(file))
    file.write_bytes(content + b"\0")
    hashes.add(sampled_sha256(file))
    assert len(hashes) == 4
    for word in (b"short", b"Short"):
        file.write_bytes(word)
        hashes.add(sampled_sha256(file))
    assert len(hashes) == 6


def test_an_edited_list_runs_the_data_stage_again(profile: Path, echo_folder: EchoFolder) -> None:
    run_all(str(profile), until="data", say=lambda line: None)
    assert "data" not in what_would_run(str(profile), until="data")
    echo_folder.file_list.loc[3, "EF"] = 77.0
    echo_folder.write()
    assert "data" in what_would_run(str(profile), until="data")


def test_two_profile_files_of_one_name_do_not_share_a_run(profile: Path, tmp_path: Path) -> None:
    run_all(str(profile), until="data", say=lambda line: None)
    (tmp_path / "other").mkdir()
    copy = tmp_path / "other" / "clinic.yml"
    copy.write_bytes(profile.read_bytes())
    ways: dict[str, Callable[[str], Any]] = {
        "all": lambda file: run_all(file, until="data", say=lambda line: None),
        "foretold": what_would_run,
        "one stage": lambda file: run_stage("data", file),
        "figure": lambda file: draw_figure("01", file),
        "read": paths_of,
    }
    for way in ways.values():
        with pytest.raises(ParameterError, match="belongs to another profile"):
            way(str(copy))
    assert paths_of(str(profile)) == paths_of(str(paths_of(str(profile)).resolved)), "its own copy is it"
    profile.unlink()  # moved, not another
    run_all(str(copy), until="data", say=lambda line: None)


def test_a_file_called_as_a_profile_of_ours_is_not_it(tmp_path: Path) -> None:
    own = tmp_path / "smoke.yml"
    own.write_text("real_data: phantom\n", encoding="utf-8")
    paths = run_paths("smoke", tmp_path)
    claim(paths, str(own))
    with pytest.raises(ParameterError, match="belongs to another profile"):
        paths_of("smoke", str(tmp_path))
    own.unlink()
    claim(paths, "smoke")
    claim(paths, str(PARAMS / "smoke.yml"))
    own.write_text("real_data: phantom\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="another profile: smoke"):
        claim(paths, str(own))


def test_braces_in_a_path_are_letters() -> None:
    assert _literal(Path("a{1}/b")).format(profile="x") == "a{1}/b"
