"""What a stage's outputs depend on, as a short record: another record, another result."""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from infomotion_lib.parameters import StageParameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_run_card, write_json
from infomotion_lib.stages.table import TABLE, Stage

LIBRARY = Path(__file__).resolve().parent.parent
RECORD = ".fingerprint.json"
WHERE_AND_HOW_FAST = frozenset({"profile", "runs_dir", "data_root", "workers"})
"""Parameters that say where files lie or how many cores work on them; no result depends on them."""


def science(parameters: StageParameters) -> dict[str, Any]:
    """Parameters that decide results, as plain JSON values."""
    values: dict[str, Any] = json.loads(parameters.model_dump_json(exclude=set(WHERE_AND_HOW_FAST)))
    return values


def code_hash(rooms: Iterable[str]) -> str:
    """Hash of the code of some files and folders of the library; comments, docstrings and layout do not count."""
    digest = hashlib.sha256()
    for room in rooms:
        path = LIBRARY / room
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(LIBRARY).as_posix().encode())
            if file.is_file():
                digest.update(_bare_code(file).encode())
    return digest.hexdigest()[:16]


def _bare_code(file: Path) -> str:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [item for item in body if not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]  # only nodes that have a body come here
    return ast.dump(tree)


def inputs(stage: Stage, paths: RunPaths) -> dict[str, str]:
    """SHA-256 of every file that the stages before it promised, as their run cards state them.

    Raises
    ------
    StageError
        If one of them has not finished.
    """
    return {
        f"{need}/{Path(shown).name}": value
        for need in stage.needs
        for shown, value in read_run_card(paths.stage(need))["outputs"].items()
        if Path(shown).name in TABLE[need].outputs
    }


def fingerprint(stage: Stage, parameters: StageParameters, paths: RunPaths) -> dict[str, Any]:
    """All that the stage's results depend on: parameters, inputs, the code of its rooms."""
    return {"parameters": science(parameters), "inputs": inputs(stage, paths), "code": code_hash(stage.rooms)}


def claim_folder(folder: Path, record: dict[str, Any]) -> bool:
    """Whether half-done work in ``folder`` may be continued; if not, the folder is emptied.

    Checkpoints and finished rows are worth keeping only if they belong to the same parameters, inputs and code. A folder
    that carries no record is not ours to empty.
    """
    path = folder / RECORD
    continues = path.is_file() and json.loads(path.read_text(encoding="utf-8")) == record
    if path.is_file() and not continues:
        shutil.rmtree(folder)
    write_json(record, path)
    return continues


def found_record(folder: Path) -> dict[str, Any]:
    """The record of what lies in ``folder``; empty if there is none."""
    path = folder / RECORD
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
