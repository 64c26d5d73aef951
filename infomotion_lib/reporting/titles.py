"""Title of a whole figure: what it says of the data, and where its lines break."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE_WIDTH = 52
"""Letters in a line of a figure's title; a longer title would shrink or leave a small screen."""


def named(text: str, data: str) -> str:
    """A title or alt text that names the data: opened by their name where it does not hold it.

    >>> named("Six hearts.", "own videos"), named("Six own videos.", "own videos")
    ('Own videos: Six hearts.', 'Six own videos.')
    """
    return text if data.lower() in text.lower() else f"{_capital(data)}: {text}"


def name_data(fig: Figure, data: str) -> None:
    """Let the title of a figure name the data; a figure without one gets their name as title."""
    if fig.get_suptitle():
        _retitle(fig, named(fig.get_suptitle(), data))
    else:
        fig.suptitle(_capital(data), x=0.01, ha="left", fontsize=11, fontweight="bold")
        fig.set_figheight(fig.get_figheight() + 0.25)


def wrap_title(fig: Figure) -> None:
    """Break a title that is longer than :data:`TITLE_WIDTH` into lines of like length, and make the figure so
    much taller.
    """
    lines = fig.get_suptitle().split("\n")
    wrapped = [part for line in lines for part in _balanced(line)]
    if len(wrapped) > len(lines):
        _retitle(fig, "\n".join(wrapped))
        fig.set_figheight(fig.get_figheight() + 0.18 * (len(wrapped) - len(lines)))


def _balanced(line: str) -> list[str]:
    """Lines of like length; a number keeps its unit, a compound its parts."""
    whole = line.replace(" %", "\u00a0%")
    fewest = len(_wrapped(whole, TITLE_WIDTH))
    widths = range(max(len(whole) // max(fewest, 1), 1), TITLE_WIDTH + 1)
    tries = (_wrapped(whole, width) for width in widths)
    parts = next((parts for parts in tries if len(parts) == fewest), [whole])
    return [part.replace("\u00a0", " ") for part in parts]


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_on_hyphens=False)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _retitle(fig: Figure, title: str) -> None:
    """Put another text in the place of the figure's title."""
    next(text for text in fig.texts if text.get_text() == fig.get_suptitle()).set_text(title)
