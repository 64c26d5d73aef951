"""A folder of any videos and its list become a data set that every stage can read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from data_folders import textured_clip

from infomotion_lib.data.own.intake import IntakeRequest, take_in
from infomotion_lib.data.own.matching import match_files, plain_stems
from infomotion_lib.data.own.writing import REPORT, fitted
from infomotion_lib.data.records import read_dataset
from infomotion_lib.data.tables import plain_names
from infomotion_lib.data.video import read_clip, write_clip
from infomotion_lib.errors import DataError

N = 10


def write_mp4(path: Path, clip: np.ndarray, fps: int = 40) -> Path:
    """The clip as H.264, grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps))
        stream.height, stream.width = clip.shape[1:]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "10"}
        for frame in clip:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.repeat(frame[..., None], 3, 2))))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def clinic(tmp_path: Path) -> IntakeRequest:
    """Ten clips: AVI, and MP4 in a folder below; a list with patients and decimal commas."""
    folder = tmp_path / "Aufnahmen"
    rows = ["Video;EF;Patient"]
    for number in range(N):
        clip = textured_clip(number, frames=12, height=64, width=64)
        if number % 2:
            write_mp4(folder / "ward" / f"clip {number}.mp4", clip)
            rows.append(f"ward/clip {number}.mp4;{10 + 8 * number},5;P{number // 2}")
        else:
            write_clip(folder / f"clip {number}.avi", clip, fps=50)
            rows.append(f"clip {number};{10 + 8 * number},5;P{number // 2}")
    (tmp_path / "list.csv").write_text("\n".join(rows), encoding="utf-8")
    return IntakeRequest(folder, tmp_path / "list.csv", workers=1)


def relisted(request: IntakeRequest, old: str, new: str) -> None:
    """Change a piece of the list."""
    text = request.labels.read_text(encoding="utf-8")
    assert old in text
    request.labels.write_text(text.replace(old, new), encoding="utf-8")


def test_it_becomes_a_data_set(clinic: IntakeRequest, tmp_path: Path) -> None:
    taken = take_in(clinic, tmp_path / "own")
    dataset = read_dataset(taken.root, layout="echonet-dynamic", strict=True)
    assert len(dataset.usable) == N and dataset.tracings is None
    assert dataset.usable["ef"].tolist() == [10.5 + 8 * number for number in range(N)]
    assert dataset.usable["fps"].tolist() == [50, 40] * (N // 2)
    assert taken.report.groupby("patient")["split"].nunique().max() == 1
    assert (taken.root / "Videos/clip 0.avi").read_bytes() == (clinic.folder / "clip 0.avi").read_bytes()
    decoded = read_clip(clinic.folder / "ward" / "clip 1.mp4").astype(int)
    kept = read_clip(taken.root / "Videos" / "clip 1.avi").astype(int)
    assert np.abs(decoded - kept).mean() < 2


def test_an_interrupted_intake_goes_on(clinic: IntakeRequest, tmp_path: Path) -> None:
    first = take_in(clinic, tmp_path / "own")
    before = {file: file.stat().st_mtime_ns for file in (first.root / "Videos").iterdir()}
    next(iter(before)).unlink()
    again = take_in(clinic, tmp_path / "own")
    changed = [file for file, time in before.items() if file.stat().st_mtime_ns != time]
    assert changed == [next(iter(before))]
    pd.testing.assert_frame_equal(first.report, again.report)
    source = clinic.folder / "clip 0.avi"
    write_clip(source, textured_clip(99, frames=12, height=64, width=64), fps=50)
    take_in(clinic, tmp_path / "own")
    assert (first.root / "Videos/clip 0.avi").read_bytes() == source.read_bytes()


def test_frames_of_several_sizes_need_one(clinic: IntakeRequest, tmp_path: Path) -> None:
    write_clip(clinic.folder / "clip 0.avi", textured_clip(0, frames=12, height=48, width=80), fps=50)
    with pytest.raises(DataError, match=r"2 sizes: 64 x 64 \(9\), 80 x 48 \(1\)"):
        take_in(clinic, tmp_path / "own")
    assert not (tmp_path / "own").exists()
    request = IntakeRequest(clinic.folder, clinic.labels, side=48, workers=1)
    dataset = read_dataset(take_in(request, tmp_path / "own").root, layout="echonet-dynamic")
    assert set(dataset.usable["height"]) == set(dataset.usable["width"]) == {48}


def test_a_side_that_no_network_takes_is_refused(clinic: IntakeRequest, tmp_path: Path) -> None:
    for number in range(0, N, 2):
        write_clip(
            clinic.folder / f"clip {number}.avi", textured_clip(0, frames=12, height=60, width=50), fps=50
        )
        write_mp4(
            clinic.folder / "ward" / f"clip {number + 1}.mp4",
            textured_clip(0, frames=12, height=60, width=50),
        )
    with pytest.raises(DataError, match="50 x 60 pixels; both sides must be multiples of 16"):
        take_in(clinic, tmp_path / "own")
    with pytest.raises(DataError, match="A side of 100 pixels"):
        take_in(IntakeRequest(clinic.folder, clinic.labels, side=100), tmp_path / "own")


def test_padding_keeps_shapes_and_adds_black() -> None:
    clip = np.full((2, 32, 64), 200, np.uint8)
    square = fitted(clip, (64, 64))
    assert (square[:, 16:48] == 200).all() and not square[:, :16].any() and not square[:, 48:].any()
    assert fitted(clip, (32, 64)) is clip
    assert fitted(clip, (128, 128)).shape == (2, 128, 128)


def test_what_is_lost_is_named_and_a_quarter_is_too_much(clinic: IntakeRequest, tmp_path: Path) -> None:
    (clinic.folder / "clip 0.avi").unlink()
    relisted(clinic, "clip 2;26,5", "clip 2;")
    (clinic.folder / "extra.avi").write_bytes(b"no video, and not listed")
    report = take_in(clinic, tmp_path / "own").report.set_index("file")["status"]
    assert report.value_counts().to_dict() == {"taken": N - 2, "no_file": 1, "no_ef": 1, "not_listed": 1}
    assert report["extra.avi"] == "not_listed" and report["clip 2.avi"] == "no_ef"
    (clinic.folder / "clip 4.avi").write_bytes(b"")
    with pytest.raises(DataError, match="3 of the 10 listed videos cannot be used: 1 no_file"):
        take_in(clinic, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    request = IntakeRequest(clinic.folder, clinic.labels, allow_losses=True, workers=1)
    written = pd.read_csv(take_in(request, tmp_path / "other").root / REPORT)
    assert written["status"].value_counts()["taken"] == N - 3


def test_what_a_reader_said_is_reported(clinic: IntakeRequest, tmp_path: Path) -> None:
    (clinic.folder / "clip 0.avi").write_bytes(b"no video")
    report = take_in(clinic, tmp_path / "own").report.set_index("file")
    assert report.loc["clip 0.avi", "status"] == "unreadable"
    assert "cannot be read as a video" in report.loc["clip 0.avi", "detail"]


def test_dicom_without_its_package_is_refused_at_once(
    clinic: IntakeRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clinic.folder / "clip 0.avi").rename(clinic.folder / "clip 0.dcm")
    monkeypatch.setattr("infomotion_lib.data.own.cines.find_spec", lambda name: None)
    with pytest.raises(DataError, match="1 of the files are DICOM"):
        take_in(clinic, tmp_path / "own")
    assert not (tmp_path / "own").exists()


def test_a_listed_rate_counts_more_than_the_files(clinic: IntakeRequest, tmp_path: Path) -> None:
    text = clinic.labels.read_text(encoding="utf-8").splitlines()
    rows = [f"{text[0]};FPS", *(f"{row};33,3" for row in text[1:])]
    clinic.labels.write_text("\n".join(rows), encoding="utf-8")
    dataset = read_dataset(take_in(clinic, tmp_path / "own").root, layout="echonet-dynamic")
    np.testing.assert_allclose(dataset.usable["fps"], 33.3, atol=1e-6)


def test_names_find_their_files() -> None:
    files = ["a/x.avi", "b/x.avi", "b/Y.MP4", "z.v2.avi"]
    names = pd.Series(["a/x", "b\\x.avi", "y", "z.v2"], index=[2, 3, 4, 5])
    assert match_files(names, files).tolist() == ["a/x.avi", "b/x.avi", "b/Y.MP4", "z.v2.avi"]
    with pytest.raises(DataError, match="Row 2 of the list, 'x', fits 2 files"):
        match_files(pd.Series(["x"], index=[2]), files)
    with pytest.raises(DataError, match=r"Rows 2, 3 of the list mean the same file: b/Y\.MP4"):
        match_files(pd.Series(["y", "b/Y.MP4"], index=[2, 3]), files)
    with pytest.raises(DataError, match="Row 7 of the list names no file"):
        match_files(pd.Series([""], index=[7]), files)


def test_accents_match_however_they_are_encoded() -> None:
    decomposed, composed = "Mu\u0308ller.mp4", "M\u00fcller"
    assert match_files(pd.Series([composed], index=[2]), [decomposed]).tolist() == [decomposed]


@pytest.mark.parametrize("name", [" led by a blank", "x.avi", "x.AVI ", "a\\b", "tab\there", "..", "n" * 240])
def test_any_file_name_becomes_one_that_the_list_may_hold(name: str) -> None:
    plain = plain_stems([f"{name}.mp4"])[0]
    assert plain_names(pd.Series([plain]), Path("list.csv")).tolist() == [plain]


def test_plain_names_are_distinct_whatever_the_folders() -> None:
    files = ["a/x.avi", "a_x.avi", "b/x.avi", "b/X.mp4"]
    names = plain_stems(files)
    assert len({name.casefold() for name in names}) == len(files)
    assert not any("/" in name for name in names)


def test_without_ef_the_folder_alone_will_do(clinic: IntakeRequest, tmp_path: Path) -> None:
    request = IntakeRequest(clinic.folder, None, classes="none", workers=1)
    taken = take_in(request, tmp_path / "own")
    dataset = read_dataset(taken.root, layout="echonet-dynamic", labelled=False)
    assert len(dataset.usable) == N and dataset.usable["ef"].isna().all()
    assert dataset.usable["split"].value_counts().to_dict() == {"TRAIN": N - 1, "VAL": 1}
    with pytest.raises(DataError, match="has no column EF"):
        read_dataset(taken.root, layout="echonet-dynamic")


def test_without_ef_a_list_still_gives_patients_and_rates(clinic: IntakeRequest, tmp_path: Path) -> None:
    relisted(clinic, "clip 2;26,5", "clip 2;not measured")
    request = IntakeRequest(clinic.folder, clinic.labels, classes="none", workers=1)
    taken = take_in(request, tmp_path / "own")
    assert len(taken.taken) == N and taken.facts["EF"] == "not looked at"
    assert taken.taken.groupby("patient")["split"].nunique().max() == 1
    assert taken.taken["split"].value_counts().to_dict() == {"TRAIN": N - 2, "VAL": 2}
    assert "EF" not in pd.read_csv(taken.root / "FileList.csv")
