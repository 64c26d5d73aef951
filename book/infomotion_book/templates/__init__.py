"""The templates that pages and their parts are written with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape

from infomotion_book import html
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.summary import shown_method, shown_source

FILTERS = (
    *("number", "signed", "interval", "spread", "with_sd", "with_interval", "difference", "seconds", "hours"),
    *("lowered", "raised", "under", "below", "keep", "code", "prose", "place"),
)
"""Functions of :mod:`infomotion_book.html` that are filters of the same name."""


def filled(name: str, values: Mapping[str, Any]) -> str:
    """Text of a template; what ends in ``.html.jinja`` escapes whatever is not marked as HTML."""
    return _environment().get_template(name).render(values)


def part(name: str, block: str, values: Mapping[str, Any] | None = None) -> str:
    """MyST text of one named block of a template, which ends with one line break.

    >>> part("ledgers.md.jinja", "mafe")
    'MAFE: what is not published\\n'
    """
    template = _environment().get_template(name)
    text = "".join(template.blocks[block](template.new_context(dict(values or {}))))
    return text.strip() + "\n"


def parts(name: str, values: Mapping[str, Any] | None = None) -> dict[str, str]:
    """MyST text of every named block of a template, by its name."""
    return {block: part(name, block, values) for block in blocks(name)}


def blocks(name: str) -> list[str]:
    """Names of the blocks of a template."""
    return list(_environment().get_template(name).blocks)


def line(name: str, block: str, values: Mapping[str, Any] | None = None) -> str:
    """The same on one line, without a line break: a note under a table, the alt text of a figure."""
    return " ".join(part(name, block, values).split())


@cache
def _environment() -> Environment:
    from infomotion_book.addresses import address, card_link  # these fill templates themselves
    from infomotion_book.page_table import written_table

    made = Environment(
        loader=PackageLoader("infomotion_book"),
        autoescape=lambda name: bool(name and name.endswith(".html.jinja")),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    made.globals |= {name: getattr(html, name) for name in ("again", "figure", "folded", "note")}
    made.globals |= {"address": address, "card": card_link, "table": written_table, "explained": explained}
    made.filters |= {name: getattr(html, name) for name in FILTERS}
    made.filters |= {
        "probability": lambda value: escape(html.probability(value)),
        "count_of": lambda pair: html.count(*pair),
        "source": shown_source,
        "selector": lambda row: shown_method(row["method"], "", [row["graph_flag"]]),
    }
    made.globals["draw"] = made.get_template("drawing.jinja").module
    return made
