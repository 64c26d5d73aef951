"""What the study of selectors says, as values: each function answers one question of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from infomotion_book.evidence.study import LEVEL, MOTION, RIVALS, Evidence, Key, Row, key_of
from infomotion_lib.evaluation.dd_ranking import dd_ranking
from infomotion_lib.evaluation.intervals import bootstrap_interval, holm
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.tables import CONSTANT_NAMES
from infomotion_lib.studies.selectors import comparison
from infomotion_lib.studies.selectors.arms import EQUAL_STEPS, MAIN, RANDOM, WHOLE
from infomotion_lib.studies.selectors.rows import edition_of


@dataclass(frozen=True)
class Verdict:
    """Comparisons with Random: those ``above`` and ``below`` it after Holm's correction, the ``loose`` ones
    that are added if one finding in twenty may be false, how many further intervals exclude 0, and for how
    many comparisons the correction is.
    """

    above: list[Row]
    below: list[Row]
    loose: list[Row]
    unclaimed: int
    comparisons: int


def verdict(evidence: Evidence) -> Verdict:
    """Who is above and who below Random."""
    compared = evidence.compared
    strict, loose = compared["p_holm"] < LEVEL, compared["p_bh"] < LEVEL
    excludes, up = (compared["t_low"] > 0) | (compared["t_high"] < 0), compared["difference"] > 0
    return Verdict(
        above=records(compared[strict & up]),
        below=records(compared[strict & ~up]),
        loose=records(compared[loose & ~strict]),
        unclaimed=int((excludes & ~strict & ~loose).sum()),
        comparisons=int(compared["comparisons"].max()),
    )


def leads(runs: pd.DataFrame) -> list[Row]:
    """InfoMotion minus each rival in the same pools: a row per rival and budget, with the ``rival``'s key."""
    found: list[Row] = []
    for rival in RIVALS:
        own = comparison.pool_differences(runs, reference=rival)
        mine = own[(own[["method", "feature", "graph"]] == list(MOTION.key)).all(axis=1)]
        found += [row | {"rival": rival.key} for row in records(comparison.compare(mine))]
    return found


def paper_order(evidence: Evidence) -> list[Row]:
    """The leads that the paper's order asks for, ``p_holm`` corrected for all of them."""
    rows = leads(evidence.runs)
    corrected = holm([row["p"] for row in rows])
    return [row | {"p_holm": float(p)} for row, p in zip(rows, corrected, strict=True)]


def apart(rows: Sequence[Row], sign: int, *, by: str = "p_holm") -> list[Row]:
    """Rows whose difference is of this sign by more than chance, after correction."""
    return [row for row in rows if row[by] < LEVEL and sign * row["difference"] > 0]


def extent(evidence: Evidence) -> dict[str, Any]:
    """Pools of the main study that are ``complete`` and ``begun``, and how small a difference they can see:
    ``half_width``, the median half of the intervals of its comparisons, points.
    """
    finished = evidence.tables.finished
    main = finished.loc[finished["arm"] == MAIN, "complete"]
    width = evidence.compared["t_high"] - evidence.compared["t_low"]
    half = float((width / 2).median())
    return {"complete": int(main.sum()), "begun": int((~main).sum()), "half_width": half}


def confirmed(evidence: Evidence) -> list[Row]:
    """Configurations that differ from Random in the confirming pools alone, after correction."""
    return [row for row in records(evidence.confirmed) if row["p_holm"] < LEVEL]


def unhealthy_graphs(evidence: Evidence) -> pd.DataFrame:
    """Class graphs of the smaller budget, a row per recipe: ``collapsed``, ``shattered``, all ``graphs``."""
    shares = comparison.graph_health(evidence.runs[evidence.runs["vpc"] == evidence.smallest])
    flags = ["collapsed", "shattered"]
    counts = shares[flags].mul(shares["graphs"] / 100, axis=0).assign(graphs=shares["graphs"])
    return counts.groupby(shares["graph"], sort=False).sum().round().astype(int)


def few_communities(evidence: Evidence) -> dict[int, float]:
    """Percent of the kNN graphs with fewer communities than videos to choose, by budget."""
    shares = comparison.graph_health(evidence.runs).query("graph == 'knn'")
    return {
        int(str(vpc)): float(share) for vpc, share in shares.groupby("vpc")["few_communities"].mean().items()
    }


def room_by_budget(evidence: Evidence) -> list[Row]:
    """The whole set minus Random in the same pools, a row per budget; none where no pool has it."""
    gaps = comparison.headroom(evidence.runs).assign(method="whole", feature="", graph="")
    return records(comparison.compare(gaps)) if len(gaps) else []


def means(evidence: Evidence) -> list[dict[str, Row]]:
    """Means over all pools by metric, an entry per configuration and budget: smaller budgets first, then the
    more accurate; beside ``hard_accuracy`` DD-Ranking's ``ior`` and ``hlr``, NaN where it has none.
    """
    cells: dict[tuple[Key, int], dict[str, Row]] = {}
    for row in records(comparison.configuration_means(evidence.runs)):
        cells.setdefault((key_of(row), int(row["vpc"])), {})[str(row["metric"])] = row
    scores, missing = dd_scores(evidence), dict.fromkeys(("ior", "hlr"), np.nan)
    for key, cell in cells.items():
        cell["hard_accuracy"] |= scores.get(key, missing)
    order = sorted(cells, key=lambda key: (key[1] or 99, -cells[key]["hard_accuracy"]["mean"]))
    return [cells[key] for key in order]


def differences(evidence: Evidence) -> list[Row]:
    """Every comparison with Random; ``error`` is the same of the mean absolute error."""
    errors = comparison.compare(comparison.pool_differences(evidence.runs, metric="mae"), metric="mae")
    error = {(*key_of(row), row["vpc"]): row for row in records(errors)}
    return [row | {"error": error[*key_of(row), row["vpc"]]} for row in records(evidence.compared)]


def constants(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """Scores of the constant answers, a row per pool of the main study, by name."""
    table = evidence.tables.constants
    groups = table[table["arm"] == MAIN].groupby("predictor", sort=False)
    return {CONSTANT_NAMES.get(str(name), str(name)): own for name, own in groups}


def health(evidence: Evidence) -> list[Row]:
    """Percent of healthy, collapsed and shattered class graphs, by budget, recipe and vectors."""
    shares = comparison.graph_health(evidence.runs)
    return records(shares.sort_values(["vpc", "graph", "feature"], kind="stable"))


def by_style(evidence: Evidence) -> dict[Key, dict[str, Row]]:
    """Hard accuracy of the core configurations on each scanner style, smaller budget."""
    cells: dict[Key, dict[str, Row]] = {}
    for row in records(comparison.machine_accuracy(evidence.core_runs)):
        cells.setdefault(key_of(row), {})[str(row["machine"])] = row
    return cells


def dd_scores(evidence: Evidence) -> dict[tuple[Key, int], dict[str, float]]:
    """DD-Ranking's ``ior`` and ``hlr`` of each configuration and budget, means over pools."""
    columns = ["method", "feature", "graph"]
    names = evidence.runs[columns].agg("|".join, axis=1)
    plain = evidence.runs["method"].isin([RANDOM.method, WHOLE])
    runs = evidence.runs.assign(method=names.mask(plain, evidence.runs["method"]))
    if runs.empty:
        return {}
    ranked = dd_ranking(runs, by=["pool", "vpc"])
    scores: dict[tuple[Key, int], dict[str, float]] = {}
    for row in records(ranked.groupby(["method", "vpc"])[["ior", "hlr"]].mean().reset_index()):
        method, feature, graph = str(row["method"]).split("|")
        scores[(method, feature, graph), int(row["vpc"])] = {"ior": row["ior"], "hlr": row["hlr"]}
    return scores


def equal_steps(evidence: Evidence) -> dict[str, float] | None:
    """How far the whole set leads where it is trained for as many steps as the selected sets: ``gap``, its t
    interval ``low`` to ``high``, ``pools``, and the ``edition`` of the phantom; None with fewer than two
    pools.
    """
    for tables in (evidence.later, evidence.tables):
        runs = pd.DataFrame() if tables is None else comparison.scored_sets(tables, arm=EQUAL_STEPS)
        gaps = comparison.headroom(runs)["difference"].to_numpy(float) if len(runs) else np.empty(0)
        if tables is not None and len(gaps) > 1:
            low, high = comparison.t_interval(gaps)
            spread = {"gap": float(gaps.mean()), "low": low, "high": high}
            return spread | {"pools": len(gaps), "edition": edition_of(tables.settings)}
    return None


def headroom(evidence: Evidence) -> dict[str, Any] | None:
    """How much better the whole set is than a few random videos, at the smaller budget; None where no pool
    has trained on its whole set.

    ``pools`` that have both; ``gap``, the mean difference in points, with its bootstrap interval over pools
    (``low``, ``high``); ``by_machine``, by scanner style (first all), hard accuracy of the random videos and
    of the whole set.
    """
    runs = evidence.runs
    few = runs[(runs["method"] == RANDOM.method) & (runs["vpc"] == evidence.smallest)]
    whole = runs[runs["method"] == WHOLE]
    gaps = comparison.headroom(pd.concat([few, whole]))
    if gaps.empty:
        return None
    gap = gaps["difference"].to_numpy(float)
    low, high = bootstrap_interval(gap, samples=comparison.SAMPLES)
    columns = []
    for part in (few, whole):
        overall = records(comparison.configuration_means(part, metrics=("hard_accuracy",)))[0]
        columns.append([{"machine": "all styles", **overall}, *records(comparison.machine_accuracy(part))])
    by_machine = [(str(ours["machine"]), ours, rest) for ours, rest in zip(*columns, strict=True)]
    spread = {"gap": float(gap.mean()), "low": low, "high": high}
    return spread | {"pools": gaps["pool"].nunique(), "by_machine": by_machine}
