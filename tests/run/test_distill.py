"""A clinic's folder in, a distilled set out, by the command."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from infomotion_lib.data.records import read_dataset
from infomotion_lib.parameters import STAGES, paths_of
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import sha256
from infomotion_lib.reporting.results import Results
from infomotion_lib.run import cli
from infomotion_lib.run.distill import say_oddities
from infomotion_lib.run.runner import run_stage

SMALL = [
    *("ifa_width=4", "ifa_steps=4", "ifa_batch_size=2", "ifa_warmup_steps=2", "ifa_depths=[1,1,1,1,1]"),
    *("representations=[motion]", "infomap_trials=1", "health_resamples=0"),
]


@pytest.fixture(scope="module")
def clinic(tiny_phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with 10 drawn hearts of two classes under other names, and the list of a spreadsheet."""
    folder = tmp_path_factory.mktemp("Klinik A")
    hearts = pd.read_csv(tiny_phantom / "FileList.csv")
    hearts = pd.concat([hearts[hearts["EF"] < 30].head(5), hearts[hearts["EF"].between(50, 70)].head(5)])
    (folder / "Videos").mkdir()
    rows = ["Datei;Pat.-Nr.;LVEF (%);geprüft"]
    for number, (name, ef) in enumerate(zip(hearts["FileName"], hearts["EF"], strict=True)):
        shutil.copyfile(tiny_phantom / "Videos" / f"{name}.avi", folder / "Videos" / f"Herz {number}.avi")
        rows.append(f"Herz {number}.avi;P{max(number, 1)};{f'{ef:.1f}'.replace('.', ',')} %;ja")
    (folder / "Liste.csv").write_bytes("\r\n".join(rows).encode("cp1252"))
    return folder


def command(clinic: Path, *more: str) -> list[str]:
    columns = ["file=Datei", "ef=LVEF (%)", "patient=Pat.-Nr."]
    small = [word for value in SMALL for word in ("-p", value)]
    return [
        *("distill", str(clinic / "Videos"), "--labels", str(clinic / "Liste.csv"), "--vpc", "2"),
        *(word for column in columns for word in ("--column", column)),
        *("--size", "32", "--out", str(clinic / "chosen"), "--name", "Klinik A, 2024", *small, *more),
    ]


@pytest.fixture(scope="module")
def distilled(clinic: Path) -> Path:
    """What the command leaves; its stages run one after the other in this process, without the engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infomotion_lib.run.distill.run_all", one_by_one)
        assert cli.main(command(clinic)) == 0
    return clinic / "chosen"


def one_by_one(profile: str, *, until: str, say: Callable[[str], None]) -> RunPaths:
    """Folders of a run, its stages run without the engine, which plans and starts each anew."""
    for stage in STAGES:
        run_stage(stage, profile, say=say)
        if stage == until:
            break
    return paths_of(profile)


def test_the_chosen_clips_are_a_data_set(distilled: Path, clinic: Path) -> None:
    dataset = read_dataset(distilled, layout="echonet-dynamic", strict=True)
    assert set(dataset.usable["split"]) == {"TRAIN"}
    selection = pd.read_csv(distilled / "selection.csv")
    assert selection["file_name"].tolist() == dataset.usable["file_name"].tolist()
    assert selection.groupby("class_name").size().max() == 2
    report = pd.read_csv(clinic / "chosen-work/data/own/intake_report.csv").set_index("file_name")
    assert set(report.loc[selection["file_name"], "split"]) == {"TRAIN"}
    assert report.groupby("patient")["split"].nunique().max() == 1
    assert set(dataset.usable["height"]) == {32}
    for row in selection.itertuples():
        assert report.loc[row.file_name, "sha256"] == sha256(clinic / "Videos" / row.original)
        assert f"rank {row.rank} of class {row.class_name}" in row.why


def test_card_pictures_and_hashes_lie_beside_them(distilled: Path) -> None:
    card = (distilled / "README.md").read_text(encoding="utf-8")
    assert "Klinik A, 2024" in card and "semicolons, Windows-1252" in card and "read as percent" in card
    selection = pd.read_csv(distilled / "selection.csv", keep_default_na=False)
    assert all(f"\n| {column} | " in card for column in selection), "the card explains each column"
    health = next(line for line in card.splitlines() if line.startswith("| graph health | "))
    told = dict(part.split(": ") for part in health.strip("| ").split(" | ")[1].split("; "))
    for flag, classes in told.items():
        assert set(classes.split(", ")) == set(selection.loc[selection["graph_flag"] == flag, "class_name"])
    sums = (distilled / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    named = {line.split("  ", 1)[1]: line.split("  ", 1)[0] for line in sums}
    pictures = {"chosen_hearts.svg", "graphs.svg"}
    assert {"selection.csv", "FileList.csv", "README.md", "croissant.json", *pictures} <= set(named)
    assert all(sha256(distilled / name) == digest for name, digest in named.items())


def test_a_video_that_stands_there_twice_is_named(distilled: Path, clinic: Path, tmp_path: Path) -> None:
    root = shutil.copytree(clinic / "chosen-work/data/own", tmp_path / "own")
    first, second = sorted((root / "Videos").iterdir())[:2]
    shutil.copyfile(first, second)
    said: list[str] = []
    say_oddities(root, said.append, classes="ef", workers=1)
    assert [line for line in said if first.stem in line and second.stem in line]
    odd = pd.read_csv(root / "odd_videos.csv")
    assert {first.stem, second.stem} <= set(odd["file_name"])


def test_the_run_says_the_name(distilled: Path, clinic: Path) -> None:
    results = Results("chosen", clinic / "chosen-work" / "runs" / "chosen")
    assert results.kind == "Klinik A, 2024"
    table = results.notebook("frame_index").read_text(encoding="utf-8")
    assert "Klinik A, 2024" in table and "own videos" not in table
    for stage in results.stages:
        assert results.card(stage)["notes"]["called"] == {"own": "Klinik A, 2024"}, stage
    said = {"frame_index": "frame_strip", "ifa_training": "training", "graph_selection": "communities"}
    for stage, figure in said.items():
        picture = next(file for file in results.figures(stage) if file.stem == figure)
        alt = results.notebook(stage).read_text(encoding="utf-8").split(f"{figure}{picture.suffix}: ", 1)[1]
        assert "Klinik A, 2024" in alt[:200], figure


def test_an_export_obeys_the_authors_answer(
    distilled: Path, clinic: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work, out = clinic / "chosen-work", tmp_path / "EchoNet-Synthetic" / "set"
    export = ["export-distilled", "--profile", str(work / "profile.yml"), "--vpc", "2", "--out", str(out)]
    assert cli.main(export) == 2
    refused = capsys.readouterr().err
    assert "Videos of Klinik A, 2024 may not be passed on" in refused and "description says so" in refused
    manifest = work / "data" / "own" / "croissant.json"
    before = manifest.read_bytes()
    described = ["data", "describe", str(manifest.parent), "--pass-on", "--licence", "CC BY 4.0"]
    assert cli.main(described) == 0 and cli.main(export) == 0
    manifest.write_bytes(before)
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "videos of Klinik A, 2024" in card and "CC BY 4.0" in card
    capsys.readouterr()
    assert cli.main(["data", "check", str(out)]) == 0
    checked = capsys.readouterr().out
    assert "REQUESTED" not in checked and "Not ready" not in checked and "requested" not in checked
    assert "A selection, for training alone" in checked


def test_nothing_in_it_names_a_folder_of_this_machine(distilled: Path, clinic: Path) -> None:
    for file in distilled.rglob("*"):
        if file.is_file():
            assert str(clinic).encode() not in file.read_bytes(), file


def test_a_finished_or_other_folder_is_refused(
    distilled: Path, clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(command(clinic)) == 2
    assert "holds something already" in capsys.readouterr().err
    assert cli.main([*command(clinic), "--out", str(clinic / "other"), "-p", "vcp=[3]"]) == 2
    assert "Unknown parameter: vcp" in capsys.readouterr().err
    assert cli.main([*command(clinic), "--out", str(clinic / "other"), "--method", "infomoton"]) == 2
    assert "Did you mean infomotion" in capsys.readouterr().err
    assert cli.main([*command(clinic), "--out", str(clinic / "other"), "-p", "methods=[random]"]) == 2
    assert "sets the parameter methods itself" in capsys.readouterr().err
    assert not (clinic / "other").exists() and not (clinic / "other-work").exists()


def test_a_refused_list_leaves_nothing_behind(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [word.replace("ef=LVEF (%)", "ef=geprüft") for word in command(clinic)]
    assert cli.main([*wrong, "--out", str(clinic / "mended")]) == 2
    assert "The EF in row 2 is 'ja', not one number" in capsys.readouterr().err
    assert not (clinic / "mended-work").exists()


def test_it_resumes_only_what_was_begun(
    distilled: Path, clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {file.name: file.read_bytes() for file in distilled.iterdir() if file.suffix == ".csv"}
    shutil.rmtree(distilled)
    assert cli.main(command(clinic)) == 2
    assert "Give --resume to go on" in capsys.readouterr().err
    assert cli.main(command(clinic, "--resume", "--size", "64")) == 2
    assert "begun with another folder, list, column, size or seed" in capsys.readouterr().err
    assert cli.main(command(clinic, "--resume")) == 0
    said = capsys.readouterr().out
    assert "started" not in said, "every stage was up to date"
    assert {name: (distilled / name).read_bytes() for name in before} == before
