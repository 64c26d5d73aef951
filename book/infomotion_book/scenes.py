"""Moving pictures of a run: the hearts of the first page, and one heart's walk through the method."""

from __future__ import annotations

from functools import partial
from typing import Any

from markupsafe import Markup

from infomotion_book.addresses import address
from infomotion_book.explore.graphs import PALETTE
from infomotion_book.html import block
from infomotion_book.templates import filled
from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.frozen import EXPLORE
from infomotion_lib.reporting.results import Results


def hero(results: Results | None) -> str:
    """MyST block of the beating hearts of a run with InfoMotion's picks; empty where none were prepared."""
    content = results.values(f"{EXPLORE}/hero", "hero") if results else {}
    if results is None or not content:
        return ""
    return block(filled("hero.html.jinja", content | {"base": address(results, EXPLORE, "hero")}))


def walk(results: Results | None) -> str:
    """MyST block of one heart's walk; empty where none was prepared."""
    heart = results.values(f"{EXPLORE}/walk", "walk") if results else {}
    if results is None or not heart:
        return ""
    graph = heart["graph"]
    communities = len(set(graph["community"]))
    values = {
        "graph": graph,
        "at": [(round(100 * x, 1), round(80 * y, 1)) for x, y in graph["places"]],
        "colours": PALETTE,
        "communities": communities,
    }
    shown = {
        "base": address(results, EXPLORE, "walk"),
        "heart": heart,
        "communities": communities,
        "graph": partial(_graph, values),
        "wall": _wall(results),
    }
    return block(filled("walk.html.jinja", shown))


def cancellation() -> str:
    """MyST block of the picture of two walls whose motions cancel."""
    return block(filled("cancellation.svg.jinja", {}))


def _graph(values: dict[str, Any], *, rings: bool) -> Markup:
    return Markup(filled("walk_graph.svg.jinja", values | {"rings": rings}))


def _wall(results: Results) -> list[dict[str, str]]:
    """Addresses of the rows of InfoMotion's picks, by class."""
    folder, base = results.root / EXPLORE / "wall", address(results, EXPLORE, "wall")
    return [
        {
            "class_name": name,
            "moving": f"{base}/{name}-infomotion.webp",
            "still": f"{base}/{name}-infomotion-still.webp",
        }
        for name in CLASS_NAMES
        if (folder / f"{name}-infomotion.webp").is_file()
    ]
