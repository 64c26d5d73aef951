"""The claims ledger: every number of the paper beside ours, with a rule that says when they agree.

Only a complete run of the ``paper`` profile, on EchoNet-Dynamic itself, may say ``reproduced``, ``differs``
or ``undecided``. Every other run leaves every claim ``not run``: a phantom's number is no evidence about the
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

MARGIN = 3.0
"""Accuracy points within which two numbers count as the same; it does not grow with anybody's spread."""

LEVEL = 0.05

TEST_VIDEOS = 1277
"""TEST videos of EchoNet-Dynamic; a run on fewer is no run of the paper."""

RULE = (
    f"reproduced: ours is equivalent to the paper's number, within {MARGIN:g} points by two one-sided t-tests"
    f" at {100 * LEVEL:g} % (spreads over runs; the paper's taken over {PAPER_RUNS}; where it has none, ours"
    f" for one run); differs: the {100 - 100 * LEVEL:g} % interval of the difference leaves out 0; undecided:"
    " neither, the runs are too few or spread too far. Each graph recipe is judged on its own, since the"
    " paper's is not known. quoted: a setting, or a number that the paper takes from another publication."
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
    paper's recipe is not known, so a claim about a selector on a graph has a row per recipe. ``tolerance`` is
    the largest ``|delta|`` that would have counted as reproduced, 0 where none would.

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
        Graph recipe of the rows that used one; by default each there is.
    table2 : DataFrame, optional
        Ours, from stage 06, for the paper's Latte row; its EchoSyn row repeats numbers of Table 1 and is
        answered by them.
    """
    rows: list[dict[str, Any]] = []
    for claim in paper.to_dict("records"):
        answers: list[dict[str, Any] | None] = [None]
        if evidence and table1 is not None:
            answers = [*_ours(claim, table1, graph, table2)] or answers
        for ours in answers:
            judged = _judged(claim, ours, evidence=evidence)
            rows.append({str(name): value for name, value in claim.items()} | judged)
    return pd.DataFrame(rows, columns=list(LEDGER_COLUMNS))


def _ours(
    claim: Mapping[Hashable, Any], table1: pd.DataFrame, graph: str, table2: pd.DataFrame | None
) -> list[dict[str, Any]]:
    row, column = str(claim["row"]), str(claim["column"])
    if not str(claim["unit"]).startswith("%"):
        return []
    drawn = {entry.paper_row: entry.name for entry in GENERATORS.values() if entry.paper_row}
    if row in drawn and row != "EchoSyn":
        method = "whole" if column == "All" else "infomotion"
        asked = {"generator": drawn[row], "method": method, "column": column, "metric": "hard_accuracy"}
        return _rows(table2, asked)[:1] if table2 is not None else []
    if row == "EchoSyn":
        row = "Whole Synth / hard" if column == "All" else "Dist. Synth / InfoMotion"
    cell = our_cell(row, column)
    if cell is None:
        return []
    used = table1[table1["graph"].fillna("").isin(["", graph])] if graph else table1
    return _rows(used, dict(zip(("source", "method", "vpc", "metric"), cell, strict=True)))


def _rows(table: pd.DataFrame, asked: Mapping[str, object]) -> list[dict[str, Any]]:
    rows = table[(table[list(asked)] == list(asked.values())).all(axis=1)]
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def verdict(
    difference: float, *, paper_spread: float, sd: float, n: int, margin: float = MARGIN
) -> tuple[str, float]:
    """``reproduced``, ``differs`` or ``undecided``, and the largest difference that is reproduced.

    Parameters
    ----------
    difference : float
        Ours minus the paper's, accuracy points.
    paper_spread : float
        Of the paper's runs, taken to be :data:`PAPER_RUNS`; nan where it gives none: then ours is taken, for
        one run.
    sd, n : float, int
        Of our runs.
    """
    from scipy import stats

    known = not np.isnan(paper_spread)
    variances = [paper_spread**2 / PAPER_RUNS if known else sd**2, sd**2 / n]
    runs = [PAPER_RUNS if known else n, n]
    error = float(np.sqrt(sum(variances)))
    shares = [variance**2 / max(run - 1, 1) for variance, run in zip(variances, runs, strict=True)]
    free = error**4 / sum(shares) if error > 0 else 1.0  # Welch's
    allowed = max(0.0, margin - float(stats.t.ppf(1 - LEVEL, free)) * error)
    if abs(difference) < allowed:
        return "reproduced", allowed
    apart = abs(difference) > float(stats.t.ppf(1 - LEVEL / 2, free)) * error
    return ("differs" if apart else "undecided"), allowed


def constant_score(
    claims: pd.DataFrame | None = None, constant: float | None = None, *, sd: float = 0.0
) -> tuple[float, int, int]:
    """What answering one number in every cell reaches under the rule: the number, the cells that it
    "reproduces", and the cells there are.

    Parameters
    ----------
    claims : DataFrame, optional
        The paper's numbers.
    constant : float, optional
        The answer, percent; by default the one that reaches most, on a grid of half points.
    sd : float
        Spread that the answer pretends to have.
    """
    table = paper_results() if claims is None else claims
    cells = table[table["unit"].str.startswith("%")]

    def reached(answer: float) -> int:
        return sum(
            verdict(answer - value, paper_spread=spread, sd=sd, n=PAPER_RUNS)[0] == "reproduced"
            for value, spread in zip(cells["value"], cells["spread"], strict=True)
        )

    best = max(np.arange(0, 100.5, 0.5), key=reached) if constant is None else constant
    return float(best), reached(best), len(cells)


def rule_with_its_score() -> str:
    """The rule, and how far a constant answer gets under it."""
    best, reached, cells = constant_score()
    score = (
        f"A constant answer of {best:g} % in every cell would reproduce {reached} of {cells} under this rule."
    )
    return f"{RULE} {score}"


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
    delta = mean - value
    status, tolerance = verdict(delta, paper_spread=spread, sd=sd, n=n)
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
