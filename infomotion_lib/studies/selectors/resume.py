"""Going on where an earlier slice stopped: rows of the book are taken up, rows that do not belong are refused
or set aside.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infomotion_lib.errors import DataError
from infomotion_lib.studies.selectors.rows import Line, lines_of, read_lines, read_published, rewrite
from infomotion_lib.studies.selectors.settings import settings_name


def take_up_published(path: Path, published: Path, name: str) -> None:
    """Put the published rows into the run's file where it has none of them; refuse rows of other settings.

    Raises
    ------
    DataError
        If either place holds rows of settings other than those of this name.
    """
    lines, before = read_lines(path), read_published(published)
    if before is not None and settings_name(before.settings) != name:
        raise DataError(
            f"{published} holds rows of other settings.",
            remedy="Take back the change of parameters, or remove those files.",
        )
    if any(line["settings"] != name for line in lines):
        raise DataError(
            f"{path} holds rows of other settings.",
            remedy="Take back the change of parameters, or delete that file.",
        )
    known = {_identity(line) for line in lines}
    anew = {(line["arm"], line["pool"]): line["teachers"] for line in lines}
    earlier = lines_of(before) if before is not None else []
    more = [
        line
        for line in earlier
        if _identity(line) not in known
        and anew.get((line["arm"], line["pool"]), line["teachers"]) == line["teachers"]
    ]
    if more:
        rewrite(path, lines + more)


def drop_unfinished_of_others(path: Path, arm: str, teachers: str) -> None:
    """A pool is made with one pair of teachers: one begun with others, and not finished, is begun again."""
    lines = read_lines(path)
    networks = [(line["arm"], line["pool"]) for line in lines if line["kind"] == "network"]
    begun = {
        (line["arm"], line["pool"])
        for line in lines
        if line["kind"] == "pool"
        and line["arm"] == arm
        and line["teachers"] != teachers
        and networks.count((arm, line["pool"])) < line["planned"]
    }
    if begun:
        rewrite(path, [line for line in lines if (line["arm"], line["pool"]) not in begun])


def _identity(line: Line) -> tuple[Any, ...]:
    return tuple(line.get(name) for name in ("kind", "arm", "pool", "set", "steps", "training_seed"))
