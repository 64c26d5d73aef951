"""Table 2 in the paper's shape: one row per pool, ours and the paper's side by side; and what it says
in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from infomotion_lib.data.sources import NONE, SOURCES, Source
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.keys import CELL
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.shown_table import ShownTable
from infomotion_lib.reporting.style import METHOD_NAMES, data_name, videos_called
from infomotion_lib.reporting.tables import (
    ALL,
    CONSTANT_NAMES,
    QUOTED,
    QUOTED_TOO,
    accuracy_cell,
    constant_cell,
    method_label,
    runs_behind,
)

DISTANCES = {"FID": "fed_frame", "FVD": "fed_video"}
"""Columns of the paper, and what fills them while no Inception and no I3D are at hand."""

UNCUT = "before cutting (Table 1)"
"""How the rows of Table 1's synthetic pool end, which has full length and size."""

WHOLE_POOL = "Whole pool"
"""Name of the row of networks trained on all clips of a pool, which no selector chose."""

_ENCODERS = {"FID": "frames: our ResNet-18", "FVD": "clips: our regressor"}

DISTANCE_HEADS = {
    "fed_frame": "Fréchet distance, frames",
    "fed_video": "Fréchet distance, clips",
    "FID": "FID",
    "FVD": "FVD",
}
"""Name of each distance over its column."""

NO_BREAK = "\u2011"
"""A hyphen at which no line ends."""

SCORE_HEADS = {
    "hard_accuracy": "hard accuracy (%)",
    "soft_accuracy": "soft accuracy (%)",
    "balanced_accuracy": "balanced accuracy (%)",
    "mae": "MAE (points)",
}
"""Name of each score over its column, with its unit."""


def pool_names(*, real: str, synthetic: str, called: Mapping[str, str] | None = None) -> dict[str, str]:
    """Name of each pool for readers: what fills EchoSyn's column, and what the others were trained on.

    Parameters
    ----------
    real, synthetic : str
        Data sets of the run.
    called : mapping of str to str, optional
        What the authors of these data sets call them.

    >>> pool_names(real="echodiffusion", synthetic="none")["latte"]
    'Latte (ours, trained on the published clips)'
    """
    names = called or {}
    real_name = data_name(real, names.get(real, ""))
    learnt_from = SOURCES[real].learnt_from or real_name
    given = given_pool(real=real, synthetic=synthetic)
    own_name = names.get(real, "") if SOURCES[real].owned else ""
    pool = f"{videos_called(own_name) if own_name else 'reference clips'} (in EchoSyn's place)"
    if given:
        pool = (names.get(given.name, "") if given.owned else "") or given.pool_label or given.label
    return {
        name: pool if entry.given else f"{entry.label} (ours, trained on {learnt_from})"
        for name, entry in GENERATORS.items()
    }


def given_pool(*, real: str, synthetic: str) -> Source | None:
    """Data set in EchoSyn's place; None where reference clips stand there for want of a synthetic one."""
    if SOURCES[real].plays == "open":
        return SOURCES[real]
    return None if synthetic == NONE else SOURCES[synthetic]


def short_names(*, real: str, synthetic: str, called: Mapping[str, str] | None = None) -> dict[str, str]:
    """The same in a word or two, for figures."""
    given = given_pool(real=real, synthetic=synthetic)
    pool = "reference clips"
    if given:
        pool = ((called or {}).get(given.name, "") if given.owned else "") or given.pool_short or given.label
    return {name: pool if entry.given else entry.label for name, entry in GENERATORS.items()}


def is_real(*, real: str, synthetic: str) -> bool:
    """Whether the pool in EchoSyn's place is the real source itself, so that its distance to real clips says
    nothing of a generator.
    """
    return SOURCES[real].plays == "open" or synthetic == NONE


def mean_scores(runs: pd.DataFrame, *, names: Mapping[str, str]) -> ShownTable:
    """Mean scores of each cell over its runs: one row per source, selector and size.

    Parameters
    ----------
    runs : DataFrame
        ``runs.csv``; a column ``graph_flag`` marks rows whose graph was unhealthy.
    names : mapping
        Name of each source for readers.
    """
    by_cell = runs.groupby(CELL, sort=False)
    cells = by_cell[["n_train", *SCORE_HEADS]].mean().reset_index()
    flags = [rows.get("graph_flag", ()) for _, rows in by_cell]
    several = len(set(cells["graph"]) - {""}) > 1
    frame = pd.DataFrame(
        {
            "trained on": [names[source].replace("-", NO_BREAK) for source in cells["source"]],
            "selector": [
                method_label(method, graph if several else "", flag)
                for method, graph, flag in zip(cells["method"], cells["graph"], flags, strict=True)
            ],
            "videos per class": [str(size) if size else "all" for size in cells["vpc"]],
            "training videos": cells["n_train"].astype(int),
            **{head: cells[score] for score, head in SCORE_HEADS.items()},
        }
    )
    notes = tuple(filter(None, [explained(*map(in_brackets, flags))]))
    formats = dict.fromkeys(SCORE_HEADS.values(), "{:.1f}")
    return ShownTable(frame, "Mean scores over runs", notes, keys=2, formats=formats)


def table2(
    table: pd.DataFrame,
    *,
    data: str,
    names: Mapping[str, str],
    constants: pd.DataFrame | None = None,
    uncut: pd.DataFrame | None = None,
) -> ShownTable:
    """Table 2: distances to reference clips, then accuracy of networks trained on all of a pool and on 5 or
    10 videos per class.

    Parameters
    ----------
    table : DataFrame
        ``table2.csv``, see :func:`infomotion_lib.evaluation.pools.table2`.
    data : str
        What the videos are, such as ``"phantom"``: it stands over every number of ours.
    names : mapping
        From :func:`pool_names`.
    constants : DataFrame, optional
        Constant predictors, as rows.
    uncut : DataFrame, optional
        ``table1.csv``, whose synthetic rows show the same pool at full length and size.
    """
    columns = list(dict.fromkeys(table["column"]))
    columns = [c for c in ("FID", "FVD", ALL) if c in columns] + sorted(
        (c for c in columns if c.startswith("VPC=")), key=lambda c: int(c[4:])
    )
    heads = {column: _head(_standing_for(table, column)) for column in columns}
    scored = [column for column in columns if column not in DISTANCES]
    rows: list[dict[str, Any]] = []
    for pool in dict.fromkeys(table["generator"]):
        scores = table[table["generator"] == pool]
        chosen = [name for name in dict.fromkeys(scores["method"]) if name not in ("", "whole")] or [
            "infomotion"
        ]
        for method in ["whole", *chosen] if (scores["method"] == "whole").any() else chosen:
            row = {"pool": names[pool], "selector": WHOLE_POOL if method == "whole" else METHOD_NAMES[method]}
            for column in columns:
                part = scores[
                    (scores["column"] == column)
                    & scores["method"].isin([method] if method == "whole" else ["", method])
                ]
                row[heads[column]] = _cell(part) + in_brackets(part.get("graph_flag", ()))
                quoted = part["paper"].dropna()
                spoken_of = len(quoted) and method in ("whole", "infomotion")
                row[f"{column}: {QUOTED}"] = _quoted(column, quoted.iloc[0]) if spoken_of else "–"
            rows.append(row)
    longer = _uncut_rows(uncut, columns, heads) if uncut is not None else []
    rows += longer
    if constants is not None:
        rows += [
            {"pool": CONSTANT_NAMES.get(r["predictor"], r["predictor"]), "selector": "no training"}
            | {heads[column]: constant_cell(r) for column in scored}
            for r in constants.to_dict("records")
        ]
    order = [
        "pool",
        "selector",
        *(name for column in columns for name in (heads[column], f"{column}: {QUOTED}")),
    ]
    frame = pd.DataFrame(rows).reindex(columns=order).fillna("–")
    flags = explained(frame.to_string())
    notes = (*_notes(table, columns, names, uncut=bool(longer)), *([flags] if flags else []))
    videos = f"the {data}" if data.endswith("clips") else videos_called(data)
    return ShownTable(frame, f"Table 2 on {videos}{QUOTED_TOO} below", notes, keys=2)


def conditioning_in_words(row: Mapping[Any, Any], *, name: str) -> str:
    """One honest sentence on how well a pool did what it was asked, from a row of the conditioning table.

    >>> row = {"n": 10, "same_class_percent": 20.0, "spearman": 0.1, "ci_low": -0.4, "ci_high": 0.6}
    >>> conditioning_in_words(row, name="Latte")[-60:]
    '0.10 [-0.40, 0.60]: no sign that the clips follow the label.'
    """
    rho, low = float(row["spearman"]), float(row["ci_low"])
    if not low > 0:
        verdict = "no sign that the clips follow the label"
    else:
        how = "weakly " if rho < 0.5 else "" if rho < 0.8 else "clearly "
        verdict = f"the clips {how}follow the label"
    correlation = (
        f"{rho:.2f} [{low:.2f}, {row['ci_high']:.2f}]" if rho == rho else "undefined (one EF for all)"
    )
    return (
        f"{name}: {row['same_class_percent']:.0f} % of {row['n']} clips carry the class asked for (chance: 20"
        f" %); rank correlation of relabelled with requested EF {correlation}: {verdict}."
    )


def _standing_for(table: pd.DataFrame, column: str) -> str:
    metrics = set(table.loc[table["column"] == column, "metric"])
    return DISTANCES[column] if DISTANCES.get(column) in metrics and column.lower() not in metrics else column


def _cell(part: pd.DataFrame) -> str:
    by_metric = part.set_index("metric")
    for standard, ours in (("fid", "fed_frame"), ("fvd", "fed_video")):
        if standard in by_metric.index or ours in by_metric.index:
            row = by_metric.loc[standard if standard in by_metric.index else ours]
            digits = 1 if row["mean"] >= 10 else 2 if row["mean"] >= 1 else 3
            return f"{row['mean']:.{digits}f} [{row['ci_low']:.{digits}f}, {row['ci_high']:.{digits}f}]"
    return accuracy_cell(part)


def _quoted(column: str, value: float) -> str:
    return f"{value:.1f}" if column in DISTANCES else f"{value:.2f}"


def _head(name: str) -> str:
    return (
        "all clips"
        if name == ALL
        else f"{name[4:]} per class"
        if name.startswith("VPC=")
        else DISTANCE_HEADS[name]
    )


def _uncut_rows(table1: pd.DataFrame, columns: list[str], heads: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = table1[(table1["source"] == "synthetic") & table1["method"].isin(["whole", "infomotion"])]
    if rows.empty:
        return []
    sizes = {column: 0 if column == ALL else int(column[4:]) for column in columns if column not in DISTANCES}
    return [
        {
            "pool": f"the pool in EchoSyn's place {UNCUT}",
            "selector": WHOLE_POOL if method == "whole" else METHOD_NAMES[method],
        }
        | {
            heads[column]: _cell(part) + in_brackets(part.get("graph_flag", ()))
            for column, size in sizes.items()
            for part in [rows[(rows["vpc"] == size) & (rows["method"] == method)]]
        }
        for method in ("whole", "infomotion")
        if (rows["method"] == method).any()
    ]


def _notes(
    table: pd.DataFrame, columns: list[str], names: Mapping[str, str], *, uncut: bool
) -> tuple[str, ...]:
    notes = []
    far = set(table.loc[table["column"].isin(DISTANCES), "generator"])
    ours = [name for name in columns if _standing_for(table, name) != name]
    if ours:
        n = int(table.loc[table["column"] == ours[0], "n"].iloc[0])
        notes.append(
            f"Fréchet distances ({'; '.join(_ENCODERS[name] for name in ours)}) in the space of our own"
            f" encoders, with 95 % intervals, {n} clips per side. They are biased upwards at so few clips and"
            " compare with each other only, never with a FID or FVD."
        )
    for pool in dict.fromkeys(table.loc[~table["generator"].isin(far), "generator"]) if far else ():
        notes.append(
            f"{names[pool][0].upper()}{names[pool][1:]}: these are the reference clips themselves, so they"
            " have no distance."
        )
    runs = runs_behind(table)
    notes.append(
        f"Accuracies: hard ± population standard deviation over {runs} runs (soft), percent, on TEST videos."
    )
    if uncut:
        notes.append(
            f"Clips of both pools are cut to one length and rate; the rows “{UNCUT}” are those of the whole"
            " pool in Table 1."
        )
    notes.append(
        "Quoted numbers are the paper's, on EchoNet-Dynamic: other videos, networks and pool sizes. Compare"
        " within a column."
    )
    return tuple(notes)
