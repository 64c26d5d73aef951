"""Marks on numbers that were computed on an older edition of the phantom than the one drawn today."""

from __future__ import annotations

from infomotion_lib.phantom import plan
from infomotion_lib.reporting.results import Results, phantom_edition


def older(edition: int | None) -> bool:
    """Whether an edition is older than the one that the code draws; None, which is no phantom, is not."""
    return edition is not None and edition < plan.EDITION


def edition_mark(edition: int | None, *, what: str = "These numbers") -> str:
    """A sentence about numbers of an older edition of the phantom; empty where they are of the current one or
    of no phantom.
    """
    if not older(edition):
        return ""
    return (
        f"{what} were computed on edition {edition} of the phantom. The code now draws edition"
        f" {plan.EDITION}: other files, so another run does not repeat them to the digit."
    )


def mark_of(results: Results, *, what: str = "These numbers") -> str:
    """The same of a profile's results."""
    return edition_mark(phantom_edition(results), what=what)
