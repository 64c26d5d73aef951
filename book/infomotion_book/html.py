"""Small pieces of HTML and MyST that generated pages are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_TABLE, _GROUP, _ROW, _COLUMN_HEADER, _ROW_HEADER = (
    f' role="{name}"' for name in ("table", "rowgroup", "row", "columnheader", "rowheader")
)
"""Said aloud of a table whose rows become paragraphs, since such a table is none to the browser any more."""

_APOSTROPHE = re.compile(
    r"(?s)<(code|pre|script|style)\b.*?</\1>|<[^>]*>|(?<=\w)(?:'|&#x27;)(?=[\w\s,.;:)<]|$)"
)
"""An apostrophe in a word; before it whatever it is not looked for in: code, scripts, tags."""

_PERCENT = re.compile(
    r"(?sm)^(`{3,})(?=[^\s{`]).*?^\1$|<(code|pre|script|style)\b.*?</\2>|`[^`\n]*`|\$[^$\n]*\$|<[^>]*>|(?<=\d)"
    r" (?=%)"
)
"""A space between a number and its percent sign; before it whatever it is not looked for in: code, formulas,
scripts, tags.
"""


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    caption: str,
    row_header: int = 0,
    numeric_from: int = 99,
    note: str = "",
    stack: bool = False,
    titled: bool = True,
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
    stack : bool
        On a phone each row becomes a paragraph, its cells one under the other: for cells with sentences in
        them.
    titled : bool
        Whether the caption is shown; else it is there for the ear alone, where a heading has just said it.
    """
    names = [
        escape(" ".join(re.sub(r"<[^>]+>", " ", title).split()).rstrip("?"), quote=True) for title in head
    ]
    role = "{}".format if stack else "".format

    def cell(index: int, text: str) -> str:
        side = ' class="im-num"' if index >= numeric_from else ""
        if index == row_header:
            return f'<th scope="row"{side}{role(_ROW_HEADER)}>{text}</th>'
        label = f' role="cell" data-label="{names[index]}"' if stack else ""
        return f"<td{side}{label}>{text}</td>"

    titles = "".join(
        f'<th scope="col"{" class=im-num" if i >= numeric_from else ""}{role(_COLUMN_HEADER)}>{title}</th>'
        for i, title in enumerate(head)
    )
    row_, group = role(_ROW), role(_GROUP)
    body = "".join(f"<tr{row_}>{''.join(cell(i, text) for i, text in enumerate(row))}</tr>" for row in rows)
    inner = f"{f'<thead{group}><tr{row_}>{titles}</tr></thead>' if head else ''}<tbody{group}>{body}</tbody>"
    return framed(inner, caption=caption, stack=stack, titled=titled) + (
        f'<p class="im-note">{note}</p>' if note else ""
    )


def framed(inner: str, *, caption: str, stack: bool = False, titled: bool = True) -> str:
    """HTML of a table with its caption above, outside the part that scrolls."""
    name = escape(re.sub(r"<[^>]+>", "", caption), quote=True)
    kind, role = ("im-table im-stack", _TABLE) if stack else ("im-table", "")
    return (
        f'{f"""<p class="im-caption" aria-hidden="true">{caption}</p>""" if titled else ""}'
        f'<div class="{kind}" role="region" tabindex="0" aria-label="{name}">'
        f'<table class="table" aria-label="{name}"{role}>{inner}</table></div>'
    )


def block(html: str) -> str:
    """The HTML as one MyST block, with the apostrophes of the prose around it: no blank line may stand
    inside.
    """
    curly = _APOSTROPHE.sub(lambda match: "’" if match.group() in ("'", "&#x27;") else match.group(), html)
    return "\n" + "\n".join(line for line in curly.splitlines() if line.strip()) + "\n\n"


def keep_percent(text: str) -> str:
    """The MyST text with no line break between a number and its percent sign.

    >>> keep_percent("Right 46 % of the time, `46 % 7`.").replace("\\u00a0", "~")
    'Right 46~% of the time, `46 % 7`.'
    """
    return _PERCENT.sub(lambda match: "\u00a0" if match.group() == " " else match.group(), text)


def admonition(kind: str, title: str, text: str) -> str:
    """A MyST admonition."""
    return f"````{{admonition}} {title}\n:class: {kind}\n\n{text}\n````\n\n"


def folded(title: str, text: str) -> str:
    """MyST text folded behind its title."""
    return f"````{{dropdown}} {title}\n{text}\n````\n\n"


def number(value: float, digits: int = 1) -> str:
    """The number with a true minus sign; an en dash where there is none."""
    return (
        "–" if value != value else f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "\u2212")
    )  # no minus nought


def signed(value: float, digits: int = 1) -> str:
    """The same with its sign, plus or minus; nought has none."""
    shown = number(value, digits)
    return f"+{shown}" if shown.strip("0.") and value > 0 else shown


def probability(value: float) -> str:
    """A p-value to three digits; an en dash where there is none."""
    return "&lt; 0.001" if value < 0.001 else number(value, 3)


def count(value: int, of: int) -> str:
    """How many of how many, in words where all or none are meant."""
    return {0: f"none of {of}", of: f"all {of}"}.get(value, f"{value} of {of}")


def seconds(value: float) -> str:
    """A duration in the unit that suits it."""
    if value < 1:
        return "under 1 s"
    if value < 100:
        return f"{value:.0f} s"
    return f"{value / 60:.1f} min" if value < 5400 else f"{value / 3600:.1f} h"
