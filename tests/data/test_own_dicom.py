"""A folder of ultrasound DICOM becomes a data set of an author's own: imported first, without patient data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_folders import textured_clip
from dicom_files import PLANTED, cine

from infomotion_lib.data.own.intake import IntakeRequest, take_in
from infomotion_lib.data.own.matching import videos_below
from infomotion_lib.data.own.writing import fitted
from infomotion_lib.data.records import read_dataset
from infomotion_lib.data.video import read_clip, write_clip

pytest.importorskip("pydicom")
TEXT = np.s_[4:10, 4:40]
"""Where text is burnt into the pictures: it stands still, outside the sector."""


def write_cine(path: Path, number: int, **elements: object) -> None:
    pictures = np.zeros((12, 60, 90), np.uint8)
    pictures[:, 14:54, 20 : 60 + number] = textured_clip(number, frames=12, height=40, width=40 + number)
    pictures[:, *TEXT] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    cine(pictures, "MONOCHROME2", **elements).save_as(path, enforce_file_format=True)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Five cines, three of them without a suffix, one of other machines, a text and an AVI."""
    folder = tmp_path / "scans"
    for number in range(5):
        write_cine(folder / "study" / (f"IM{number}" if number < 3 else f"IM{number}.dcm"), number)
    write_cine(folder / "study" / "1.2.840.10008", 5, Modality="CT")
    (folder / "notes.txt").write_text("no video", encoding="utf-8")
    write_clip(folder / "plain.avi", textured_clip(9, frames=12, height=64, width=64), fps=30)
    return folder


def test_it_becomes_a_data_set_of_moving_sectors(scans: Path, tmp_path: Path) -> None:
    assert len(videos_below(scans)) == 7
    request = IntakeRequest(scans, None, classes="none", side=48, workers=1)
    taken = take_in(request, tmp_path / "data" / "own")
    assert taken.report.set_index("file")["status"].value_counts().to_dict() == {
        "taken": 6,
        "no_ultrasound": 1,
    }
    dataset = read_dataset(taken.root, layout="echonet-dynamic", labelled=False)
    assert set(dataset.usable["height"]) == {48} and sorted(dataset.usable["fps"]) == [25] * 5 + [30]
    clip = read_clip(taken.root / "Videos" / "IM0.avi")
    sector = fitted(textured_clip(0, frames=12, height=40, width=40), (48, 48))
    assert np.abs(clip.astype(int) - sector).mean() < 3, "the sector alone, without the text beside it"
    assert taken.facts["DICOM"].startswith("5 of 6 files imported")


def test_no_output_holds_patient_data(scans: Path, tmp_path: Path) -> None:
    take_in(IntakeRequest(scans, None, classes="none", workers=1), tmp_path / "data" / "own")
    written = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert len(written) > 10
    for file in written:
        assert not any(word.encode() in file.read_bytes() for word in PLANTED), file


def test_a_list_names_dicom_files_and_their_rates_may_be_told(scans: Path, tmp_path: Path) -> None:
    rows = ["file,ef,fps", *(f"IM{number},{30 + 9 * number},20" for number in range(5))]
    (tmp_path / "list.csv").write_text("\n".join(rows), encoding="utf-8")
    taken = take_in(IntakeRequest(scans, tmp_path / "list.csv", workers=1), tmp_path / "data" / "own")
    listed = pd.read_csv(taken.root / "FileList.csv")
    assert listed["FPS"].tolist() == [20] * 5 and set(listed["FrameHeight"]) == {112}
    again = {file: file.stat().st_mtime_ns for file in (taken.root / "Videos").iterdir()}
    take_in(IntakeRequest(scans, tmp_path / "list.csv", workers=1), tmp_path / "data" / "own")
    assert all(file.stat().st_mtime_ns == time for file, time in again.items()), "nothing is written twice"
