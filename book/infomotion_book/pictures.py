"""The two figures that no run draws: committed SVGs, with their alt texts."""

from __future__ import annotations

from html import escape

from infomotion_book.html import block, figure

PIPELINE_ALT = (
    "The pipeline in six steps. Echo videos with an ejection fraction; the end-systolic, end-diastolic and"
    " middle frames of each; a network with inter-frame attention that turns frame pairs into one motion"
    " vector a video; one graph an EF class, split into communities by Infomap, with central videos picked"
    " from each; the distilled set of a few videos a class; an EF regressor trained on it and tested on real"
    " videos."
)
BOUNDARIES_ALT = (
    "An axis of ejection fraction around the edge between mild and normal, 50 points. For a heart of 47.5, an"
    " answer of 48.6 is right by both rules; an answer of 50.6 is right by the soft rule only; an answer of"
    " 51.8 is wrong by both. The soft zone is 1 point wide."
)


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
