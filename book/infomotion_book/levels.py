"""How much of a run may be published, by the most restricted data set that took part in it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from infomotion_lib.data.manifests import may_redistribute
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.errors import DataError


class Level(IntEnum):
    """How much of a run may be published.

    - ``EVERYTHING``: the data was drawn by this project (such as the phantom), and its manifest allows
      redistribution.
    - ``LINES``: its manifest allows redistribution, but it shows hearts: tables, and figures made of lines;
      no pixels.
    - ``AGGREGATES``: its manifest forbids redistribution: tables of sums and means from a fixed list, and
      figures made of lines without a mark per video; no ids, no per-video rows.
    """

    AGGREGATES = 0
    LINES = 1
    EVERYTHING = 2


def level_of(datasets: Iterable[str]) -> Level:
    """The strictest level of these data sets; one that has no manifest may not be passed on.

    >>> level_of(["phantom", "phantom-synthetic"]).name
    'EVERYTHING'
    """
    return min((_level(name) for name in datasets if name and name != "none"), default=Level.AGGREGATES)


def _level(name: str) -> Level:
    try:
        allowed = may_redistribute(name)
    except DataError:
        allowed = False
    source = SOURCES.get(name)
    drawn_here = source is not None and source.drawn_here
    return Level.AGGREGATES if not allowed else Level.EVERYTHING if drawn_here else Level.LINES
