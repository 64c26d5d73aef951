"""What the paper's Table 1 implies, from printed means and spreads: leads, tolerance, headroom, constants."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from infomotion_book.paper_values import (
    SHARES,
    SIZES,
    above_normal,
    doublings,
    headroom,
    paper_cells,
    paper_leads,
)
from infomotion_book.schedule import trained_longer
from infomotion_book.table1 import best_constant, cell_row
from infomotion_book.templates import parts
from infomotion_lib.evaluation.claims import PAPER_RUNS
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.flags import in_brackets
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.style import METHOD_NAMES, source_names

PAPER_DATA = "EchoNet-Dynamic"
"""What the paper's numbers were computed on."""


def fragments(results: Results | None) -> dict[str, str]:
    """MyST blocks by name: leads, doublings, tolerance, headroom, normal hearts; with those of a run."""
    return parts("paper_numbers.md.jinja", page_values(results))


def page_values(results: Results | None) -> dict[str, Any]:
    """All that the tables are written from."""
    leads, rows = paper_leads(), doublings()
    return {
        "pools": source_names(PAPER_DATA),
        "methods": METHOD_NAMES,
        "runs": PAPER_RUNS,
        "leads": leads,
        "below": sum(lead.p < 0.05 for lead in leads),
        "below_holm": sum(lead.p_holm < 0.05 for lead in leads),
        "sizes": SIZES,
        "doublings": rows,
        "falls": sum(row.change < 0 for row in rows),
        "gains": records(tolerance_gains(results)),
        "headrooms": records(headrooms(results)),
        "whose": _kind(results),
        "longer": trained_longer(results.parameters) if results else "",
        "shares": [(share, *above_normal(share)) for share in SHARES],
        "counted": best_constant(Results("paper", FROZEN / "paper")),
    }


def tolerance_gains(results: Results | None) -> pd.DataFrame:
    """What one point of tolerance adds to each row of the paper's table, and to rows of ours: ``whose``,
    ``row``, ``hard`` accuracy and what soft accuracy ``adds``, in percent; population spreads of both where
    there are several runs.
    """
    cells = paper_cells()
    rows = []
    for (source, method, size, metric), (hard, sd) in cells.items():
        soft, soft_sd = cells.get((source, method, size, "soft_accuracy"), (None, math.nan))
        if metric == "hard_accuracy" and soft is not None:
            spreads = (sd, soft_sd) if size else (math.nan, math.nan)
            rows.append(("paper", _name(source, method, size), hard, soft - hard, *spreads))
    constants = results.table("evaluation", "constants") if results else None
    if results is not None and constants is not None:
        source = results.first_source
        whole = [
            cell_row(results, source=source, method="whole", vpc=0, metric=name)
            for name in ("hard_accuracy", "soft_accuracy")
        ]
        if whole[0] and whole[1]:
            (hard, sd), (soft, soft_sd) = ((float(row["mean"]), float(row["sd"])) for row in whole if row)
            name = _name(source, "whole", data=results.kind)
            rows.append((_kind(results), name, hard, soft - hard, sd, soft_sd))
        for row in records(constants[constants["predictor"] == "best constant in hindsight"]):
            hard, soft = row["hard_accuracy"], row["soft_accuracy"]
            name = f"always EF {row['constant']:g}"
            rows.append((_kind(results), name, hard, soft - hard, math.nan, math.nan))
    return pd.DataFrame(rows, columns=["whose", "row", "hard", "adds", "hard_sd", "soft_sd"])


def headrooms(results: Results | None) -> pd.DataFrame:
    """The headroom from Random to the whole set, and how much of it InfoMotion gains, one row per cell of
    the paper's table, then of ours: ``whose``, ``source``, ``size``, ``headroom``, ``flags``.
    """
    cells, names = paper_cells(), ("whole", "random", "infomotion")
    places = [(source, size) for source in ("real", "synthetic") for size in SIZES]
    rows: list[tuple[object, ...]] = []
    for source, size in places:
        values = [cells[source, name, 0 if name == "whole" else size, "hard_accuracy"][0] for name in names]
        rows.append(("paper", source, size, headroom(*values), ""))
    for source, size in places if results else ():
        assert results is not None
        found = [
            cell_row(results, source=source, method=name, vpc=0 if name == "whole" else size)
            for name in names
        ]
        values = [float(row["mean"]) for row in found if row]
        if len(values) == len(names):
            flags = in_brackets(row.get("graph_flag") for row in found if row)
            rows.append((_kind(results), source, size, headroom(*values), flags))
    return pd.DataFrame(rows, columns=["whose", "source", "size", "headroom", "flags"])


def _kind(results: Results | None) -> str:
    return "phantom" if results is None or results.is_phantom else results.profile


def _name(source: str, method: str, size: int = 0, *, data: str = PAPER_DATA) -> str:
    return f"{source_names(data)[source]}, {METHOD_NAMES[method]}" + (f", {size} per class" if size else "")
