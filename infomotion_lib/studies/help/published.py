"""Rows of the registered study in the book: a table per stage, from which another machine goes on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from infomotion_lib.errors import DataError
from infomotion_lib.frozen import FROZEN
from infomotion_lib.provenance import write_csv
from infomotion_lib.studies.help.gate import ROWS_FILE as GATE_FILE
from infomotion_lib.studies.help.registration import COLUMN, Registration, check_rows
from infomotion_lib.studies.help.stage_1 import NETWORKS, ROWS_FILE
from infomotion_lib.studies.rows import IDENTITY, RowFile

PUBLISHED = FROZEN / "studies" / "help"
FILES = {0: GATE_FILE, 1: ROWS_FILE}
KEY = ["world", "pool", "arm", "draw"]


def rows_in(folder: str | Path, stage: int, registered: Registration) -> pd.DataFrame:
    """Rows of one stage as the folder of the study holds them; empty where there are none.

    Raises
    ------
    DataError
        If they are of another registration.
    """
    rows = RowFile(Path(folder) / FILES[stage]).rows()
    check_rows(rows, registered)
    return pd.DataFrame(rows)


def publish_rows(folder: str | Path, registered: Registration, *, to: Path = PUBLISHED) -> list[Path]:
    """Write ``stage_0.csv`` and ``stage_1.csv``, as far as there are rows.

    Raises
    ------
    DataError
        If there is no row, or the book has one that the folder lacks: it would be lost.
    """
    written = []
    for stage in FILES:
        rows, before = rows_in(folder, stage, registered), read_rows(stage, registered, folder=to)
        lost = _keys(before) - _keys(rows)
        if lost:
            raise DataError(f"{to} holds {len(lost)} rows of stage {stage} that {folder} has not.")
        if len(rows):
            written.append(write_csv(rows.sort_values(KEY, ignore_index=True), to / f"stage_{stage}.csv"))
    if not written:
        raise DataError(f"{folder} holds no rows.", remedy="Run `infomotion study help --gate` first.")
    return written


def take_up(folder: str | Path, registered: Registration, *, published: Path = PUBLISHED) -> int:
    """Add to the folder of the study the published rows that it lacks; how many there were.

    Raises
    ------
    DataError
        If rows of either place are of another registration.
    """
    taken = 0
    for stage, name in FILES.items():
        known = _keys(rows_in(folder, stage, registered))
        file = RowFile(Path(folder) / name)
        for row in read_rows(stage, registered, folder=published).to_dict("records"):
            if tuple(row[column] for column in KEY) not in known:
                file.repair()
                file.append({str(column): value for column, value in row.items() if pd.notna(value)})
                taken += 1
    return taken


def read_rows(stage: int, registered: Registration, *, folder: Path = PUBLISHED) -> pd.DataFrame:
    """Published rows of one stage; empty where none are published.

    Raises
    ------
    DataError
        If they are of another registration.
    """
    path = folder / f"stage_{stage}.csv"
    if not path.is_file():
        return pd.DataFrame()
    rows = pd.read_csv(path, dtype=dict.fromkeys((IDENTITY, COLUMN, NETWORKS, "videos"), str))
    check_rows([{COLUMN: name} for name in rows[COLUMN].unique()], registered)
    return rows


def _keys(rows: pd.DataFrame) -> set[tuple[object, ...]]:
    return set(rows[KEY].itertuples(index=False, name=None)) if len(rows) else set()
