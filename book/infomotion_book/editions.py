"""Marks on numbers that were computed on an older edition of the phantom than the one drawn today, and the
words that older runs had for drawn hearts.
"""

from __future__ import annotations

import re

from infomotion_book.templates import line
from infomotion_lib.phantom import plan
from infomotion_lib.reporting.results import Results, phantom_edition

_REAL = re.compile(r"\breal\b(?! heart)")


def todays_words(text: str, results: Results) -> str:
    """Words that a run froze, such as an alt text; drawn hearts, which older runs called real, are reference
    hearts.
    """
    return _REAL.sub("reference", text) if results.is_phantom else text


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
