"""``kill -9`` at ten random moments of a whole run, in the middle of a training, and in a stage that had been
run otherwise: each resumes to the identical result and leaves no litter.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from finished_run import FinishedRun, infomotion, started, tables
from killed_run import grid_rows, kill, kill_when

from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import UNFINISHED, read_run_card
from infomotion_lib.run.fingerprint import RECORD
from infomotion_lib.stage_table import RUN_CARD, TABLE

KILLS = 10
SHARES = np.sort(np.random.default_rng(20251210).uniform(0, 1, KILLS))
"""When each kill comes, as a share of the time that all stages take together."""


def moment(run: FinishedRun, share: float) -> tuple[str, float]:
    """Stage in which a share of the whole run's time has passed, and the seconds it has then been running."""
    lengths = {name: float(read_run_card(run.paths.stage(name))["stage_seconds"]) for name in TABLE}
    ends = np.cumsum(list(lengths.values()))
    at = share * ends[-1]
    stage = list(lengths)[int(np.searchsorted(ends, at))]
    return stage, float(at - (ends[list(lengths).index(stage)] - lengths[stage]))


def without(run: FinishedRun, stage: str, folder: Path) -> Path:
    """Copy of a finished run in which one stage has not begun; the later ones, by their hashes, judge whether
    it comes back the same.
    """
    copy = folder / "runs" / run.paths.profile
    shutil.copytree(run.paths.root, copy)
    shutil.rmtree(copy / run.paths.stage(stage).name)
    return copy


@pytest.mark.parametrize("number", range(KILLS))
def test_a_run_killed_at_a_random_moment_resumes_to_the_identical_result(
    smoke_run: FinishedRun, tmp_path: Path, number: int
) -> None:
    stage, seconds = moment(smoke_run, SHARES[number])
    copy = without(smoke_run, stage, tmp_path)
    victim = smoke_run.start(copy)
    assert victim.stdout is not None
    for line in victim.stdout:
        if line.startswith(f"{TABLE[stage].label}: started"):
            break
    time.sleep(seconds)
    running = kill(victim, copy)
    folder = copy / smoke_run.paths.stage(stage).name
    carded, litter = (folder / RUN_CARD).exists(), len(list(copy.rglob(f"{UNFINISHED}*")))
    begun = time.monotonic()
    output, _ = smoke_run.again(tmp_path)
    assert tables(copy) == tables(smoke_run.paths.root)
    assert "Everything is as its run card says." in infomotion(
        "verify", "--profile", "smoke", "--runs-dir", str(copy.parent), project=smoke_run.project
    )
    assert not list(copy.rglob(f"{UNFINISHED}*"))
    print(
        f"\nkill {number + 1}: {stage} after {seconds:.1f} s, {'running' if running else 'ended'},"
        f" {'card' if carded else 'no card'}, {litter} unfinished files; resumed"
        f" {'+'.join(started(output)) or 'nothing'} in {time.monotonic() - begun:.0f} s: identical"
    )


def half_trained(folder: Path) -> bool:
    """Whether stage 02 has begun to train."""
    return any(folder.glob("checkpoints/*"))


OTHER_TOLERANCE = 2.0


def half_a_grid(folder: Path) -> bool:
    """Whether stage 04 has begun with the profile's own values, and finished a few networks."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:  # the run before it is just being moved aside
        return False
    if record["parameters"]["soft_tolerance"] == OTHER_TOLERANCE:
        return False
    return not (folder / RUN_CARD).exists() and grid_rows(folder) >= 3


def never_begun(run: FinishedRun, copy: RunPaths) -> None:
    shutil.rmtree(copy.stage("ifa_training"))


def run_alone_otherwise(run: FinishedRun, copy: RunPaths) -> None:
    assert started(run.run("04", copy, "-p", f"soft_tolerance={OTHER_TOLERANCE}")) == ["evaluation"]


@pytest.mark.parametrize(
    ("stage", "before", "half_way", "resume"),
    [
        ("ifa_training", never_begun, half_trained, "02"),
        ("evaluation", run_alone_otherwise, half_a_grid, "all"),
    ],
)
def test_a_stage_killed_half_way_leaves_no_card_and_resumes_to_the_same_result(
    smoke_run: FinishedRun,
    tmp_path: Path,
    stage: str,
    before: Callable[[FinishedRun, RunPaths], None],
    half_way: Callable[[Path], bool],
    resume: str,
) -> None:
    copy = smoke_run.copy(tmp_path)
    folder = copy.stage(stage)
    before(smoke_run, copy)
    kill_when(smoke_run, copy.root, lambda: half_way(folder))
    assert not (folder / RUN_CARD).exists()
    kept = (folder / "grid.jsonl").read_bytes() if stage == "evaluation" else b""
    assert started(smoke_run.run(resume, copy))[0] == stage
    assert read_run_card(folder)["continued"]
    if kept:
        assert (folder / "grid.jsonl").read_bytes().startswith(kept), "no finished network is trained again"
    assert tables(folder) == tables(smoke_run.paths.stage(stage))
