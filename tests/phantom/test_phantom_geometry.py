"""The moving heart: EF, phases and tracings are exact, whatever the nuisances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infomotion_lib.phantom.geometry import (
    DEPTH_CM,
    contraction,
    cycle_phase,
    lv_length,
    lv_radii,
    tracing,
    true_frames,
    valve_opening,
    volume_curve,
    volumes_ml,
)
from infomotion_lib.phantom.nuisance import Heart
from infomotion_lib.phantom.sampling import sample_heart


@st.composite
def any_heart(draw: st.DrawFn) -> Heart:
    seed, ef, level = (
        draw(st.integers(0, 10**6)),
        draw(st.floats(5, 90)),
        draw(st.sampled_from([0.0, 0.4, 1.0])),
    )
    return sample_heart(np.random.default_rng(seed), ef, level=level)


def integrated_volume(heart: Heart, s: float) -> float:
    """Volume of the drawn shape by the trapezoidal rule on half sums of the two radii."""
    z = np.linspace(0, 1, 4001)
    septal, lateral = lv_radii(heart, z, [s])
    return float(np.trapezoid(np.pi * ((septal + lateral) / 2)[0] ** 2, z) * lv_length(heart, s))


def area(rows: np.ndarray) -> float:
    x = np.concatenate([rows[1:, 0], rows[1:, 2][::-1]])
    y = np.concatenate([rows[1:, 1], rows[1:, 3][::-1]])
    return 0.5 * abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))))


def discs(rows: np.ndarray) -> float:
    """Volume by the method of discs, as a sonographer takes it from a tracing; pixels cubed."""
    axis = np.hypot(rows[0, 2] - rows[0, 0], rows[0, 3] - rows[0, 1])
    chords = np.hypot(rows[1:, 2] - rows[1:, 0], rows[1:, 3] - rows[1:, 1])
    return float(np.pi / 4 * (chords**2).sum() * axis / len(chords))


@settings(max_examples=80, deadline=None)
@given(any_heart())
def test_the_volume_of_the_shape_gives_the_ef(heart: Heart) -> None:
    ed, es = integrated_volume(heart, 0.0), integrated_volume(heart, 1.0)
    assert 100 * (1 - es / ed) == pytest.approx(heart.ef, abs=0.1)


@settings(max_examples=30, deadline=None)
@given(any_heart())
def test_the_shape_follows_the_volume_curve(heart: Heart) -> None:
    frames = np.arange(0, heart.cycle, 5)
    s = contraction(heart, frames)
    shapes = [integrated_volume(heart, value) / integrated_volume(heart, 0.0) for value in s]
    assert volume_curve(heart, frames) == pytest.approx(shapes, abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(any_heart())
def test_tracings_give_the_ef_by_the_method_of_discs(heart: Heart) -> None:
    frames = true_frames(heart, 2 * heart.cycle)
    ed, es = tracing(heart, frames.ed[0]), tracing(heart, frames.es[0])
    assert ed.shape == es.shape == (21, 4)
    assert area(ed) > area(es)
    assert 100 * (1 - discs(es) / discs(ed)) == pytest.approx(heart.ef, abs=0.5)


@settings(max_examples=60, deadline=None)
@given(any_heart())
def test_the_lv_stays_in_the_picture(heart: Heart) -> None:
    for frame in range(0, 200, 17):
        ends = tracing(heart, frame).reshape(-1, 2)
        assert ends.min() > -0.5 and ends.max() < 111.5
        u, v = (ends[:, 0] + 0.5) / 112 - 0.5, (ends[:, 1] + 0.5) / 112
        assert np.abs(np.arctan2(u, v)).max() < heart.half_angle + 0.03


@settings(max_examples=60, deadline=None)
@given(any_heart())
def test_walls_never_cross(heart: Heart) -> None:
    septal, lateral = lv_radii(heart, np.linspace(0.05, 1, 50), np.linspace(0, 1, 9))
    assert septal.min() > 0 and lateral.min() > 0


def test_chords_run_from_apex_to_base_across_the_axis() -> None:
    heart = sample_heart(np.random.default_rng(3), 60.0)
    rows = tracing(heart, 0)
    apex, base = rows[0, :2], rows[0, 2:]
    along = (base - apex) / np.linalg.norm(base - apex)
    middles = (rows[1:, :2] + rows[1:, 2:]) / 2
    assert (np.diff((middles - apex) @ along) > 0).all()
    assert np.abs((rows[1:, 2:] - rows[1:, :2]) @ along).max() < 1e-6


def test_cycle() -> None:
    heart = replace(sample_heart(np.random.default_rng(0), 60.0), cycle=30, start=4)
    frames = true_frames(heart, 64)
    assert frames.ed.tolist() == [26, 56] and frames.es.tolist() == [6, 36]
    curve = volume_curve(heart, np.arange(64))
    assert curve[frames.ed] == pytest.approx(1.0) and curve[frames.es] == pytest.approx(0.4)
    assert curve.min() == pytest.approx(0.4) and curve.max() == pytest.approx(1.0)
    in_systole = slice(26, 37)
    assert (np.diff(curve[in_systole]) < 0).all(), "volume falls from ED to ES"
    diastole = curve[36:57]
    assert (np.diff(diastole) > -1e-9).all() and np.abs(np.diff(diastole)[9:12]).max() < 1e-9, (
        "early filling, then diastasis"
    )
    assert np.diff(diastole)[-3:].sum() > 0.02, "atrial kick"


def test_valves_are_shut_in_systole() -> None:
    heart = replace(sample_heart(np.random.default_rng(0), 60.0), cycle=48, start=0)
    opening = valve_opening(heart, np.arange(48))
    phase = cycle_phase(heart, np.arange(48))
    assert opening[(phase > 0.03) & (phase < 0.33)].max() == 0
    assert opening[(phase > 0.40) & (phase < 0.50)].min() > 0.8


def test_volumes_are_plausible_and_consistent() -> None:
    volumes = []
    for seed in range(80):
        heart = sample_heart(np.random.default_rng(seed), 35.0)
        esv, edv = volumes_ml(heart)
        assert 100 * (edv - esv) / edv == pytest.approx(35.0)
        assert edv == pytest.approx(integrated_volume(heart, 0.0) * DEPTH_CM**3, rel=1e-3)
        volumes.append(edv)
    assert min(volumes) > 50 and max(volumes) < 260 and 90 < np.median(volumes) < 170
