"""The templates that pages and their parts are written with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from infomotion_book import html
from infomotion_lib.reporting.summary import shown_method, shown_source


def filled(name: str, values: Mapping[str, Any]) -> str:
    """Text of a template; what ends in ``.html.jinja`` escapes whatever is not marked as HTML."""
    return _environment().get_template(name).render(values)


def part(name: str, block: str, values: Mapping[str, Any] | None = None) -> str:
    """MyST text of one named block of a template, which ends with one line break.

    >>> part("claims.md.jinja", "legend")[:21]
    'VPC: videos per class'
    """
    template = _environment().get_template(name)
    text = "".join(template.blocks[block](template.new_context(dict(values or {}))))
    return text.strip() + "\n"


def line(name: str, block: str, values: Mapping[str, Any] | None = None) -> str:
    """The same on one line, without a line break: a note under a table, the alt text of a figure."""
    return " ".join(part(name, block, values).split())


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("infomotion_book"),
        autoescape=lambda name: bool(name and name.endswith(".html.jinja")),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "number": html.number,
        "interval": html.interval,
        "signed": html.signed,
        "lowered": html.lowered,
        "count_of": lambda pair: html.count(*pair),
        "source": shown_source,
        "selector": lambda row: shown_method(row["method"], "", [row["graph_flag"]]),
    }
    return made
