"""Files of JSON lines: one row per line, each written by one system call, so that a kill costs no row that is
done.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def append_line(path: str | Path, row: Mapping[str, Any]) -> None:
    """Add one row to a file of JSON lines, whole or not at all, even while others are writing: one system
    call, on disk when this returns.

    Raises
    ------
    OSError
        If the disk is full.
    """
    line = (json.dumps(row) + "\n").encode()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        if os.write(handle, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(handle)
    finally:
        os.close(handle)


def whole_lines(path: str | Path) -> list[Row]:
    """Every whole row of the file, while others may be writing; none where there is no file.

    What a full disk or a power cut left of a row is no row: the reader computes it again.
    """
    rows = []
    for raw in Path(path).read_bytes().splitlines(keepends=True) if Path(path).is_file() else []:
        try:
            row = json.loads(raw) if raw.endswith(b"\n") else None
        except ValueError:
            row = None
        if isinstance(row, dict):
            rows.append(row)
    return rows


def read_lines(path: str | Path) -> list[Row]:
    """Every whole row of the file; a last line that was cut off is dropped from it, so that the next row
    begins a line. Call it only where nobody else is writing.
    """
    rows = whole_lines(path)
    if Path(path).is_file():
        data = Path(path).read_bytes()
        if not data.endswith(b"\n"):
            os.truncate(path, data.rfind(b"\n") + 1)
    return rows
