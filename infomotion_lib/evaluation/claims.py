"""The claims ledger: every number of the paper beside ours, with a rule that says when they agree.

Only a complete run of the ``paper`` profile, on EchoNet-Dynamic itself, may say ``reproduced`` or
``differs``. Every other run leaves every claim ``not run``: a phantom's number is no evidence about the
paper's.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infomotion_lib.data.sources import SOURCES, names_of
from infomotion_lib.errors import DataError
from infomotion_lib.files import TABLE2
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.paths import MANIFESTS, RunPaths
from infomotion_lib.provenance import read_run_card
from infomotion_lib.stage_table import RUN_CARD

PAPER_RESULTS = MANIFESTS / "paper_results.csv"
PAPER_COLUMNS = ("table", "row", "column", "value", "spread", "unit", "source")
LEDGER_COLUMNS = (
    *PAPER_COLUMNS,
    "graph",
    "graph_flag",
    "ours",
    "ours_sd",
    "n",
    "delta",
    "tolerance",
    "status",
)
PAPER_RUNS = 5
"""Runs per cell that the paper's spreads are taken to be over (its first author's earlier code)."""

LEAST_TOLERANCE = 2.0
"""Accuracy points: two runs of one recipe differ by this much for reasons nobody controls."""

TEST_VIDEOS = 1277
"""TEST videos of EchoNet-Dynamic; a run on fewer is no run of the paper."""

RULE = (
    "reproduced: |ours - paper| is at most twice the standard error of the difference, and at least"
    f" {LEAST_TOLERANCE:g} points are allowed (spreads over runs; the paper's taken over {PAPER_RUNS});"
    " quoted: a setting, or a number that the paper takes from another publication."
)

_SOURCES = {"Real": "real", "Synth": "synthetic"}
_METHODS = {"Random": "random", "Kmeans": "kmeans", "InfoDist": "infodist", "InfoMotion": "infomotion"}
_QUOTED_UNITS = ("FID", "FVD", "videos")


def paper_results(path: str | Path = PAPER_RESULTS) -> pd.DataFrame:
    """Every number of the paper's tables and abstract: ``table, row, column, value, spread, unit, source``.

    Raises
    ------
    DataError
        If the file is missing or lacks a column.
    """
    if not Path(path).is_file():
        raise DataError(f"The ledger of the paper's numbers is not there: {path}")
    table = pd.read_csv(path)
    missing = [name for name in PAPER_COLUMNS if name not in table]
    if missing:
        raise DataError(f"{path} has no column {', '.join(missing)}.")
    return table[list(PAPER_COLUMNS)]


def our_cell(row: str, column: str) -> tuple[str, str, int, str] | None:
    """Source, method, videos per class and metric of ours that a number of Table 1 or the abstract speaks of;
    None where there is none.

    >>> our_cell("Dist. Real / InfoMotion (soft)", "VPC=10")
    ('real', 'infomotion', 10, 'soft_accuracy')
    >>> our_cell("Whole Synth / hard", "All")
    ('synthetic', 'whole', 0, 'hard_accuracy')
    """
    group, _, name = row.partition(" / ")
    source = _SOURCES.get(group.split(" ")[-1])
    if source is None:
        return None
    if group.startswith("Whole"):
        return source, "whole", 0, f"{name}_accuracy"
    method = _METHODS.get(name.removesuffix(" (soft)"))
    if method is None or not column.startswith("VPC="):
        return None
    return (
        source,
        method,
        int(column.removeprefix("VPC=")),
        "soft_accuracy" if name.endswith("(soft)") else "hard_accuracy",
    )


def is_evidence(*, profile: str, real_data: str, synthetic_data: str, limit: int, test_videos: int) -> bool:
    """Whether a run is one of the paper's own experiment: its profile, its data sets, every video of them.

    A phantom that poses as either data set proves nothing. Without a synthetic pool the real half can still
    be answered.
    """
    used = names_of({"real_data": real_data, "synthetic_data": synthetic_data})
    papers = profile == "paper" and all(name in SOURCES and SOURCES[name].of_paper for name in used)
    return papers and limit == 0 and test_videos == TEST_VIDEOS


def compare(
    paper: pd.DataFrame,
    table1: pd.DataFrame | None,
    *,
    evidence: bool,
    graph: str = "",
    table2: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The ledger: the paper's numbers with ``graph, graph_flag, ours, ours_sd, n, delta, tolerance, status``.

    ``graph`` and ``graph_flag`` name the recipe behind ours and what was unhealthy about its graphs; the
    paper's recipe is not known.

    Parameters
    ----------
    paper : DataFrame
        From :func:`paper_results`.
    table1 : DataFrame or None
        Ours, from stage 04.
    evidence : bool
        Whether ours is a complete run of the paper's own experiment; where it is not, every status is ``not
        run``.
    graph : str
        Graph recipe of the rows that used one; by default the only one there is.
    table2 : DataFrame, optional
        Ours, from stage 06, for the paper's Latte row; its EchoSyn row repeats numbers of Table 1 and is
        answered by them.

    Raises
    ------
    DataError
        If the table has rows of several recipes and none is named.
    """
    rows: list[dict[str, Any]] = []
    recipe = graph or _only_recipe(table1) if table1 is not None else ""
    for claim in paper.to_dict("records"):
        ours = _ours(claim, table1, recipe, table2) if evidence and table1 is not None else None
        rows.append(
            {str(name): value for name, value in claim.items()} | _judged(claim, ours, evidence=evidence)
        )
    return pd.DataFrame(rows, columns=list(LEDGER_COLUMNS))


def _only_recipe(table1: pd.DataFrame) -> str:
    recipes = sorted({str(name) for name in table1["graph"].fillna("")} - {""})
    if len(recipes) > 1:
        raise DataError(
            f"Table 1 has rows of several graph recipes: {', '.join(recipes)}.",
            remedy="Name the one to hold against the paper.",
        )
    return recipes[0] if recipes else ""


def _ours(
    claim: Mapping[Hashable, Any], table1: pd.DataFrame, graph: str, table2: pd.DataFrame | None
) -> dict[str, Any] | None:
    row, column = str(claim["row"]), str(claim["column"])
    if not str(claim["unit"]).startswith("%"):
        return None
    drawn = {entry.paper_row: entry.name for entry in GENERATORS.values() if entry.paper_row}
    if row in drawn and row != "EchoSyn":
        method = "whole" if column == "All" else "infomotion"
        asked = {"generator": drawn[row], "method": method, "column": column, "metric": "hard_accuracy"}
        return _first(table2, asked) if table2 is not None else None
    if row == "EchoSyn":
        row = "Whole Synth / hard" if column == "All" else "Dist. Synth / InfoMotion"
    cell = our_cell(row, column)
    if cell is None:
        return None
    used = table1[table1["graph"].fillna("").isin(["", graph])]
    return _first(used, dict(zip(("source", "method", "vpc", "metric"), cell, strict=True)))


def _first(table: pd.DataFrame, asked: Mapping[str, object]) -> dict[str, Any] | None:
    rows = table[(table[list(asked)] == list(asked.values())).all(axis=1)]
    return None if rows.empty else {str(name): value for name, value in rows.iloc[0].items()}


def _judged(
    claim: Mapping[Hashable, Any], ours: Mapping[str, Any] | None, *, evidence: bool
) -> dict[str, Any]:
    empty: dict[str, Any] = {"graph": "", "graph_flag": ""} | dict.fromkeys(
        ("ours", "ours_sd", "n", "delta", "tolerance"), np.nan
    )
    if not evidence:
        return {**empty, "status": "not run"}
    if claim["unit"] in _QUOTED_UNITS:
        return {**empty, "status": "quoted"}
    if ours is None:
        return {**empty, "status": "not run"}
    mean, sd, n = float(ours["mean"]), float(ours["sd"]), int(ours["n"])
    used = {name: ours.get(name, "") for name in ("graph", "graph_flag")}
    value, spread = float(claim["value"]), float(claim["spread"])
    error = np.sqrt((0.0 if np.isnan(spread) else spread**2 / PAPER_RUNS) + sd**2 / n)
    tolerance, delta = max(LEAST_TOLERANCE, 2 * float(error)), mean - value
    status = "reproduced" if abs(delta) <= tolerance else "differs"
    return {
        **used,
        "ours": mean,
        "ours_sd": sd,
        "n": n,
        "delta": delta,
        "tolerance": tolerance,
        "status": status,
    }


def claims_ledger(paths: RunPaths, *, paper: pd.DataFrame | None = None) -> pd.DataFrame:
    """Ledger of a run's folder; ``not run`` throughout unless it is a finished, complete run of the ``paper``
    profile.

    What is complete says :func:`is_evidence`.
    """
    claims = paper_results() if paper is None else paper
    folder = paths.stage("evaluation")
    if paths.profile != "paper" or not (folder / RUN_CARD).is_file():
        return compare(claims, None, evidence=False)
    card = read_run_card(folder)
    used = card["parameters"]
    named = {name: used.get(name) for name in ("real_data", "synthetic_data", "limit")}
    complete = is_evidence(profile=paths.profile, test_videos=card["notes"].get("test_videos"), **named)
    ablation = paths.stage("ablation")
    answered = (ablation / RUN_CARD).is_file() and named.items() <= read_run_card(ablation)[
        "parameters"
    ].items()
    return compare(
        claims,
        _read(paths.table1),
        evidence=complete,
        table2=_read(ablation / TABLE2) if answered else None,
    )


def _read(file: Path) -> pd.DataFrame:
    return pd.read_csv(
        file,
        keep_default_na=False,
        na_values={name: [""] for name in ("mean", "sd", "ci_low", "ci_high", "paper")},
    )
