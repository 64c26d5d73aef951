"""Stage 03 as one function: frame index and features in, four tables out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.keys import CELL
from infomotion_lib.progress import track
from infomotion_lib.representations.registry import REPRESENTATIONS
from infomotion_lib.representations.vectors import Vectors
from infomotion_lib.selection.baselines import vectors_on
from infomotion_lib.selection.candidates import Candidates, find_candidates
from infomotion_lib.selection.graph import Recipe
from infomotion_lib.selection.health import partition_health
from infomotion_lib.selection.modular import ClassGraph, build_class_graphs
from infomotion_lib.selection.parameters import SelectionParameters
from infomotion_lib.selection.registry import SELECTORS
from infomotion_lib.selection.selectors import SHORTFALL_COLUMNS, TABLE_COLUMNS, select

_PARTITION = ("codelength", "one_level_codelength", "savings", "largest_share", "singletons")
"""Columns of the report that :class:`~infomotion_lib.selection.communities.Communities` has by that name."""

_GRAPH = ("source", "feature", "graph", "class_name")
REPORT_COLUMNS = (
    *(*_GRAPH, "nodes", "links", "communities", *_PARTITION),
    *("stability", "seed_stability", "null_communities", "null_savings", "flag"),
    "structure_p",
)
COMMUNITY_COLUMNS = (*_GRAPH, "file_name", "community", "flow", "centrality")
SELECTION_COLUMNS = (*CELL, "selection_seed", *TABLE_COLUMNS)

ClassGraphs = dict[tuple[str, str], dict[str, ClassGraph]]
"""Graphs by (feature, recipe) and class name."""


@dataclass(frozen=True)
class SelectionTables:
    """What stage 03 found, as tables.

    Attributes
    ----------
    graph_report : DataFrame
        One row per source, feature, recipe and class: size, codelengths, controls and flag of its graph.
    communities : DataFrame
        One row per video of each of those graphs: its community, flow and centrality.
    selections : DataFrame
        One row per pick: the contract of stage 04.
    shortfalls : DataFrame
        Where fewer videos or communities were found than wanted; ``method`` and ``graph`` are empty where a
        video lacks features.
    graphs : dict
        The graphs themselves, by source, then (feature, recipe), then class; for figures.
    """

    graph_report: pd.DataFrame
    communities: pd.DataFrame
    selections: pd.DataFrame
    shortfalls: pd.DataFrame
    graphs: dict[str, ClassGraphs]

    def files(self) -> dict[str, pd.DataFrame]:
        """The tables by the name of their file."""
        names = ("graph_report", "communities", "selections", "shortfalls")
        return {f"{name}.csv": getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return (
            f"SelectionTables({len(self.graph_report)} graphs, {len(self.selections)} picks,"
            f" {len(self.shortfalls)} shortfalls)"
        )


def recipe_from(parameters: SelectionParameters, name: str) -> Recipe:
    """Recipe ``name`` with the settings of a run."""
    threshold: float | Literal["median"] = (
        parameters.softmax_threshold if parameters.softmax_cut == "threshold" else "median"
    )
    return Recipe(
        name,
        k=parameters.knn_k,
        scale=parameters.softmax_scale,
        threshold=threshold,
        trials=parameters.infomap_trials,
        markov_time=parameters.markov_time,
        centrality=parameters.centrality,
    )


def run_selection(
    frame_index: pd.DataFrame, vectors: Mapping[str, Vectors], *, parameters: SelectionParameters
) -> SelectionTables:
    """All graphs and all selections of a run; candidates are the TRAIN videos of each source, the same for
    every method.

    Methods that draw at random give a new set for each selection seed; the others give one set, repeated
    under every seed so that each cell of Table 1 has as many runs.

    Parameters
    ----------
    frame_index : DataFrame
        Of stage 01.
    vectors : mapping of str to Vectors
        Of stage 02, by representation.
    parameters : SelectionParameters
        Of this run.

    Raises
    ------
    DataError
        If a source has no candidate, or a feature is not finite.
    ParameterError
        If a selector is on a representation whose vectors are not among these.
    """
    tables: dict[str, list[pd.DataFrame]] = {
        "graph_report": [],
        "communities": [],
        "selections": [],
        "shortfalls": [],
    }
    graphs: dict[str, ClassGraphs] = {}
    for source in frame_index["source"].unique():
        pool = find_candidates(frame_index, vectors, source=str(source), phases=needs_phases(vectors))
        features = _features(pool, parameters)
        graphs[pool.source] = _graphs(pool, features, parameters)
        for (feature, recipe), by_class in track(
            list(graphs[pool.source].items()), label=f"graph health, {source}", unit="graph set"
        ):
            where = {"source": pool.source, "feature": feature, "graph": recipe}
            report = _report(features[feature], pool.classes, recipe, by_class, parameters)
            tables["graph_report"].append(report.assign(**where))
            tables["communities"].append(_communities(by_class).assign(**where))
            judged = dict(zip(report["class_name"], report["structure_p"], strict=True))
            graphs[pool.source][feature, recipe] = {
                name: replace(built, structure_p=judged[name]) for name, built in by_class.items()
            }
        picks, short = _selections(pool, features, graphs[pool.source], parameters)
        tables["selections"] += [table.assign(source=pool.source) for table in picks]
        tables["shortfalls"] += [
            table.assign(source=pool.source) for table in [*short, _without_features(pool)] if len(table)
        ]
    return SelectionTables(
        _joined(tables["graph_report"], REPORT_COLUMNS),
        _joined(tables["communities"], COMMUNITY_COLUMNS),
        _joined(tables["selections"], SELECTION_COLUMNS),
        _joined(tables["shortfalls"], (*CELL, *SHORTFALL_COLUMNS)),
        graphs,
    )


def selecting_recipes(parameters: SelectionParameters) -> tuple[str, ...]:
    """Graph recipes that select, that of the run first."""
    return tuple(dict.fromkeys((parameters.selection_graph, *parameters.judged_graphs)))


def needs_phases(names: Iterable[str]) -> bool:
    """Whether some of these representations needs the ED and ES frames of a video."""
    return any(name not in REPRESENTATIONS or REPRESENTATIONS[name].needs == "phases" for name in names)


def _graphs(
    pool: Candidates, features: Mapping[str, NDArray[np.floating]], parameters: SelectionParameters
) -> ClassGraphs:
    """Graphs of every representation of the run, and of what else a selector of the run is on."""
    wanted = [name for name in parameters.representations if name in features]
    recipes = dict.fromkeys((*parameters.graphs, *selecting_recipes(parameters)))
    wanted += [chosen.feature for method in parameters.methods if (chosen := SELECTORS[method]).graph]
    built: ClassGraphs = {}
    for feature in dict.fromkeys(wanted):
        for recipe in recipes:
            built[feature, recipe] = build_class_graphs(
                features[feature],
                pool.classes,
                file_names=pool.file_names,
                recipe=replace(recipe_from(parameters, recipe), null_draws=0),  # the report holds them
            )
    return built


def _report(
    vectors: NDArray[np.floating],
    classes: NDArray[np.str_],
    recipe: str,
    by_class: dict[str, ClassGraph],
    parameters: SelectionParameters,
) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for name, built in by_class.items():
        health = partition_health(
            vectors[classes == name],
            recipe=recipe_from(parameters, recipe),
            resamples=parameters.health_resamples,
        )
        communities = built.communities
        counts = {
            "nodes": built.graph.n_nodes,
            "links": len(built.graph.links),
            "communities": communities.n_communities,
        }
        partition = {column: getattr(communities, column) for column in _PARTITION}
        flag = replace(built, structure_p=health.structure_p).flag
        rows.append({"class_name": name, **counts, **partition, **asdict(health), "flag": flag})
    return pd.DataFrame(rows)


def _communities(by_class: dict[str, ClassGraph]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "class_name": name,
                "file_name": list(built.file_names),
                "community": built.communities.module,
                "flow": built.communities.flow,
                "centrality": built.centrality,
            }
        )
        for name, built in by_class.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _features(pool: Candidates, parameters: SelectionParameters) -> dict[str, NDArray[np.floating]]:
    """Vectors of the candidates by representation, those joined for a selector of the run among them."""
    features = dict(pool.features)
    for method in parameters.methods:
        chosen = SELECTORS[method]
        if chosen.feature not in features:
            joined = vectors_on(pool.features, chosen.on)
            features |= {} if joined is None else {chosen.feature: joined}
    return features


def _selections(
    pool: Candidates,
    features: Mapping[str, NDArray[np.floating]],
    graphs: ClassGraphs,
    parameters: SelectionParameters,
) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
    picks: list[pd.DataFrame] = []
    short: list[pd.DataFrame] = []
    for method in parameters.methods:
        spec = SELECTORS[method]
        vectors = features[spec.feature] if spec.on else None
        recipes = selecting_recipes(parameters) if spec.graph else ("",)
        for recipe, vpc in ((recipe, vpc) for recipe in recipes for vpc in parameters.vpc):
            graph: Recipe | dict[str, ClassGraph] = recipe_from(
                parameters, recipe or parameters.selection_graph
            )
            if spec.graph and spec.screen is None:
                graph = graphs[spec.feature, recipe]
            where: dict[str, Any] = {"method": method, "graph": recipe, "vpc": vpc}
            for seed in range(parameters.n_runs):
                if seed == 0 or spec.draws:
                    chosen = select(
                        vectors,
                        pool.classes,
                        file_names=pool.file_names,
                        method=method,
                        vpc=vpc,
                        seed=seed,
                        graph=graph,
                        ef=pool.ef,
                    )
                picks.append(chosen.table.assign(**where, selection_seed=seed))
            short.append(chosen.shortfalls.assign(**where))
    return picks, short


def _without_features(pool: Candidates) -> pd.DataFrame:
    counts = {name: int((pool.classes == name).sum()) for name in pool.without_features}
    rows = [
        {
            "method": "",
            "graph": "",
            "vpc": 0,
            "class_name": name,
            "kind": "no_features",
            "wanted": counts[name] + lost,
        }
        | {"chosen": counts[name], "candidates": counts[name], "communities": pd.NA}
        for name, lost in pool.without_features.items()
    ]
    return pd.DataFrame(rows)


def _joined(parts: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(parts, ignore_index=True)[list(columns)]
