"""What a running kernel adds to a control: ipywidgets' ``interact``, which draws for any value, under the
pictures drawn beforehand.

A page without a kernel would show it dead, so the book leaves it out (:func:`without_live`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infomotion_lib.reporting.widgets import Picture, picture_html

if TYPE_CHECKING:
    import ipywidgets

LIVE_CLASS = "widget-interact"
"""Mark that ipywidgets sets on every ``interact``."""

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Explorer:
    """A control that shows itself in a notebook twice: as drawn beforehand, and asking the kernel.

    Attributes
    ----------
    drawn : ipywidgets.Widget
        Works with no kernel behind it.
    live : ipywidgets.interactive
        Draws anew for each value; its handles are ``live.kwargs_widgets``, its picture is :func:`picture_of`
        it.
    """

    drawn: ipywidgets.Widget
    live: ipywidgets.interactive

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.drawn, self.live)


def interactive(draw: Callable[..., tuple[Picture, str]], /, **handles: Any) -> ipywidgets.interactive:
    """ipywidgets' ``interactive`` over ``draw``: handles named in words, drawn when a handle is let go.

    The picture is a widget of its own. Captured output would be sent back to the kernel by the program that
    executes the notebook, and that sending can swallow the kernel's word that the cell has ended: the run
    would wait for ever.
    """
    import ipywidgets as w

    shown = w.HTML()

    def show(**values: Any) -> None:
        picture, alt = draw(**values)
        shown.value = picture_html(picture, alt=alt, width="40rem")

    box = w.interactive(show, clear_output=False, **handles)
    *above, errors = box.children
    box.children = (*above, shown, errors)
    for handle in box.kwargs_widgets:
        handle.description = handle.description.replace("_", " ")
        handle.style.description_width = "initial"
        if handle.has_trait("continuous_update"):
            handle.continuous_update = False
    return box


def picture_of(live: ipywidgets.interactive) -> str:
    """HTML of the picture that an :func:`interactive` shows now."""
    return str(live.children[-2].value)


def without_live(page: dict[str, Any]) -> dict[str, Any]:
    """The notebook less the controls that need a kernel, in its outputs and in its saved state."""
    models = page.get("metadata", {}).get("widgets", {}).get(STATE, {}).get("state", {})
    live = {
        name for name, model in models.items() if LIVE_CLASS in model.get("state", {}).get("_dom_classes", [])
    }
    if not live:
        return page
    shown: set[str] = set()
    for cell in page["cells"]:
        views = [
            output.get("data", {}).get(VIEW, {}).get("model_id", "") for output in cell.get("outputs", [])
        ]
        if live & set(views):
            cell["outputs"] = [
                output for output, view in zip(cell["outputs"], views, strict=True) if view not in live
            ]
        shown |= set(views) - live
    for name in _reached(models, live) - _reached(models, shown):
        del models[name]
    return page


def _reached(models: dict[str, Any], names: set[str]) -> set[str]:
    """These models and all that they are made of."""
    found: set[str] = set()
    waiting = set(names) & set(models)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= (_named(models[name]) & set(models)) - found
    return found


def _named(model: dict[str, Any]) -> set[str]:
    return set(re.findall(r"IPY_MODEL_([0-9a-f-]+)", json.dumps(model.get("state", {}))))
