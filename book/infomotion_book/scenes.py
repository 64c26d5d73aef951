"""Moving pictures of a run: the hearts of the first page, and one heart's walk through the method."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from markupsafe import Markup

from infomotion_book.explore.graphs import PALETTE
from infomotion_book.html import block
from infomotion_book.templates import filled
from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.frozen import EXPLORE
from infomotion_lib.reporting.results import Results


def hero(results: Results | None) -> str:
    """MyST block of the beating hearts of a run with InfoMotion's picks; empty where none were prepared."""
    content = _content(results, "hero")
    if results is None or content is None:
        return ""
    return block(filled("hero.html.jinja", content | {"base": _address(results, "hero")}))


def walk(results: Results | None) -> str:
    """MyST block of one heart's walk; empty where none was prepared."""
    heart = _content(results, "walk")
    if results is None or heart is None:
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
        "base": _address(results, "walk"),
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
    folder, base = results.root / EXPLORE / "wall", _address(results, "wall")
    return [
        {
            "class_name": name,
            "moving": f"{base}/{name}-infomotion.webp",
            "still": f"{base}/{name}-infomotion-still.webp",
        }
        for name in CLASS_NAMES
        if (folder / f"{name}-infomotion.webp").is_file()
    ]


def _content(results: Results | None, scene: str) -> dict[str, Any] | None:
    file = results.root / EXPLORE / scene / f"{scene}.json" if results else None
    if file is None or not file.is_file():
        return None
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _address(results: Results, scene: str) -> str:
    return f"results/{results.profile}/{EXPLORE}/{scene}"
