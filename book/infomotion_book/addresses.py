"""Where the book keeps what a run left: the files of its stages, their figures, their run cards."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from markupsafe import Markup

from infomotion_book.editions import todays_words
from infomotion_book.html import link
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import alt_text


def address(results: Results, stage: str, *inside: str) -> str:
    """Address of a stage's folder, or of what is inside, from a page at the book's root."""
    return "/".join(("results", results.profile, results.place(stage), *inside))


def card_anchor(results: Results, stage: str) -> str:
    """Anchor of a stage's run card on the provenance page."""
    return re.sub("[_/]", "-", f"card-{results.profile}-{results.place(stage)}").lower()


def card_link(results: Results, stage: str, text: object = "how it was made") -> Markup:
    """HTML of a link to a stage's run card."""
    return link(f"provenance.html#{card_anchor(results, stage)}", text)


class SavedFigure(NamedTuple):
    """A figure that a stage of a run drew: its name, its address in the book and its alt text."""

    results: Results
    stage: str
    name: str
    url: str
    alt: str


def saved_figures(results: Results, stage: str, names: Iterable[str]) -> list[SavedFigure]:
    """Those of the named figures of a stage that were drawn."""
    folder = results.folder(stage) / "figures"
    found = [name for name in names if (folder / name).is_file()]
    alts = [todays_words(alt_text(folder / name), results) for name in found]
    return [
        SavedFigure(results, stage, name, address(results, stage, "figures", name), alt)
        for name, alt in zip(found, alts, strict=True)
    ]
