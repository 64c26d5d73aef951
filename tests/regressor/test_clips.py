"""Cutting clips, and the store of decoded videos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infomotion_lib.data.video import read_clip, resize_clip, write_clip
from infomotion_lib.errors import DataError, VideoError
from infomotion_lib.regressor.clips import (
    ClipStore,
    clip_indices,
    clip_span,
    fixed_starts,
    n_starts,
    open_clip_store,
    source_period,
    too_short,
)

sizes = st.tuples(st.integers(1, 90), st.integers(1, 33), st.integers(1, 5))


@given(sizes, st.data())
def test_a_clip_stays_inside_its_video_and_moves_by_its_period(
    size: tuple[int, int, int], data: st.DataObject
) -> None:
    length, frames, period = size
    start = data.draw(st.integers(0, n_starts(length, frames=frames, period=period) - 1))
    indices = clip_indices(length, frames=frames, period=period, start=start)
    assert indices.shape == (frames,)
    assert indices.min() >= 0
    assert indices.max() < length
    if length >= clip_span(frames, period):
        assert (np.diff(indices) == period).all()
        assert indices[0] == start
    elif length > 1:
        assert set(np.abs(np.diff(indices))) <= set(range(period + 1)), "forwards and backwards, never a jump"


@given(sizes, st.integers(1, 5))
def test_test_clips_begin_at_fixed_places_inside_the_video(size: tuple[int, int, int], count: int) -> None:
    length, frames, period = size
    starts = fixed_starts(length, frames=frames, period=period, count=count)
    assert len(starts) == count
    assert (np.diff(starts) >= 0).all()
    assert starts.min() >= 0
    assert starts.max() < n_starts(length, frames=frames, period=period)


def test_a_sixteen_frame_clip_gives_twelve_frames_at_period_one() -> None:
    assert n_starts(16, frames=12, period=1) == 5
    assert fixed_starts(16, frames=12, period=1).tolist() == [2]
    assert too_short([16, 11, 12], frames=12, period=1) == 1


def test_a_short_video_keeps_its_motion() -> None:
    ramp = np.arange(6)[clip_indices(6, frames=16, period=1, start=0)]
    assert ramp.tolist() == [0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5]
    assert clip_indices(1, frames=3, period=2, start=0).tolist() == [0, 0, 0]


def test_both_sources_are_read_over_the_same_time() -> None:
    assert source_period(2, fps=32, reference_fps=50) == 1
    assert source_period(4, fps=50, reference_fps=50) == 4
    assert source_period(1, fps=8, reference_fps=50) == 1


@pytest.fixture
def listed(tmp_path: Path) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    for name, length in (("a", 12), ("b", 9)):
        write_clip(tmp_path / f"{name}.avi", rng.integers(0, 255, (length, 32, 32)).astype(np.uint8), fps=50)
    return pd.DataFrame({"file_name": ["a", "b"], "path": [str(tmp_path / "a.avi"), str(tmp_path / "b.avi")]})


def test_a_store_holds_every_video_at_its_size(listed: pd.DataFrame, tmp_path: Path) -> None:
    store = open_clip_store(listed, tmp_path / "clips", size=16)
    assert (len(store), store.lengths) == (2, {"a": 12, "b": 9})
    np.testing.assert_array_equal(store["b"], resize_clip(read_clip(tmp_path / "b.avi"), 16))
    in_memory, lazy = store.videos(["b", "a"]), store.videos(["b", "a"], memory_limit=0)
    assert [len(video) for video in in_memory] == [len(video) for video in lazy] == [9, 12]
    np.testing.assert_array_equal(in_memory[0], lazy[0])
    assert [len(video) for video in lazy[1:]] == [12]


def test_videos_are_decoded_once_and_again_when_their_content_changes(
    listed: pd.DataFrame, tmp_path: Path
) -> None:
    folder = tmp_path / "clips"
    before = open_clip_store(listed, folder, size=16)
    stamps = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert open_clip_store(listed, folder, size=16) == before
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == stamps
    write_clip(tmp_path / "a.avi", np.full((5, 32, 32), 9, np.uint8), fps=50)
    after = open_clip_store(listed, folder, size=16)
    assert after.lengths["a"] == 5
    assert after.keys["b"] == before.keys["b"]


def test_faults_are_named(listed: pd.DataFrame, tmp_path: Path) -> None:
    gone = listed.assign(path=[str(tmp_path / "a.avi"), str(tmp_path / "gone.avi")])
    with pytest.raises(VideoError, match=r"gone\.avi"):
        open_clip_store(gone, tmp_path / "clips", size=16)
    with pytest.raises(DataError, match="two different videos"):
        open_clip_store(listed.assign(file_name="same"), tmp_path / "clips", size=16)
    with pytest.raises(DataError, match="Did you mean"):
        _ = ClipStore(tmp_path, 16, {"heart_1": "x"}, {"heart_1": 3})["heart_2"]
