"""Run one stage with strict parameters; and what a notebook asks of its runner."""

from __future__ import annotations

import ast
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from infomotion_lib.errors import ParameterError, StageError
from infomotion_lib.parameters import STAGES, StageParameters, read_profile, stage_name, stage_parameters
from infomotion_lib.paths import RunPaths, notebook_of, require_own, run_paths
from infomotion_lib.provenance import WHERE_AND_HOW_FAST, read_run_card, sha256, write_json
from infomotion_lib.run.code import code_of
from infomotion_lib.run.fingerprint import claim_folder, fingerprint, holds_copied_pool, worked
from infomotion_lib.run.here import require_here, with_whole_paths
from infomotion_lib.run.lock import claim, only_run
from infomotion_lib.run.outlook import require_videos
from infomotion_lib.run.parts.marks import PARTS, done_before
from infomotion_lib.run.scratch import STAGE_FOLDER, values_of_run
from infomotion_lib.run.unlabelled import require_labels
from infomotion_lib.run.verify_outside import files_outside
from infomotion_lib.stage_table import RUN_CARD, TABLE, Stage


def run_stage(
    stage: str,
    profile: str,
    *,
    overrides: Mapping[str, Any] | None = None,
    limit: int | None = None,
    lock: bool = True,
    wait: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Path of the run card of a stage, run to its end.

    Parameters
    ----------
    stage : str
        ``"03"``, ``"graph_selection"`` or ``"03_graph_selection"``; ``"data"`` and ``"labels"`` have no
        notebook.
    profile : str
        Name of a profile, or path of a ``.yml`` file.
    overrides : mapping, optional
        Parameters of this stage that differ from the profile.
    limit : int, optional
        Use the first ``limit`` videos of each class and split.
    lock : bool, default True
        Refuse if another run of this profile is going on; False inside a workflow that holds the lock
        already.
    wait : bool, default False
        Wait for that other run instead of refusing.
    say : callable, optional
        Takes a line when the stage starts and another when it ends.

    Raises
    ------
    ParameterError
        Unknown stage, profile or parameter, or a value of the wrong type or out of range.
    StageError
        A stage before it has not finished, its notebook failed, or it did not write what it promised.
    """
    step = TABLE[stage_name(stage)]
    changes = dict(overrides or {}) | ({} if limit is None else {"limit": limit})
    parameters = stage_parameters(
        step.name, with_whole_paths(read_profile(profile)), overrides=with_whole_paths(changes)
    )
    require_here({step.name: parameters})
    require_labels({**read_profile(profile), **changes}, last=step.name)
    paths = require_own(run_paths(parameters.profile, parameters.runs_dir), profile)
    with only_run(paths, wait=wait) if lock else nullcontext():
        for need in _copied_pools(step, parameters, paths):
            known = {name: value for name, value in changes.items() if name in STAGES[need].model_fields}
            run_stage(need, profile, overrides=known, lock=False, say=say)
        started, folder = time.monotonic(), paths.stage(step.name)
        code = code_of(step, parameters.model_dump())
        continued = claim_stage(step, parameters, paths, say=say)
        before = done_before(folder)
        if before.continued is not None:
            continued = before.continued
        _take_up_parts(step, folder)
        _execute(step, parameters, paths)
        claim(paths, profile)
        seconds = worked(folder, time.monotonic() - started + before.seconds)
        card = _close(step, paths, parameters, code=code, seconds=seconds, continued=continued)
        if told := read_run_card(card.parent).get("notes", {}).get("losses"):
            say(f"{step.label}: {told}")
        say(f"{step.label}: done in {time.monotonic() - started:.0f} s, {card.parent}")
    return card


def claim_stage(
    step: Stage,
    parameters: StageParameters,
    paths: RunPaths,
    *,
    say: Callable[[str], None] = lambda line: None,
) -> bool:
    """Whether a stage goes on from earlier work; its folder then holds that, or nothing of other runs.

    Raises
    ------
    ParameterError, StageError, DataError
        If the stages before it have not finished or do not fit, or it cannot work on the videos there are.
    """
    refuse_other_limit(step, parameters, paths)
    record, folder = fingerprint(step, parameters, paths), paths.stage(step.name)
    copied = holds_copied_pool(step, folder)
    if not copied:
        require_videos(step.name, parameters, paths, stages=_as_they_ran(step, parameters, paths))
    say(f"{step.label}: started")
    return False if copied else claim_folder(folder, record)


def _take_up_parts(step: Stage, folder: Path) -> None:
    """Put in its place what jobs before the stage have made."""
    if step.spread is not None and (folder / PARTS).is_dir():
        import_module(f"infomotion_lib.run.parts.{step.spread.kind}").take_up(folder)


def _as_they_ran(step: Stage, parameters: StageParameters, paths: RunPaths) -> dict[str, StageParameters]:
    """Parameters of the stages that this one reads, from their run cards."""
    used = {}
    for need in step.needs_of(parameters.model_dump()):
        card = read_run_card(paths.stage(need))["parameters"]
        used[need] = stage_parameters(
            need, {name: value for name, value in card.items() if name in STAGES[need].model_fields}
        )
    return used


def _copied_pools(step: Stage, parameters: StageParameters, paths: RunPaths) -> list[str]:
    """Stages before this one whose pool was copied here and has no run card yet: seconds of work."""
    return [
        need
        for need in step.needs_of(parameters.model_dump())
        if not (paths.stage(need) / RUN_CARD).is_file() and holds_copied_pool(TABLE[need], paths.stage(need))
    ]


def refuse_other_limit(step: Stage, parameters: StageParameters, paths: RunPaths) -> None:
    """Refuse a limit that the frame index was not made with: videos are taken there, once."""
    if "frame_index" not in step.needs:
        return
    used = read_run_card(paths.stage("frame_index"))["parameters"].get("limit", 0)
    if used != parameters.limit:
        raise ParameterError(
            f"limit = {parameters.limit} does not fit stage {step.name}:"
            f" the frame index was made with limit = {used}.",
            where=f"Looked in: {paths.stage('frame_index')}",
            remedy="Stage 01 takes the videos, later stages follow it: give it this limit first.",
        )


def _execute(step: Stage, parameters: StageParameters, paths: RunPaths) -> None:
    notebook = notebook_of(step)
    if notebook is None:
        import_module(f"infomotion_lib.run.{step.name}").run(parameters)
        return
    from infomotion_lib.run.notebook import execute

    if not notebook.is_file():
        raise StageError(f"The notebook of stage {step.name} is missing.", where=f"Looked for: {notebook}")
    values = parameters.model_dump()
    copy = paths.stage(step.name) / notebook.name
    execute(notebook, copy, parameters=values, arithmetic=parameters.arithmetic, threads=parameters.workers)


def _close(
    step: Stage,
    paths: RunPaths,
    parameters: StageParameters | None,
    *,
    code: dict[str, str],
    seconds: float,
    continued: bool,
) -> Path:
    """Path of the run card, to which the runner adds what the stage itself cannot know: its code, its
    figures, its executed copy.
    """
    folder = paths.stage(step.name)
    promised = step.files(paths, parameters.model_dump() if parameters else None)
    missing = [file.name for file in promised if not file.is_file()]
    if missing:
        raise StageError(
            f"Stage {step.name} ended without writing {', '.join(missing)}", where=f"Looked in: {folder}"
        )
    figures = sorted(file for file in (folder / "figures").glob("*") if file.is_file())
    notebook = notebook_of(step)
    copies = [folder / notebook.name] if notebook else []
    seen = {
        "stage_seconds": round(seconds, 1),
        "continued": continued,
        "code": code,
        "figures": {file.relative_to(folder).as_posix(): sha256(file) for file in figures},
        "outside": {name: sha256(file) for name, file in files_outside(parameters).items()}
        if parameters
        else {},
        "executed": {file.name: sha256(file) for file in copies},
    }
    return write_json({**read_run_card(folder), **seen}, folder / RUN_CARD)


def notebook_parameters(stage: str, namespace: Mapping[str, Any]) -> StageParameters:
    """Validated parameters of a notebook's stage, read from its global names.

    Where no runner has set every value (in Colab, in Jupyter, under papermill alone), what the cell leaves at
    its default takes the value of the profile it names; what papermill was given stays.

    Parameters
    ----------
    stage : str
        Name of the stage, such as ``"frame_index"``.
    namespace : mapping
        The notebook's ``globals()``, after its parameters cell.

    Raises
    ------
    ParameterError
        If a parameter of the stage is not set, or has a wrong value.
    """
    name = stage_name(stage)
    model = STAGES[name]
    fields = model.model_fields
    missing = [field for field in fields if field not in namespace and field not in model.of_entries]
    if missing:
        raise ParameterError(
            f"The parameters cell does not set: {', '.join(missing)}", remedy="Run that cell first."
        )
    values = {field: namespace.get(field, fields[field].default) for field in fields}
    if STAGE_FOLDER not in os.environ:
        profile, given = values_of_run(values["profile"], values["runs_dir"]), _given(namespace)
        values |= {
            field: profile[field]
            for field in fields
            if field in profile and field not in given and values[field] == fields[field].default
        }
    return stage_parameters(name, values)


def _given(namespace: Mapping[str, Any]) -> set[str]:
    """Names that papermill's own cell sets, in a notebook that it executes."""
    cells = [str(cell) for cell in namespace.get("In", ()) if str(cell).startswith("# Parameters\n")]
    nodes = [node for cell in cells for node in ast.parse(cell).body if isinstance(node, ast.Assign)]
    return {target.id for node in nodes for target in node.targets if isinstance(target, ast.Name)}


@dataclass(frozen=True)
class ConfigCard:
    """Parameters of a run as a small table: what the profile changed first, the defaults folded away."""

    parameters: StageParameters

    def rows(self, *, changed: bool) -> list[tuple[str, str, str]]:
        """Name, value and meaning of the parameters that differ from their defaults, or of those that
        do not.
        """
        return [
            (name, json.dumps(value), field.description or "")
            for name, field in type(self.parameters).model_fields.items()
            if name not in WHERE_AND_HOW_FAST - {"profile"}
            for value in [getattr(self.parameters, name)]
            if (name == "profile" or value != field.default) == changed
        ]

    def __repr__(self) -> str:
        return "\n".join(f"{name} = {value}" for name, value, _ in self.rows(changed=True))

    def _repr_html_(self) -> str:
        rest = self.rows(changed=False)
        changed = _html_table(self.rows(changed=True), "Parameters set by the profile")
        summary = f"<summary>{len(rest)} more at their defaults</summary>"
        return f"{changed}<details>{summary}{_html_table(rest, 'Defaults')}</details>"


def config_card(parameters: StageParameters) -> ConfigCard:
    """Displayable table of a stage's parameters, without the folders of this machine."""
    return ConfigCard(parameters)


def _html_table(rows: list[tuple[str, str, str]], caption: str) -> str:
    import pandas as pd

    from infomotion_lib.reporting.shown_table import ShownTable

    frame = pd.DataFrame(rows, columns=["parameter", "value", "what it is"])
    return ShownTable(frame, caption, words=True).to_html()
