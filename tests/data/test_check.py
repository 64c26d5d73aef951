"""The report of a data set: counts, reasons, order of ED and ES, next step."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_folders import DEFECTS, EchoFolder, make_full_size, textured_clip, traced_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from infomotion_lib.data.check import check_dataset
from infomotion_lib.data.video import write_clip
from infomotion_lib.data.volume_tracings import first_tracing_areas
from infomotion_lib.errors import DataError
from infomotion_lib.paths import PROJECT


def test_report_of_a_good_folder_is_short_and_complete(echo_folder: EchoFolder) -> None:
    report = check_dataset(echo_folder.root, "echonet-dynamic")
    text = repr(report)
    assert text == report.summary() and len(text.splitlines()) <= 12
    assert "40 videos listed, 40 usable: 112 x 112 pixels, 24 frames, 50 frames a second" in text
    assert re.search(r"^dropped +none$", text, re.MULTILINE)
    assert "ED before ES in 40 videos, ES before ED in 0" in text
    assert f"INFOMOTION_DATA={echo_folder.root.parent}" in text
    assert report.class_counts.loc["TRAIN"].tolist() == [6, 6, 6, 6, 6]
    assert report.class_counts.to_numpy().sum() == 40


def test_report_names_what_was_dropped_and_why(echo_folder: EchoFolder) -> None:
    echo_folder.video(0).write_bytes(b"")
    echo_folder.video(7).unlink()
    echo_folder.tracings = echo_folder.tracings[~echo_folder.traced(3)]
    stray = pd.DataFrame(traced_rows("0XSTRAY.avi", 5, 9.0), columns=echo_folder.tracings.columns)
    echo_folder.tracings = pd.concat([echo_folder.tracings, stray])
    report = check_dataset(echo_folder.write())
    text = report.summary()
    assert "40 videos listed, 38 usable" in text
    assert "1 missing (listed, but the file is not there); 1 empty_file (the file has 0 bytes)" in text
    assert "1 no_tracings" in text and "1 stray_tracing" in text
    assert "fewer than 10 videos of: severe (5)" in text
    table = report.to_frame().set_index(["group", "split", "item"])["n"]
    assert table["fault", "", "missing"] == 1 and table["found", "", "usable"] == 38
    assert table["class", "TRAIN", "severe"] == 5


def test_order_of_ed_and_es_is_by_area_not_by_frame(echo_folder: EchoFolder) -> None:
    """Ten videos are traced the other way round: their small area comes first; one has two equal areas."""
    tracings = echo_folder.tracings
    for number in range(10):
        rows = echo_folder.traced(number)
        tracings.loc[rows, "Frame"] = tracings.loc[rows, "Frame"].map({5: 15, 15: 5})
    rows = echo_folder.traced(20)
    for column in ("X1", "X2"):
        tracings.loc[rows & (tracings["Frame"] == 15), column] = tracings.loc[
            rows & (tracings["Frame"] == 5), column
        ].to_numpy()
    order = check_dataset(echo_folder.write()).phase_order
    assert order == {"ed_first": 29, "es_first": 10, "equal": 1}


def test_second_tracing_of_a_frame_does_not_change_the_order(echo_folder: EchoFolder) -> None:
    name = f"{echo_folder.file_list['FileName'].iloc[0]}.avi"
    again = pd.DataFrame(
        traced_rows(name, 15, 40.0), columns=echo_folder.tracings.columns
    )  # ES, traced again and far too large
    echo_folder.tracings = pd.concat([echo_folder.tracings, again])
    assert check_dataset(echo_folder.write()).phase_order["ed_first"] == 40


def test_synthetic_report_says_that_labels_are_requests(echo_folder: EchoFolder) -> None:
    echo_folder.file_list = echo_folder.file_list.assign(ESV=0, EDV=0, Split="TRAIN")
    echo_folder.write()
    (echo_folder.root / "VolumeTracings.csv").unlink()
    measured = check_dataset(echo_folder.root).summary()
    assert "REQUESTED" not in measured and "say --layout echonet-synthetic" in measured
    text = check_dataset(echo_folder.root, "echonet-synthetic").summary()
    assert "REQUESTED" in text and "tracings" not in text and "No usable video" not in text


def test_faults_are_named_the_first_at_once_and_all_on_demand(echo_folder: EchoFolder) -> None:
    for number in (3, 7):
        echo_folder.video(number).write_bytes(b"")
    echo_folder.tracings = echo_folder.tracings[~echo_folder.traced(5)]
    names = echo_folder.file_list["FileName"]
    report = check_dataset(echo_folder.write())
    assert f"first: {names[3]} (empty_file), {names[7]} (empty_file)" in report.summary()
    assert f"first: {names[5]} (no_tracings)" in report.summary()
    assert report.listing().splitlines() == [
        f"{names[3]}  empty_file",
        f"{names[5]}  no_tracings",
        f"{names[7]}  empty_file",
    ]


def test_missing_split_is_said(echo_folder: EchoFolder) -> None:
    echo_folder.file_list = echo_folder.file_list.assign(Split="TRAIN")
    assert "No usable video in VAL, TEST" in check_dataset(echo_folder.write()).summary()


def test_wrong_folder_ends_in_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is empty"):
        check_dataset(tmp_path)


def test_phantom_is_reported(tiny_phantom: Path, tiny_synthetic: Path) -> None:
    real, synthetic = check_dataset(tiny_phantom), check_dataset(tiny_synthetic)
    assert real.dataset.faults == synthetic.dataset.faults == {}
    assert (
        real.class_counts.loc["TRAIN"].tolist() == [4] * 5
        and real.class_counts.loc["TEST"].tolist() == [2] * 5
    )
    assert (real.dataset.layout, synthetic.dataset.layout) == ("echonet-dynamic", "echonet-synthetic")
    assert {"machine", "es_true", "ed_true"} <= set(real.dataset.videos.columns)
    assert real.phase_order["equal"] == 0 and sum(real.phase_order.values()) == 35


@settings(deadline=None)
@given(
    shift=st.tuples(st.floats(0, 50), st.floats(0, 50)),
    half_widths=st.lists(st.floats(1, 30), min_size=3, max_size=30),
    step=st.floats(0.5, 5),
)
def test_traced_area_equals_the_trapezoid_sum(
    shift: tuple[float, float], half_widths: list[float], step: float
) -> None:
    """Chords are horizontal here, so the polygon is a stack of trapezoids, wherever it lies."""
    width = np.array(half_widths)
    depth = shift[1] + step * np.arange(len(width))
    chords = pd.DataFrame({"X1": shift[0] - width, "Y1": depth, "X2": shift[0] + width, "Y2": depth})
    axis = pd.DataFrame([{"X1": shift[0], "Y1": 0.0, "X2": shift[0], "Y2": 99.0}])
    rows = pd.concat([axis, chords]).assign(FileName="a", Frame=3)
    other = rows.assign(FileName="b", X1=rows["X1"] * 2, X2=rows["X2"] * 2)
    areas = first_tracing_areas(pd.concat([rows, other], ignore_index=True))
    expected = np.sum((width[1:] + width[:-1]) * step)
    np.testing.assert_allclose(areas["area"], [expected, 2 * expected], rtol=1e-9, atol=1e-6)


CHECK = """
import sys
from pathlib import Path
from infomotion_lib.run.cli import main
code = main(["data", "check", sys.argv[1]])
status = Path("/proc/self/status")  # its peak is this program's own; getrusage counts that of the process it was forked from
lines = status.read_text().splitlines() if status.is_file() else []
peak = next((float(line.split()[1]) for line in lines if line.startswith("VmHWM")), float("nan"))
print(code, peak / 1e6)
"""


def test_a_data_set_of_full_size_is_checked_in_a_gigabyte(three_clips: list[Path], tmp_path: Path) -> None:
    odd = write_clip(tmp_path / "odd.avi", textured_clip(9, height=96), fps=50)
    root = make_full_size(tmp_path / "EchoNet-Dynamic", three_clips, odd)
    answer = subprocess.run(
        [sys.executable, "-c", CHECK, str(root)], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    *report, last = answer.stdout.splitlines()
    code, gigabytes = map(float, last.split())
    assert (code, answer.stderr) == (0, "")
    assert gigabytes < 1.0 or not sys.platform.startswith("linux")
    text = "\n".join(report)
    assert "10030 videos listed, 10027 usable" in text and "10024 videos traced" in text
    for defect, number in DEFECTS.items():
        words = f"ES before ED in {number}" if defect == "es_first" else f"{number} {defect} ("
        assert words in text, defect
    assert "ED before ES in 9981 videos" in text


def test_a_frame_rate_that_contradicts_the_list_is_said(echo_folder: EchoFolder) -> None:
    """600 in a header whose list says 50; a rounded rate is no contradiction."""
    for number, fps in enumerate((600.0, 51.0)):
        write_clip(echo_folder.video(number), textured_clip(number), fps=fps)
    text = check_dataset(echo_folder.root).summary()
    assert "1 listed_rate_differs (rows of FileList.csv whose FPS is not the file's" in text
