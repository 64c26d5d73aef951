"""The detector on a beating disc whose phases are exact, on clips without a beat, and on the
published clips.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from infomotion_lib.errors import DataError
from infomotion_lib.frames.choose import choose_pairs
from infomotion_lib.frames.detect import Phases, detect_phases, find_phases

Clip = NDArray[np.uint8]
Disc = Callable[..., Clip]
FPS = 50.0


def test_es_of_a_beating_disc_is_found_to_the_frame(disc: Disc) -> None:
    phases = detect_phases(disc(90, cycle=30.0, first_ed=8.0), FPS)
    assert np.abs(phases.es - [18, 48, 78]).max() <= 1
    assert phases.confidence > 0.9


def test_ed_is_the_onset_of_contraction(disc: Disc) -> None:
    phases = detect_phases(disc(90, cycle=30.0, first_ed=8.0), FPS)
    late = phases.ed - np.array([8, 38, 68])
    assert late.min() >= -1, "the onset does not come before ED"
    assert late.max() <= 4, "90 % of the volume is left a few frames after ED"


def test_signal_follows_the_volume_in_every_part(disc: Disc) -> None:
    phases = detect_phases(disc(90, cycle=30.0, first_ed=8.0), FPS)
    assert phases.signal.shape == (90,)
    for component in phases.components:
        assert component[38] > component[48], "large at ED, small at ES"
    assert np.allclose(phases.components.std(axis=1), 1)


def test_inverted_grey_does_not_turn_the_phases_round(disc: Disc) -> None:
    clip = disc(90, cycle=30.0, first_ed=8.0)
    upside_down = np.where(clip > 0, 255 - clip, 0).astype(np.uint8)
    assert np.abs(detect_phases(upside_down, FPS).es - [18, 48, 78]).max() <= 2


def test_frame_size_and_dark_picture_matter_little(disc: Disc) -> None:
    wide = np.pad(disc(60), ((0, 0), (0, 0), (0, 0)))[:, ::2, ::2]
    dark = (disc(60) // 3).astype(np.uint8)
    for clip in (wide, dark):
        assert np.abs(detect_phases(clip, FPS).es - [18, 48]).max() <= 1


def test_sixteen_frames_at_eight_a_second_are_enough(disc: Disc) -> None:
    phases = detect_phases(disc(16, cycle=6.0, first_ed=2.0), 8.0)
    assert np.abs(phases.es - [4, 10]).max() <= 1


@pytest.mark.parametrize("clip", [np.zeros((40, 112, 112), np.uint8), np.full((40, 112, 112), 90, np.uint8)])
def test_a_still_picture_has_no_phase(clip: Clip) -> None:
    phases = detect_phases(clip, FPS)
    assert not phases.has_both
    assert choose_pairs(phases, n_frames=40) is None


def test_a_clip_of_a_few_frames_has_no_phase(disc: Disc) -> None:
    assert not detect_phases(disc(7), FPS).has_both


@pytest.mark.parametrize("fps", [0.0, -5.0, float("nan")])
def test_frame_rate_must_be_one(disc: Disc, fps: float) -> None:
    with pytest.raises(DataError, match="frames per second"):
        detect_phases(disc(10), fps)


def test_same_clip_same_answer(disc: Disc) -> None:
    first, second = (detect_phases(disc(60), FPS) for _ in range(2))
    assert np.array_equal(first.signal, second.signal)
    assert np.array_equal(first.es, second.es)


def test_residual_tells_a_jump_from_a_beat(disc: Disc) -> None:
    beat = disc(16, cycle=6.0, first_ed=2.0)
    jump = beat.copy()
    jump[8:] = jump[8:, :, ::-1] // 3
    assert detect_phases(beat, 8.0).residual < 0.4 < detect_phases(jump, 8.0).residual


def test_volume_curve_itself_gives_its_own_phases() -> None:
    time = np.arange(100)
    es, ed = find_phases(np.cos(2 * np.pi * time / 25), FPS)
    assert es.tolist() == [12, 37, 62, 87] or np.abs(es - [12.5, 37.5, 62.5, 87.5]).max() <= 1
    assert ((es[1:, None] > ed) & (es[:-1, None] < ed)).any(axis=1).all(), "an ED between any two ES"


def phases(es: list[int], ed: list[int], n: int) -> Phases:
    signal = np.zeros(n)
    signal[es], signal[ed] = -1.0, 1.0
    return Phases(np.array(es), np.array(ed), signal, np.zeros((3, n)), 1.0, 0.0)


def test_a_diastole_with_its_next_es_is_chosen_first() -> None:
    assert choose_pairs(phases([20, 50], [10, 40], 64), n_frames=64, use_detected=True)[:2] == (20, 40)  # type: ignore[index]


def test_rule_or_detection_gives_the_third_frame() -> None:
    seen = phases([20, 54], [10, 40], 64)
    by_rule, by_sight = (choose_pairs(seen, n_frames=64, use_detected=flag) for flag in (False, True))
    assert by_rule is not None
    assert by_sight is not None
    assert by_rule[2].systole == (40, 45, 50)
    assert by_sight[2].systole == (40, 47, 54)


def test_pair_that_moves_most_is_chosen_among_equals() -> None:
    seen = phases([20, 50], [10, 40, 70], 100)
    seen.signal[70] = 3.0
    chosen = choose_pairs(seen, n_frames=100)
    assert chosen is not None
    assert chosen[:2] == (50, 70)


def test_phases_too_near_to_each_other_are_told() -> None:
    chosen = choose_pairs(phases([8], [7], 16), n_frames=16)
    assert chosen is not None
    assert chosen[2].status == "short_pair"


@pytest.mark.skipif(
    "INFOMOTION_MIRROR" not in os.environ, reason="the published clips are reached through INFOMOTION_MIRROR"
)
def test_order_of_the_frames_matters_on_published_clips() -> None:
    """Neighbouring frames follow one curve in order and not when shuffled; most clips hang together, some
    jump.
    """
    import av

    files = sorted((Path(os.environ["INFOMOTION_MIRROR"]) / "echodiffusion" / "counterfactual").glob("*.gif"))
    assert files, "no clip in the mirror"
    random = np.random.default_rng(0)
    follows: dict[str, list[float]] = {"in order": [], "shuffled": []}
    residuals = []
    for file in files:
        with av.open(str(file)) as container:
            clip = np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)])
        ordered = detect_phases(clip, 8.0)
        residuals.append(ordered.residual)
        for name, seen in (
            ("in order", ordered),
            ("shuffled", detect_phases(clip[random.permutation(len(clip))], 8.0)),
        ):
            follows[name].append(float(np.corrcoef(seen.signal[1:], seen.signal[:-1])[0, 1]))
    assert np.median(follows["in order"]) > 0.1 > -0.1 > np.median(follows["shuffled"])
    assert 0.5 < np.mean(np.array(residuals) <= 0.4) < 0.9
