"""A clinic's folder in, a distilled set out, by the command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from infomotion_lib.data.records import read_dataset
from infomotion_lib.provenance import sha256
from infomotion_lib.run import cli

SMALL = [
    *("ifa_width=4", "ifa_steps=6", "ifa_batch_size=2", "ifa_warmup_steps=2"),
    *("appearance_steps=3", "appearance_size=32", "infomap_trials=2", "health_resamples=1"),
]


@pytest.fixture(scope="module")
def clinic(tiny_phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with 35 drawn hearts under other names, and the list of a spreadsheet."""
    folder = tmp_path_factory.mktemp("Klinik A")
    hearts = pd.read_csv(tiny_phantom / "FileList.csv")
    (folder / "Videos").mkdir()
    rows = ["Datei;Pat.-Nr.;LVEF (%);geprüft"]
    for number, (name, ef) in enumerate(zip(hearts["FileName"], hearts["EF"], strict=True)):
        shutil.copyfile(tiny_phantom / "Videos" / f"{name}.avi", folder / "Videos" / f"Herz {number}.avi")
        rows.append(f"Herz {number}.avi;P{number // 2};{f'{ef:.1f}'.replace('.', ',')} %;ja")
    (folder / "Liste.csv").write_bytes("\r\n".join(rows).encode("cp1252"))
    return folder


def command(clinic: Path, *more: str) -> list[str]:
    columns = ["file=Datei", "ef=LVEF (%)", "patient=Pat.-Nr."]
    small = [word for value in SMALL for word in ("-p", value)]
    return [
        *("distill", str(clinic / "Videos"), "--labels", str(clinic / "Liste.csv"), "--vpc", "2"),
        *(word for column in columns for word in ("--column", column)),
        *("--out", str(clinic / "chosen"), "--name", "Klinik A, 2024", *small, *more),
    ]


@pytest.fixture(scope="module")
def distilled(clinic: Path) -> Path:
    assert cli.main(command(clinic)) == 0
    return clinic / "chosen"


def test_the_chosen_clips_are_a_data_set(distilled: Path, clinic: Path) -> None:
    dataset = read_dataset(distilled, layout="echonet-dynamic", strict=True)
    assert set(dataset.usable["split"]) == {"TRAIN"}
    selection = pd.read_csv(distilled / "selection.csv")
    assert selection["file_name"].tolist() == dataset.usable["file_name"].tolist()
    assert selection.groupby("class_name").size().max() == 2
    report = pd.read_csv(clinic / "chosen-work/data/own/intake_report.csv").set_index("file_name")
    assert set(report.loc[selection["file_name"], "split"]) == {"TRAIN"}
    assert report.groupby("patient")["split"].nunique().max() == 1
    for row in selection.itertuples():
        assert (clinic / "Videos" / row.original).read_bytes() == (
            distilled / "Videos" / f"{row.file_name}.avi"
        ).read_bytes()
        assert f"rank {row.rank} of class {row.class_name}" in row.why


def test_card_pictures_and_hashes_lie_beside_them(distilled: Path) -> None:
    card = (distilled / "README.md").read_text(encoding="utf-8")
    assert "Klinik A, 2024" in card and "semicolons, Windows-1252" in card and "read as percent" in card
    sums = (distilled / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    named = {line.split("  ", 1)[1]: line.split("  ", 1)[0] for line in sums}
    assert {"selection.csv", "FileList.csv", "README.md", "chosen_hearts.webp", "graphs.svg"} <= set(named)
    assert all(sha256(distilled / name) == digest for name, digest in named.items())


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
