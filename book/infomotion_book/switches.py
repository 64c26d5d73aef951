"""Where published code departs from its paper, or is silent: the tables of our switches for DISCOVR and
MAFE.
"""

from __future__ import annotations

from markupsafe import Markup, escape

from infomotion_book.html import code
from infomotion_book.page_table import of_rows, page_table
from infomotion_lib.representations.discovr.variants import VARIANTS, WITHOUT_A_SWITCH, switch_rows
from infomotion_lib.representations.mafe import choices


def switches() -> str:
    """MyST block of the switches with their value in each variant and their source, and a list of what has
    none.
    """
    rows = []
    for row in switch_rows():
        name = Markup('<code class="im-under">{}</code>').format(row["switch"])
        values = [code(row[variant]) for variant in VARIANTS]
        rows.append([escape(row["what"]) + name, *values, escape(row["source"])])
    head = ["What differs", *map(code, VARIANTS), "Where it was read"]
    shown = of_rows(head, rows, caption="DISCOVR: equations and published code", words=True)
    return _with_list(page_table(shown, stack=True, titled=False), WITHOUT_A_SWITCH)


def mafe_switches() -> str:
    """MyST block of what is not published of MAFE: the switches with our value, the others and their source,
    and a list of what has none.
    """
    rows = []
    for row in choices.choice_rows():
        name = Markup('<code class="im-under">{}</code>').format(row["switch"])
        values = [code(row[key]) for key in ("ours", "others")]
        rows.append([escape(row["what"]) + name, *values, escape(row["source"])])
    head = ["What is open", "Here", "Other values", "Where it was read"]
    shown = of_rows(head, rows, caption="MAFE: what is not published", words=True)
    return _with_list(page_table(shown, stack=True, titled=False), choices.WITHOUT_A_SWITCH)


def _with_list(table: str, others: tuple[tuple[str, str], ...]) -> str:
    """The table, and below it what has no switch."""
    listed = "\n".join(f"- {what} ({source})" for what, source in others)
    return f"{table}\n\nWithout a switch:\n\n{listed}\n"
