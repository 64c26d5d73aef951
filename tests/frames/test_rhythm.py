"""Phantoms of any rhythm: ED and ES fall where the beats put them, and the exact volume says so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infomotion_lib.frames.rhythm import LONGEST_SYSTOLE, Beats, Rhythm, draw_beats, rhythm_clip


@given(
    beat=st.floats(0.2, 2.0), systole=st.floats(0.25, 0.55), jitter=st.floats(0, 0.3), seed=st.integers(0, 99)
)
def test_beats_cover_the_clip_and_no_systole_fills_its_beat(
    beat: float, systole: float, jitter: float, seed: int
) -> None:
    beats = draw_beats(np.random.default_rng(seed), Rhythm(beat, systole, jitter), seconds=2.0)
    lengths = np.diff(beats.starts)
    assert beats.starts[0] < 0
    assert beats.starts[-1] > 2.0
    assert (np.abs(lengths / beat - 1) <= jitter + 1e-9).all()
    assert (beats.systoles <= LONGEST_SYSTOLE * lengths + 1e-9).all()


def test_phase_is_zero_at_ed_and_a_third_at_es() -> None:
    beats = Beats(np.array([-1.0, 0.0, 0.8, 1.8]), np.array([0.4, 0.3, 0.5]))
    number, phase = beats.phase(np.array([0.0, 0.15, 0.3, 0.55, 0.8, 1.3]))
    assert number.tolist() == [1, 1, 1, 1, 2, 2]
    np.testing.assert_allclose(phase, [0, 1 / 6, 1 / 3, 2 / 3, 0, 1 / 3], atol=1e-12)


@pytest.mark.parametrize("rhythm", [Rhythm(0.8), Rhythm(0.9, 0.45, 0.25)])
def test_the_volume_is_lowest_at_es_and_highest_at_ed(rhythm: Rhythm) -> None:
    known = rhythm_clip(np.random.default_rng(5), rhythm, ef=60.0, fps=50.0, n_frames=110, size=28)
    assert known.clip.shape == (110, 28, 28)
    assert known.volume is not None
    for frame in (round(frame) for frame in known.es if 0 <= frame < 109):
        assert known.volume[frame] == pytest.approx(0.4, abs=0.02)
    for frame in (round(frame) for frame in known.ed if 0 <= frame < 109):
        assert known.volume[frame] == pytest.approx(1.0, abs=0.02)
    gaps = np.diff(known.ed)
    assert (np.ptp(gaps) < 1e-6) == (rhythm.jitter == 0)


def test_equal_seeds_give_equal_clips() -> None:
    first, again, other = (
        rhythm_clip(np.random.default_rng(seed), Rhythm(0.8), ef=50.0, fps=25.0, n_frames=6, size=28)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.clip, again.clip)
    assert not np.array_equal(first.clip, other.clip)
