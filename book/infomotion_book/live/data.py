"""What Infomap needs in the page: distances within each EF class, EF, places, frozen picks and beats."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from infomotion_book.explore.graphs import candidates, places
from infomotion_book.explore.wall import drawn_videos, picks_of
from infomotion_book.live.sheets import FRAMES, beat_of, write_sheet
from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.provenance import write_json
from infomotion_lib.reporting.results import Results
from infomotion_lib.selection.modular import build_class_graphs
from infomotion_lib.selection.neighbours import nearest_neighbours

if TYPE_CHECKING:
    from infomotion_lib.selection.candidates import Candidates
    from infomotion_lib.selection.graph import Recipe

FILE, SHEETS = "live.json", "live"
"""Names of the data and of the folder with the hearts, among the files of the controls."""

SHOWN_METHODS = ("random", "kmeans", "infomotion")


def write_live(results: Results, folder: Path) -> list[Path]:
    """Paths of ``live.json`` in ``folder`` and of a sheet of hearts per class in ``live/``; none unless the
    run's videos are drawn hearts that are all still there.
    """
    videos, pool, picks = drawn_videos(results), candidates(results), picks_of(results)
    index = results.table("frame_index", "frame_index")
    if videos is None or pool is None or picks is None or index is None:
        return []
    if not all((videos / f"{name}.avi").is_file() for name in pool.file_names):
        return []
    recipe = recipe_of(results)
    content: dict[str, Any] = {"settings": settings_of(recipe), "frames": FRAMES, "classes": {}}
    beats = index[index["source"] == pool.source].set_index("file_name")
    sheets = []
    for name, group in class_data(pool, recipe).items():
        own = [beat_of(beats.loc[video]) for video in group["names"]]
        group["beat"] = [round(beat.milliseconds) for beat in own]
        group["picks"] = frozen_picks(picks, name, group["names"])
        content["classes"][name] = group
        sheet = folder / SHEETS / f"{name}.webp"
        write_sheet(
            [(videos / f"{video}.avi", beat) for video, beat in zip(group["names"], own, strict=True)], sheet
        )
        sheets.append(sheet)
    write_json(content, folder / FILE, compact=True)
    return [folder / FILE, *sheets]


def recipe_of(results: Results) -> Recipe:
    """The graph recipe that a run selected with."""
    from infomotion_lib.selection.graph import Recipe

    parameters = results.parameters
    return Recipe(
        str(parameters.get("selection_graph", "knn")),
        k=int(parameters.get("knn_k", 0)),
        scale=float(parameters.get("softmax_scale", 1.0)),
        trials=int(parameters.get("infomap_trials", 0)),
        markov_time=float(parameters.get("markov_time", 1.0)),
    )


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """The settings of a recipe that the page lets one change."""
    return {
        "recipe": recipe.name,
        "k": recipe.k,
        "scale": recipe.scale,
        "trials": recipe.trials,
        "markov_time": recipe.markov_time,
        "threshold": recipe.threshold,
        "seed": 0,
    }


def class_data(pool: Candidates, recipe: Recipe) -> dict[str, dict[str, Any]]:
    """By EF class: names, EF, places, distances, and the partition that Python finds by ``recipe``.

    ``distances`` and ``near`` are the numbers above the diagonal of a symmetric matrix, row by row, base64 of
    little-endian bytes: float64 for the complete graphs, and float32 as the neighbour search gives them.
    """
    vectors = pool.features["motion"]
    graphs = build_class_graphs(vectors, pool.classes, file_names=pool.file_names, recipe=recipe)
    found = {}
    for name in [name for name in CLASS_NAMES if name in graphs]:
        rows = np.flatnonzero(pool.classes == name)  # by file name, as the graph's nodes
        communities = graphs[name].communities
        found[name] = {
            "names": list(graphs[name].file_names),
            "ef": pool.ef[rows].round(4).tolist(),
            "places": places(vectors[rows]),
            "distances": encoded(pdist(vectors[rows].astype(np.float64)), "<f8"),
            "near": encoded(neighbour_distances(vectors[rows]), "<f4"),
            "module": communities.module.tolist(),
            "codelength": communities.codelength,
            "one_level": communities.one_level_codelength,
        }
    return found


def encoded(values: NDArray[np.floating], kind: str) -> str:
    """Base64 of the numbers as bytes of ``kind``."""
    return base64.b64encode(values.astype(kind).tobytes()).decode("ascii")


def neighbour_distances(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Distances as the neighbour search rounds them, above the diagonal, row by row."""
    count = len(vectors)
    full = np.zeros((count, count))
    if count > 1:
        near = nearest_neighbours(vectors, count - 1, search="exact")
        np.put_along_axis(full, near.index, near.distance, axis=1)
    return np.asarray(squareform(np.maximum(full, full.T), checks=False))


def frozen_picks(
    picks: pd.DataFrame, class_name: str, names: list[str]
) -> dict[str, dict[str, list[list[int]]]]:
    """Node numbers that a run picked: by method, by videos per class, one list per selection seed."""
    number = {name: node for node, name in enumerate(names)}
    found: dict[str, dict[str, list[list[int]]]] = {}
    own = picks[(picks["class_name"] == class_name) & picks["method"].isin(SHOWN_METHODS)]
    for (method, vpc, _), rows in own.groupby(["method", "vpc", "selection_seed"]):
        chosen = [number[name] for name in rows.sort_values("rank")["file_name"]]
        found.setdefault(str(method), {}).setdefault(str(vpc), []).append(chosen)
    return found
