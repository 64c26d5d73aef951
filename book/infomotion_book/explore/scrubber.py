"""What sliders over frames have in common: a picture beside a curve, on which a line moves along."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infomotion_lib.reporting.widgets import Picture, picture_html

if TYPE_CHECKING:
    import ipywidgets

LAYERS = "im-layers"
"""Class of the box whose children share one place; the book's style sheet lays them out."""


@dataclass(frozen=True)
class Panel:
    """A picture's size, and where its axes lie in it, pixels."""

    width: int
    height: int
    left: int
    right: int
    top: int
    base: int

    def x(self, share: float) -> float:
        """Place on the horizontal axis, whose ends are 0 and 1."""
        return self.left + share * (self.right - self.left)

    def y(self, share: float) -> float:
        """Place on the vertical axis, 0 at its foot."""
        return self.top + (1 - share) * (self.base - self.top)


def slider(description: str, count: int, *, start: int) -> ipywidgets.IntSlider:
    """Slider over so many frames."""
    import ipywidgets as w

    made = w.IntSlider(value=start, min=0, max=count - 1, description=description, readout=False)
    made.layout.width = "min(32rem, 96%)"
    return made


def one_of(
    pictures: Iterable[tuple[Picture, str]],
    mover: ipywidgets.Widget,
    trait: str = "value",
    *,
    start: int,
    width: str = "100%",
) -> ipywidgets.Stack:
    """Pictures with their alt texts, of which the ``trait`` of a control says which is shown."""
    import ipywidgets as w

    pages = [w.HTML(picture_html(picture, alt=alt, width=width)) for picture, alt in pictures]
    stack = w.Stack(pages, selected_index=start)
    w.jsdlink((mover, trait), (stack, "selected_index"))
    return stack


def beside(picture: ipywidgets.Widget, *layers: ipywidgets.Widget) -> ipywidgets.HBox:
    """A picture, and beside it layers on one another: what moves is small, and what stays is stored once."""
    import ipywidgets as w

    box = w.VBox(list(layers))
    box.add_class(LAYERS)
    row = w.HBox([picture, box])
    row.layout.flex_flow = "row wrap"
    row.layout.align_items = "center"
    return row
