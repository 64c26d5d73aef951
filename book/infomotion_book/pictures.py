"""The two figures that no run draws: committed SVGs, with their alt texts."""

from __future__ import annotations

from html import escape

from infomotion_book.html import block, figure
from infomotion_book.templates import line

PIPELINE_ALT = line("pictures.md.jinja", "pipeline_alt")
BOUNDARIES_ALT = line("pictures.md.jinja", "boundaries_alt")


def pipeline() -> str:
    """The pipeline figure: one picture for each of light and dark, wide and narrow."""
    pictures = []
    for shade in ("light", "dark"):
        base = f"_static/figures/pipeline-{shade}"
        pictures.append(
            f'<picture class="im-{shade}"><source media="(max-width: 700px)" srcset="{base}-tall.svg">'
            f'<img class="dark-light" src="{base}-wide.svg" alt="{escape(PIPELINE_ALT)}"></picture>'
        )
    return block(f'<div class="im-pipeline">{"".join(pictures)}</div>')


def boundaries() -> str:
    """The figure of hard and soft class boundaries."""
    return figure("_static/figures/soft-boundaries.svg", BOUNDARIES_ALT, fits=True)
