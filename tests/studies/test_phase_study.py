"""The phase study: the same rows whatever the workers, counts that add up, and the rule of a third where it
is exact.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.frames.accuracy import KnownClip
from infomotion_lib.reporting.figures import phase_accuracy as figures
from infomotion_lib.reporting.style import figure_bytes
from infomotion_lib.studies.phases import (
    AGREEING,
    GROUPS,
    PhaseStudySettings,
    StudyTables,
    clip_jobs,
    rows_of_clip,
    run_phase_study,
    third_frames,
)
from infomotion_lib.studies.rows import RowFile

TINY = PhaseStudySettings(clips=1, fps=(8.0, 25.0), size=28)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyTables, Path]:
    folder = tmp_path_factory.mktemp("phases")
    return run_phase_study(folder, settings=TINY, workers=1), folder


def test_every_cell_has_its_clips_and_counts_add_up(study: tuple[StudyTables, Path]) -> None:
    tables, _ = study
    clips = tables.counts.drop_duplicates("clip")
    assert clips.groupby(["fps", "class_name", "rhythm"]).size().eq(1).all()
    assert len(clips) == 2 * 5 * 2
    assert (tables.counts["found"] <= tables.counts["due"]).all()
    assert tables.counts["found"].sum() == len(tables.errors)
    assert (tables.errors["error_frames"].abs() <= 0.2 * tables.errors["fps"] + 1e-9).all()


def test_the_summary_goes_by_rate_class_and_rhythm(study: tuple[StudyTables, Path]) -> None:
    summary = study[0].summary
    assert set(summary["by"]) == set(GROUPS)
    whole = summary[summary["by"] == "all"].set_index(["frames", "voter", "phase"])
    assert whole.loc[("in_order", "detector", "es"), "clips"] == 20
    assert whole.loc[("in_order", AGREEING, "es"), "clips"] <= 20
    assert (
        whole.loc[("in_order", "network", "es"), "found_percent"]
        > whole.loc[("shuffled", "network", "es"), "found_percent"]
    )
    slow = summary[(summary["by"] == "frame rate") & (summary["value"] == 8.0)]
    ratio = (slow["median_ms"] / slow["median_frames"]).dropna()
    np.testing.assert_allclose(ratio, 125.0)


def test_tables_are_written_and_rows_repeat(study: tuple[StudyTables, Path]) -> None:
    tables, folder = study
    tables_written = {f"phases_{name}.csv" for name in ("counts", "errors", "third", "summary")}
    assert {file.name for file in folder.iterdir()} == {*tables_written, "phases.jsonl"}
    written = pd.read_csv(folder / "phases_third.csv")
    assert written["asked"].tolist() == tables.third["asked"].tolist()
    before = (folder / "phases.jsonl").read_bytes()
    again = run_phase_study(folder, settings=TINY, workers=1)
    assert (folder / "phases.jsonl").read_bytes() == before, "nothing was computed again"
    pd.testing.assert_frame_equal(again.summary, tables.summary)
    (job,) = clip_jobs(TINY)[3:4]
    (row,) = rows_of_clip(job.task, [])
    kept = RowFile(folder / "phases.jsonl").rows({job.identity})[3]
    assert json.dumps(kept) == json.dumps({"identity": job.identity, **job.key, **row})


def test_the_rule_of_a_third_is_exact_where_systole_is_a_third() -> None:
    clip = np.zeros((60, 28, 28), np.uint8)
    rows = third_frames(KnownClip(clip, 50.0, [10, 40], [0, 30]), {})
    assert [(row["asked"], row["rule_ms"]) for row in rows] == [("next_es", 0.0), ("previous_es", 0.0)]
    assert rows[0]["systole_percent"] == pytest.approx(100 / 3)
    (late, _) = third_frames(KnownClip(clip, 50.0, [10, 45], [0, 30]), {})
    assert late["rule_ms"] == -100.0  # five frames early
    assert third_frames(KnownClip(clip, 50.0, [10], [0, 30]), {}) == []


def test_figures_of_the_study(study: tuple[StudyTables, Path]) -> None:
    fig = figures.error_curves(study[0].errors, study[0].summary)
    assert figure_bytes(fig).startswith(b"<?xml") and "within 50 ms" in fig.get_suptitle()
    ends = [line.get_ydata()[-1] for line in fig.axes[0].get_lines() if len(line.get_ydata()) > 2]
    whole = study[0].summary.query("by == 'all' and phase == 'es' and voter != 'both agree'")
    assert sorted(ends) == pytest.approx(sorted(whole["found_percent"]), abs=1e-6)
    fig = figures.third_frame(study[0].third)
    assert figure_bytes(fig).startswith(b"<?xml")
    assert fig.get_suptitle().startswith("The rule of a third is off by up to")
