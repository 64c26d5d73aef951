"""Counting of hits, misses and false beats, and the shuffled-frames control."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from infomotion_lib.frames.accuracy import KnownClip, beat_errors, detector_error, order_control, true_beats


def test_hits_misses_and_false_beats_are_counted() -> None:
    errors, due, false = beat_errors([10, 40], [12, 25], n_frames=64, tolerance=10)
    assert (errors.tolist(), due, false) == ([2.0], 2, 1)


def test_a_true_beat_is_hit_once() -> None:
    errors, due, false = beat_errors([10], [9, 14], n_frames=64, tolerance=10)
    assert (errors.tolist(), due, false) == ([-1.0], 1, 1)


def test_beats_at_the_border_need_not_be_found_but_may_be() -> None:
    assert beat_errors([1, 30], [30], n_frames=64, tolerance=10)[1:] == (1, 0)
    assert beat_errors([1, 30], [2, 30], n_frames=64, tolerance=10)[1:] == (1, 0)
    assert beat_errors([-2, 30], [1, 30], n_frames=64, tolerance=10)[2] == 0


def test_nothing_found() -> None:
    errors, due, false = beat_errors([10, 40], [], n_frames=64, tolerance=10)
    assert (len(errors), due, false) == (0, 2, 0)


@given(
    true=st.lists(st.integers(-20, 120), max_size=6),
    found=st.lists(st.integers(0, 99), max_size=6, unique=True),
)
def test_counts_add_up(true: list[int], found: list[int]) -> None:
    errors, due, false = beat_errors(true, found, n_frames=100, tolerance=8)
    assert len(errors) <= due
    assert 0 <= false <= len(found)
    assert len(errors) + false <= len(found)
    assert np.all(np.abs(errors) <= 8)


def test_true_beats_reach_beyond_the_clip() -> None:
    es, ed = true_beats(20, 8, cycle=36, n_frames=64)
    assert es == [-16, 20, 56, 92]
    assert ed == [-28, 8, 44, 80]


@pytest.fixture(scope="module")
def known(disc: Callable[..., NDArray[np.uint8]]) -> list[KnownClip]:
    clips = []
    for cycle, first in ((27, 4), (33, 12), (39, 9)):
        es, ed = true_beats(first + cycle // 3, first, cycle=cycle, n_frames=70)
        clips.append(KnownClip(disc(70, cycle=float(cycle), first_ed=float(first)), 50.0, es, ed))
    return clips


def test_frames_in_order_beat_shuffled_frames(known: list[KnownClip]) -> None:
    summary, errors = detector_error(known)
    table = summary.set_index(["frames", "phase"])
    assert table.index.tolist() == [
        (frames, phase) for frames in ("in_order", "shuffled") for phase in ("es", "ed")
    ]
    assert table.loc[("in_order", "es"), "found_share"] == 1.0
    assert table.loc[("in_order", "es"), "median_ms"] <= 20
    assert table.loc[("shuffled", "es"), "found_share"] < table.loc[("in_order", "es"), "found_share"]
    assert table.loc[("in_order", "es"), "median_ms"] == pytest.approx(
        20 * table.loc[("in_order", "es"), "median_frames"]
    )
    assert len(errors) == round((table["found_share"] * table["due"]).sum())


def test_same_seed_same_control(known: list[KnownClip]) -> None:
    assert detector_error(known, seed=3)[0].equals(detector_error(known, seed=3)[0])


def test_order_control_sees_that_frames_follow_each_other(known: list[KnownClip]) -> None:
    control = order_control((item.clip, item.fps) for item in known)
    assert control["frames"].tolist() == ["in_order", "shuffled"] * 3
    smooth = control.groupby("frames")["lag1"].min()
    assert smooth["in_order"] > 0.9
