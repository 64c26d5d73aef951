"""Where the published code of DISCOVR departs from its paper's equations: the table of our switches."""

from __future__ import annotations

from markupsafe import Markup, escape

from infomotion_book.html import code
from infomotion_book.page_table import of_rows, page_table
from infomotion_lib.representations.discovr.variants import VARIANTS, WITHOUT_A_SWITCH, switch_rows


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
    others = "\n".join(f"- {what} ({source})" for what, source in WITHOUT_A_SWITCH)
    return f"{page_table(shown, stack=True, titled=False)}\n\nWithout a switch:\n\n{others}\n"
