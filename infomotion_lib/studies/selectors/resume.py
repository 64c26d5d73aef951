"""Going on where an earlier slice stopped, here or on another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infomotion_lib.json_lines import Row, read_lines
from infomotion_lib.studies.rows import IDENTITY, RowFile
from infomotion_lib.studies.selectors.rows import NETWORKS, read_published, rows_of, with_identity
from infomotion_lib.studies.selectors.settings import settings_name


def take_up(file: RowFile, published: Path, settings: str) -> bool:
    """Add to the file what it lacks of the published rows, and of rows that it holds without an identity (as
    earlier versions wrote them); False, and no published row, if those are of other settings.
    """
    file.repair()
    known = {_name(row) for row in file.rows()}
    earlier = [with_identity(row) for row in read_lines(file.path) if IDENTITY not in row]
    before = read_published(published)
    same = before is None or settings_name(before.settings) == settings
    for row in [*earlier, *(rows_of(before) if before is not None and same else [])]:
        if _name(row) not in known:
            known.add(_name(row))
            file.append(row)
    return same


def _name(row: Row) -> tuple[Any, ...]:
    return tuple(
        row.get(name) for name in (IDENTITY, "kind", "arm", "pool", NETWORKS, "set", "steps", "training_seed")
    )
