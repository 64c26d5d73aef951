"""A pool that another machine drew gives the same Table 2, without being asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

from copied_pool import STAGE, copied_pool
from finished_run import FinishedRun, started, tables

from infomotion_lib.paths import RunPaths


def test_a_copied_pool_gives_the_same_tables(smoke_run: FinishedRun, tmp_path: Path) -> None:
    paths = smoke_run.copy(tmp_path)
    whole = smoke_run.paths.stage("ablation")
    copied_pool(paths.root)
    shutil.rmtree(paths.stage("ablation"))
    output = smoke_run.run("06", paths)
    assert started(output) == [STAGE, "ablation"], "stage 06 takes the pool up by itself"
    assert tables(paths.stage("ablation")) == tables(whole)
    assert smoke_run.would_run(RunPaths(paths.profile, paths.root)) == [], "a whole run finds nothing to do"
