"""All selectors behind one function: the same candidates, budget and labels for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.selection.graph import Recipe
from infomotion_lib.selection.modular import (
    ClassGraph,
    build_class_graphs,
    matching_graph,
    rows_by_class,
)
from infomotion_lib.selection.neighbours import finite_rows
from infomotion_lib.selection.registry import SELECTORS, AllClasses, ClassPool, Picks, Selector

TABLE_COLUMNS = ("class_name", "community", "rank", "file_name", "score", "graph_flag")
SHORTFALL_COLUMNS = ("class_name", "kind", "wanted", "chosen", "candidates", "communities")


@dataclass(frozen=True)
class Selection:
    """Chosen videos, and how they came to be chosen.

    Attributes
    ----------
    table : DataFrame
        One row per pick: class_name, community (missing where the method has none), rank (1 first, within the
        class), file_name, score, graph_flag.
    flags : dict of str to str
        Health of each class's graph; empty where the method has none.
    shortfalls : DataFrame
        Classes that gave fewer videos than wanted, or whose graph has fewer communities than videos wanted.
    parameters : dict
        Method, budget, seed and graph settings.
    """

    table: pd.DataFrame
    flags: dict[str, str]
    shortfalls: pd.DataFrame
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def file_names(self) -> list[str]:
        """Names of the chosen videos, by class and then by rank."""
        return [str(name) for name in self.table["file_name"]]

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return (
            f"Selection({len(self.table)} videos of {self.table['class_name'].nunique()} classes; {settings})"
        )


def select(
    features: NDArray[np.floating] | None,
    classes: ArrayLike,
    *,
    file_names: Sequence[str] | NDArray[np.str_],
    method: str | Selector,
    vpc: int,
    seed: int = 0,
    graph: str | Recipe | Mapping[str, ClassGraph] = "knn",
    ef: ArrayLike | None = None,
) -> Selection:
    """``vpc`` videos of every EF class by one method; the same for the same candidates, in any order, and
    seed.

    Parameters
    ----------
    features : ndarray, shape (N, D)
        Vectors of the candidates; ``None`` for the methods that need none (random, ef_stratified).
    classes : array_like of str, shape (N,)
        EF class of each candidate, out of :data:`infomotion_lib.classes.CLASS_NAMES`.
    file_names : sequence of str, length N
        Their names, each once. The chosen names are the result.
    method : str or Selector
        A name in :data:`infomotion_lib.selection.registry.SELECTORS`, or one with a representation behind
        it, such as ``kmeans_motion``; or a selector with a judge, from
        :func:`infomotion_lib.selection.registry.judged`.
    vpc : int
        Videos per class.
    seed : int
        Of random draws, K-means and Infomap.
    graph : str, Recipe or mapping
        For selectors on a graph: the name of a recipe or a recipe with its settings, Infomap's among them; or
        graphs already built from the same candidates by :func:`build_class_graphs`.
    ef : array_like, shape (N,), optional
        EF of each candidate, points; needed by ef_stratified, herding_ef, filter_random and
        agree_infomotion.

    Raises
    ------
    ParameterError
        If the method, a class or the recipe is unknown, or ``vpc`` < 1.
    DataError
        If names stand twice, lengths differ, a feature or a needed EF is not finite, or a needed input is
        missing.
    """
    chooser = method if isinstance(method, Selector) else SELECTORS[method]
    if vpc < 1:
        raise ParameterError(f"vpc = {vpc}: at least one video per class is needed.")
    names = np.asarray(file_names).astype(str)
    rows_of = rows_by_class(classes, names)
    vectors = _vectors(features, names, chooser)
    labels = _labels(ef, names, chooser)
    if chooser.screen is not None:
        if chooser.graph and isinstance(graph, Mapping):
            raise ParameterError(
                f"Method {chooser.name} builds its graphs after it has left videos out.",
                remedy="Give it a recipe.",
            )
        kept = _screened(
            chooser, AllClasses(names, np.asarray(classes).astype(str), vectors, labels), vpc, seed
        )
        names, classes = names[kept], np.asarray(classes).astype(str)[kept]
        vectors, labels = vectors[kept], labels[kept]
        rows_of = rows_by_class(classes, names)
    graphs: Mapping[str, ClassGraph] = {}
    if isinstance(graph, Mapping):
        graphs = graph if chooser.graph else {}
    elif chooser.graph:
        graphs = build_class_graphs(vectors, classes, file_names=names, recipe=graph, seed=seed)
    tables: list[pd.DataFrame] = []
    shortfalls: list[dict[str, Any]] = []
    flags: dict[str, str] = {}
    for number, (name, rows) in enumerate(rows_of.items()):
        budget = min(vpc, len(rows))
        built = matching_graph(graphs, name, names[rows].tolist()) if chooser.graph and budget else None
        if budget:
            rng = np.random.default_rng([seed, number])
            pool = ClassPool(vectors[rows], labels[rows], seed, built)
            picks = chooser.choose(pool, budget=budget, rng=rng)
            flags |= {name: built.flag} if built else {}
            tables.append(_rows(name, names[rows], picks, built.flag if built else ""))
        shortfalls += _shortfalls(name, wanted=vpc, candidates=len(rows), built=built)
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(TABLE_COLUMNS))
    parameters: dict[str, Any] = {"method": chooser.name, "vpc": vpc, "seed": seed}
    for first in list(graphs.values())[:1]:  # one recipe made them all
        recipe = first.graph.parameters.get("recipe", "")
        parameters |= {"graph": recipe, "trials": first.communities.trials}
    return Selection(table, flags, pd.DataFrame(shortfalls, columns=list(SHORTFALL_COLUMNS)), parameters)


def _screened(chooser: Selector, pool: AllClasses, vpc: int, seed: int) -> NDArray[np.int64]:
    """Rows that stay, ascending; the screen sees the candidates by file name, whatever their order."""
    assert chooser.screen is not None
    order = np.argsort(pool.file_names, kind="stable")
    sorted_pool = AllClasses(
        pool.file_names[order], pool.classes[order], pool.vectors[order], pool.ef[order], chooser.judge
    )
    kept = chooser.screen(sorted_pool, budget=vpc, rng=np.random.default_rng([seed, 1 << 16]))
    return np.sort(order[kept])


def _rows(name: str, file_names: NDArray[np.str_], picks: Picks, flag: str) -> pd.DataFrame:
    community = pd.array(picks.community, dtype="Int64")
    community[picks.community < 0] = pd.NA
    return pd.DataFrame(
        {
            "class_name": name,
            "community": community,
            "rank": np.arange(1, len(picks.index) + 1),
            "file_name": file_names[picks.index],
            "score": picks.score,
            "graph_flag": flag,
        }
    )


def _shortfalls(name: str, *, wanted: int, candidates: int, built: ClassGraph | None) -> list[dict[str, Any]]:
    communities = built.communities.n_communities if built else pd.NA
    row = {
        "class_name": name,
        "wanted": wanted,
        "chosen": min(wanted, candidates),
        "candidates": candidates,
        "communities": communities,
    }
    kinds = []
    if candidates < wanted:
        kinds.append("few_candidates" if candidates else "empty_class")
    if built and built.communities.n_communities < wanted:
        kinds.append("few_communities")
    return [row | {"kind": kind} for kind in kinds]


def _vectors(
    features: NDArray[np.floating] | None, names: NDArray[np.str_], chooser: Selector
) -> NDArray[np.floating]:
    if features is None:
        if chooser.on:
            raise DataError(f"Method {chooser.name} needs features, and there are none.")
        return np.zeros((len(names), 0))
    vectors = np.asarray(features)
    if vectors.ndim != 2 or len(vectors) != len(names):
        raise DataError(
            f"Features of shape {vectors.shape} do not fit {len(names)} file names.",
            remedy="One row per video.",
        )
    bad = ~finite_rows(vectors)
    if bad.any() and chooser.on:
        raise DataError(
            f"The features of {int(bad.sum())} of {len(names)} videos are not finite, such as"
            f" {names[bad][0]}.",
            remedy="Extract the features again (stage 02), or leave these videos out.",
        )
    return vectors


def _labels(ef: ArrayLike | None, names: NDArray[np.str_], chooser: Selector) -> NDArray[np.float64]:
    if ef is None:
        if chooser.ef:
            raise DataError(f"Method {chooser.name} needs the EF of every candidate.", remedy="Pass ef=...")
        return np.zeros(len(names))
    labels = np.asarray(ef, dtype=np.float64)
    if labels.shape != names.shape:
        raise DataError(
            f"{len(names)} file names and EF of shape {labels.shape}: there must be as many of each."
        )
    bad = ~np.isfinite(labels)
    if bad.any() and chooser.ef:
        raise DataError(
            f"The EF of {int(bad.sum())} candidates is not finite, such as that of {names[bad][0]}."
        )
    return labels
