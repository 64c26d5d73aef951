"""One heart's walk through the method, prepared from a finished run: its clip, its five frames, the flow on a
frame, its motion vector, its place in the graph of its class.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from infomotion_book.explore.graphs import PALETTE, candidates, places, strongest
from infomotion_book.explore.wall import STEP, drawn_videos, first_picks, write_loop, write_still
from infomotion_lib.data.video import read_clip, read_frames, resize_clip
from infomotion_lib.reporting.results import Results

if TYPE_CHECKING:
    from infomotion_lib.selection.candidates import Candidates

CLASS = "moderate"
"""The class whose picks are followed: neither end of the scale."""

SIDE = 224
"""Side of the pictures, pixels: the phantom's 112, twice."""

GRID = 8
"""Pixels of the frame between two arrows."""


@dataclass(frozen=True)
class Followed:
    """The heart that the walk follows: its name, its row of the frame index, and InfoMotion's picks of its
    class, in order of their rank.
    """

    name: str
    row: pd.Series
    picks: list[str]


def followed(results: Results) -> Followed | None:
    """The first of InfoMotion's picks from :data:`CLASS` that shows a whole beat, ES to next ES; None
    without.
    """
    picks, index = first_picks(results), results.table("frame_index", "frame_index")
    if picks is None or index is None:
        return None
    own = picks[picks["class_name"] == CLASS]
    if own.empty:
        return None
    names = own["file_name"].tolist()
    rows = index[index["source"] == "real"].set_index("file_name").reindex(names)
    whole = rows[
        (rows["diastole_start"] < rows["diastole_end"]) & (rows["diastole_end"] < rows["systole_end"])
    ]
    return Followed(str(whole.index[0]), whole.iloc[0], names) if len(whole) else None


def write_walk(results: Results, folder: Path) -> dict[str, Any] | None:
    """What the scenes show, as one mapping; the clip and the frames are written into ``folder``. None unless
    the run has drawn hearts, vectors, weights and picks.

    ``frames`` has ``label`` and ``number`` of the five, in order of time; ``arrows`` are x, y, dx, dy in
    pixels of the frame, whose edge is ``side``, from the first to the last frame of the emptying; ``vector``
    is scaled to its largest entry; ``graph`` has places, communities, links, picks and this heart's node.
    """
    videos, heart = drawn_videos(results), followed(results)
    weights = results.folder("ifa_training") / "ifa.safetensors"
    if videos is None or heart is None or not weights.is_file():
        return None
    pool, table = candidates(results), results.table("graph_selection", "communities")
    if pool is None or table is None:
        return None
    file = videos / f"{heart.name}.avi"
    clip = read_clip(file)
    write_loop(resize_clip(clip, SIDE)[::STEP], folder / "clip.webp")
    frames = _five(heart.row)
    for frame, picture in zip(frames, read_frames(file, [frame["number"] for frame in frames]), strict=True):
        write_still(resize_clip(picture[None], SIDE), folder / f"frame-{frame['number']}.webp")
    return {
        "name": heart.name,
        "ef": float(heart.row["ef"]),
        "class_name": CLASS,
        "frames": frames,
        "side": int(clip.shape[-1]),
        "arrows": _arrows(weights, file, heart.row),
        "vector": _vector(pool, heart.name),
        "graph": _graph(pool, heart, communities=table),
    }


def _five(row: pd.Series) -> list[dict[str, Any]]:
    """Label and number of the five frames, in order of time."""
    labels = {
        "diastole_start": "ES",
        "diastole_mid": "midway",
        "diastole_end": "ED",
        "systole_mid": "midway",
        "systole_end": "next ES",
    }
    return [{"number": int(row[place]), "label": label} for place, label in labels.items()]


def _arrows(weights: Path, file: Path, row: pd.Series) -> list[list[float]]:
    """Flow of the emptying on a grid: x, y, dx, dy in pixels of the frame; short arrows are left out."""
    from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi
    from infomotion_lib.representations.ifa.inspection import fill_in

    numbers = [int(row[f"systole_{end}"]) for end in ("start", "mid", "end")]
    flow = fill_in(load_ema_vfi(weights).eval(), read_frames(file, numbers)[None]).motion[0]
    length = np.linalg.norm(flow, axis=0)
    rows, columns = np.mgrid[GRID // 2 : flow.shape[1] : GRID, GRID // 2 : flow.shape[2] : GRID]
    long_enough = length[rows, columns] >= 0.15 * length.max()
    return [
        [int(x), int(y), round(float(flow[0, y, x]), 2), round(float(flow[1, y, x]), 2)]
        for x, y in zip(columns[long_enough], rows[long_enough], strict=True)
    ]


def _vector(pool: Candidates, name: str) -> list[float]:
    vector = pool.features["motion"][pool.file_names.tolist().index(name)]
    return [round(float(value), 3) for value in vector / np.abs(vector).max()]


def _graph(pool: Candidates, heart: Followed, *, communities: pd.DataFrame) -> dict[str, Any]:
    """Places, communities, strongest links and picks of the class, as the run selected; the heart's node."""
    from infomotion_lib.selection.graph import build_graph

    own = communities[
        (communities["source"] == "real")
        & (communities["feature"] == "motion")
        & (communities["class_name"] == CLASS)
        & (communities["graph"] == communities["graph"].iloc[0])
    ].set_index("file_name")
    member = pool.classes == CLASS
    names, vectors = pool.file_names[member].tolist(), pool.features["motion"][member]
    graph = build_graph(vectors, recipe=str(own["graph"].iloc[0]))
    return {
        "places": places(vectors),
        "community": own.loc[names, "community"].astype(int).tolist(),
        "links": strongest(graph.links, graph.weights),
        "picks": [names.index(name) for name in heart.picks],
        "node": names.index(heart.name),
        "colours": list(PALETTE),
    }
