"""The trainings of a stage, before the stage: by processes that ``srun`` or ``torchrun`` has begun."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from infomotion_lib.errors import StageError
from infomotion_lib.parameters import StageParameters, read_profile, stage_name, stage_parameters
from infomotion_lib.paths import RunPaths, require_own, run_paths
from infomotion_lib.run.here import require_here, with_whole_paths
from infomotion_lib.run.lock import only_run
from infomotion_lib.run.runner import claim_stage
from infomotion_lib.stage_table import TABLE
from infomotion_lib.training.parameters import TrainingParameters


def train_stage(stage: str, profile: str, *, overrides: dict[str, Any], say: Callable[[str], None]) -> None:
    """Nothing; the folder of the stage then holds finished trainings, which the stage takes up.

    Every process of the training calls this. The first does the work and writes; the others share its
    trainings.

    Parameters
    ----------
    stage, profile, overrides, say
        As of :func:`infomotion_lib.run.runner.run_stage`.

    Raises
    ------
    StageError
        If the stage trains nothing that several devices could share, a stage before it has not finished, or
        nobody has begun the processes.
    """
    from infomotion_lib.training.launch import joined
    from infomotion_lib.training.placement import Placement

    step = TABLE[stage_name(stage)]
    values = with_whole_paths(read_profile(profile))
    parameters = stage_parameters(step.name, values, overrides=with_whole_paths(overrides))
    if not isinstance(parameters, TrainingParameters):
        raise StageError(
            f"Stage {step.name} trains nothing that several devices share.",
            remedy="Those that do: 02, and the stages 05 of latte, lvdm and mcdm.",
        )
    require_here({step.name: parameters})
    paths = require_own(run_paths(parameters.profile, parameters.runs_dir), profile)
    with joined(Placement(parameters.device, parameters.devices, parameters.num_nodes)) as first:
        if first:
            with only_run(paths):
                began = time.monotonic()
                claim_stage(step, parameters, paths, say=say)
                _fit(parameters, paths)
                say(f"{step.label}: trained in {time.monotonic() - began:.0f} s; run the stage to go on")


def _fit(parameters: StageParameters, paths: RunPaths) -> None:
    from infomotion_lib.generators.parameters import PoolParameters
    from infomotion_lib.representations.parameters import FitParameters
    from infomotion_lib.run.parts import pool, vector

    if isinstance(parameters, PoolParameters):
        pool.prepare(parameters, paths)
    elif isinstance(parameters, FitParameters):
        vector.fit_all(parameters, paths)
