"""Every table of the pages: a ShownTable, written by one template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup

from infomotion_book.html import block
from infomotion_book.templates import filled
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.shown_table import ShownTable


class _Title(NamedTuple):
    text: str
    number: bool
    columns: int = 1
    rows: int = 1


def of_rows(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str,
    notes: Sequence[str] = (),
    keys: int = 1,
    words: bool = False,
) -> ShownTable:
    """A table whose cells are ready: text, or HTML that is marked as such."""
    frame = pd.DataFrame(list(rows), columns=np.array(head, dtype=object), dtype=object)
    return ShownTable(frame, caption, tuple(notes), keys=keys, words=words)


def written_table(
    caption: str, keys: int = 1, *, caller: Callable[[], str], words: bool = False, **looks: Any
) -> str:
    """MyST block of a table that a template writes with ``{% call table("caption") %}``: a line per row, the
    titles first, with a bar before, between and after the cells, which are HTML; what else there is becomes
    the note, with a last sentence that explains the marks and flags in the rows. ``looks`` are those of
    :func:`page_table`.
    """
    lines = [line.strip() for line in caller().splitlines()]
    written = [line for line in lines if line.startswith("|")]
    head, *rows = ([Markup(cell.strip()) for cell in line.strip("|").split("|")] for line in written)
    notes = (Markup(" ".join(line for line in lines if line and line not in written)), explained(*written))
    return page_table(of_rows(head, rows, caption=caption, keys=keys, notes=notes, words=words), **looks)


def page_table(
    shown: ShownTable,
    *,
    kind: str = "",
    stack: bool = False,
    titled: bool = True,
    head: bool = True,
    grouped: bool = False,
) -> str:
    """MyST block of a table that scrolls sideways on a narrow screen and can be read aloud.

    Columns after its ``keys`` are numbers, aligned right, unless they are ``words``; of two levels, they have
    two rows of titles, and without ``head`` none. Text is escaped, what is marked as HTML is taken as it is.
    ``kind`` is its class in the style sheet, where it has a look of its own. ``stack``: on a phone each row
    becomes a paragraph, for cells with sentences in them. Without ``titled`` only a screen reader says the
    caption, where a heading has just said it. ``grouped``: the first column becomes a line above the rows
    that share it.
    """
    rows, keys, skip = shown.rows, shown.keys - grouped, int(grouped)
    groups = (
        [(name, [row[1:] for row in own]) for name, own in groupby(rows, key=lambda row: row[0])]
        if grouped
        else [("", rows)]
    )
    values = {
        "caption": shown.caption,
        "notes": [note for note in shown.notes if note],
        "titles": _titles(list(shown.frame.columns)[skip:], keys, shown.words) if head else [],
        "labels": [_plain(name) for name in shown.head[skip:]],
        "groups": groups,
        "width": len(shown.head) - skip,
        "keys": 10**6 if shown.words else keys,
        "kind": kind,
        "stack": stack,
        "titled": titled,
    }
    return block("".join(line.strip() for line in filled("table.html.jinja", values).splitlines()))


def _titles(columns: list[Any], keys: int, words: bool) -> list[list[_Title]]:
    """Rows of titles; a column without a second level spans both."""
    numbers = [not words and index >= keys for index in range(len(columns))]
    if not any(isinstance(name, tuple) for name in columns):
        return [[_Title(name, number) for name, number in zip(columns, numbers, strict=True)]]
    first, second = [], []
    for (group, number), names in groupby(
        zip(columns, numbers, strict=True), key=lambda column: (column[0][0], column[1])
    ):
        below = [name[1] for name, _ in names if name[1]]
        first.append(_Title(group, number, columns=max(1, len(below)), rows=1 if below else 2))
        second += [_Title(name, number) for name in below]
    return [first, second]


def _plain(title: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", title).split()).rstrip("?")
