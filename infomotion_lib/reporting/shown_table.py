"""One table, shown wherever it is read: as HTML in a notebook, as Markdown, as aligned text in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class ShownTable:
    """A table with its caption and notes.

    Attributes
    ----------
    frame : DataFrame
        Values, or text that is ready; its index is not shown.
    caption : str
        Says what the numbers are and whose.
    notes : tuple of str
        Lines below the table.
    keys : int
        Leading columns that name a row. In HTML they share one cell, the first is said once per group.
    formats : mapping of column to str or function
        How the values of a column are written, such as ``"{:+.1f}"``; as ``str`` writes them unless named.
    words : bool
        Whether the other columns hold words, aligned left, and not numbers.
    small : bool
        In HTML smaller type, brackets on lines of their own: no wider than a page of the book.
    """

    frame: pd.DataFrame
    caption: str
    notes: tuple[str, ...] = ()
    keys: int = 1
    formats: Mapping[Any, str | Callable[[Any], str]] = field(default_factory=dict)
    words: bool = False
    small: bool = False

    @property
    def head(self) -> list[str]:
        """Titles of the columns."""
        return [name if isinstance(name, str) else str(name) for name in self.frame.columns]

    @property
    def rows(self) -> list[list[str]]:
        """Every cell as it is written."""
        formats = [self.formats.get(name, "{}") for name in self.frame.columns]
        return [
            [_written(cell, form) for form, cell in zip(formats, row, strict=True)]
            for row in self.frame.itertuples(index=False, name=None)
        ]

    def to_markdown(self) -> str:
        """Caption, pipe table and notes."""
        rows = [self.head, *self.rows]
        widths = _widths(rows)
        lines = [f"| {' | '.join(_padded(row, widths))} |" for row in rows]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return "\n".join([self.caption, "", *lines, "", *self.notes])

    def to_text(self, *, head: bool = True) -> str:
        """Caption, columns of equal width, notes; without ``head``, no titles."""
        rows = [self.head, *self.rows] if head else self.rows
        widths = _widths(rows)
        lines = [f"  {'  '.join(_padded(row, widths))}".rstrip() for row in rows]
        return "\n".join([self.caption, *lines, *self.notes])

    def to_html(self) -> str:
        """The table in a region that scrolls sideways, its notes below."""
        side = "left" if self.words else "right"
        names = [escape(name) for name in self.head]
        head = (
            '<th scope="col" class="im-key" style="min-width:7rem;text-align:left">'
            f"{', '.join(names[: self.keys])}</th>"
        )
        head += "".join(
            f'<th scope="col" style="text-align:{side}">{name}</th>' for name in names[self.keys :]
        )
        look = f"text-align:{side};white-space:{'normal' if self.words else 'nowrap'};vertical-align:bottom"
        body, last = [], None
        for row in self.rows:
            cells = [escape(cell) for cell in row]
            if self.small:
                cells = [cell.replace(" [", "<br>[") for cell in cells]
            rule = ' style="border-top:1px solid #9AA5B1"' if row[0] != last else ""
            key = [cells[0]] if row[0] != last else []
            key += [f'<span style="font-weight:400">{cell}</span>' for cell in cells[1 : self.keys]]
            name = (
                '<th scope="row" class="im-key" style="min-width:7rem;text-align:left;font-weight:600">'
                f"{'<br>'.join(key)}</th>"
            )
            values = "".join(f'<td style="{look}">{cell}</td>' for cell in cells[self.keys :])
            body.append(f"<tr{rule}>{name}{values}</tr>")
            last = row[0]
        caption = escape(self.caption)
        still = "position:sticky;left:0;display:inline-block;max-width:min(100%,85vw)"
        shown = f'<span style="{still}">{caption}</span>'
        size = ' style="font-size:0.86em"' if self.small else ""
        return (
            f'<div style="overflow-x:auto" role="region" aria-label="{caption}" tabindex="0"><table{size}>'
            f"<caption>{shown}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
            + "".join(f'<p style="font-size:0.85em;margin:0.2em 0">{escape(note)}</p>' for note in self.notes)
        )

    def __repr__(self) -> str:
        return self.to_markdown()

    def _repr_html_(self) -> str:
        return self.to_html()


def _written(cell: Any, form: str | Callable[[Any], str]) -> str:
    if callable(form):
        return form(cell)
    # text that is marked as HTML stays so
    return cell if form == "{}" and isinstance(cell, str) else form.format(cell)


def _widths(rows: list[list[str]]) -> list[int]:
    return [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]


def _padded(row: list[str], widths: list[int]) -> list[str]:
    return [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
