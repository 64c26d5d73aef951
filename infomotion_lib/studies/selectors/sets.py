"""Which videos every configuration chooses from one pool, and which networks that makes necessary."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.selection.modular import ClassGraph, build_class_graphs
from infomotion_lib.selection.registry import SELECTORS
from infomotion_lib.selection.selectors import Selection, select
from infomotion_lib.selection.spread import coverage, diversity
from infomotion_lib.selection.stage import recipe_from
from infomotion_lib.studies.selectors.arms import CORE, WHOLE, Arm, Configuration
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import Pool, numbers_of

FLAGS = ("healthy", "collapsed", "shattered")


@dataclass(frozen=True)
class Task:
    """One network to train: its videos as rows of the pool, ascending, the name of that set, its steps and
    training seed.
    """

    set_name: str
    rows: tuple[int, ...]
    steps: int
    training_seed: int


def choose_sets(
    pool: Pool, vectors: Mapping[str, NDArray[np.floating]], *, arm: Arm, parameters: EvidenceParameters
) -> list[dict[str, Any]]:
    """A row per set: configuration, ``vpc``, ``draw``, name and videos of the set, and how healthy its graphs
    are.

    Equal sets of videos have equal names, whoever chose them. ``healthy``, ``collapsed`` and ``shattered``
    count classes by the flag of their graph, ``few_communities`` those with fewer communities than videos to
    choose; all are 0 for methods without a graph. ``coverage_motion`` and the like: how the set lies among
    the candidates (:mod:`infomotion_lib.selection.spread`); ``labels``: EF values looked at beyond the
    classes.
    """
    rows: list[dict[str, Any]] = []
    for configuration in arm.configurations:
        graphs = _graphs(configuration, pool, vectors, parameters)
        for vpc in (min(parameters.vpc),) if arm.small else parameters.vpc:
            for draw in range(_draws(configuration, parameters)):
                chosen = select(
                    vectors.get(configuration.feature),
                    pool.classes,
                    file_names=pool.file_names,
                    method=configuration.method,
                    vpc=vpc,
                    seed=draw,
                    graph=graphs,
                    ef=pool.ef,
                )
                picked = numbers_of(chosen.file_names, pool)
                rows.append(
                    _row(configuration, vpc, draw, picked, pool)
                    | _health(chosen)
                    | _spread(picked, pool, vectors)
                    | {"labels": len(pool.ef) if SELECTORS[configuration.method].ef else 0}
                )
    if arm.whole:
        all_rows = list(range(len(pool.file_names)))
        everything = _row(Configuration(WHOLE), 0, 0, all_rows, pool) | _spread(all_rows, pool, vectors)
        rows.append(everything | dict.fromkeys((*FLAGS, "few_communities", "labels"), 0))
    return rows


def plan_tasks(sets: list[dict[str, Any]], *, parameters: EvidenceParameters) -> list[Task]:
    """Networks of one pool, each once, in the order that keeps partial results balanced: the paper's methods
    first, the smaller budget first, the whole set after them, then the rest."""
    core = {configuration.key for configuration in CORE}

    def rank(row: dict[str, Any]) -> tuple[int, int]:
        group = (
            1 if row["method"] == WHOLE else 0 if (row["method"], row["feature"], row["graph"]) in core else 2
        )
        return group, int(row["vpc"])

    tasks: dict[tuple[str, int, int], Task] = {}
    for _, alike in groupby(sorted(sets, key=rank), rank):
        group = list(alike)
        whole = group[0]["method"] == WHOLE
        for seed in range(parameters.study_whole_seeds if whole else parameters.study_training_seeds):
            for row in group:
                steps = parameters.steps_whole if whole else parameters.steps_selected
                task = Task(row["set"], tuple(int(number) for number in row["videos"].split()), steps, seed)
                tasks.setdefault((task.set_name, steps, seed), task)
    return list(tasks.values())


def set_name(rows: list[int]) -> str:
    """Name of a set of TRAIN videos of one pool, given as ascending rows."""
    return hashlib.sha256(" ".join(map(str, rows)).encode()).hexdigest()[:12]


def _graphs(
    configuration: Configuration,
    pool: Pool,
    vectors: Mapping[str, NDArray[np.floating]],
    parameters: EvidenceParameters,
) -> dict[str, ClassGraph]:
    if not configuration.graph:
        return {}
    return build_class_graphs(
        vectors[configuration.feature],
        pool.classes,
        file_names=pool.file_names,
        recipe=replace(recipe_from(parameters, configuration.graph), null_draws=0),
    )


def _draws(configuration: Configuration, parameters: EvidenceParameters) -> int:
    if not SELECTORS[configuration.method].draws:
        return 1
    return (
        parameters.study_random_draws
        if configuration.method == "random"
        else parameters.study_stratified_draws
    )


def _row(configuration: Configuration, vpc: int, draw: int, rows: list[int], pool: Pool) -> dict[str, Any]:
    where = {
        "method": configuration.method,
        "feature": configuration.feature,
        "graph": configuration.graph,
        "vpc": vpc,
        "draw": draw,
    }
    picked = {"set": set_name(rows), "n_train": len(rows), "mislabelled": int(pool.mislabelled[rows].sum())}
    return where | picked | {"videos": " ".join(map(str, rows))}


def _spread(rows: list[int], pool: Pool, vectors: Mapping[str, NDArray[np.floating]]) -> dict[str, float]:
    """Coverage and diversity of a set, on the two kinds of vectors that the paper has; six decimals."""
    measured = {}
    for kind in ("motion", "appearance"):
        if kind in vectors:
            measured[f"coverage_{kind}"] = round(coverage(vectors[kind], pool.classes, rows), 6)
            measured[f"diversity_{kind}"] = round(diversity(vectors[kind], pool.classes, rows), 6)
    return measured


def _health(chosen: Selection) -> dict[str, int]:
    flags = list(chosen.flags.values())
    few = int((chosen.shortfalls["kind"] == "few_communities").sum())
    return {flag: flags.count(flag) for flag in FLAGS} | {"few_communities": few}
