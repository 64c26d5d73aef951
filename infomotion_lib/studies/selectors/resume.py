"""Going on where an earlier slice stopped, here or on another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infomotion_lib.json_lines import Row, whole_lines
from infomotion_lib.studies.rows import IDENTITY, RowFile
from infomotion_lib.studies.selectors.rows import (
    NETWORKS,
    is_complete,
    kept_rows,
    read_published,
    rows_of,
    with_identity,
)
from infomotion_lib.studies.selectors.settings import settings_name


def take_up(file: RowFile, published: Path, settings: str) -> bool:
    """Add to the file what it lacks of the published rows, and of rows that it holds without an identity (as
    earlier versions wrote them); False, and no published row, if those are of other settings.

    A pool that the file has finished is left as it is. The file of a share takes up what is of its pools.
    """
    file.repair()
    unnamed = [with_identity(row) for row in whole_lines(file.path) if IDENTITY not in row]
    _add(file, unnamed)
    before = read_published(published)
    if before is None:
        return True
    if settings_name(before.settings) != settings:
        return False
    here = [row for row in file.rows() if row["settings"] == settings]
    pools = {(row["arm"], row["pool"]) for row in here}
    finished = {pool for pool in pools if is_complete([row for row in kept_rows(here) if _pool(row) == pool])}
    _add(file, [row for row in rows_of(before) if _pool(row) not in finished])
    return True


def _add(file: RowFile, rows: list[Row]) -> None:
    known = {_name(row) for row in file.rows()}
    for row in rows:
        mine = file.share is None or file.share.has(row["pool"])
        if mine and _name(row) not in known:
            file.append(row)


def _pool(row: Row) -> tuple[str, int]:
    return row["arm"], row["pool"]


def _name(row: Row) -> tuple[Any, ...]:
    return tuple(
        row.get(name) for name in (IDENTITY, "kind", "arm", "pool", NETWORKS, "set", "steps", "training_seed")
    )
