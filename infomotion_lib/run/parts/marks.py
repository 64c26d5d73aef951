"""Marks of finished parts: small files in the folder of a stage, by which the workflow knows what is left to
do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infomotion_lib.provenance import read_json, write_json
from infomotion_lib.share import Share
from infomotion_lib.stage_table import Stage

PARTS = ".parts"
"""Folder of the marks, and of rows that parts have made, within that of a stage."""

PREPARED = "prepared"


@dataclass(frozen=True)
class Done:
    """What the jobs before a stage did.

    Attributes
    ----------
    seconds : float
        They took together.
    continued : bool or None
        Whether they went on from earlier work; None where there were none.
    """

    seconds: float = 0.0
    continued: bool | None = None


def marks_of(stage: Stage, parameters: Mapping[str, Any]) -> list[str]:
    """Marks that a stage waits for, relative to its folder; none where it works alone."""
    count = stage.parts(parameters)
    shares = [Share(number, count).name for number in range(1, count + 1)]
    return [f"{PARTS}/{name}" for name in ([PREPARED, *shares] if shares else [])]


def mark(folder: Path, name: str, *, seconds: float, continued: bool = False) -> Path:
    """Path of the mark of a job that has ended, written whole; ``continued``: whether it went on from earlier
    work.
    """
    return write_json({"seconds": round(seconds, 1), "continued": continued}, folder / PARTS / name)


def without_empty(folder: Path) -> None:
    """Remove the folder of marks from that of a stage, once the engine has taken them all away."""
    if (folder / PARTS).is_dir() and not any((folder / PARTS).iterdir()):
        (folder / PARTS).rmdir()


def done_before(folder: Path) -> Done:
    """What the jobs did whose marks lie in the folder of a stage."""
    marks = [read_json(file) for file in (folder / PARTS).glob("*") if file.is_file()]
    if not marks:
        return Done()
    seconds = sum(float(about["seconds"]) for about in marks)
    return Done(seconds, any(about["continued"] for about in marks))
