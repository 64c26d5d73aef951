"""Table 2 in the paper's shape: a row a pool, ours and the paper's side by side; and what it says in words."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from infomotion_lib.reporting.style import METHOD_NAMES
from infomotion_lib.reporting.tables import ALL, QUOTED, ShapedTable, flag_notes, flag_of

DISTANCES = {"FID": "fed_frame", "FVD": "fed_video"}
"""Columns of the paper, and what stands in them while no Inception and no I3D are at hand."""

POOL_NAMES = {
    "phantom-synthetic": "EF-conditioned phantoms (in EchoSyn's place)",
    "echodiffusion": "published clips (in EchoSyn's place)",
    "echonet-synthetic": "EchoSyn",
    "phantom": "Latte (ours, trained on phantoms)",
    "open": "Latte (ours, trained on the published clips)",
    "echonet-dynamic": "Latte (ours, trained on EchoNet-Dynamic)",
}


def pool_names(*, real: str, synthetic: str) -> dict[str, str]:
    """Name of each pool for readers: what stands in EchoSyn's column, and what the Latte was trained on.

    >>> pool_names(real="echodiffusion", synthetic="none")["latte"]
    'Latte (ours, trained on the published clips)'
    """
    if real == "echodiffusion":
        return {"echosyn": POOL_NAMES["echodiffusion"], "latte": POOL_NAMES["open"]}
    return {"echosyn": POOL_NAMES.get(synthetic, synthetic), "latte": POOL_NAMES[real]}


def short_names(*, real: str, synthetic: str) -> dict[str, str]:
    """The same in a word or two, for figures."""
    other = {"phantom-synthetic": "EF-conditioned", "echonet-synthetic": "EchoSyn"}.get(synthetic, "published clips")
    return {"echosyn": "published clips" if real == "echodiffusion" else other, "latte": "Latte"}


def table2(
    table: pd.DataFrame,
    *,
    data: str,
    names: Mapping[str, str],
    constants: pd.DataFrame | None = None,
    uncut: pd.DataFrame | None = None,
) -> ShapedTable:
    """Table 2: distances to real clips, then accuracy of networks trained on all of a pool and on 5 or 10 videos a class.

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
    heads = {column: f"{_standing_for(table, column)}: {data}" for column in columns}
    rows: list[dict[str, Any]] = []
    for pool in dict.fromkeys(table["generator"]):
        own = table[table["generator"] == pool]
        for method in [name for name in dict.fromkeys(own["method"]) if name not in ("", "whole")] or ["infomotion"]:
            row = {"pool": names[pool], "selector": METHOD_NAMES[method]}
            for column in columns:
                part = own[(own["column"] == column) & own["method"].isin(["", "whole", method])]
                row[heads[column]] = _cell(part) + flag_of(part)
                quoted = part["paper"].dropna()
                row[f"{column}: {QUOTED}"] = f"{quoted.iloc[0]:g}" if len(quoted) and method == "infomotion" else "–"
            rows.append(row)
    rows += _uncut_rows(uncut, columns, heads) if uncut is not None else []
    if constants is not None:
        rows += [{"pool": "no training", "selector": r["predictor"], heads[ALL]: _pair(r)} for r in constants.to_dict("records")]
    order = ["pool", "selector", *(name for column in columns for name in (heads[column], f"{column}: {QUOTED}"))]
    frame = pd.DataFrame(rows).reindex(columns=order).fillna("–")
    return ShapedTable(frame, f"Table 2 on {data} videos, the paper's own numbers quoted beside", _notes(table, columns))


def conditioning_in_words(row: Mapping[Any, Any], *, name: str) -> str:
    """One honest sentence on how well a pool did what it was asked, from a row of the conditioning table.

    >>> conditioning_in_words({"n": 10, "same_class_percent": 20.0, "spearman": 0.1, "ci_low": -0.4, "ci_high": 0.6}, name="Latte")[-53:]
    '0.10 [-0.40, 0.60]: no sign that the label was heard.'
    """
    rho, low = float(row["spearman"]), float(row["ci_low"])
    if not low > 0:
        verdict = "no sign that the label was heard"
    else:
        verdict = "the label is heard, weakly" if rho < 0.5 else "the label is heard" if rho < 0.8 else "the label is obeyed"
    correlation = f"{rho:.2f} [{low:.2f}, {row['ci_high']:.2f}]" if rho == rho else "undefined (one EF for all)"
    return (
        f"{name}: {row['same_class_percent']:.0f} % of {row['n']} clips carry the class asked for (chance: 20 %); "
        f"rank correlation of relabelled with requested EF {correlation}: {verdict}."
    )


def _standing_for(table: pd.DataFrame, column: str) -> str:
    found = set(table.loc[table["column"] == column, "metric"])
    return DISTANCES[column] if DISTANCES.get(column) in found and column.lower() not in found else column


def _cell(part: pd.DataFrame) -> str:
    by_metric = part.set_index("metric")
    for standard, ours in (("fid", "fed_frame"), ("fvd", "fed_video")):
        if standard in by_metric.index or ours in by_metric.index:
            row = by_metric.loc[standard if standard in by_metric.index else ours]
            return f"{row['mean']:.3g} [{row['ci_low']:.3g}, {row['ci_high']:.3g}]"
    if "hard_accuracy" not in by_metric.index:
        return "–"
    hard, soft = by_metric.loc["hard_accuracy"], by_metric.loc["soft_accuracy"]
    spread = f" ± {hard['sd']:.1f}" if hard["n"] > 1 else ""
    return f"{hard['mean']:.1f}{spread} ({soft['mean']:.1f})"


def _pair(row: Mapping[Hashable, Any]) -> str:
    return f"{row['hard_accuracy']:.1f} ({row['soft_accuracy']:.1f})"


def _uncut_rows(table1: pd.DataFrame, columns: list[str], heads: Mapping[str, str]) -> list[dict[str, Any]]:
    own = table1[(table1["source"] == "synthetic") & table1["method"].isin(["whole", "infomotion"])]
    if own.empty:
        return []
    row: dict[str, Any] = {"pool": "EchoSyn's place, clips uncut, whole pool (Table 1)", "selector": METHOD_NAMES["infomotion"]}
    for column in columns:
        size = 0 if column == ALL else int(column[4:]) if column.startswith("VPC=") else -1
        row[heads[column]] = _cell(own[(own["vpc"] == size) & (own["method"] == ("infomotion" if size else "whole"))])
    return [row]


def _notes(table: pd.DataFrame, columns: list[str]) -> tuple[str, ...]:
    notes = []
    ours = [name for name in columns if _standing_for(table, name) != name]
    if ours:
        n = int(table.loc[table["column"] == ours[0], "n"].iloc[0])
        notes.append(
            f"{' and '.join(DISTANCES[name] for name in ours)}: Fréchet distances in the space of our own encoders, with 95 % intervals, "
            f"{n} clips a side. They are biased upwards at so few clips and compare with each other only, never with a FID or FVD."
        )
    runs = "/".join(str(int(n)) for n in sorted(set(table.loc[table["metric"] == "hard_accuracy", "n"])))
    notes.append(f"Accuracies: hard ± population standard deviation over {runs} runs (soft), percent, on real TEST videos.")
    notes.append("Quoted numbers are the paper's, on EchoNet-Dynamic: other videos, networks and pool sizes. Compare within a column.")
    return (*notes, *flag_notes(table))
