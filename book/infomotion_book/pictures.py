"""Figures that no run draws, SVGs with their alt texts, and those of a run that explain the method."""

from __future__ import annotations

from infomotion_book.addresses import card_link, saved_figures
from infomotion_book.html import block, figure
from infomotion_book.templates import line
from infomotion_lib.reporting.results import Results

PIPELINE_ALT = line("pictures.md.jinja", "pipeline_alt")
BOUNDARIES_ALT = line("pictures.md.jinja", "boundaries_alt")


def pipeline() -> str:
    """The pipeline figure: one picture for each of light and dark, wide and narrow."""
    return block(line("pictures.md.jinja", "pipeline", {"alt": PIPELINE_ALT}))


def boundaries() -> str:
    """The figure of hard and soft class boundaries."""
    return figure("_static/figures/soft-boundaries.svg", BOUNDARIES_ALT, fits=True)


def of_run(results: Results | None, stage: str, name: str, *, aside: bool = False) -> str:
    """A figure of a stage with the way to its run card; empty where the run has not drawn it."""
    if results is None:
        return ""
    drawn = saved_figures(results, stage, [name])
    return "".join(
        figure(shown.url, shown.alt, below=card_link(results, stage), fits=True, aside=aside)
        for shown in drawn
    )
