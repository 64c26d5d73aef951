"""What the paper's own Table 1 implies, worked out from its printed means and spreads: leads, doubling,
tolerance, headroom, constants.
"""

from __future__ import annotations

import math

import pandas as pd

from infomotion_book.html import keep, lowered, number, probability, spread
from infomotion_book.page_table import of_rows, page_table
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
from infomotion_lib.evaluation.claims import PAPER_RUNS
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.style import METHOD_NAMES, source_names

PAPER_DATA = "EchoNet-Dynamic"
"""What the paper's numbers were computed on."""


def leads() -> str:
    """MyST block: InfoMotion's lead over each other selector, with its error, p-value and the runs it would
    take.
    """
    found = paper_leads()
    rows = [
        [
            _where(lead.source, lead.size),
            METHOD_NAMES[lead.method],
            *map(number, (lead.points, lead.error, lead.points / lead.error)),
            *map(probability, (lead.p, lead.p_holm)),
            lead.runs,
        ]
        for lead in found
    ]
    head = ["Cell", "Against", "Lead", "Error", "Ratio", "p", "p, Holm", "Runs"]
    note = (
        f"Lead and its standard error in points, and their ratio. {PAPER_RUNS} runs per cell and population"
        " spreads assumed, as in the first author's earlier code; p by Welch's t-test. Holm: corrected for"
        f" {len(rows)} leads. Runs: how many each cell would need for a true difference of this size to be"
        f" found four times in five. p below 0.05 before correction: {sum(lead.p < 0.05 for lead in found)}"
        f" of {len(rows)}; after it: {sum(lead.p_holm < 0.05 for lead in found)}."
    )
    caption = "The paper's Table 1: InfoMotion's lead beside its error"
    return page_table(of_rows(head, rows, caption=caption, keys=2, notes=(note,)))


def doubling() -> str:
    """MyST block: what twice the videos changed in each row of the paper's table."""
    found = doublings()
    rows = [
        [
            keep(_name(row.source, row.method)),
            spread(*row.few),
            spread(*row.many),
            *map(number, (row.change, row.error, row.change / row.error)),
        ]
        for row in found
    ]
    falls = sum(row.change < 0 for row in found)
    head = ["Row", *(f"{size} a class" for size in SIZES), "Change", "Error", "Ratio"]
    note = (
        f"Change and its standard error in points, and their ratio. {falls} of {len(rows)} rows lose accuracy"
        " when the training set is doubled."
    )
    return page_table(of_rows(head, rows, caption="The paper's Table 1: twice the videos", notes=(note,)))


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


def softness(results: Results | None) -> str:
    """MyST block: what one point of tolerance adds to each row of the paper's table, and to rows of ours."""
    rows = [
        [
            keep(f"{row['whose']}: {row['row']}"),
            number(row["hard"]),
            number(row["adds"]),
            f"{number(row['hard_sd'])} and {number(row['soft_sd'])}"
            if row["hard_sd"] == row["hard_sd"]
            else "–",
        ]
        for row in records(tolerance_gains(results))
    ]
    caption = "What the tolerance adds, points, and the spreads of hard and soft accuracy"
    return page_table(of_rows(["Row", "Hard, %", "Soft adds", "Spreads"], rows, caption=caption))


def headrooms(results: Results | None) -> pd.DataFrame:
    """How far Random lies below the whole set, and how much of that way InfoMotion goes, a row per cell of
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


def headroom_table(results: Results | None) -> str:
    """MyST block of :func:`headrooms`."""
    rows = [
        [
            row["whose"],
            _where(row["source"], row["size"]),
            number(row["headroom"].whole),
            number(row["headroom"].mine) + row["flags"],
            number(row["headroom"].share, 0),
        ]
        for row in records(headrooms(results))
    ]
    head = ["Whose", "Cell", "Whole set", "InfoMotion", "Share of the way, %"]
    longer = trained_longer(results.parameters) if results else ""
    notes = (
        "The paper does not say how much longer its whole sets were trained than its distilled ones.",
        f"Rows of the {_kind(results)}: {lowered(longer)}" if longer else "",
        explained(str(rows)),
    )
    caption = "Room for a selector: points of hard accuracy above Random"
    return page_table(of_rows(head, rows, caption=caption, keys=2, notes=notes))


def normal_share() -> str:
    """MyST block: how many of the paper's distilled cells would beat the answer "normal", by the share of
    normal hearts in TEST.
    """
    rows = [
        [number(share, 0), f"{cells} of {of}", number(lead)]
        for share in SHARES
        for cells, of, lead in [above_normal(share)]
    ]
    counted = best_constant(Results("paper", FROZEN / "paper"))
    note = (
        f"Counted on EchoNet-Dynamic's TEST videos: the best constant scores {number(counted[1])} %."
        if counted
        else "The share in EchoNet-Dynamic's TEST split is to be counted from a licensed copy: pending."
    )
    head = ["Normal hearts, %", "Cells above “normal”", "InfoMotion's best cell minus it"]
    caption = "The paper's distilled cells beside an answer that looks at no video"
    return page_table(of_rows(head, rows, caption=caption, keys=0, notes=(note,)))


def _kind(results: Results | None) -> str:
    return "phantom" if results is None or results.is_phantom else results.profile


def _where(source: str, size: int) -> str:
    return keep(f"{source_names(PAPER_DATA)[source]}, {size} per class")


def _name(source: str, method: str, size: int = 0, *, data: str = PAPER_DATA) -> str:
    return f"{source_names(data)[source]}, {METHOD_NAMES[method]}" + (f", {size} per class" if size else "")
