"""Marks on numbers that were computed on an older edition of the phantom than the one drawn today."""

from __future__ import annotations

from infomotion_book.templates import line
from infomotion_lib.phantom import plan
from infomotion_lib.reporting.results import Results, phantom_edition


def older(edition: int | None) -> bool:
    """Whether an edition is older than the one that the code draws; None, which is no phantom, is not."""
    return edition is not None and edition < plan.EDITION


def edition_mark(edition: int | None, *, what: str = "These numbers") -> str:
    """A sentence about numbers of an older edition of the phantom; empty for those of the current one or of
    none.
    """
    if not older(edition):
        return ""
    values = {"what": what, "edition": edition, "current": plan.EDITION}
    return line("results_notes.md.jinja", "edition", values)


def mark_of(results: Results, *, what: str = "These numbers") -> str:
    """The same of a profile's results."""
    return edition_mark(phantom_edition(results), what=what)
