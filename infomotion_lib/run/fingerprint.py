"""What a stage's outputs depend on, as a short record: another record, another result."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from infomotion_lib.arithmetic import PORTABLE
from infomotion_lib.errors import StageError
from infomotion_lib.parameters import StageParameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import UNFINISHED, WHERE_AND_HOW_FAST, read_json, read_run_card, write_json
from infomotion_lib.registry import imported
from infomotion_lib.run.code import learning_hash
from infomotion_lib.stage_table import TABLE, Stage
from infomotion_lib.training.parameters import SHARED_BY

RECORD = ".fingerprint.json"
WORKED = ".seconds.json"
PREVIOUS = "previous"


def science(parameters: StageParameters) -> dict[str, Any]:
    """Parameters that decide results, as plain JSON values; portable arithmetic counts by its variables."""
    aside = set(WHERE_AND_HOW_FAST | SHARED_BY)
    values: dict[str, Any] = json.loads(parameters.model_dump_json(exclude=aside))
    return values | {
        "arithmetic": dict(PORTABLE) if parameters.arithmetic == "portable" else parameters.arithmetic
    }


def inputs(stage: Stage, parameters: StageParameters, paths: RunPaths) -> dict[str, str]:
    """SHA-256 of every file that the stages before it promised, as their run cards state them; of what the
    stage learns of it, where that is less.

    Raises
    ------
    StageError
        If one of them has not finished.
    """
    hashes: dict[str, str] = {}
    for need in stage.needs_of(parameters.model_dump()):
        card = read_run_card(paths.stage(need))
        promised = TABLE[need].outputs_of(card.get("parameters", {}))
        written = {Path(shown).name: value for shown, value in card["outputs"].items()}
        hashes |= {f"{need}/{name}": value for name, value in written.items() if name in promised}
    seen: dict[str, str] = imported(stage.sees)(parameters, paths) if stage.sees else {}
    return hashes | seen


def fingerprint(stage: Stage, parameters: StageParameters, paths: RunPaths) -> dict[str, Any]:
    """All that the work kept by a stage depends on: parameters, inputs, and the code that decides what it
    holds.
    """
    code = learning_hash(stage, parameters.model_dump())
    return {"parameters": science(parameters), "inputs": inputs(stage, parameters, paths), "code": code}


def claim_folder(folder: Path, record: dict[str, Any]) -> bool:
    """Whether half-done work in ``folder`` may be continued; if not, what lies there moves aside.

    Checkpoints and finished rows can be continued only by a run of the same parameters, inputs and learning
    code. The last other run's are kept, under ``previous/`` beside the folder: they may have cost days. A
    folder without a record stays as it is. Files that a killed run was writing are removed.
    """
    path = folder / RECORD
    continues = record_of(folder) == record
    if path.is_file() and not continues:
        aside = folder.parent / PREVIOUS / folder.name
        shutil.rmtree(aside, ignore_errors=True)
        aside.parent.mkdir(exist_ok=True)
        folder.replace(aside)
    for file in folder.rglob(f"{UNFINISHED}*"):
        file.unlink()
    write_json(record, path)
    return continues


def holds_copied_pool(step: Stage, folder: Path) -> bool:
    """Whether a stage that makes a pool finds one that another machine drew: nothing moves it aside."""
    if not step.generator:
        return False
    from infomotion_lib.generators.pool import is_copied

    return is_copied(folder)


def worked(folder: Path, seconds: float) -> float:
    """Seconds of the ended runs that made what lies in ``folder``: these, and those of the runs they go on
    from.
    """
    path = folder / WORKED
    total = seconds + (float(read_json(path)["seconds"]) if path.is_file() else 0.0)
    write_json({"seconds": round(total, 1)}, path)
    return total


def record_of(folder: Path) -> dict[str, Any]:
    """The record of what lies in ``folder``; empty if there is none, or none that can be read."""
    try:
        return read_json(folder / RECORD) if (folder / RECORD).is_file() else {}
    except StageError:
        return {}
