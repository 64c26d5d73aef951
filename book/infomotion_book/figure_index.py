"""Index of figures: each small, what it shows, where it was drawn, and the command that draws it again."""

from __future__ import annotations

import re

from markupsafe import Markup

from infomotion_book.editions import todays_words
from infomotion_book.html import code, keep, link
from infomotion_book.notebooks import card_link
from infomotion_book.page_table import of_rows, page_table
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.paths import NOTEBOOKS, notebook_of
from infomotion_lib.reporting.results import Results, title_of
from infomotion_lib.reporting.style import alt_text
from infomotion_lib.run.figure import drawn_by
from infomotion_lib.stage_table import TABLE, notebook_stages

_WHOSE = re.compile(
    rf"(?i)^(?:(?:{'|'.join(re.escape(source.label) for source in SOURCES.values())})(?: and )?)+: "
)
"""Data that an alt text names before it says anything."""


def figure_index(all_results: list[Results]) -> str:
    """MyST text: under each notebook its command, a row per figure with links to it and to its run cards."""
    parts = []
    for number, stage in notebook_stages().items():
        notebook = notebook_of(TABLE[stage]) or NOTEBOOKS / number
        runs = [results for results in all_results if results.card(stage)]
        saved = [file.name for results in runs for file in results.figures(stage)]
        names = list(dict.fromkeys([*(drawn_by(notebook) if notebook.is_file() else []), *saved]))
        if names:
            profile = runs[0].profile if runs else "phantom"
            command = f"```bash\ninfomotion figure {number} --profile {profile}\n```"
            rows = [[_thumbnail(name, stage, runs), *_row(name, stage, runs)] for name in names]
            head, caption = ["Figure", "What it shows", "File"], f"Figures of {notebook.name}"
            table = page_table(of_rows(head, rows, caption=caption, words=True), stack=True, titled=False)
            parts.append(f"## {title_of(stage)}\n\n{command}\n{table}")
    return "\n".join(parts)


def _thumbnail(name: str, stage: str, runs: list[Results]) -> Markup:
    """The figure, small, with its name; both lead to it. The name alone where no run has drawn it."""
    for results in runs:
        if (results.folder(stage) / "figures" / name).is_file():
            url = f"results/{results.profile}/{results.place(stage)}/figures/{name}"
            image = '<img class="im-figure im-thumb" loading="lazy" alt="{}, small" src="{}">{}'
            return link(url, Markup(image).format(name, url, code(name)))
    return Markup(code(name))


def _row(name: str, stage: str, runs: list[Results]) -> tuple[str, str]:
    """What a figure shows, by run where that differs, and links to it and its run card in every run."""
    found = [(results, results.folder(stage) / "figures" / name) for results in runs]
    drawn = [(results, file) for results, file in found if file.is_file()]
    if not drawn:
        return "–", "no run in this book"
    links = [
        keep(
            Markup("{} · {}").format(
                link(f"results/{results.profile}/{results.place(stage)}/figures/{name}", results.profile),
                card_link(results, stage, "run card"),
            )
        )
        for results, _ in drawn
    ]
    shows = {
        results.profile: _first_sentence(todays_words(alt_text(file), results)) for results, file in drawn
    }
    told = (
        list(shows.values())
        if len({*shows.values()}) == 1
        else [f"{name}: {text}" for name, text in shows.items()]
    )
    line_break = Markup("<br>")
    return line_break.join(dict.fromkeys(told)), line_break.join(links)


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
