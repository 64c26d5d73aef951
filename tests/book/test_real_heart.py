"""Whole beats of a recording, and the one real heart that anybody may look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from finished_run import not_here

from infomotion_book import real_heart
from infomotion_book.explore import heart
from infomotion_lib.data.dicom import read_cine, whole_cine
from infomotion_lib.errors import DataError
from infomotion_lib.frames.beats import BEAT_COLUMNS, pairs_of_beat, whole_beats
from infomotion_lib.frames.detect import Phases, detect_phases
from infomotion_lib.reporting.figures.beats import beat_by_beat, beats_sentence, beats_table
from infomotion_lib.reporting.style import figure_bytes
from infomotion_lib.studies import cine


def phases(es: list[int], ed: list[int]) -> Phases:
    return Phases(
        np.array(es, int), np.array(ed, int), np.sin(np.arange(120.0)), np.zeros((3, 120)), 1.0, 0.0
    )


FROZEN_BEATS = pd.read_csv(heart.STUDIES / cine.BEATS)


def test_a_beat_is_an_es_an_ed_and_an_es_in_a_row() -> None:
    beats = whole_beats(phases([10, 40, 70], [30, 60, 100]), fps=50.0)
    assert list(beats.columns) == list(BEAT_COLUMNS)
    assert beats[["beat", "es", "ed", "next_es", "rule_es"]].to_numpy().tolist() == [
        [1, 10, 30, 40, 40],
        [2, 40, 60, 70, 70],
    ]
    assert beats["systole_share"].tolist() == [pytest.approx(1 / 3)] * 2
    assert beats["beats_a_minute"].tolist() == [100.0, 100.0] and beats["rule_error_ms"].tolist() == [
        0.0,
        0.0,
    ]


@pytest.mark.parametrize(("es", "ed"), [([], []), ([10], [30]), ([10, 20], [5]), ([20], [10, 30])])
def test_no_beat_gives_an_empty_table_of_the_same_columns(es: list[int], ed: list[int]) -> None:
    beats = whole_beats(phases(es, ed), fps=25.0)
    assert beats.empty and list(beats.columns) == list(BEAT_COLUMNS)
    assert beats_sentence(beats) == "No whole beat was detected"


def test_a_missed_phase_breaks_the_row() -> None:
    """Two ES without an ED between them are no beat; the next three in a row are one."""
    beats = whole_beats(phases([10, 40, 70], [55]), fps=50.0)
    assert beats[["es", "ed", "next_es"]].to_numpy().tolist() == [[40, 55, 70]]
    assert beats["rule_error_ms"].item() == pytest.approx(1000 * (55 + 7 - 70) / 50)


def test_both_motions_of_a_beat() -> None:
    pairs = pairs_of_beat({"es": 31, "ed": 50, "next_es": 58})
    assert (pairs.diastole, pairs.systole) == ((31, 40, 50), (50, 54, 58))


def test_the_frozen_beats_hold_the_rule_against_two_votes() -> None:
    detector = FROZEN_BEATS[FROZEN_BEATS["voter"] == "detector"]
    assert detector[["es", "ed", "next_es"]].to_numpy().tolist() == [
        [4, 21, 31],
        [31, 50, 58],
        [58, 77, 85],
        [85, 104, 114],
    ]
    assert detector["rule_error_ms"].round().tolist() == [-67, 33, 33, -33]
    assert detector["systole_share"].mean() == pytest.approx(1 / 3, abs=0.01)
    assert (FROZEN_BEATS.groupby("voter")["beat"].count() == 4).all()


def test_the_whole_cine_gives_the_frozen_beats() -> None:
    file = whole_cine()
    if file is None:
        not_here("the extra cine is not installed")
    recording = read_cine(file)
    assert recording.clip.shape == (120, 366, 366) and recording.box == (80, 40, 518, 366)
    beats = whole_beats(detect_phases(recording.clip, recording.fps), recording.fps)
    frozen = FROZEN_BEATS[FROZEN_BEATS["voter"] == "detector"].drop(columns="voter")
    pd.testing.assert_frame_equal(beats, frozen.reset_index(drop=True), atol=1e-3, check_dtype=False)


def test_another_file_of_that_name_is_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pydicom")
    from infomotion_lib.data.dicom import sample_cine

    monkeypatch.setattr("pydicom.data.get_testdata_file", lambda name, download: str(sample_cine()))
    assert whole_cine() is None
    monkeypatch.setattr("pydicom.data.get_testdata_file", lambda name, download: None)
    assert whole_cine() is None
    with pytest.raises(DataError, match="not installed") as error:
        cine.run_cine_study("nowhere")
    assert "infomotion[cine]" in error.value.remedy


def test_figure_and_table_of_the_beats() -> None:
    beats = FROZEN_BEATS[FROZEN_BEATS["voter"] == "detector"]
    curve = pd.read_csv(heart.STUDIES / cine.CURVE)["detector"]
    assert figure_bytes(beat_by_beat(curve, beats, fps=30.0))
    assert (
        beats_sentence(beats) == "4 beats: systole takes 30% to 37% of each; the rule misses by 33 to 67 ms"
    )
    shown = beats_table(beats)
    assert shown.loc[1, "rule minus seen, ms"] == -67 and shown.loc[4, "beats per minute"] == 62


def test_the_page_has_every_beat_of_both_votes_or_says_that_nothing_ran(tmp_path: Path) -> None:
    text = real_heart.fragments()["real_heart"]
    assert (
        text.count("<tr>") == 1 + len(FROZEN_BEATS) and "−67" in text and "systole takes 30 to 37 %" in text
    )
    assert "has not run yet" in real_heart.fragments(tmp_path)["real_heart"]
    assert real_heart.write_figure(tmp_path, folder=tmp_path) is None


def test_the_control_says_what_the_rule_does_in_the_beat_at_hand() -> None:
    beats = FROZEN_BEATS[FROZEN_BEATS["voter"] == "detector"]
    assert heart.words_of(10, beats) == "Beat 1, filling: the rule puts the next ES 67 ms early"
    assert heart.words_of(55, beats) == "Beat 2, emptying: the rule puts the next ES 33 ms late"
    assert heart.words_of(3, beats) == heart.words_of(114, beats) == "Outside the whole beats"
    slider, row = heart.control().children
    pictures, over_curve = row.children
    curve, cursors = over_curve.children
    assert len(pictures.children) == len(cursors.children) == slider.max + 1 == 40
    assert all('alt="' in page.value for page in (*pictures.children, curve, *cursors.children))
