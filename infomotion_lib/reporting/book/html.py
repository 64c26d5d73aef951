"""Small pieces of HTML and MyST that generated pages are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str, row_header: int = 0, numeric_from: int = 99, note: str = ""
) -> str:
    """HTML of a table that scrolls sideways on a narrow screen and can be read aloud.

    Parameters
    ----------
    head : sequence of str
        Column titles; HTML is taken as it is, here and in the cells. Empty: a list of names and values.
    rows : iterable of sequences of str
        Cells.
    caption : str
        What the table says.
    row_header : int
        Index of the column that names the row.
    numeric_from : int
        Columns from here on are numbers, aligned right.
    note : str
        Line under the table: units, n, where the numbers come from.
    """

    def cell(index: int, text: str) -> str:
        side = ' class="im-num"' if index >= numeric_from else ""
        return f'<th scope="row"{side}>{text}</th>' if index == row_header else f"<td{side}>{text}</td>"

    titles = "".join(f'<th scope="col"{" class=im-num" if i >= numeric_from else ""}>{title}</th>' for i, title in enumerate(head))
    body = "".join(f"<tr>{''.join(cell(i, text) for i, text in enumerate(row))}</tr>" for row in rows)
    inner = f"{f'<thead><tr>{titles}</tr></thead>' if head else ''}<tbody>{body}</tbody>"
    return framed(inner, caption=caption) + (f'<p class="im-note">{note}</p>' if note else "")


def framed(inner: str, *, caption: str) -> str:
    """HTML of a table with its caption above, outside the part that scrolls."""
    name = escape(re.sub(r"<[^>]+>", "", caption), quote=True)
    return (
        f'<p class="im-caption" aria-hidden="true">{caption}</p>'
        f'<div class="im-table" role="region" tabindex="0" aria-label="{name}">'
        f'<table class="table" aria-label="{name}">{inner}</table></div>'
    )


def block(html: str) -> str:
    """The HTML as one MyST block: no blank line may stand inside."""
    return "\n" + "\n".join(line for line in html.splitlines() if line.strip()) + "\n\n"


def admonition(kind: str, title: str, text: str, *, folded: bool = False) -> str:
    """A MyST admonition, folded behind its title if asked."""
    option = ":class: dropdown\n\n" if folded else ""
    return f"````{{admonition}} {title}\n{option or f':class: {kind}' + chr(10) + chr(10)}{text}\n````\n\n"


def number(value: float, digits: int = 1) -> str:
    """The number with a true minus sign; an en dash where there is none."""
    return "–" if value != value else f"{value:.{digits}f}".replace("-", "\u2212")


def probability(value: float) -> str:
    """A p-value to three digits; an en dash where there is none."""
    return "&lt; 0.001" if value < 0.001 else number(value, 3)


def seconds(value: float) -> str:
    """A duration in the unit that suits it."""
    if value < 100:
        return f"{value:.0f} s"
    return f"{value / 60:.1f} min" if value < 5400 else f"{value / 3600:.1f} h"
