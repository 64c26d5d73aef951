"""Jobs before a stage: their marks, what the workflow plans of them, what they refuse."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from finished_run import FinishedRun

from infomotion_lib.errors import ParameterError, StageError
from infomotion_lib.run.parts.jobs import do_part
from infomotion_lib.run.parts.marks import PREPARED, Done, done_before, mark, marks_of, without_empty
from infomotion_lib.run.workflow import _jobs_by_stage, what_would_run
from infomotion_lib.share import Share
from infomotion_lib.stage_table import TABLE


def test_shares_are_the_whole_and_do_not_overlap() -> None:
    for count in (1, 3, 7, 20):
        parts = [Share(number, count).part(range(11)) for number in range(1, count + 1)]
        assert sorted(piece for part in parts for piece in part) == list(range(11))
        assert all(Share(1, count).has(index) == (index in parts[0]) for index in range(11))


@pytest.mark.parametrize("word", ["3", "0/3", "4/3", "1/0", "-1/3", "a/b", "1/3/5"])
def test_a_part_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(ParameterError):
        Share.read(word)


def test_marks_say_what_was_done(tmp_path: Path) -> None:
    assert marks_of(TABLE["evaluation"], {"grid_jobs": 1}) == []
    assert marks_of(TABLE["graph_selection"], {"grid_jobs": 3}) == []
    names = marks_of(TABLE["evaluation"], {"grid_jobs": 2})
    assert names == [".parts/prepared", ".parts/1-of-2", ".parts/2-of-2"]
    assert done_before(tmp_path) == Done()
    mark(tmp_path, PREPARED, seconds=1.0, continued=False)
    mark(tmp_path, "1-of-2", seconds=2.5)
    assert done_before(tmp_path) == Done(3.5, continued=False)


def test_a_plan_counts_the_jobs_of_each_stage() -> None:
    part = "rule pool_part:\n    input: a\n    wildcards: folder=05_generators/latte, share={}-of-2\n\n"
    plan = (
        "rule data:\n    output: b\n\n" + part.format(1) + part.format(2) + "rule latte_pool:\n    input: c\n"
    )
    assert _jobs_by_stage(plan) == {"data": 1, "latte_pool": 3}


def test_only_the_missing_parts_would_run(smoke_run: FinishedRun, tmp_path: Path) -> None:
    copy = smoke_run.copy(tmp_path)
    folder = copy.stage("evaluation")
    shutil.rmtree(folder)
    asked = {"runs_dir": str(copy.root.parent), "grid_jobs": 3}
    assert what_would_run("smoke", overrides=asked, until="04") == {"evaluation": 5}
    for name in (PREPARED, "1-of-3", "3-of-3"):
        mark(folder, name, seconds=1.0)
    assert what_would_run("smoke", overrides=asked, until="04") == {"evaluation": 2}


def test_a_part_of_a_folder_that_is_not_prepared_for_it_is_refused(
    smoke_run: FinishedRun, tmp_path: Path
) -> None:
    copy = smoke_run.copy(tmp_path)
    profile = tmp_path / "smoke.yml"
    text = (smoke_run.project / "notebooks/params/smoke.yml").read_text(encoding="utf-8")
    profile.write_text(f"{text}\nruns_dir: {copy.root.parent}\nsoft_tolerance: 2.0\n", encoding="utf-8")
    with pytest.raises(StageError, match="not prepared"):
        do_part("evaluation", Share(1, 3), str(profile), say=print)
    with pytest.raises(StageError, match="does not work in parts"):
        do_part("graph_selection", Share(1, 3), str(profile), say=print)


def test_an_empty_folder_of_marks_goes_and_a_full_one_stays(tmp_path: Path) -> None:
    without_empty(tmp_path)
    done = mark(tmp_path, "1-of-2", seconds=1.0)
    without_empty(tmp_path)
    assert done.is_file()
    done.unlink()
    without_empty(tmp_path)
    assert not list(tmp_path.iterdir())
