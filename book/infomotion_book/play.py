"""The page of controls: widgets with their state written into the page, so that no kernel is needed."""

from __future__ import annotations

import json
from typing import Any

from infomotion_book.explore import heart
from infomotion_book.explore.board import Control, controls
from infomotion_book.html import block
from infomotion_book.notebooks import card_anchor, first_picture
from infomotion_lib.reporting.results import Results


def play(results: Results | None) -> str:
    """MyST text of all controls of a run, with the state that the book's script reads."""
    from ipywidgets.embed import dependency_state, embed_data

    found = controls(results)
    views = [control.widget for control in found]
    data: dict[str, Any] = embed_data(views=views, state=dependency_state(views, drop_defaults=True))
    models = data["manager_state"]["state"]
    parts = []
    for control, view in zip(found, data["view_specs"], strict=True):
        still = first_picture(models, view["model_id"])
        parts.append(f"## {control.title}\n\n{control.before}\n")
        parts.append(
            block(
                '<div class="im-play"><script'
                f' type="application/vnd.jupyter.widget-view+json">{_script(view)}</script><noscript>'
                "<p>Without scripts this control cannot move; here is one of its pictures.</p>"
                f"{still}</noscript></div>"
            )
        )
        parts.append(_made(control, results))
        parts.append(f"**What to see.** {control.after}\n")
    parts.append(
        block(
            "<script"
            f' type="application/vnd.jupyter.widget-state+json">{_script(data["manager_state"])}</script>'
        )
    )
    if results is not None and results.is_phantom:
        which = "All other pictures" if heart.at_hand() else "All pictures"
        parts.append(f"{which} on this page are of phantoms: drawn hearts, no patients.\n")
    return "\n".join(parts)


def _made(control: Control, results: Results | None) -> str:
    """The way to the run card of what a control shows, or to the function that draws it."""
    if results is None or control.drawn_by:
        return f":::{{div}} im-note\n[how it is drawn](api:{control.drawn_by})\n:::\n"
    return block(
        f'<p class="im-note"><a href="provenance.html#{card_anchor(results, control.stage)}">how it was'
        " made</a></p>"
    )


def _script(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":")).replace("</", "<\\/")
