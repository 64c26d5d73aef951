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
from infomotion_lib.share import Share

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
    """A file of rows, to which many processes may add, and those beside it of commands that do a share of the
    study each.

    Attributes
    ----------
    path : Path
        ``.jsonl``; it need not exist yet.
    share : Share, optional
        What this command does of the study: its rows go to a file of their own beside ``path``, such as
        ``rows.2-of-7.jsonl``, so that commands on several machines never write to one file.
    """

    path: Path
    share: Share | None = None

    @property
    def own(self) -> Path:
        """The file that rows are added to."""
        if self.share is None:
            return self.path
        return self.path.with_name(f"{self.path.stem}.{self.share.name}{self.path.suffix}")

    def repair(self) -> None:
        """Make the folder, and drop a last line that a kill or a full disk has cut off; to be called before
        anybody writes.
        """
        self.own.parent.mkdir(parents=True, exist_ok=True)
        read_lines(self.own)

    def rows(self, identities: Collection[str] | None = None) -> list[Row]:
        """Whole rows of these identities (of all, without) in all the files, as they came; while others
        write, too.
        """
        shares = sorted(self.path.parent.glob(f"{self.path.stem}.*-of-*{self.path.suffix}"))
        return [
            row
            for file in (self.path, *shares)
            for row in whole_lines(file)
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
        append_line(self.own, row)
