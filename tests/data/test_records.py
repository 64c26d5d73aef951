"""Readers: what is accepted, what gives a video a status, and what stops with a remedy."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_folders import (
    FRAMES,
    UNUSED_TRACINGS,
    USED_TRACINGS,
    VIDEO_FAULTS,
    VIDEOS,
    EchoFolder,
    faulty,
    traced_rows,
)

from infomotion_lib.data.records import VIDEO_COLUMNS, Dataset, first_per_class, read_dataset
from infomotion_lib.data.videos import open_source
from infomotion_lib.errors import DataError, ParameterError


def refusal(root: Path, **options: object) -> str:
    """Message of the error that reading ``root`` ends with; it must say what to do."""
    with pytest.raises(DataError) as error:
        read_dataset(root, **options)  # type: ignore[arg-type]
    assert error.value.remedy, f"no remedy: {error.value}"
    return str(error.value)


# --- what a good folder gives


def test_good_folder_is_read_whole(echo_folder: EchoFolder) -> None:
    dataset = read_dataset(echo_folder.root)
    assert (dataset.layout, dataset.name, dataset.faults, dataset.notes) == (
        "echonet-dynamic",
        "EchoNet-Dynamic",
        {},
        (),
    )
    assert list(dataset.videos.columns) == list(VIDEO_COLUMNS) and len(dataset.usable) == VIDEOS
    assert set(dataset.videos["status"]) == set(dataset.videos["tracing"]) == {"ok"}
    assert dataset.videos["split"].value_counts().to_dict() == {"TRAIN": 30, "TEST": 6, "VAL": 4}
    assert (dataset.videos[["n_frames", "height", "width", "fps"]] == [FRAMES, 112, 112, 50]).all(axis=None)
    assert all(Path(path).is_file() for path in dataset.videos["path"])
    assert dataset.tracings is not None and len(dataset.tracings) == VIDEOS * 2 * 21
    assert set(dataset.tracings["FileName"]) == set(dataset.videos["file_name"])


def test_suffixes_spaces_and_lower_case_splits_are_normalised(echo_folder: EchoFolder) -> None:
    clean = read_dataset(echo_folder.root)
    echo_folder.file_list["FileName"] = " " + echo_folder.file_list["FileName"] + ".AVI"
    echo_folder.file_list["Split"] = echo_folder.file_list["Split"].str.title()
    edited = read_dataset(echo_folder.write())
    pd.testing.assert_frame_equal(edited.videos, clean.videos)
    assert edited.notes == ("40 file names of FileList.csv carried the suffix .avi: taken off.",)


def test_byte_order_mark_and_index_column_are_accepted(echo_folder: EchoFolder) -> None:
    clean = read_dataset(echo_folder.root)
    echo_folder.file_list.to_csv(echo_folder.root / "FileList.csv", encoding="utf-8-sig")
    pd.testing.assert_frame_equal(read_dataset(echo_folder.root).videos, clean.videos)


def test_geometry_comes_from_the_container(echo_folder: EchoFolder) -> None:
    echo_folder.file_list = echo_folder.file_list.assign(FrameHeight=192, NumberOfFrames=1, FPS=32)
    dataset = read_dataset(echo_folder.write())
    assert (dataset.videos[["n_frames", "height", "fps"]] == [FRAMES, 112, 50]).all(axis=None)
    remarks = ("listed_size_differs", "listed_length_differs", "listed_rate_differs")
    assert dataset.faults == dict.fromkeys(remarks, VIDEOS)
    read_dataset(echo_folder.root, strict=True)


def test_synthetic_layout_is_recognised_and_its_malformed_list_read(echo_folder: EchoFolder) -> None:
    echo_folder.file_list = echo_folder.file_list.assign(
        ESV=0, EDV=0, FrameHeight=192, NumberOfFrames=20, FPS=32, EF=np.arange(10, 90, 2)
    )
    echo_folder.file_list.loc[:5, "Split"] = "EXTRA"
    echo_folder.write()
    (echo_folder.root / "VolumeTracings.csv").unlink()
    unpacked = echo_folder.root.parent / "EchoNet-Synthetic" / "dynamic"
    unpacked.parent.mkdir()
    echo_folder.root.rename(unpacked)
    echo_folder.root = unpacked
    dataset = read_dataset(unpacked)
    assert (dataset.layout, dataset.tracings, dataset.faults) == ("echonet-synthetic", None, {})
    assert dataset.videos["requested_ef"].tolist() == dataset.videos["ef"].tolist() == list(range(10, 90, 2))
    assert (dataset.usable["fps"] == 50).all() and (dataset.usable["split"] == "EXTRA").sum() == 6
    assert "unknown Split 'EXTRA'" in refusal(echo_folder.root, layout="echonet-dynamic")


def test_folder_without_tracings_is_said(echo_folder: EchoFolder) -> None:
    (echo_folder.root / "VolumeTracings.csv").unlink()
    dataset = read_dataset(echo_folder.root)
    assert dataset.layout == "echonet-dynamic" and dataset.tracings is None
    assert "detected" in dataset.notes[0]


def test_videos_beside_the_tables_are_accepted_and_said(echo_folder: EchoFolder) -> None:
    for video in (echo_folder.root / "Videos").iterdir():
        video.rename(echo_folder.root / video.name)
    (echo_folder.root / "Videos").rmdir()
    dataset = read_dataset(echo_folder.root)
    assert len(dataset.usable) == VIDEOS and "beside FileList.csv" in dataset.notes[0]


def test_first_per_class_keeps_the_first_rows_of_each_split_and_class(echo_folder: EchoFolder) -> None:
    videos = read_dataset(echo_folder.root).usable
    chosen = first_per_class(videos, 2)
    assert chosen.groupby(["split", "ef"]).size().max() == 2
    assert (chosen["split"] == "TRAIN").sum() == 10
    assert chosen["file_name"].tolist() == [
        name for name in videos["file_name"] if name in set(chosen["file_name"])
    ]
    assert chosen["file_name"].tolist()[:5] == videos["file_name"].tolist()[:5]
    assert len(first_per_class(videos, 0)) == VIDEOS


def test_truth_of_a_phantom_and_labels_of_the_open_clips_join_by_name(echo_folder: EchoFolder) -> None:
    names = echo_folder.file_list["FileName"]
    truth = pd.DataFrame({"FileName": names[::-1], "machine": "vivid", "ES": np.arange(VIDEOS), "ED": 3})
    truth.to_csv(echo_folder.root / "phantom_truth.csv", index=False)
    pd.DataFrame({"FileName": names[:30], "requested_ef": 12.5}).to_csv(
        echo_folder.root / "open_labels.csv", index=False
    )
    videos = read_dataset(echo_folder.root).videos
    assert videos["es_true"].tolist() == list(range(VIDEOS))[::-1] and set(videos["ed_true"]) == {3}
    assert set(videos["machine"]) == {"vivid"}
    assert videos["requested_ef"].isna().sum() == VIDEOS - 30


# --- faults of one video


@pytest.mark.parametrize("fault", VIDEO_FAULTS)
def test_fault_of_one_video_is_a_status(echo_folder: EchoFolder, fault: str) -> None:
    faulty(echo_folder, fault)
    dataset = read_dataset(echo_folder.root)
    assert dataset.videos["status"].tolist() == [fault, *["ok"] * (VIDEOS - 1)]
    assert dataset.faults.pop(fault) == 1 and len(dataset.usable) == VIDEOS - 1
    assert set(dataset.faults) <= {"listed_size_differs", "listed_length_differs", "listed_rate_differs"}
    assert fault in refusal(echo_folder.root, strict=True)


@pytest.mark.parametrize("fault", [*UNUSED_TRACINGS, *USED_TRACINGS])
def test_fault_of_one_tracing_is_a_status_and_the_video_stays(echo_folder: EchoFolder, fault: str) -> None:
    faulty(echo_folder, fault)
    dataset = read_dataset(echo_folder.root)
    assert dataset.videos["tracing"].tolist() == [fault, *["ok"] * (VIDEOS - 1)]
    assert dataset.faults == {fault: 1} and len(dataset.usable) == VIDEOS
    assert dataset.tracings is not None
    first = dataset.tracings[dataset.tracings["FileName"] == dataset.videos["file_name"][0]]
    assert len(first) == {"odd_tracing_rows": 41, "overlapping_tracings": 63}.get(fault, 0)
    assert fault in refusal(echo_folder.root, strict=True)


def test_a_third_traced_frame_counts_as_overlapping(echo_folder: EchoFolder) -> None:
    faulty(echo_folder, "three_traced_frames")
    assert read_dataset(echo_folder.root).faults == {"overlapping_tracings": 1}


def test_tracing_of_an_unusable_video_is_not_judged_by_its_length(echo_folder: EchoFolder) -> None:
    faulty(echo_folder, "truncated")
    assert read_dataset(echo_folder.root).videos["tracing"][0] == "ok"


def test_stray_tracing_and_unlisted_video_are_counted(echo_folder: EchoFolder) -> None:
    stray = pd.DataFrame(traced_rows("0XSTRAY.avi", 5, 9.0), columns=echo_folder.tracings.columns)
    echo_folder.tracings = pd.concat([echo_folder.tracings, stray])
    shutil.copy(echo_folder.video(0), echo_folder.root / "Videos" / "0XEXTRA.avi")
    shutil.copy(echo_folder.video(0), echo_folder.root / "Videos" / "._0X000000AF.avi")
    dataset = read_dataset(echo_folder.write())
    assert dataset.faults == {"stray_tracing": 1, "unlisted_video": 1}
    assert dataset.tracings is not None and "0XSTRAY" not in set(dataset.tracings["FileName"])


# --- faults of a data set


def test_too_many_unusable_videos_stop(echo_folder: EchoFolder) -> None:
    for number in range(2):
        echo_folder.video(number).unlink()
    assert len(read_dataset(echo_folder.root).usable) == VIDEOS - 2  # exactly 5 %
    echo_folder.video(2).write_bytes(b"")
    message = refusal(echo_folder.root)
    assert "3 of 40 videos" in message and "2 missing" in message and "1 empty_file" in message
    assert len(read_dataset(echo_folder.root, max_unusable=0.5).usable) == VIDEOS - 3


def test_wrong_folders_are_told_where_to_look(echo_folder: EchoFolder, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    (outer / "unzipped").mkdir(parents=True)
    assert "is empty" in refusal(outer / "unzipped")
    assert "does not exist" in refusal(tmp_path / "nowhere")
    shutil.copytree(echo_folder.root, outer / "unzipped" / "EchoNet-Dynamic")
    assert f"Give that folder instead: {outer / 'unzipped' / 'EchoNet-Dynamic'}" in refusal(outer)
    assert f"Give that folder instead: {outer / 'unzipped' / 'EchoNet-Dynamic'}" in refusal(
        outer / "unzipped"
    )
    assert f"Give that folder instead: {echo_folder.root}" in refusal(echo_folder.root / "Videos")
    assert "not a file" in refusal(echo_folder.root / "FileList.csv")
    (tmp_path / "zipped").mkdir()
    (tmp_path / "zipped" / "EchoNet-Dynamic.zip").write_bytes(b"PK")
    assert "Unpack EchoNet-Dynamic.zip" in refusal(tmp_path / "zipped")


def test_folder_without_videos_and_doubly_nested_videos(echo_folder: EchoFolder) -> None:
    (echo_folder.root / "Videos").rename(echo_folder.root / "inner")
    assert "no folder Videos" in refusal(echo_folder.root)
    (echo_folder.root / "Videos").mkdir()
    (echo_folder.root / "inner").rename(echo_folder.root / "Videos" / "Videos")
    assert "one folder too deep" in refusal(echo_folder.root)


def test_pediatric_lookalike_is_recognised(echo_folder: EchoFolder, tmp_path: Path) -> None:
    (tmp_path / "pediatric" / "A4C").mkdir(parents=True)
    assert "EchoNet-Pediatric" not in refusal(tmp_path / "pediatric")  # other data sets have such a folder
    (tmp_path / "pediatric" / "PSAX").mkdir()
    assert "EchoNet-Pediatric" in refusal(tmp_path / "pediatric")
    folds = echo_folder.file_list.assign(Split=np.resize(np.arange(10), VIDEOS))
    folds.to_csv(echo_folder.root / "FileList.csv", index=False)
    assert "EchoNet-Pediatric" in refusal(echo_folder.root)
    echo_folder.tracings = echo_folder.tracings.rename(columns={"X1": "X", "Y1": "Y"})[
        ["FileName", "X", "Y", "Frame"]
    ]
    echo_folder.write()
    assert "EchoNet-Pediatric" in refusal(echo_folder.root)


@pytest.mark.parametrize("column", ["FileName", "EF", "Split"])
def test_missing_column_is_named_with_the_ones_found(echo_folder: EchoFolder, column: str) -> None:
    echo_folder.file_list = echo_folder.file_list.drop(columns=column)
    message = refusal(echo_folder.write())
    assert f"has no column {column}." in message and "Columns found" in message


def test_missing_column_of_the_tracings_is_named(echo_folder: EchoFolder) -> None:
    echo_folder.tracings = echo_folder.tracings.drop(columns="Y2")
    assert "VolumeTracings.csv has no column Y2" in refusal(echo_folder.write())


def test_repeated_name_is_named_even_with_a_suffix(echo_folder: EchoFolder) -> None:
    name = echo_folder.file_list.loc[3, "FileName"]
    echo_folder.file_list.loc[7, "FileName"] = f"{name}.avi"
    message = refusal(echo_folder.write())
    assert f"lists {name} more than once, in rows [5, 9]" in message


@pytest.mark.parametrize("split", ["TRIAN", "", "EXTRA"])
def test_unknown_split_is_named(echo_folder: EchoFolder, split: str) -> None:
    echo_folder.file_list.loc[4, "Split"] = split
    assert f"unknown Split {split!r} of 0X000004AF in row 6" in refusal(echo_folder.write())


@pytest.mark.parametrize(("factor", "remedy"), [(100, "divide by 100"), (0.01, "multiply by 100")])
def test_ef_on_another_scale_stops(echo_folder: EchoFolder, factor: float, remedy: str) -> None:
    echo_folder.file_list["EF"] *= factor
    assert remedy in refusal(echo_folder.write())


@pytest.mark.parametrize("value", ["", "nan", "n/a", "inf"])
def test_ef_that_is_no_number_stops(echo_folder: EchoFolder, value: str) -> None:
    echo_folder.file_list = echo_folder.file_list.astype({"EF": object})
    echo_folder.file_list.loc[2, "EF"] = value
    assert f"EF of 0X000002AF in row 4 is {value!r}" in refusal(echo_folder.write())


def test_list_without_a_row_or_without_text_stops(echo_folder: EchoFolder) -> None:
    echo_folder.file_list = echo_folder.file_list[:0]
    assert "lists no video" in refusal(echo_folder.write())
    for content in (b"", b"\x89PNG\r\n\x1a\n\x00\xff\xfe", b'"unclosed\n' * 3):
        (echo_folder.root / "FileList.csv").write_bytes(content)
        with pytest.raises(DataError, match=r"FileList\.csv"):
            read_dataset(echo_folder.root)


# --- nothing outside the folder is read


@pytest.mark.parametrize("name", ["../0X000001AF", "/etc/passwd", "..", "a/b", "a\\b", "C:clip", ""])
def test_names_that_lead_elsewhere_are_refused(echo_folder: EchoFolder, name: str) -> None:
    echo_folder.file_list.loc[1, "FileName"] = name
    assert "no plain file name" in refusal(echo_folder.write())


@pytest.mark.parametrize("part", ["FileList.csv", "VolumeTracings.csv", "Videos", "Videos/0X000000AF.avi"])
def test_links_that_lead_out_are_refused(echo_folder: EchoFolder, tmp_path: Path, part: str) -> None:
    outside = tmp_path / "outside"
    (echo_folder.root / part).rename(outside)
    (echo_folder.root / part).symlink_to(outside)
    assert "leads out of the data set" in refusal(echo_folder.root)


@pytest.mark.parametrize("target", ["itself", "nothing", "pipe"])
def test_names_behind_which_there_is_no_file_are_one_faulty_video(
    echo_folder: EchoFolder, target: str
) -> None:
    video = echo_folder.video(0)
    video.unlink()
    if target == "pipe":
        os.mkfifo(video)  # reading it would wait for ever
    else:
        video.symlink_to(video.name if target == "itself" else "nothing.avi")
    assert read_dataset(echo_folder.root).faults == {"missing" if target == "nothing" else "unreadable": 1}


def test_of_two_suffixes_the_published_one_is_read(echo_folder: EchoFolder) -> None:
    for number in range(VIDEOS):
        echo_folder.video(number).with_suffix(".AVI").write_bytes(b"")
    dataset = read_dataset(echo_folder.root)
    assert len(dataset.usable) == VIDEOS and {Path(path).suffix for path in dataset.videos["path"]} == {
        ".avi"
    }


@pytest.mark.parametrize(
    ("cell", "status"),
    [
        ("-1", "frame_outside_clip"),
        ("1000000", "frame_outside_clip"),
        ("1e30", "unreadable_tracing"),
        ("5.5", "unreadable_tracing"),
    ],
)
def test_frame_numbers_that_cannot_be(echo_folder: EchoFolder, cell: str, status: str) -> None:
    echo_folder.tracings = echo_folder.tracings.astype({"Frame": object})
    echo_folder.tracings.loc[echo_folder.traced(0) & (echo_folder.tracings["Frame"] == 15), "Frame"] = cell
    assert read_dataset(echo_folder.write()).faults == {status: 1}


def test_linked_videos_inside_the_folder_are_fast_and_small(
    make_echo_folder: Callable[..., EchoFolder], tmp_path: Path
) -> None:
    """400 links to three clips, and a root that is itself a link: read whole, within memory that a large set
    allows too.
    """
    folder = make_echo_folder(tmp_path / "standin", n=400, linked=True)
    (tmp_path / "link").symlink_to(folder.root)
    dataset = read_dataset(tmp_path / "link")
    assert dataset.name == "link" and dataset.place == tmp_path / "link" and dataset.root == folder.root
    assert len(dataset.usable) == 400 and dataset.faults == {}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4e6  # kilobytes


# --- mutated tables


def test_mutated_tables_end_in_a_data_set_or_in_a_data_error(echo_folder: EchoFolder) -> None:
    rng, outcomes = np.random.default_rng(0), {"read": 0, "refused": 0}
    for file in ("FileList.csv", "VolumeTracings.csv"):
        path = echo_folder.root / file
        original = path.read_bytes()
        for round_ in range(25):
            content = bytearray(original)
            low, high = (48, 58) if round_ % 2 else (0, 256)  # digits keep the table readable, bytes do not
            for at in rng.integers(0, int(rng.choice([60, 1000, len(content)])), rng.integers(1, 8)):
                content[at] = rng.integers(low, high)
            path.write_bytes(
                content[: int(rng.integers(len(content) // 2, len(content) + 1))]
                if round_ % 5 == 0
                else content
            )
            try:
                assert isinstance(read_dataset(echo_folder.root), Dataset)
                outcomes["read"] += 1
            except DataError as error:
                assert file in str(error) or str(echo_folder.root) in str(error)
                outcomes["refused"] += 1
        path.write_bytes(original)
    assert min(outcomes.values()) > 3


# --- by name


def test_sources_open_by_name(
    echo_folder: EchoFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFOMOTION_DATA", str(tmp_path))
    assert open_source("echonet-dynamic", data_dir=tmp_path).name == "echonet-dynamic"
    nested = tmp_path / "EchoNet-Synthetic" / "dynamic"
    shutil.copytree(echo_folder.root, nested)
    monkeypatch.delenv("INFOMOTION_DATA")
    synthetic = open_source("echonet-synthetic", data_dir=tmp_path, data_root=tmp_path)
    assert (synthetic.root, synthetic.layout, synthetic.tracings) == (
        nested.resolve(),
        "echonet-synthetic",
        None,
    )
    shutil.copytree(echo_folder.root, tmp_path / "phantom")
    assert open_source("phantom", data_dir=tmp_path).layout == "echonet-dynamic"
    with pytest.raises(DataError, match="data stage"):
        open_source("echodiffusion", data_dir=tmp_path)
    with pytest.raises(ParameterError, match="Did you mean phantom"):
        open_source("phantm", data_dir=tmp_path)
    with pytest.raises(DataError, match="INFOMOTION_DATA"):
        open_source("echonet-dynamic", data_dir=tmp_path)


def test_unknown_layout_is_named(echo_folder: EchoFolder) -> None:
    assert "Did you mean echonet-dynamic" in refusal(echo_folder.root, layout="echonet-dynamics")
