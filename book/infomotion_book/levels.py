"""How much of a run may be published, by the most restricted data set that took part in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from pathlib import Path

from infomotion_lib.data.manifests import may_present, may_redistribute
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.errors import DataError


class Level(IntEnum):
    """How much of a run may be published.

    - ``EVERYTHING``: its manifest allows redistribution, and the data was drawn by this project (such as the
      phantom), or is an author's own, who lets anyone see frames.
    - ``LINES``: its manifest allows redistribution, but it shows hearts: tables, and figures made of lines;
      no pixels.
    - ``AGGREGATES``: its manifest forbids redistribution: tables of sums and means from a fixed list, and
      figures made of lines without a mark per video; no ids, no per-video rows.
    """

    AGGREGATES = 0
    LINES = 1
    EVERYTHING = 2


def level_of(datasets: Iterable[str], folders: Mapping[str, Sequence[Path]] | None = None) -> Level:
    """The strictest level of these data sets; one that has no manifest may not be passed on.

    ``folders``: where something is said of an author's own data set; the strictest answer counts. ``none``
    and empty names are passed over.

    >>> level_of(["phantom", "phantom-synthetic"]).name
    'EVERYTHING'
    """
    levels = [
        _level(name, folder)
        for name in datasets
        if name and name != "none"
        for folder in ((folders or {}).get(name) or (None,))
    ]
    return min(levels, default=Level.AGGREGATES)


def _level(name: str, folder: Path | None) -> Level:
    source = SOURCES.get(name)
    try:
        if not may_redistribute(name, folder):
            return Level.AGGREGATES
        shown = source is not None and (source.drawn_here or (source.owned and may_present(name, folder)))
    except DataError:
        return Level.AGGREGATES
    return Level.EVERYTHING if shown else Level.LINES
