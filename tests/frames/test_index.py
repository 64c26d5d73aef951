"""The frame index of small data sets: a row for every video, frames or a named reason, whatever is wrong with
it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from infomotion_lib.data.records import Dataset, read_dataset
from infomotion_lib.data.video import write_clip
from infomotion_lib.errors import DataError
from infomotion_lib.frame_table import INDEX_COLUMNS, PAIR_COLUMNS, has_frames, read_frame_index
from infomotion_lib.frames.index import build_frame_index, pairs_of, status_counts
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.provenance import write_csv

PARAMETERS = FrameIndexParameters()
CHORDS = np.linspace(0, 1, 20)


def ventricle(name: str, frame: int, width: float) -> pd.DataFrame:
    y = 30 + 50 * CHORDS
    half = width / 2 * np.sqrt(np.maximum(1 - (2 * CHORDS - 1) ** 2, 0.05))
    rows = np.stack([56 - half, y, 56 + half, y], axis=1)
    rows = np.concatenate([[[56, 30, 56, 80]], rows])
    return pd.DataFrame(rows, columns=["X1", "Y1", "X2", "Y2"]).assign(FileName=name, Frame=frame)


def dataset(
    root: Path,
    clips: dict[str, NDArray[np.uint8]],
    tracings: list[pd.DataFrame] | None,
    **columns: list[object],
) -> Dataset:
    rows = []
    for name, clip in clips.items():
        path = write_clip(root / f"{name}.avi", clip, fps=50.0)
        rows.append(
            {
                "file_name": name,
                "path": str(path),
                "split": "TRAIN",
                "ef": 55.0,
                "fps": 50.0,
                "n_frames": len(clip),
                "status": "ok",
            }
        )
    videos = pd.DataFrame(rows).assign(**columns)
    return Dataset("small", root, "echonet-dynamic", videos, pd.concat(tracings) if tracings else None, {})


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, disc: Callable[..., NDArray[np.uint8]]) -> Dataset:
    """Traced in both orders, at the end, untraced, once traced, still, broken after it was listed, and faulty
    from the start.
    """
    clip = disc(60)
    names = ["es_first", "ed_first", "late", "untraced", "once", "still", "broken", "faulty"]
    clips = dict.fromkeys(names, clip) | {"still": np.full_like(clip, 80)}
    tracings = [
        *(ventricle("es_first", 10, 20), ventricle("es_first", 30, 30)),
        *(ventricle("ed_first", 30, 30), ventricle("ed_first", 40, 20)),
        *(ventricle("late", 25, 30), ventricle("late", 57, 20)),
        ventricle("once", 30, 30),
    ]
    status: list[object] = ["ok"] * 7 + ["truncated"]
    made = dataset(tmp_path_factory.mktemp("mixed"), clips, tracings, status=status)
    (made.root / "broken.avi").write_bytes(b"no video")
    return made


@pytest.fixture(scope="module")
def index(mixed: Dataset) -> pd.DataFrame:
    return build_frame_index(mixed, source="real", parameters=PARAMETERS).set_index("file_name", drop=False)


def test_every_video_has_a_row_and_a_status(mixed: Dataset, index: pd.DataFrame) -> None:
    assert tuple(index.columns) == INDEX_COLUMNS
    assert index["file_name"].tolist() == mixed.videos["file_name"].tolist()
    assert index["status"].to_dict() == {
        "es_first": "annotated",
        "ed_first": "previous_es",
        "late": "clamped",
        "untraced": "detected",
        "once": "detected",
        "still": "no_phase",
        "broken": "unreadable",
        "faulty": "truncated",
    }


def test_phase_source_says_where_the_frames_come_from(index: pd.DataFrame) -> None:
    assert index["phase_source"].value_counts().to_dict() == {"annotated": 3, "detected": 2, "none": 3}


def test_frames_of_the_rule(index: pd.DataFrame) -> None:
    assert index.loc["es_first", list(PAIR_COLUMNS)].tolist() == [10, 20, 30, 30, 35, 40]
    assert index.loc["ed_first", list(PAIR_COLUMNS)].tolist() == [10, 20, 30, 30, 35, 40]
    assert index.loc["ed_first", ["es", "ed", "next_es"]].tolist() == [40, 30, 40]


def test_one_pair_per_video_is_the_emptying(mixed: Dataset, index: pd.DataFrame) -> None:
    single = build_frame_index(mixed, source="real", parameters=FrameIndexParameters(pairs=1))
    single = single.set_index("file_name", drop=False)
    filling, emptying = list(PAIR_COLUMNS[:3]), list(PAIR_COLUMNS[3:])
    assert single[filling].isna().all(axis=None)
    assert single.loc["ed_first", emptying].tolist() == [30, 35, 40]
    assert single.loc["es_first", emptying].tolist() == [30, 35, 40]
    assert single.loc["late", "status"] == "annotated" and single.loc["late", emptying].tolist() == [
        25,
        41,
        57,
    ]
    assert (has_frames(single) == has_frames(index)).all()
    kept = pairs_of(single.loc["late"].to_dict())
    assert (kept.diastole, kept.systole, kept.usable) == (None, (25, 41, 57), True)
    assert pairs_of(single.loc["still"].to_dict()).systole is None


def test_detected_frames_are_those_of_the_disc(index: pd.DataFrame) -> None:
    found = index.loc["untraced"]
    assert abs(found["es"] - 18) <= 1
    assert abs(found["ed"] - 38) <= 4
    assert found["confidence"] > 0.9


def test_unusable_rows_have_no_frames_and_usable_ones_all(index: pd.DataFrame) -> None:
    usable = index["diastole_start"].notna()
    assert index.loc[~usable, "status"].isin(["no_phase", "unreadable", "truncated"]).all()
    assert index.loc[usable, list(PAIR_COLUMNS)].notna().all(axis=None)
    assert index.loc[~usable, list(PAIR_COLUMNS)].isna().all(axis=None)


def test_status_counts_lose_nobody(index: pd.DataFrame) -> None:
    counts = status_counts(index)
    assert counts["n"].sum() == len(index)
    assert counts.set_index("status").loc["detected", "n"] == 2


def test_reads_back_as_written(index: pd.DataFrame, tmp_path: Path) -> None:
    table = index.reset_index(drop=True)
    again = read_frame_index(write_csv(table, tmp_path / "frame_index.csv"))
    pd.testing.assert_frame_equal(again, table, check_exact=False, rtol=1e-8)
    assert again.dtypes.equals(table.dtypes)


def test_temporal_rule_and_detection_of_the_next_es(mixed: Dataset) -> None:
    by_time = build_frame_index(
        mixed, source="real", parameters=FrameIndexParameters(phase_rule="temporal")
    ).set_index("file_name")
    assert by_time.loc["ed_first", ["es", "ed"]].tolist() == [30, 40]
    assert by_time.loc["ed_first", "phase_source"] == "temporal"
    by_sight = build_frame_index(
        mixed, source="real", parameters=FrameIndexParameters(next_es="detect")
    ).set_index("file_name")
    assert by_sight.loc["es_first", ["es", "ed"]].tolist() == [10, 30], "the traced pair stays"
    assert abs(by_sight.loc["es_first", "next_es"] - 48) <= 1, "the next ES is the disc's"
    assert by_sight.loc["es_first", "confidence"] > 0.9


def test_labels_take_the_place_of_the_ef(mixed: Dataset) -> None:
    labels = pd.DataFrame(
        {"source": "synthetic", "file_name": ["untraced", "once"], "requested_ef": 55.0, "ef": [25.0, 72.0]}
    )
    relabelled = build_frame_index(mixed, source="synthetic", labels=labels, parameters=PARAMETERS).set_index(
        "file_name"
    )
    assert relabelled.loc["untraced", "class_name"] == "severe"
    assert relabelled.loc["still", "class_name"] == ""
    assert build_frame_index(mixed, source="real", labels=labels, parameters=PARAMETERS)["ef"].eq(55.0).all()


def test_a_jumping_clip_is_flagged_and_kept(tmp_path: Path, disc: Callable[..., NDArray[np.uint8]]) -> None:
    clip = disc(60)
    clip[45:] = clip[45:, :, ::-1] // 3
    row = build_frame_index(
        dataset(tmp_path, {"jump": clip}, None), source="open", parameters=PARAMETERS
    ).iloc[0]
    assert row["residual"] > PARAMETERS.residual_gate
    if row["phase_source"] == "detected":
        assert row["status"] == "high_residual"
        assert not pd.isna(row["diastole_start"])


def test_two_processes_find_what_one_finds(
    tmp_path: Path, disc: Callable[..., NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infomotion_lib.frames.index._PARALLEL_FROM", 0)
    small = {f"v{number}": disc(24, cycle=16.0, first_ed=float(number), side=56) for number in range(6)}
    data = dataset(tmp_path, small, None)
    one, two = (
        build_frame_index(data, source="real", parameters=PARAMETERS, workers=workers) for workers in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "source,file_name\nreal"])
def test_what_is_no_frame_index_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "frame_index.csv"
    file.write_text(content)
    with pytest.raises(DataError, match=r"frame_index\.csv is no frame index"):
        read_frame_index(file)
    with pytest.raises(DataError, match="no frame index at"):
        read_frame_index(tmp_path / "none.csv")


def test_phantom_index_matches_its_truth(tiny_phantom: Path) -> None:
    data = read_dataset(tiny_phantom)
    traced = build_frame_index(data, source="real", parameters=PARAMETERS)
    assert traced["diastole_start"].notna().all()
    assert traced["phase_source"].eq("annotated").all()
    assert np.array_equal(traced["ed"].to_numpy(int), data.videos["ed_true"].to_numpy(int))
    assert np.array_equal(traced["es"].to_numpy(int), data.videos["es_true"].to_numpy(int))
    seen = build_frame_index(replace(data, tracings=None), source="real", parameters=PARAMETERS)
    assert (
        seen["status"]
        .isin(["detected", "high_residual", "clamped", "no_phase", "no_room", "short_pair"])
        .all()
    )
    assert seen["diastole_start"].notna().mean() > 0.5
