"""Stages in parts, ``kill -9`` while a part is at work: what had ended is not done again, and every table is
that of a run in which each stage worked alone.
"""

from __future__ import annotations

import re
import shutil
import time
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest
from finished_run import FinishedRun, tables
from killed_run import kill

from infomotion_lib.run.parts.marks import PARTS
from infomotion_lib.stage_table import TABLE

JOBS = ("-p", "grid_jobs=3", "-p", "shards=3")
PARTS_OF_EACH = 3


def unfinished(run: Path) -> set[str]:
    """Files, relative to the run's folder, whose jobs the workflow engine has begun and not taken note of as
    ended: it would make them again.
    """
    notes = (file for file in (run / ".snakemake" / "incomplete").iterdir() if file.is_file())
    return {urlsafe_b64decode(note.name).decode() for note in notes}


def ended(run: Path, folder: Path) -> set[str]:
    """Parts of a stage whose marks are there, and of whose end the engine knows."""
    marks = {mark for mark in (folder / PARTS).glob("*-of-*") if mark.is_file()}
    begun = unfinished(run)  # looked at after the marks: a mark that has just been made is not yet ended
    return {mark.name for mark in marks if mark.relative_to(run).as_posix() not in begun}


def told(output: str, label: str) -> list[str]:
    """Parts of a stage that said that they are done, such as ``2-of-3``."""
    said = re.findall(rf"^{re.escape(label)}: part (\d+) of (\d+) done", output, flags=re.MULTILINE)
    return [f"{number}-of-{count}" for number, count in said]


@pytest.mark.parametrize("stage", ["ifa_training", "evaluation", "latte_pool", "ablation"])
def test_only_the_parts_that_had_not_ended_run_again(
    smoke_run: FinishedRun, tmp_path: Path, stage: str
) -> None:
    copy = smoke_run.copy(tmp_path)
    folder = copy.stage(stage)
    shutil.rmtree(folder)
    victim = smoke_run.start(copy.root, *JOBS)
    while not ended(copy.root, folder) and victim.poll() is None:
        time.sleep(0.05)
    assert kill(victim, copy.root), "the stage ended before it could be killed"
    done = ended(copy.root, folder)
    output = smoke_run.run("all", copy, *JOBS)
    again = told(output, TABLE[stage].label)
    assert not done & set(again) and len(done) + len(again) == PARTS_OF_EACH
    assert not (folder / PARTS).exists(), "marks go when the stage has ended"
    assert tables(copy.root) == tables(smoke_run.paths.root)
