"""The two kinds of jobs that do the work of a stage before it: one that prepares, and one for each part."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from infomotion_lib.errors import StageError
from infomotion_lib.parameters import StageParameters, read_profile, stage_name, stage_parameters
from infomotion_lib.paths import RunPaths, run_paths
from infomotion_lib.run.fingerprint import fingerprint, holds_copied_pool, record_of
from infomotion_lib.run.here import with_whole_paths
from infomotion_lib.run.parts.marks import PREPARED, mark
from infomotion_lib.run.runner import claim_stage
from infomotion_lib.share import Share
from infomotion_lib.stage_table import TABLE, Stage


class Kind(Protocol):
    """Module of a kind of parts, such as :mod:`infomotion_lib.run.parts.grid`."""

    def prepare(self, parameters: Any, paths: RunPaths) -> None:
        """Do what all parts need; nobody else works in the folder of the stage meanwhile."""

    def part(self, share: Share, parameters: Any, paths: RunPaths) -> None:
        """Do one part, whose files no other part writes; what an earlier call of it has finished is kept."""

    def take_up(self, folder: Path) -> None:
        """Put in its place what the parts have left in the folder of the stage, before the stage runs."""


def prepare_stage(stage: str, profile: str, *, say: Callable[[str], None]) -> Path:
    """Path of the mark that the folder of a stage is ready for its parts.

    Parameters
    ----------
    stage, profile, say
        As of :func:`infomotion_lib.run.runner.run_stage`.

    Raises
    ------
    StageError
        If the stage does not work in parts, or a stage before it has not finished.
    """
    step, parameters, paths = _opened(stage, profile)
    began = time.monotonic()
    continued = claim_stage(step, parameters, paths)
    if not holds_copied_pool(step, paths.stage(step.name)):
        _kind(step).prepare(parameters, paths)
    seconds = time.monotonic() - began
    say(f"{step.label}: prepared in {seconds:.0f} s")
    return mark(paths.stage(step.name), PREPARED, seconds=seconds, continued=continued)


def do_part(stage: str, share: Share, profile: str, *, say: Callable[[str], None]) -> Path:
    """Path of the mark that one part of a prepared stage is done.

    Parameters
    ----------
    stage, profile, say
        As of :func:`infomotion_lib.run.runner.run_stage`.
    share : Share
        Which part.

    Raises
    ------
    StageError
        If the stage does not work in parts, or its folder is prepared for other parameters, inputs or code.
    """
    step, parameters, paths = _opened(stage, profile)
    folder, began = paths.stage(step.name), time.monotonic()
    if not holds_copied_pool(step, folder):
        if record_of(folder) != fingerprint(step, parameters, paths):
            raise StageError(
                f"The folder of stage {step.name} is not prepared for this part.",
                where=f"Looked in: {folder}",
                remedy="Run all stages: `infomotion run all`.",
            )
        _kind(step).part(share, parameters, paths)
    seconds = time.monotonic() - began
    say(f"{step.label}: part {share.number} of {share.of} done in {seconds:.0f} s")
    return mark(folder, share.name, seconds=seconds)


def _opened(stage: str, profile: str) -> tuple[Stage, StageParameters, RunPaths]:
    step = TABLE[stage_name(stage)]
    if step.spread is None:
        raise StageError(f"Stage {step.name} does not work in parts.", remedy=f"infomotion run {step.name}")
    parameters = stage_parameters(step.name, with_whole_paths(read_profile(profile)))
    return step, parameters, run_paths(parameters.profile, parameters.runs_dir)


def _kind(step: Stage) -> Kind:
    assert step.spread is not None
    return cast(Kind, import_module(f"{__package__}.{step.spread.kind}"))
