"""How the number of communities follows from settings that the paper leaves open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from infomotion_lib.progress import track
from infomotion_lib.selection.graph import Recipe
from infomotion_lib.selection.modular import build_class_graphs

KS = (3, 4, 6, 8, 10, 15, 20)
SCALES = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
MARKOV_TIMES = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


def sweep_settings(
    features: NDArray[np.floating],
    classes: ArrayLike,
    *,
    file_names: Sequence[str] | NDArray[np.str_],
    ks: Sequence[int] = KS,
    scales: Sequence[float] = SCALES,
    markov_times: Sequence[float] = MARKOV_TIMES,
    trials: int = 5,
    seed: int = 0,
    most_nodes: int = 2000,
) -> pd.DataFrame:
    """A row a setting and class: setting, value, class_name, nodes, communities, largest_share, savings,
    flag.

    Parameters
    ----------
    ks : sequence of int
        ``setting`` "k": neighbours of the knn graph, at Markov time 1.
    scales : sequence of float
        ``setting`` "scale": factor on the distances of the softmax_inverse graph, at Markov time 1.
    markov_times : sequence of float
        ``setting`` "markov_time": of Infomap on the default knn graph.
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
    plan = [("k", float(k), Recipe("knn", k=k), 1.0) for k in ks]
    plan += [("scale", scale, Recipe("softmax_inverse", scale=scale), 1.0) for scale in scales]
    plan += [("markov_time", time, Recipe("knn"), time) for time in markov_times]
    rows = []
    for setting, value, recipe, time in track(plan, label="sweep", unit="graph set"):
        graphs = build_class_graphs(
            features, labels, file_names=names, recipe=recipe, markov_time=time, trials=trials, seed=seed
        )
        for name, own in graphs.items():
            found = own.communities
            rows.append(
                {
                    "setting": setting,
                    "value": value,
                    "class_name": name,
                    "nodes": own.graph.n_nodes,
                    "communities": found.n_communities,
                    "largest_share": found.largest_share,
                    "savings": found.savings,
                    "flag": found.flag,
                }
            )
    return pd.DataFrame(rows)
