"""Bad input at the command line: exit code 2, one message that names file, value and remedy, nothing
half-written.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from data_folders import UNUSED_TRACINGS, USED_TRACINGS, VIDEO_FAULTS, EchoFolder, faulty

from infomotion_lib.arithmetic import PORTABLE
from infomotion_lib.data import echodiffusion
from infomotion_lib.data.faults import FAULTS, TRACING_FAULTS
from infomotion_lib.paths import BOOK
from infomotion_lib.run import cli

Arrange = Callable[[EchoFolder], object]


def remove(folder: EchoFolder) -> None:
    shutil.rmtree(folder.root)


def empty(folder: EchoFolder) -> None:
    remove(folder)
    folder.root.mkdir()


def nest(folder: EchoFolder) -> None:
    inner = folder.root.with_name("inner")
    folder.root.rename(inner)
    folder.root.mkdir()
    inner.rename(folder.root / "EchoNet-Dynamic")


def drop_split(folder: EchoFolder) -> None:
    folder.file_list = folder.file_list.drop(columns="Split")
    folder.write()


def change(row: int, column: str, value: object) -> Arrange:
    def arrange(folder: EchoFolder) -> None:
        folder.file_list = folder.file_list.astype({column: object})
        folder.file_list.loc[row, column] = value
        folder.write()

    return arrange


def scale_ef(folder: EchoFolder) -> None:
    folder.file_list["EF"] *= 100
    folder.write()


def lose_three_videos(folder: EchoFolder) -> None:
    for number in range(3):
        folder.video(number).unlink()


def save_with(encoding: str, separator: str = ",") -> Arrange:
    def arrange(folder: EchoFolder) -> None:
        text = folder.file_list.assign(Remark="Müller").to_csv(index=False, sep=separator)
        (folder.root / "FileList.csv").write_bytes(text.encode(encoding))

    return arrange


def write_decimal_commas(folder: EchoFolder) -> None:
    path = folder.root / "VolumeTracings.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    cells = [row.split(",") for row in rows]
    commas = [",".join([name, *(f"{float(x):.1f}".replace(".", ",") for x in xs)]) for name, *xs in cells]
    path.write_text("\n".join([header, *commas]), encoding="utf-8")


def make_a_folder_of(part: str) -> Arrange:
    def arrange(folder: EchoFolder) -> None:
        (folder.root / part).unlink()
        (folder.root / part).mkdir()

    return arrange


def rename(part: str, name: str) -> Arrange:
    return lambda folder: (folder.root / part).rename(folder.root / name)


def repeat_a_column(folder: EchoFolder) -> None:
    folder.file_list.insert(2, "EF", 12.0, allow_duplicates=True)
    folder.write()


def write_names_in_lower_case(folder: EchoFolder) -> None:
    folder.file_list["FileName"] = folder.file_list["FileName"].str.lower()
    folder.write()


FOLDERS: dict[str, tuple[Arrange, list[str]]] = {
    "missing folder": (remove, ["does not exist: {root}", "A data set folder holds FileList.csv"]),
    "empty folder": (empty, ["is empty: {root}", "A data set folder holds FileList.csv"]),
    "nested zip folder": (
        nest,
        ["{root} has no FileList.csv", "Give that folder instead: {root}/EchoNet-Dynamic"],
    ),
    "missing column": (drop_split, ["{root}/FileList.csv has no column Split", "use the published file"]),
    "duplicate names": (
        change(7, "FileName", "0X000003AF"),
        ["{root}/FileList.csv lists 0X000003AF more than once", "Keep one row a video"],
    ),
    "unknown split": (
        change(4, "Split", "TRIAN"),
        ["{root}/FileList.csv: unknown Split 'TRIAN' of 0X000004AF in row 6", "Split is one of"],
    ),
    "EF x100": (scale_ef, ["{root}/FileList.csv: the median EF is 4500", "divide by 100"]),
    "EF with a percent sign": (
        change(2, "EF", "55%"),
        ["{root}/FileList.csv: EF of 0X000002AF in row 4 is '55%'", "such as 55.5"],
    ),
    "NaN EF": (
        change(2, "EF", ""),
        ["{root}/FileList.csv: EF of 0X000002AF in row 4 is ''", "take the rows without one out"],
    ),
    "more than 5 % unusable": (
        lose_three_videos,
        ["3 of 40 videos of {root}", "3 missing", "At most 5% may be unusable"],
    ),
    "name that leads out": (
        change(1, "FileName", "../0X000001AF"),
        ["{root}/FileList.csv: the file name '../0X000001AF'", "refused"],
    ),
    "semicolons": (
        save_with("utf-8", ";"),
        ["{root}/FileList.csv separates its cells by semicolons.", "`infomotion distill` reads"],
    ),
    "decimal commas": (
        write_decimal_commas,
        ["{root}/VolumeTracings.csv has rows of 11 cells under a header of 6", "decimal comma, as in 55,5"],
    ),
    "Latin-1": (save_with("latin-1"), ["{root}/FileList.csv cannot be read as a CSV table", "UTF-8 text"]),
    "UTF-16": (save_with("utf-16"), ["{root}/FileList.csv cannot be read as a CSV table", "UTF-8 text"]),
    "column twice": (
        repeat_a_column,
        ["{root}/FileList.csv has the column EF twice", "Keep the published one"],
    ),
    "list that is a folder": (
        make_a_folder_of("FileList.csv"),
        ["{root}/FileList.csv is a folder, not a file"],
    ),
    "tracings that are a folder": (
        make_a_folder_of("VolumeTracings.csv"),
        ["{root}/VolumeTracings.csv is a folder, not a file"],
    ),
    "list in lower case": (
        rename("FileList.csv", "filelist.csv"),
        ["{root}/filelist.csv should be called FileList.csv", "Rename it"],
    ),
    "videos in lower case": (
        rename("Videos", "videos"),
        ["{root}/videos should be called Videos", "Rename it"],
    ),
    "names in lower case": (
        write_names_in_lower_case,
        ["40 missing", "0x000000af (missing)", "40 files, such as 0X000000AF.avi"],
    ),
    "absolute name": (
        change(1, "FileName", "/etc/passwd"),
        ["{root}/FileList.csv: the file name '/etc/passwd'", "refused"],
    ),
}


def refused(words: list[str], expected: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The command ends with exit code 2 and one message that holds the expected words."""
    assert cli.main(words) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("Error: ") or "Usage:" in shown.err
    assert shown.err.count("Error: ") <= 1
    assert "Traceback" not in shown.err
    assert 'File "' not in shown.err
    for part in expected:
        assert part in shown.err


def written(folder: Path) -> list[str]:
    """Files that a reader could take for a result."""
    return sorted(
        file.name
        for file in folder.rglob("*")
        if file.is_file() and file.name not in (".run.lock", ".fingerprint.json")
    )


@pytest.fixture
def own_data(echo_folder: EchoFolder, tmp_path: Path) -> list[str]:
    """Words that run the data stage on ``echo_folder`` as the reader's own EchoNet-Dynamic, results to
    ``tmp_path/runs``.
    """
    profile = tmp_path / "own.yml"
    values = {
        "real_data": "echonet-dynamic",
        "synthetic_data": "none",
        "data_root": echo_folder.root.parent,
        "runs_dir": tmp_path / "runs",
    }
    profile.write_text("".join(f"{name}: {value}\n" for name, value in values.items()), encoding="utf-8")
    return ["run", "data", "--profile", str(profile)]


@pytest.mark.parametrize("case", FOLDERS)
def test_a_faulty_data_set_stops(
    case: str,
    echo_folder: EchoFolder,
    own_data: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arrange, expected = FOLDERS[case]
    arrange(echo_folder)
    parts = [part.format(root=echo_folder.root) for part in expected]
    refused(["data", "check", str(echo_folder.root)], parts, capsys)
    assert cli.main(own_data) == 2
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    for part in parts:
        assert part in shown.err
    assert written(tmp_path / "runs") == []


def test_a_faulty_data_set_stops_a_whole_run_with_one_message(
    echo_folder: EchoFolder,
    own_data: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in PORTABLE:  # a limit that the tests run under would be named in a line of its own
        monkeypatch.delenv(name, raising=False)
    scale_ef(echo_folder)
    expected = [
        f"{echo_folder.root}/FileList.csv: the median EF is 4500",
        "divide by 100",
    ]
    assert cli.main(["run", "all", *own_data[2:]]) == 2
    shown = capsys.readouterr()
    assert shown.out == "", "refused before the first stage"
    assert shown.err.startswith("Error: ") and shown.err.count("Error") == 1
    assert all(part in shown.err for part in expected) and "Traceback" not in shown.err
    assert not list((tmp_path / "runs").rglob("*.csv"))


@pytest.mark.parametrize("fault", [*VIDEO_FAULTS, *UNUSED_TRACINGS, *USED_TRACINGS])
def test_a_faulty_video_has_a_status_and_stops_only_if_asked(
    fault: str,
    echo_folder: EchoFolder,
    own_data: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    faulty(echo_folder, fault)
    assert cli.main(["data", "check", str(echo_folder.root)]) == 0
    assert f"1 {fault} (" in capsys.readouterr().out
    name = echo_folder.file_list["FileName"].iloc[0]
    refused(
        ["data", "check", str(echo_folder.root), "--strict"],
        [str(echo_folder.root), f"1 {fault}", f"{name} (", "Repair or remove"],
        capsys,
    )
    assert cli.main(own_data) == 0
    report = pd.read_csv(tmp_path / "runs/own/data/data_report.csv")
    assert report["n"].sum() == len(echo_folder.file_list)
    if fault in VIDEO_FAULTS:
        assert report.loc[report["status"] == fault, "n"].tolist() == [1]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run", "03", "--profile", "smoke", "-p", "vcp=5"], ["Unknown parameter: vcp", "Did you mean vpc?"]),
        (
            ["run", "03", "--profile", "smoke", "-p", "vpc=five"],
            ["Parameter vpc = 'five'", "videos per class", "Default: (5, 10)"],
        ),
        (
            ["run", "02", "--profile", "smoke", "-p", "ifa_steps=1.5"],
            ["Parameter ifa_steps = 1.5", "training steps"],
        ),
        (
            ["run", "01", "--profile", "smoke", "-p", "diastole_fraction=1.5"],
            ["diastole_fraction = 1.5", "less than 1"],
        ),
        (
            ["run", "all", "--profile", "smoke", "-p", "workers=0"],
            ["Parameter workers = 0", "greater than or equal to 1"],
        ),
        (["run", "all", "--profile", "smoke", "-p", "vpc=[]"], ["Parameter vpc = []", "at least 1 item"]),
        (["run", "33", "--profile", "smoke"], ["Unknown stage: 33", "Did you mean 03?"]),
        (["run", "all", "--profile", "smok"], ["Unknown profile: smok", "smok.yml", "Did you mean smoke"]),
        (["verify", "--profile", "smok"], ["Unknown profile: smok", "Did you mean smoke"]),
        (
            ["data", "fetch", "echonet-dynamic"],
            ["downloads it in person", "echonet.github.io/dynamic", "infomotion data check"],
        ),
        (["data", "fetch", "echodifusion"], ["Cannot fetch echodifusion", "Did you mean echodiffusion?"]),
        (
            ["data", "describe", "echonet-dinamic"],
            ["No manifest for the data set echonet-dinamic", "Did you mean echonet-dynamic"],
        ),
        (["trace", "{tmp}/table1.csv"], ["Not a file: {tmp}/table1.csv", "Give a file of a run"]),
    ],
    ids=lambda value: (
        " ".join(value) if isinstance(value, list) and value[0] in ("run", "verify", "trace", "data") else ""
    ),
)
def test_unknown_mistyped_and_out_of_range_words_stop(
    words: list[str], expected: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = ["-p", f"runs_dir={tmp_path / 'runs'}"] if words[0] == "run" else []
    refused(
        [*(word.format(tmp=tmp_path) for word in words), *target],
        [part.format(tmp=tmp_path) for part in expected],
        capsys,
    )
    assert not (tmp_path / "runs").exists()


def test_a_profile_that_is_no_profile_stops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text, reason in (
        ("vpc: [5", "not valid YAML"),
        ("- vpc", "must hold name: value lines"),
        ("vcp: 5", "Unknown parameter: vcp"),
    ):
        (tmp_path / "own.yml").write_text(text, encoding="utf-8")
        refused(
            ["run", "all", "--profile", str(tmp_path / "own.yml")],
            [str(tmp_path / "own.yml"), reason],
            capsys,
        )
    (tmp_path / "own.yml").write_bytes(b"\xff\xfe\x00binary")
    refused(
        ["run", "all", "--profile", str(tmp_path / "own.yml")],
        [str(tmp_path / "own.yml"), "not valid YAML"],
        capsys,
    )


def test_the_book_names_every_status() -> None:
    page = (BOOK / "own_videos.md").read_text(encoding="utf-8")
    assert {*VIDEO_FAULTS, *UNUSED_TRACINGS, *USED_TRACINGS} == {*FAULTS, *TRACING_FAULTS}
    assert [status for status in (*FAULTS, *TRACING_FAULTS) if f"`{status}`" not in page] == []


# --- no write permission


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder that refuses every write: by its mode, or, for root whom no mode stops, by refusing what would
    open a file for writing.
    """
    folder = tmp_path / "locked"
    folder.mkdir()
    if os.geteuid() != 0:
        folder.chmod(0o500)
        return folder

    def refuse(path: object) -> None:
        if isinstance(path, str | Path) and Path(path).is_relative_to(folder):
            raise PermissionError(13, "Permission denied", str(path))

    open_file, make_folder = os.open, os.mkdir

    def open_(path: object, flags: int, *rest: object, **named: object) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            refuse(path)
        return open_file(path, flags, *rest, **named)  # type: ignore[call-overload]

    def mkdir(path: object, *rest: object, **named: object) -> None:
        refuse(path)
        make_folder(path, *rest, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(os, "mkdir", mkdir)
    return folder


@pytest.mark.parametrize("place", ["in a locked folder", "under a file"])
@pytest.mark.parametrize(
    "words",
    [
        ["run", "data", "--profile", "smoke", "-p", "runs_dir={place}"],
        ["run", "all", "--profile", "smoke", "-p", "runs_dir={place}"],
        ["phantom", "--out", "{place}/hearts", "--workers", "1"],
        ["relabel", "videos", "--weights", "ef.pt", "--out", "{place}/out/labels.csv"],
        ["frames", "segment", "videos", "--weights", "lv.pt", "--out", "{place}/out/phases.csv"],
        ["data", "fetch", "echodiffusion", "--out", "{place}/clips"],
        ["data", "fetch", "echonet-synthetic", "--out", "{place}/videos"],
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_no_write_permission_stops_before_any_work(
    words: list[str],
    place: str,
    locked: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(
        echodiffusion, "read_registry", lambda: pytest.fail("the network is not asked before the folder")
    )
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    target = locked if place == "in a locked folder" else tmp_path / "file"
    reason = "Permission denied" if place == "in a locked folder" else "Not a directory"
    refused([word.format(place=target) for word in words], [str(target), reason], capsys)
    assert not any(locked.iterdir())
    assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"
