"""The page of controls: widgets with their state written into the page, so that no kernel is needed."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from infomotion_book.addresses import card_link
from infomotion_book.explore.board import NAMES, Control, controls
from infomotion_book.html import block, note
from infomotion_book.notebooks import first_picture
from infomotion_book.templates import filled
from infomotion_lib.reporting.results import Results

_REFERENCE = "IPY_MODEL_"
_BASE64 = re.compile(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)")
_SAFE = " =:/;,.()-_'!*?@$+~|{}[]<>"
"""Characters that an address in a quoted attribute may have as they are."""


def play(results: Results | None) -> str:
    """MyST text of all controls of a run, with the state that the book's script reads."""
    from ipywidgets.embed import dependency_state, embed_data

    found = controls(results)
    views = [control.widget for control in found]
    data: dict[str, Any] = embed_data(views=views, state=dependency_state(views, drop_defaults=True))
    models = data["manager_state"]["state"] = _drawn(data["manager_state"]["state"])
    shown = {}
    for control, view in zip(found, data["view_specs"], strict=True):
        still = filled("control.html.jinja", {"view": Markup(_script(view)), "still": _still(models, view)})
        shown[control.name] = {"view": block(still), "made": _made(control, results)}
    state = (
        f'<script type="application/vnd.jupyter.widget-state+json">{_script(data["manager_state"])}</script>'
    )
    phantom = results is not None and results.is_phantom
    return filled("play.md.jinja", dict.fromkeys(NAMES) | shown | {"state": block(state), "phantom": phantom})


def _drawn(models: dict[str, Any]) -> dict[str, Any]:
    """What the book's script draws: no styles, no empty layouts, drawings as text rather than in base 64."""
    kept = {
        name: one
        for name, one in models.items()
        if not one["model_name"].endswith("StyleModel")
        and (one["model_name"] != "LayoutModel" or one["state"])
    }
    for one in kept.values():
        state = {key: value for key, value in one["state"].items() if _is_kept(value, kept)}
        if one["model_name"] == "HTMLModel":
            state["value"] = _BASE64.sub(_as_text, state["value"])
        one["state"] = state
    return kept


def _is_kept(value: Any, models: dict[str, Any]) -> bool:
    """Whether a value is no reference to a model that is left out."""
    reference = isinstance(value, str) and value.startswith(_REFERENCE)
    return not reference or value.removeprefix(_REFERENCE) in models


def _as_text(match: re.Match[str]) -> str:
    """The drawing of a data address, quoted where an address in an attribute must be."""
    drawing = b64decode(match[1]).decode().replace('"', "'")
    return f"data:image/svg+xml,{quote(drawing, safe=_SAFE)}"


def _still(models: dict[str, Any], view: dict[str, Any]) -> Markup:
    """Picture of a control for browsers without scripts."""
    return Markup(first_picture(models, view["model_id"]))


def _made(control: Control, results: Results | None) -> str:
    """The way to the run card of what a control shows, or to the function that draws it."""
    if results is None or control.drawn_by:
        return f":::{{div}} im-note\n[how it is drawn](api:{control.drawn_by})\n:::\n"
    return note(card_link(results, control.stage))


def _script(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":")).replace("</", "<\\/")
