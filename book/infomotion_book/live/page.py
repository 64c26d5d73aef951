"""The parts of the page "Infomap, live": its two widgets, their data, and the files beside the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infomotion_book.addresses import address, card_link
from infomotion_book.assets import INFOMAP, INFOMAP_LICENCE, INFOMAP_SCRIPT, Assets
from infomotion_book.explore import graphs
from infomotion_book.html import block, note
from infomotion_book.live.data import FILE, SHEETS
from infomotion_book.live.module import module, page_script, style
from infomotion_book.templates import filled, line, part
from infomotion_lib.frozen import EXPLORE
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.widgets import picture_html

MODULE, STYLE = "infomotion_live.mjs", "infomotion_live.css"
"""Names of the module and its style sheet under ``_static``, for hosts other than the page."""

PLACES = "live.md.jinja"

STILL = "knn 6"
"""Graph of the picture that is shown where no script runs."""


def fragments(results: Results | None, assets: Assets, *, not_run: str) -> dict[str, str]:
    """MyST text of the live graph, the game, and where Infomap comes from; ``not_run`` without data."""
    engine = f"_static/{INFOMAP_SCRIPT}" if assets.folder else assets.url(INFOMAP_SCRIPT)
    licence = f"_static/{INFOMAP_LICENCE}" if assets.folder else ""
    about = {"package": INFOMAP, "engine": engine, "licence": licence}
    parts = {"infomap": filled("infomap.md.jinja", about), "live": not_run, "selector": ""}
    data = live_data(results) if results else {}
    if results is None or not data:
        return parts
    base = address(results, EXPLORE)
    first = next(iter(data["classes"]))
    shared = json.dumps({"data": data, "engine": engine, "sheets": f"{base}/{SHEETS}"}, separators=(",", ":"))
    values = {
        "first": first,
        "still": still(results, first),
        "source": f"{base}/wall/{first}-infomotion-still.webp",
        "alt": line(graphs.WORDS, "picked_alt", {"class_name": first}),
        "style": style(),
        "data": _safe(shared),
        "script": _safe(page_script()),
    }
    card = note(card_link(results, "graph_selection"))
    live, selector, script = (block(part(PLACES, name, values)) for name in ("live", "selector", "script"))
    return parts | {"live": live + card, "selector": selector + card + script}


def live_data(results: Results) -> dict[str, Any]:
    """What :func:`infomotion_book.live.data.write_live` left for a run; empty where it left nothing."""
    return results.values(EXPLORE, Path(FILE).stem)


def still(results: Results, class_name: str) -> str:
    """HTML of the graph of a class as a picture."""
    drawn, alt = graphs.draw(results.values(EXPLORE, "graphs")["classes"][class_name], STILL, class_name)
    return picture_html(drawn, alt=alt)


def write_module(static: Path) -> Path:
    """Path of the module, written with its style sheet for hosts other than the page."""
    static.mkdir(parents=True, exist_ok=True)
    file = static / MODULE
    file.write_text(module(), encoding="utf-8")
    (static / STYLE).write_text(style(), encoding="utf-8")
    return file


def _safe(text: str) -> str:
    """Text that is safe in a script element."""
    return text.replace("</", "<\\/")
