"""How the number of communities follows from settings that the paper leaves open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from infomotion_lib.progress import track
from infomotion_lib.selection.communities import FEW_TRIALS
from infomotion_lib.selection.graph import Recipe
from infomotion_lib.selection.modular import build_class_graphs

VALUES: Mapping[str, Sequence[float]] = {
    "k": (3, 4, 6, 8, 10, 15, 20),
    "scale": (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0),
    "markov_time": (0.5, 0.75, 1.0, 1.5, 2.0, 3.0),
}
"""Values of each setting: neighbours of the knn graph, factor on the distances of the softmax_inverse graph,
and Infomap's Markov time on the default knn graph. What is not swept keeps its default.
"""


def sweep_settings(
    features: NDArray[np.floating],
    classes: ArrayLike,
    *,
    file_names: Sequence[str] | NDArray[np.str_],
    values: Mapping[str, Sequence[float]] = VALUES,
    trials: int = 5,
    seed: int = 0,
    most_nodes: int = 2000,
) -> pd.DataFrame:
    """One row per setting, value and class: setting, value, class_name, nodes, communities, largest_share,
    savings, flag.

    Parameters
    ----------
    values : mapping of {"k", "scale", "markov_time"} to sequence of float
        What to try of each setting.
    trials : int
        Infomap's, of each graph; 0 for 10.
    most_nodes : int
        Larger classes are represented by a random sample of this many videos.
    """
    labels, names = np.asarray(classes).astype(str), np.asarray(file_names).astype(str)
    rng = np.random.default_rng(seed)
    shown = np.sort(
        np.concatenate(
            [rng.permutation(np.flatnonzero(labels == name))[:most_nodes] for name in np.unique(labels)]
        )
    )
    features, labels, names = features[shown], labels[shown], names[shown]
    default = Recipe(trials=trials or FEW_TRIALS, null_draws=0)
    make: dict[str, Callable[[float], Recipe]] = {
        "k": lambda k: replace(default, k=int(k)),
        "scale": lambda scale: replace(default, name="softmax_inverse", scale=scale),
        "markov_time": lambda time: replace(default, markov_time=time),
    }
    plan = [(setting, float(value)) for setting, tried in values.items() for value in tried]
    rows = []
    for setting, value in track(plan, label="sweep", unit="graph set"):
        graphs = build_class_graphs(
            features, labels, file_names=names, recipe=make[setting](value), seed=seed
        )
        for name, built in graphs.items():
            communities = built.communities
            rows.append(
                {
                    "setting": setting,
                    "value": value,
                    "class_name": name,
                    "nodes": built.graph.n_nodes,
                    "communities": communities.n_communities,
                    "largest_share": communities.largest_share,
                    "savings": communities.savings,
                    "flag": communities.flag,
                }
            )
    return pd.DataFrame(rows)
