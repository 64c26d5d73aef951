"""Controls that work in a page with no kernel behind it: sliders and buttons over pictures drawn beforehand.

A control is linked in the browser (``jsdlink``) to a ``Stack`` that shows one picture of many. Each picture
is an ``HTML`` widget with an ``<img>`` that has alt text and loads when seen. The same cell works in Jupyter
and in Colab.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infomotion_lib.reporting.style import figure_bytes, image_html
from infomotion_lib.reporting.titles import named

if TYPE_CHECKING:
    import ipywidgets

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
"""Kinds under which a notebook keeps its controls: their state, and the place where one is shown."""

MIN_WIDTH = "22rem"
"""Least width of a picture under a slider, where it is meant to be wider: a phone shows it whole."""

Picture = Any
"""SVG text, PNG, GIF or WebP bytes, a path to such a file, ready HTML (starts with ``<``), or a matplotlib
``Figure``.
"""


def image_slider(
    images: Sequence[Picture],
    labels: Sequence[str],
    *,
    alt: Sequence[str],
    description: str = "step",
    start: int = 0,
    width: str = "100%",
    data: str = "",
) -> ipywidgets.Widget:
    """Slider over pictures; the label of the shown one stands under the slider.

    Parameters
    ----------
    images : sequence of K pictures
        See :data:`Picture`.
    labels : sequence of K str
        Short text of each position, such as ``"frame 12, ED"``.
    alt : sequence of K str
        What each picture shows.
    description : str
        What the slider moves; it is also its accessible name.
    start : int
        Position at the start.
    data : str, optional
        What the videos are called: it opens each alt text that does not name it.

    Raises
    ------
    ValueError
        If the three sequences differ in length, are empty, or an alt text is empty.
    """
    import ipywidgets as w

    _same_length(images, labels, alt)
    alts = [named(text, data) if data and text.strip() else text for text in alt]
    slider = _slider(description, labels, start)
    pages = [
        w.HTML(f"{_caption(label)}{_readable(picture_html(image, alt=text, width=width), width)}")
        for image, label, text in zip(images, labels, alts, strict=True)
    ]
    stack = w.Stack(pages, selected_index=start)
    w.jsdlink((slider, "value"), (stack, "selected_index"))
    return w.VBox([slider, stack])


def image_choice(
    choices: Mapping[str, Sequence[str]],
    picture: Callable[..., tuple[Picture, str]],
    *,
    sliders: Collection[str] = (),
    start: Mapping[str, int] | None = None,
    width: str = "100%",
) -> ipywidgets.Widget:
    """Rows of buttons, one row per question; the picture for the chosen answers stands under them.

    All combinations are drawn beforehand: keep their number small (some dozens).

    Parameters
    ----------
    choices : mapping of str to sequence of str
        Question to answers, such as ``{"EF class": CLASS_NAMES, "neighbours": ("4", "6", "10")}``.
    picture : callable
        ``picture(answer_1, answer_2, ...)`` with the index of each answer; gives a picture and its alt text.
    sliders : collection of str
        Questions asked with a slider in place of buttons; the picture should show the answer.
    start : mapping of str to int, optional
        Index of the answer to start with, 0 unless named.
    width : str
        CSS width of the pictures.

    Raises
    ------
    ValueError
        If there is nothing to choose.
    """
    import ipywidgets as w

    if not choices or not all(len(answers) for answers in choices.values()):
        raise ValueError(f"Nothing to choose from: {dict(choices)}")
    first = [dict(start or {}).get(question, 0) for question in choices]
    rows = [
        (
            _slider(question, answers, first[i])
            if question in sliders
            else buttons(question, answers, start=first[i])
        )
        for i, (question, answers) in enumerate(choices.items())
    ]
    lengths = [len(answers) for answers in choices.values()]

    def level(chosen: tuple[int, ...]) -> ipywidgets.Widget:
        depth = len(chosen)
        if depth == len(rows):
            image, text = picture(*chosen)
            return w.HTML(picture_html(image, alt=text, width=width))
        stack = w.Stack(
            [level((*chosen, index)) for index in range(lengths[depth])], selected_index=first[depth]
        )
        w.jsdlink(
            (rows[depth], "value" if isinstance(rows[depth], w.IntSlider) else "index"),
            (stack, "selected_index"),
        )
        return stack

    return w.VBox([*rows, level(())])


def buttons(question: str, answers: Sequence[str], *, start: int = 0) -> ipywidgets.ToggleButtons:
    """A row of buttons, one pressed; its ``index`` can be linked."""
    import ipywidgets as w

    row = w.ToggleButtons(options=list(answers), index=start, description=question)
    row.style.description_width = "initial"
    row.style.button_width = "auto"
    return row


def picture_html(image: Picture, *, alt: str, width: str = "100%") -> str:
    """HTML of one picture with its alt text; ready HTML passes unchanged.

    Raises
    ------
    ValueError
        If the alt text is empty or the picture is of no known kind.
    """
    if isinstance(image, Path):
        image = image.read_bytes()
    if isinstance(image, str):
        if not image.lstrip().startswith("<svg"):
            return image
        image = image.encode()
    if not isinstance(image, bytes):
        image = figure_bytes(image)
    return image_html(image, alt=alt, mime=_mime(image), width=width)


def _slider(question: str, answers: Sequence[str], start: int) -> ipywidgets.IntSlider:
    import ipywidgets as w

    slider = w.IntSlider(
        value=start, min=0, max=len(answers) - 1, description=question, readout=False, continuous_update=True
    )
    slider.style.description_width = "initial"
    slider.layout.width = "min(32rem, 96%)"
    return slider


def _readable(picture: str, width: str) -> str:
    """The picture in a box that scrolls sideways where a page is too narrow for its text."""
    return (
        f'<div style="overflow-x:auto"><div style="min-width:min({MIN_WIDTH},{width})">{picture}</div></div>'
    )


def _caption(text: str) -> str:
    import html

    return f'<p class="im-caption">{html.escape(text)}</p>' if text else ""


def _mime(data: bytes) -> str:
    starts = {
        b"\x89PNG": "image/png",
        b"GIF8": "image/gif",
        b"RIFF": "image/webp",
        b"\xff\xd8": "image/jpeg",
        b"<svg": "image/svg+xml",
        b"<?xm": "image/svg+xml",
    }
    for start, mime in starts.items():
        if data.startswith(start):
            return mime
    raise ValueError(f"A picture starts with {data[:8]!r}: not SVG, PNG, GIF, WebP or JPEG")


def _same_length(*columns: Sequence[Any]) -> None:
    if len({len(column) for column in columns}) != 1 or not columns[0]:
        raise ValueError(
            "Pictures, labels and alt texts must be as many and at least one:"
            f" {[len(column) for column in columns]}"
        )
