"""Figures of stage 01: titles say what the numbers say, and nothing is drawn that is not there."""

from __future__ import annotations

import re
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from infomotion_lib.frames.accuracy import detector_error, known_phantoms, order_control
from infomotion_lib.frames.detect import Phases, detect_phases
from infomotion_lib.frames.rule import MotionPairs, motion_pairs
from infomotion_lib.reporting.figures import frames as figures
from infomotion_lib.reporting.figures import phases as detector_figures
from infomotion_lib.reporting.style import figure_bytes, use_style

PAIRS = motion_pairs(10, 30, n_frames=64)
EMPTY = np.zeros((20, 20), np.uint8)
VOLUME = 0.7 + 0.3 * np.cos(2 * np.pi * np.arange(64) / 30)


def title(fig: Figure) -> str:
    assert figure_bytes(fig).startswith(b"<?xml")
    return fig.get_suptitle()


def test_five_frames_in_the_order_of_time() -> None:
    assert figures.five_frames(motion_pairs(20, 10, n_frames=64)) == (
        (10, 15, 20, 30, 40),
        ("ed", "middle", "es", "middle", "ed"),
    )
    assert figures.five_frames(MotionPairs("no_phase")) == ((), ())


@pytest.mark.parametrize(
    ("true_es", "words"), [([10, 40], "both ES frames are exact"), ([10, 44], "an ES is off by 80 ms")]
)
def test_cycle_title_compares_the_rule_with_the_truth(true_es: list[int], words: str) -> None:
    text = title(figures.moment(EMPTY, VOLUME, PAIRS, at=30, fps=50.0, true_es=true_es))
    assert "67%" in text
    assert "0.60 s" in text
    assert words in text


def test_strip_draws_five_pictures_a_video() -> None:
    pictures = [np.zeros((5, 20, 20), np.uint8)] * 2
    frames, events = zip(*[figures.five_frames(PAIRS)] * 2, strict=True)
    fig = figures.frame_strip(
        pictures, frames, events, labels=["a", "b"], fps=[50.0, 25.0], kind="phantom videos"
    )
    assert len(fig.axes) == 10
    assert "0.60 to 1.20 s in 2 phantom videos" in title(fig)


def test_status_bars_count_the_videos_with_frames() -> None:
    rows = [
        ("real", "TRAIN", "annotated", 7),
        ("real", "TEST", "truncated", 2),
        ("synthetic", "TRAIN", "detected", 5),
    ]
    fig = figures.status_bars(pd.DataFrame(rows, columns=["source", "split", "status", "n"]))
    assert title(fig) == "12 of 14 videos give all five frames"
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == [
        "Reference pool\nTRAIN",
        "Reference pool\nTEST",
        "Generated pool\nTRAIN",
    ]


def test_traced_frames_name_ed_and_es_by_area() -> None:
    square = np.array([[0.0, 0], [0, 10], [10, 10], [10, 0]])
    fig = figures.traced_frames(np.zeros((2, 20, 20), np.uint8), [square * 0.5, square], frames=[3, 9])
    assert [axis.get_title(loc="left") or axis.get_title() for axis in fig.axes] == [
        "ES · frame 3",
        "ED · frame 9",
    ]
    assert [text.get_text() for axis in fig.axes for text in axis.texts] == ["25 px²", "100 px²"]
    assert "75%" in title(fig)


def test_moment_is_drawn_for_every_frame_of_the_beat() -> None:
    for at in (10, 25, 40):
        fig = figures.moment(EMPTY, VOLUME, PAIRS, at=at, fps=50.0)
        assert figure_bytes(fig).startswith(b"<?xml")
        assert {"diastole", "systole"} <= {text.get_text() for text in fig.axes[1].texts}


def test_detector_figures_tell_order_from_chance() -> None:
    clips = list(known_phantoms(3, n_frames=48, seed=2, size=56))
    assert "ES found" in title(detector_figures.detector_errors(*detector_error(clips)))
    control = order_control([(known.clip, known.fps) for known in clips])
    gate = float(control.loc[control["frames"] == "in_order", "residual"].median())
    assert title(detector_figures.clip_controls(control, gate=gate)).startswith("2 of 3 clips hang together")
    with mpl.rc_context():
        use_style()
        first, again = (figure_bytes(detector_figures.clip_controls(control, gate=gate)) for _ in range(2))
    assert first == again, "the same dots in the same places"
    seen = detect_phases(clips[1].clip, clips[1].fps)
    text = title(detector_figures.phase_signal(seen, seen, fps=50.0, true_es=clips[1].es))
    inside = sum(0 <= frame <= len(clips[1].clip) - 1 for frame in clips[1].es)
    assert re.match(rf"\d of {inside} ES and {len(seen.ed)} ED found", text)
    blind = replace(seen, es=seen.es[:0])
    assert f"0 of {inside} ES" in title(
        detector_figures.phase_signal(blind, seen, fps=50.0, true_es=clips[1].es)
    )


def test_a_clip_without_phases_can_be_drawn() -> None:
    none = np.zeros(0, np.int64)
    empty = Phases(none, none, np.zeros(20), np.zeros((3, 20)), 0.0, 0.0)
    assert title(detector_figures.phase_signal(empty, empty, fps=8.0)).startswith("0 ES and 0 ED found")


def test_nothing_found_can_be_drawn() -> None:
    clips = [
        known._replace(clip=np.zeros_like(known.clip), volume=None)
        for known in known_phantoms(2, n_frames=30, seed=2, size=28)
    ]
    summary, errors = detector_error(clips)
    assert errors.empty
    assert "0% of ES found" in title(detector_figures.detector_errors(summary, errors))
