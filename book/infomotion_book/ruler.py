"""The five EF classes on a ruler: where each lies, and a heart of it at its own EF."""

from __future__ import annotations

from typing import Any

from infomotion_book.addresses import address
from infomotion_book.explore.wall import first_picks
from infomotion_book.html import block
from infomotion_book.templates import filled
from infomotion_lib.classes import CLASS_NAMES, EF_EDGES
from infomotion_lib.frozen import EXPLORE
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import CLASS_COLOURS, ef_words

WALL = f"{EXPLORE}/wall"
"""Folder of the rows of InfoMotion's picks, which begin with the pick of rank 1."""


def classes(results: Results | None, *, still: bool = False) -> str:
    """MyST block of the ruler, each class with the first heart that InfoMotion keeps of it, where there is
    one; ``still``: the hearts beat when they are asked to.
    """
    shown = _first_picks(results) if results else {}
    values: dict[str, Any] = {
        "classes": on_ruler(shown),
        "edges": [0, *map(int, EF_EDGES), 100],
        "still": still,
        "base": address(results, WALL) if results and shown else "",
    }
    return block(filled("classes.html.jinja", values))


def on_ruler(shown: dict[str, float]) -> list[dict[str, Any]]:
    """Every class: ``name``, ``limits`` in words, ``colour``, where it begins (``low``) and ends (``high``),
    EF points, and the ``ef`` of the heart that stands for it, also in ``words``; None without one.
    """
    ends = zip(CLASS_NAMES, (0.0, *EF_EDGES), (*EF_EDGES, 100.0), strict=True)
    return [
        {"name": name, "limits": _limits(low, high), "colour": CLASS_COLOURS[name], "low": low, "high": high}
        | {"ef": shown.get(name), "words": ef_words(shown[name]) if name in shown else ""}
        for name, low, high in ends
    ]


def _limits(low: float, high: float) -> str:
    if low == 0:
        return f"below {high:.0f} %"
    return f"above {low:.0f} %" if high == 100 else f"{low:.0f} to {high:.0f} %"


def _first_picks(results: Results) -> dict[str, float]:
    """EF of the heart at the head of each class's row; empty unless every row is there."""
    picks, index = first_picks(results), results.table("frame_index", "frame_index")
    if picks is None or index is None:
        return {}
    rows = [results.root / WALL / f"{name}-infomotion.webp" for name in CLASS_NAMES]
    first = picks.drop_duplicates("class_name").set_index("class_name")["file_name"]
    if not all(row.is_file() for row in rows) or set(CLASS_NAMES) - set(first.index):
        return {}
    ef = index[index["source"] == "real"].set_index("file_name")["ef"]
    return {name: float(ef[first[name]]) for name in CLASS_NAMES}
