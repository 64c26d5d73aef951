"""Where a notebook writes: the folder its runner names, else the run's, else, if that is finished, a scratch
folder.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infomotion_lib.parameters import StageParameters, profile_names, read_profile
from infomotion_lib.paths import RunPaths, run_paths
from infomotion_lib.provenance import shown_path
from infomotion_lib.run.fingerprint import claim_folder, fingerprint, holds_copied_pool, record_of
from infomotion_lib.stage_table import RUN_CARD, TABLE, Stage

STAGE_FOLDER = "INFOMOTION_STAGE_FOLDER"
"""Environment variable in which a runner tells the notebook it executes where to write."""

SCRATCH = "scratch"
"""Folder beside the runs, for what is drawn again."""


def scratch_of(paths: RunPaths) -> RunPaths:
    """Folders of the scratch work on a profile's run: ``<runs_dir>/scratch/<profile>``."""
    return RunPaths(paths.profile, paths.root.parent / SCRATCH / paths.root.name)


def values_of_run(profile: str, runs_dir: str | Path = "runs") -> dict[str, Any]:
    """Values by parameter name that a run was made with, else those of the profile; empty if there is
    neither.
    """
    resolved = run_paths(profile, runs_dir).resolved
    if resolved.is_file():
        return read_profile(str(resolved))
    return read_profile(profile) if profile in profile_names() else {}


def notebook_paths(
    stage: str, parameters: StageParameters, *, say: Callable[[str], None] = print
) -> RunPaths:
    """Folders of the run that a notebook reads, and the one of its own stage that it may write to.

    A notebook that its runner executes writes where the runner says. One that is opened by hand, or executed
    by papermill alone, writes into its run as long as the stage has not finished there; then into a scratch
    folder, and says so. In Colab, where the machine itself is for one session, it always writes into the run.

    Parameters
    ----------
    stage : str
        Name of the notebook's stage.
    parameters : StageParameters
        Of this run.
    say : callable
        Takes the line that names a scratch folder.

    Raises
    ------
    StageError
        If a stage before this one has not finished.
    """
    paths = run_paths(parameters.profile, parameters.runs_dir)
    if folder := os.environ.get(STAGE_FOLDER):
        return RunPaths(paths.profile, paths.root, ((stage, Path(folder)),))
    if "google.colab" in sys.modules or not (paths.stage(stage) / RUN_CARD).is_file():
        return paths
    scratch = prepare_scratch(TABLE[stage], parameters, paths)
    say(
        f"This stage of {parameters.profile} has finished and is left as it is. What is written here goes to"
        f" {shown_path(scratch)}; `infomotion run {TABLE[stage].number or stage}` replaces the stage itself."
    )
    return RunPaths(paths.profile, paths.root, ((stage, scratch),))


def prepare_scratch(step: Stage, parameters: StageParameters, paths: RunPaths) -> Path:
    """Scratch folder of a stage, ready to be written to.

    It begins with a copy of what the finished stage keeps, such as trained networks, where the same
    parameters, inputs and code made that; else empty, or with what an earlier call of the same kind has left.

    Raises
    ------
    StageError
        If a stage before this one has not finished.
    """
    record = fingerprint(step, parameters, paths)
    finished, folder = paths.stage(step.name), scratch_of(paths).stage(step.name)
    kept = record_of(finished) == record or holds_copied_pool(step, finished)
    claim_folder(folder, record)
    if kept and not (folder / RUN_CARD).is_file():
        shutil.copytree(finished, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("figures"))
    (folder / RUN_CARD).unlink(missing_ok=True)
    shutil.rmtree(folder / "figures", ignore_errors=True)
    return folder
