"""The two motions around one ES and one ED frame: every case of the rule, and what holds in all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infomotion_lib.frames.rule import (
    MIN_GAP,
    USABLE_STATUSES,
    diastole_frames,
    motion_pairs,
    systole_alone,
    systole_frames,
)

FRAMES = st.integers(-5, 205)
FRACTIONS = st.floats(0.2, 0.9)


def test_diastole_annotated_gives_next_es_after_half_its_length() -> None:
    pairs = motion_pairs(10, 30, n_frames=64)
    assert (pairs.status, pairs.diastole, pairs.systole) == ("annotated", (10, 20, 30), (30, 35, 40))


def test_systole_annotated_takes_the_diastole_before_it() -> None:
    pairs = motion_pairs(40, 30, n_frames=64)
    assert (pairs.status, pairs.diastole, pairs.systole) == ("previous_es", (10, 20, 30), (30, 35, 40))


def test_systole_at_the_start_takes_the_diastole_after_it() -> None:
    pairs = motion_pairs(15, 5, n_frames=64)
    assert (pairs.status, pairs.diastole, pairs.systole) == ("next_ed", (15, 25, 35), (5, 10, 15))


def test_diastole_at_the_end_takes_the_systole_before_it() -> None:
    pairs = motion_pairs(40, 60, n_frames=64)
    assert (pairs.status, pairs.diastole, pairs.systole) == ("previous_ed", (40, 50, 60), (30, 35, 40))


@pytest.mark.parametrize(
    ("es", "ed", "n_frames", "diastole", "systole"),
    [
        (17, 5, 30, (17, 23, 29), (5, 11, 17)),  # more room after: next ED moved to the last frame
        (25, 13, 30, (0, 6, 13), (13, 19, 25)),  # more room before: previous ES moved to the first
        (4, 24, 30, (4, 14, 24), (24, 26, 29)),  # next ES moved to the last frame
    ],
)
def test_clamped_where_both_ways_leave_the_clip(
    es: int, ed: int, n_frames: int, diastole: tuple[int, ...], systole: tuple[int, ...]
) -> None:
    pairs = motion_pairs(es, ed, n_frames=n_frames)
    assert (pairs.status, pairs.diastole, pairs.systole) == ("clamped", diastole, systole)


@pytest.mark.parametrize(
    ("es", "ed", "n_frames", "status"),
    [
        (10, 10, 30, "short_pair"),
        (10, 11, 30, "short_pair"),
        (11, 10, 30, "short_pair"),
        (0, 30, 30, "frame_outside_clip"),
        (-1, 5, 30, "frame_outside_clip"),
        (0, 29, 30, "no_room"),
        (29, 1, 30, "no_room"),
    ],
)
def test_named_reason_where_there_are_no_frames(es: int, ed: int, n_frames: int, status: str) -> None:
    pairs = motion_pairs(es, ed, n_frames=n_frames)
    assert pairs.status == status
    assert not pairs.usable


def test_general_fraction() -> None:
    assert systole_frames(30, diastole_fraction=0.6) == 20
    assert diastole_frames(20, diastole_fraction=0.6) == 30
    assert motion_pairs(0, 30, n_frames=64, diastole_fraction=0.6).systole == (30, 40, 50)


def test_detected_phase_takes_the_place_of_the_rule_within_a_cycle() -> None:
    assert motion_pairs(10, 30, n_frames=64, seen_es=[10, 44]).systole == (30, 37, 44)
    assert motion_pairs(10, 30, n_frames=90, seen_es=[70]).systole == (30, 35, 40), (
        "a beat further on is not the next ES"
    )
    assert motion_pairs(40, 30, n_frames=64, seen_es=[5]).diastole == (5, 17, 30)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -1.0, float("nan")])
def test_fraction_out_of_range_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="fraction"):
        motion_pairs(10, 30, n_frames=64, diastole_fraction=fraction)


@given(
    es=st.integers(-5, 205),
    ed=st.integers(-5, 205),
    n_frames=st.integers(1, 200),
    fraction=FRACTIONS,
    seen=st.lists(st.integers(0, 199)),
)
def test_frames_lie_in_the_clip_in_order_and_share_one(
    es: int, ed: int, n_frames: int, fraction: float, seen: list[int]
) -> None:
    pairs = motion_pairs(es, ed, n_frames=n_frames, diastole_fraction=fraction, seen_es=seen, seen_ed=seen)
    assert pairs.usable == (pairs.status in USABLE_STATUSES)
    if pairs.diastole is None or pairs.systole is None:
        assert pairs.diastole is pairs.systole is None
        return
    for start, mid, end in (pairs.diastole, pairs.systole):
        assert 0 <= start < mid < end < n_frames
        assert end - start >= MIN_GAP
    ends = [pairs.diastole[0], pairs.diastole[2], pairs.systole[0], pairs.systole[2]]
    assert len(set(ends)) == 3, "the two motions share one frame"
    assert pairs.diastole[2] == pairs.systole[0] or pairs.diastole[0] == pairs.systole[2]
    if es < ed:
        assert pairs.diastole[::2] == (es, ed), "the given pair is one of the motions"
    else:
        assert pairs.systole[::2] == (ed, es)


@given(gap=st.integers(MIN_GAP, 60), start=st.integers(0, 100), fraction=FRACTIONS)
def test_share_of_the_cycle_is_the_fraction(gap: int, start: int, fraction: float) -> None:
    pairs = motion_pairs(start, start + gap, n_frames=10_000, diastole_fraction=fraction)
    assert pairs.systole is not None
    systole = pairs.systole[2] - pairs.systole[0]
    assert systole == MIN_GAP or gap / (gap + systole + 1) - 1e-9 <= fraction <= gap / (gap + systole) + 1e-9


@given(gap=st.integers(MIN_GAP, 60))
def test_rule_and_its_inverse_agree_at_two_thirds(gap: int) -> None:
    assert systole_frames(diastole_frames(gap)) == gap


def test_half_a_beat_has_its_emptying_alone() -> None:
    assert motion_pairs(20, 0, n_frames=21).status == "no_room", "the rule needs a third frame"
    half = systole_alone(20, 0, n_frames=21)
    assert (half.status, half.diastole, half.systole, half.usable) == ("annotated", None, (0, 10, 20), True)


def test_emptying_alone_after_an_es_is_that_of_the_rule() -> None:
    alone = systole_alone(10, 30, n_frames=64)
    assert (alone.status, alone.diastole, alone.systole) == ("annotated", None, (30, 35, 40))
    assert systole_alone(10, 30, n_frames=64, seen_es=[44]).systole == (30, 37, 44)
    assert systole_alone(0, 30, n_frames=31).systole is None, "nothing follows ED"


@pytest.mark.parametrize(("es", "ed", "status"), [(64, 30, "frame_outside_clip"), (31, 30, "short_pair")])
def test_emptying_alone_of_faulty_phases_has_no_frames(es: int, ed: int, status: str) -> None:
    assert systole_alone(es, ed, n_frames=64) == motion_pairs(es, ed, n_frames=64)
    assert systole_alone(es, ed, n_frames=64).status == status
