"""The graph explorer: one EF class under one recipe, its communities in colour, the picked videos ringed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from infomotion_book.templates import filled, line
from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.widgets import image_choice

if TYPE_CHECKING:
    import ipywidgets

    from infomotion_lib.selection.candidates import Candidates
    from infomotion_lib.selection.modular import ClassGraph

WORDS = "controls.md.jinja"

SETTINGS = ("knn 4", "knn 6", "knn 10", "knn 20", "softmax_inverse", "literal")
"""Recipes to look at; the number after ``knn`` is its neighbours per node."""

SHOWN_LINKS = 220
"""Strongest links drawn; more would be a blot."""

PALETTE = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#6A4C93",
    "#8C6D31",
    "#17A398",
    "#B23A48",
    "#4E5D6C",
    "#A3B18A",
)


def layout(results: Results) -> dict[str, Any] | None:
    """Positions, communities, links and picks of each class under each of :data:`SETTINGS`; None without
    motion vectors.

    A video's place is its first two principal components within the class, the same under every recipe.
    """
    from infomotion_lib.selection.graph import Recipe
    from infomotion_lib.selection.modular import build_class_graphs

    pool = candidates(results)
    if pool is None:
        return None
    parameters = results.parameters
    budget = min(int(size) for size in parameters.get("vpc", [5]))
    found: dict[str, Any] = {"source": pool.source, "vpc": budget, "classes": {}}
    vectors, trials = pool.features["motion"], int(parameters.get("infomap_trials", 5))
    for setting in SETTINGS:
        name, _, k = setting.partition(" ")
        scale = float(parameters.get("softmax_scale", 1.0))
        recipe = Recipe(name, k=int(k or 0), scale=scale, trials=trials, null_draws=0)
        graphs = build_class_graphs(vectors, pool.classes, file_names=pool.file_names, recipe=recipe)
        for class_name, own in graphs.items():
            entry = found["classes"].setdefault(
                class_name, {"places": places(vectors[pool.classes == class_name]), "settings": {}}
            )
            entry["settings"][setting] = _graph(own, budget)
    return found


def candidates(results: Results) -> Candidates | None:
    """Videos that may be chosen in the first pool of a run, with motion vectors; None without vectors."""
    from infomotion_lib.representations.vectors import read_features
    from infomotion_lib.selection.candidates import find_candidates

    file = results.folder("ifa_training") / "motion_features.npz"
    index = results.table("frame_index", "frame_index")
    if not file.is_file() or index is None:
        return None
    source = "open" if (index["source"] == "open").any() else "real"
    return find_candidates(index, {"motion": read_features(file)}, source=source)


def _graph(own: ClassGraph, budget: int) -> dict[str, Any]:
    from infomotion_lib.selection.modular import pick_modular

    budget = min(budget, own.graph.n_nodes)
    return {
        "module": own.communities.module.tolist(),
        "links": strongest(own.graph.links, own.graph.weights),
        "all_links": len(own.graph.links),
        "picks": pick_modular(own.communities, own.centrality, budget=budget).index.tolist(),
        "flag": own.communities.flag,
    }


def control(content: dict[str, Any]) -> ipywidgets.Widget:
    """Buttons for the class and the recipe; under them the graph."""
    classes = [name for name in CLASS_NAMES if name in content["classes"]]

    def picture(class_index: int, setting_index: int) -> tuple[str, str]:
        return draw(content["classes"][classes[class_index]], SETTINGS[setting_index], classes[class_index])

    words = [setting.replace("knn ", "nearest ").replace("_", " ") for setting in SETTINGS]
    return image_choice({"EF class": classes, "graph": words}, picture, start={"graph": 1}, width="36rem")


def draw(entry: dict[str, Any], setting: str, class_name: str) -> tuple[str, str]:
    """SVG of one class under one of :data:`SETTINGS`, and its alt text."""
    width, height, edge = 480, 390, 26
    own = entry["settings"][setting]
    spots = [(edge + x * (width - 2 * edge), 70 + y * (height - 100 - edge)) for x, y in entry["places"]]
    count = len(set(own["module"]))
    name = f"{setting.replace('knn ', 'nearest-').replace('_', ' ')} graph"
    state = line(WORDS, "graph_state", {"flag": own["flag"]})
    title = f"{class_name}: {len(spots)} videos, {count} {'community' if count == 1 else 'communities'}"
    shown = {"width": width, "height": height, "spots": spots, "palette": PALETTE, "title": title}
    drawn = filled("graph.svg.jinja", own | shown | {"name": name, "state": state})
    return drawn.strip(), f"{name.capitalize()}. {title}, {state}."


def places(rows: np.ndarray) -> list[list[float]]:
    """Place of each row on a map, (n, 2) from 0 to 1: halfway between its first two principal components and
    their ranks, so that no crowd hides a dot.
    """
    centred = rows.astype(float) - rows.mean(axis=0)
    left, scale, _ = np.linalg.svd(centred, full_matrices=False)
    flat = np.zeros((len(rows), 2))
    flat[:, : min(2, len(scale))] = (left * scale)[:, :2]
    rank = flat.argsort(axis=0).argsort(axis=0) / max(len(rows) - 1, 1)
    spread = (flat - flat.min(axis=0)) / np.maximum(np.ptp(flat, axis=0), 1e-12)
    return (0.5 * (rank + spread)).round(3).tolist()


def strongest(links: np.ndarray, weights: np.ndarray) -> list[list[int]]:
    """The :data:`SHOWN_LINKS` links of largest weight, as pairs of nodes."""
    return links[np.argsort(-weights, kind="stable")[:SHOWN_LINKS]].tolist()
