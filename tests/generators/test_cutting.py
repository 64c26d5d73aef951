"""Clips of two frame rates become alike; what is too short is left out; a generator is not asked for what it
never saw.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.data.records import read_dataset
from infomotion_lib.data.video import write_clip
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.generators.base import Lessons
from infomotion_lib.generators.cutting import Cut, LabelledClips, cut_videos, labelled_clips
from infomotion_lib.generators.given import fit
from infomotion_lib.generators.pool import PoolRequest, write_pool
from infomotion_lib.parameters import StageParameters

CUT = Cut(8, 10.0, 32)


def ramp(n_frames: int, fps: float) -> np.ndarray:
    """Clip (T, 32, 32) whose grey level is its time: 100 a second."""
    return np.repeat((np.arange(n_frames) * 100 / fps).round().astype(np.uint8), 32 * 32).reshape(-1, 32, 32)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("videos")
    shapes = {"fast": (60, 50.0), "slow": (24, 20.0), "short": (10, 50.0)}
    rows = [
        {
            "file_name": name,
            "path": str(write_clip(folder / f"{name}.avi", ramp(*shape), fps=shape[1])),
            "n_frames": shape[0],
            "fps": shape[1],
        }
        for name, shape in shapes.items()
    ]
    return pd.DataFrame(rows).assign(ef=[20.0, 60.0, 45.0], requested_ef=[25.0, 75.0, 45.0])


def test_clips_of_two_rates_show_the_same_time(videos: pd.DataFrame) -> None:
    clips, rows = cut_videos(videos, CUT)
    assert rows.tolist() == [0, 1]
    assert clips.shape == (2, 8, 32, 32)
    steps = np.diff(clips[:, :, 0, 0].astype(int), axis=1)
    assert np.abs(steps - 10).max() <= 2, "a tenth of a second between frames, whatever the video's rate"


def test_windows_begin_at_different_times_and_end_within_the_video(videos: pd.DataFrame) -> None:
    clips, rows = cut_videos(videos, CUT, windows=3)
    assert rows.tolist() == [0, 0, 0, 1, 1, 1]
    begins = clips[:3, 0, 0, 0].tolist()
    assert begins == sorted(begins)
    assert len(set(begins)) == 3
    assert CUT.starts(36, 50.0, windows=3) == [0], "one that just fits has one beginning"
    assert CUT.starts(35, 50.0) == []


def test_a_cut_pool_is_a_data_set_of_one_length_and_rate(videos: pd.DataFrame, tmp_path: Path) -> None:
    asked = videos.assign(ef=videos["requested_ef"], split="TRAIN")
    given = fit(Lessons({}, asked, CUT), folder=tmp_path, parameters=StageParameters(), device="cpu")
    pool = write_pool(given, tmp_path / "pool", PoolRequest(CUT, 5, 0, "given"))
    found = read_dataset(pool).usable
    assert found["file_name"].tolist() == ["fast", "slow"]
    assert found["n_frames"].tolist() == [8, 8]
    assert found["fps"].to_numpy() == pytest.approx(10.0)
    assert found["requested_ef"].tolist() == [25.0, 75.0]


def test_too_long_a_clip_is_refused(videos: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="None of 3 videos lasts for 40 frames"):
        cut_videos(videos, Cut(40, 10.0, 32))


def test_clips_are_labelled_by_what_was_asked_or_by_what_is(videos: pd.DataFrame) -> None:
    assert labelled_clips(videos, CUT).label.tolist() == [0, 3]
    assert labelled_clips(videos, CUT).counts.tolist() == [1, 0, 0, 1, 0]
    assert labelled_clips(videos, CUT, condition="requested").label.tolist() == [0, 4]
    with pytest.raises(ParameterError, match="no requested EF"):
        labelled_clips(videos.drop(columns="requested_ef"), CUT, condition="requested")


def test_a_class_without_a_training_clip_is_named() -> None:
    clips = np.zeros((5, 2, 4, 4), np.uint8)
    assert LabelledClips(clips, np.array([20.0, 35, 45, 60, 80])).class_ef == (20.0, 35, 45, 60, 80)
    with pytest.raises(DataError, match="No training clip of class: severe, hyperdynamic") as caught:
        _ = LabelledClips(clips, np.array([32.0, 35, 45, 60, 61])).class_ef
    assert caught.value.exit_code == 2
