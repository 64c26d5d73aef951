"""Pictures that lie on one another: what moves is small, and what stays is stored once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ipywidgets

CLASS = "im-layers"
"""Class of the box whose children share one place; the book's style sheet lays them out."""


def layers(*children: ipywidgets.Widget) -> ipywidgets.Box:
    """A box with its children on one another, the last on top."""
    import ipywidgets as w

    box = w.VBox(list(children))
    box.add_class(CLASS)
    return box
