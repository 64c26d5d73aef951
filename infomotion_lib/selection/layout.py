"""Where to draw the nodes of a graph: linked ones near each other, all others apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.errors import ParameterError
from infomotion_lib.selection.graph import Graph

MOST_NODES = 1500


def force_layout(graph: Graph, *, steps: int = 150, seed: int = 0) -> NDArray[np.float64]:
    """Positions (n, 2) within the unit square by Fruchterman and Reingold's forces; the same for the same
    graph and seed.

    Links pull with their weight relative to the graph's largest, every pair of nodes pushes. The partition
    plays no part, so communities that look apart are apart.

    Raises
    ------
    ParameterError
        If the graph has more than 1,500 nodes, which no picture could show.
    """
    count = graph.n_nodes
    if count > MOST_NODES:
        raise ParameterError(
            f"A graph of {count:,} nodes cannot be drawn legibly.",
            remedy=f"Draw at most {MOST_NODES:,} nodes.",
        )
    place = np.random.default_rng(seed).uniform(size=(count, 2))
    pull = np.zeros((count, count))
    if len(graph.links):
        strength = graph.weights / graph.weights.max()
        np.maximum.at(pull, (graph.links[:, 0], graph.links[:, 1]), strength)
        pull = np.maximum(pull, pull.T)
    ideal = 1 / np.sqrt(max(count, 1))
    for step in range(steps):
        gap = place[:, None] - place[None, :]
        distance = np.maximum(np.linalg.norm(gap, axis=2), 1e-4)
        force = ideal**2 / distance**2 - pull * distance / ideal
        move = (gap * force[..., None]).sum(axis=1) - 0.5 * (place - place.mean(axis=0))
        length = np.maximum(np.linalg.norm(move, axis=1, keepdims=True), 1e-9)
        place = place + move / length * np.minimum(length, 0.1 * (1 - step / steps))
    place = place - place.min(axis=0)
    widest = place.max() if count > 1 else 1.0
    return np.asarray(place / widest + (1 - place.max(axis=0) / widest) / 2)
