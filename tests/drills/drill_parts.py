"""Stages in parts, ``kill -9`` while a part is at work: what had ended is not done again, and every table is
that of a run in which each stage worked alone.
"""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest
from finished_run import FinishedRun, tables
from killed_run import kill

from infomotion_lib.run.parts.marks import PARTS
from infomotion_lib.stage_table import TABLE

JOBS = ("-p", "grid_jobs=3", "-p", "shards=3")
PARTS_OF_EACH = 3


def ended(folder: Path) -> set[str]:
    """Parts of a stage whose marks are there."""
    return {mark.name for mark in (folder / PARTS).glob("*-of-*") if mark.is_file()}


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
    while not ended(folder) and victim.poll() is None:
        time.sleep(0.05)
    assert kill(victim, copy.root), "the stage ended before it could be killed"
    done = ended(folder)
    output = smoke_run.run("all", copy, *JOBS)
    again = told(output, TABLE[stage].label)
    assert not done & set(again) and len(done) + len(again) == PARTS_OF_EACH
    assert not ended(folder), "marks go when the stage has ended"
    assert tables(copy.root) == tables(smoke_run.paths.root)
