"""Rows of a study: one per finished network (or clip, or split), kept for ever in one file of JSON lines.

Each row carries its identity, the hash of all that it depends on. Rows of another identity are not read and
not touched: change a setting, and its rows are written beside the others; change it back, and the earlier
ones are found again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infomotion_lib.json_lines import Row, append_line, read_lines, whole_lines

IDENTITY = "identity"
"""The column of a row's identity."""

DIGITS = 12


def identity_of(content: Mapping[str, Any], *, format: int) -> str:
    """First digits of the hash of all that a row depends on.

    Parameters
    ----------
    content : mapping
        Settings, and names or hashes of inputs, in types that JSON knows.
    format : int
        Declared by the code that makes the row: raised whenever changed code would give another row for equal
        content.

    >>> identity_of({"steps": 300}, format=1) == identity_of({"steps": 300}, format=2)
    False
    """
    text = json.dumps({**content, "format": format}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


@dataclass(frozen=True)
class RowFile:
    """A file of rows, to which many processes may add.

    Attributes
    ----------
    path : Path
        ``.jsonl``; it need not exist yet.
    """

    path: Path

    def repair(self) -> None:
        """Make the folder, and drop a last line that a kill or a full disk has cut off; to be called before
        anybody writes.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        read_lines(self.path)

    def rows(self, identities: Collection[str] | None = None) -> list[Row]:
        """Whole rows of these identities (of all, without), as they came; while others write, too."""
        return [
            row
            for row in whole_lines(self.path)
            if IDENTITY in row and (identities is None or row[IDENTITY] in identities)
        ]

    def append(self, row: Row) -> None:
        """Add one row, on disk when this returns.

        Raises
        ------
        ValueError
            If the row has no identity.
        """
        if not row.get(IDENTITY):
            raise ValueError(f"A row without an identity: {row}")
        append_line(self.path, row)
