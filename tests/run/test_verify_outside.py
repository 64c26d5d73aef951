"""What lies outside a run is verified too, to its ends or whole, and a verification says what it left out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from data_folders import make_folder, textured_clip

from infomotion_lib.data import outside
from infomotion_lib.data.own.description import Description, describe_folder
from infomotion_lib.data.video import write_clip
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.paths import run_paths
from infomotion_lib.provenance import read_json, read_run_card, sha256, write_json
from infomotion_lib.run import cli
from infomotion_lib.run.fingerprint import fingerprint
from infomotion_lib.run.runner import run_stage
from infomotion_lib.run.verify import Verdict, verify
from infomotion_lib.run.verify_outside import files_outside
from infomotion_lib.run.workflow import rule_parameters
from infomotion_lib.stage_table import RUN_CARD, TABLE


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile of the reader's own data, its data stage finished."""
    monkeypatch.setattr(outside, "SAMPLE", 1000)
    clips = [
        write_clip(tmp_path / f"{seed}.avi", textured_clip(seed, height=32, width=32), fps=50)
        for seed in range(2)
    ]
    make_folder(tmp_path / "EchoNet-Dynamic", clips)
    values = {
        "real_data": "echonet-dynamic",
        "synthetic_data": "none",
        "data_root": str(tmp_path),
        "runs_dir": str(tmp_path / "runs"),
    }
    file = tmp_path / "clinic.yml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    run_stage("data", str(file))
    return file


def look(profile: Path, *, deep: bool = False) -> Verdict:
    values = read_profile(str(profile)) | {"ifa_weights": str(profile.parent / "weights.pth")}
    verdict = verify(run_paths("clinic", profile.parent / "runs").root, deep=deep, profile=values)
    kept = tuple(finding for finding in verdict.findings if finding.stage == "data")  # the others never ran
    return Verdict(verdict.root, kept, verdict.lines, verdict.unseen)


def video(profile: Path, number: int) -> Path:
    return sorted((profile.parent / "EchoNet-Dynamic" / "Videos").iterdir())[number]


def overwrite(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def test_an_end_is_seen_at_once_the_middle_by_deep(profile: Path) -> None:
    assert look(profile).holds and "40 videos verified" in look(profile).lines[0]
    middle = video(profile, 3)
    overwrite(middle, middle.stat().st_size // 2)
    assert look(profile).holds and any("--deep reads all" in line for line in look(profile).unseen)
    (changed,) = look(profile, deep=True).findings
    assert changed.kind == "edited" and f"Videos/{middle.name}" in changed.what
    assert not any("--deep" in line for line in look(profile, deep=True).unseen)
    overwrite(video(profile, 5), 100)
    video(profile, 7).unlink()
    assert sorted(finding.kind for finding in look(profile).findings) == ["edited", "missing"]
    assert sorted(finding.kind for finding in look(profile, deep=True).findings) == [
        "edited",
        "edited",
        "missing",
    ]


def test_a_folder_that_is_gone_is_said(profile: Path) -> None:
    shutil.rmtree(profile.parent / "EchoNet-Dynamic")
    findings = look(profile).findings
    assert {finding.kind for finding in findings} == {"missing"} and len(findings) >= 40


def test_nobody_is_told_to_delete_an_own_file(profile: Path) -> None:
    """A list, a video, or the whole folder: what follows from them is made again, they are not."""
    listed = profile.parent / "EchoNet-Dynamic" / "FileList.csv"
    listed.write_text(listed.read_text(encoding="utf-8").replace("TRAIN", "VAL", 1), encoding="utf-8")
    overwrite(video(profile, 5), 100)
    video(profile, 7).unlink()
    for _ in range(2):
        said = str(look(profile))
        assert said.count("Your own files that changed stay as they are") == 1
        assert "delete it" not in said and "is deleted" not in said
        shutil.rmtree(listed.parent, ignore_errors=True)
    report = run_paths("clinic", profile.parent / "runs").data / "data_report.csv"
    report.write_text("other", encoding="utf-8")
    assert "Restore an edited file; or delete it" in str(look(profile)), "one that a stage makes"


def test_the_command_takes_deep_and_says_what_it_left_out(
    profile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    middle = video(profile, 0)
    overwrite(middle, middle.stat().st_size // 2)
    assert cli.main(["verify", "--profile", str(profile)]) == 1  # the other stages have not run
    shown = capsys.readouterr().out
    assert "Not looked at: the middle of the videos of echonet-dynamic" in shown and middle.name not in shown
    assert cli.main(["verify", "--profile", str(profile), "--deep"]) == 1
    assert middle.name in capsys.readouterr().out


def test_a_run_that_recorded_no_hashes_says_so(profile: Path) -> None:
    folder = run_paths("clinic", profile.parent / "runs").data
    card = read_run_card(folder)
    card["outputs"] = {name: value for name, value in card["outputs"].items() if "video_hashes" not in name}
    write_json(card, folder / RUN_CARD)
    assert any("has recorded no hash of each" in line for line in look(profile, deep=True).unseen)


def test_weights_from_outside_are_inputs_and_verified(profile: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"one")
    values = {**read_profile(str(profile)), "ifa_weights": str(weights)}
    parameters = stage_parameters("ifa_training", values)
    assert files_outside(parameters) == {"ifa_weights": weights}
    before = rule_parameters(TABLE["ifa_training"], parameters)
    folder = run_paths("clinic", tmp_path / "runs").data
    card = read_json(folder / RUN_CARD)
    write_json({**card, "outside": {"ifa_weights": sha256(weights)}}, folder / RUN_CARD)
    assert look(profile).holds
    weights.write_bytes(b"two")
    (changed,) = look(profile).findings
    assert changed.kind == "edited" and "ifa_weights" in changed.what
    assert rule_parameters(TABLE["ifa_training"], parameters) != before


def test_another_name_draws_every_figure_again_with_what_was_learnt(profile: Path, tmp_path: Path) -> None:
    values = read_profile(str(profile)) | {"profile": "named", "real_data": "own"}
    own = tmp_path / "own"
    shutil.copytree(tmp_path / "EchoNet-Dynamic", own)
    file = tmp_path / "named.yml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    paths = run_paths("named", tmp_path / "runs")
    states = []
    for called in ("Clinic A", "Clinic B"):
        describe_folder(own, Description(called))
        if called == "Clinic A":
            run_stage("data", str(file))
        stages = {name: stage_parameters(name, values) for name in ("frame_index", "evaluation")}
        drawn = {name: rule_parameters(TABLE[name], parameters) for name, parameters in stages.items()}
        assert all(rule["called"] == {"own": called} for rule in drawn.values())
        states.append((drawn, fingerprint(TABLE["labels"], stage_parameters("labels", values), paths)))
    assert all(states[0][0][name] != states[1][0][name] for name in states[0][0])
    assert states[0][1] == states[1][1], "what is kept of the training still fits"
    assert "called" not in rule_parameters(TABLE["labels"], stage_parameters("labels", values)), "no figures"
    found = [str(finding) for finding in verify(paths.root, profile=values).findings]
    assert "stale     data: it says Clinic A, which is called Clinic B today" in found
    run_stage("data", str(file))
    assert not [line for line in map(str, verify(paths.root, profile=values).findings) if "called" in line]
