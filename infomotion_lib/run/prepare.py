"""What a run is before it runs: its values, the parameters of its stages, and whether they can work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infomotion_lib.generators.pool import is_copied
from infomotion_lib.parameters import (
    StageParameters,
    read_profile,
    split_overrides,
    stage_name,
    stage_parameters,
    stages_of_run,
)
from infomotion_lib.paths import RunPaths, require_own, run_paths
from infomotion_lib.run.here import require_here, with_whole_paths
from infomotion_lib.run.outlook import foretell, videos_of_run
from infomotion_lib.run.unlabelled import require_labels
from infomotion_lib.stage_table import TABLE


def prepare(
    profile: str,
    *,
    overrides: Mapping[str, Any] | None = None,
    limit: int | None = None,
    until: str = "",
) -> tuple[dict[str, Any], dict[str, StageParameters], RunPaths]:
    """Values of a run, the parameters of its stages, its folders: what is wrong is refused here, before
    anything is written.

    Parameters
    ----------
    profile, overrides, limit, until
        As of :func:`run_all`.

    Raises
    ------
    InfoMotionError
        If a parameter is wrong, a file or device is not there, or a stage cannot work on the videos.
    """
    values = resolve(profile, overrides=overrides, limit=limit)
    stages = parameters_of(values)
    require_here(stages)
    require_labels(values, last=stage_name(until) if until else "all")
    paths = require_own(run_paths(values["profile"], values.get("runs_dir", "runs")), profile)
    _require_outlook(stages, paths, until=stage_name(until) if until else "")
    return values, stages, paths


def _require_outlook(stages: Mapping[str, StageParameters], paths: RunPaths, *, until: str = "") -> None:
    """Refuse a run of which a stage cannot work on the videos there will be."""
    if (videos := videos_of_run(stages, paths)) is None:
        return
    wanted = {
        name: parameters
        for name, parameters in stages.items()
        if not (TABLE[name].generator and is_copied(paths.stage(name)))
    }
    foretell(wanted, videos).require(until)


def resolve(
    profile: str, *, overrides: Mapping[str, Any] | None = None, limit: int | None = None
) -> dict[str, Any]:
    """Values of a profile with the overrides laid over them, each name known to some stage."""
    changes = dict(overrides or {}) | ({} if limit is None else {"limit": limit})
    split_overrides(changes)
    return with_whole_paths({**read_profile(profile), **changes})


def parameters_of(values: Mapping[str, Any]) -> dict[str, StageParameters]:
    """Validated parameters of every stage of a run."""
    return {name: stage_parameters(name, values) for name in stages_of_run(values)}
