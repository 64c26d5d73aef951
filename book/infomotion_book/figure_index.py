"""Index of figures: each small, what it shows, where it was drawn, and the command that draws it again."""

from __future__ import annotations

import re

from infomotion_book.addresses import SavedFigure, saved_figures
from infomotion_book.templates import part
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.paths import NOTEBOOKS, notebook_of
from infomotion_lib.reporting.results import Results, title_of
from infomotion_lib.run.figure import drawn_by
from infomotion_lib.stage_table import TABLE, notebook_stages

WORDS = "ledgers.md.jinja"

_WHOSE = re.compile(
    rf"(?i)^(?:(?:{'|'.join(re.escape(source.label) for source in SOURCES.values())})(?: and )?)+: "
)
"""Data that an alt text names before it says anything."""


def figure_index(all_results: list[Results]) -> str:
    """MyST text: under each notebook its command, a row per figure with links to it and to its run cards."""
    listed = []
    for number, stage in notebook_stages().items():
        notebook = notebook_of(TABLE[stage]) or NOTEBOOKS / number
        runs = [results for results in all_results if results.card(stage)]
        saved = [file.name for results in runs for file in results.figures(stage)]
        names = list(dict.fromkeys([*(drawn_by(notebook) if notebook.is_file() else []), *saved]))
        if names:
            profile = runs[0].profile if runs else "phantom"
            figures = [
                (name, [file for run in runs for file in saved_figures(run, stage, [name])]) for name in names
            ]
            listed.append((number, notebook.name, title_of(stage), profile, figures))
    return part(WORDS, "figure_index", {"notebooks": listed, "shows": shows})


def shows(drawn: list[SavedFigure]) -> list[str]:
    """What a figure shows, by run where that differs."""
    told = {shown.results.profile: _first_sentence(shown.alt) for shown in drawn}
    if len({*told.values()}) == 1:
        return list(told.values())[:1]
    return [f"{profile}: {text}" for profile, text in told.items()]


def _first_sentence(text: str) -> str:
    """What a figure shows, without the values that its alt text goes on to list.

    >>> _first_sentence("Phantom: Accuracy by scanner style: dark 40 %; hazy 37 %. More.")
    'Accuracy by scanner style.'
    >>> _first_sentence("Phantom: Loss by step; PSNR by step.")
    'Loss by step; PSNR by step.'
    """
    shown = _WHOSE.sub("", text.strip())
    sentence = re.split(r"(?<=[.!?])\s", shown, maxsplit=1)[0].replace("R2", "R²")
    title, colon, rest = sentence.partition(":")
    return f"{title}." if colon and re.search(r"[;{]|\w_\w", rest) else sentence
