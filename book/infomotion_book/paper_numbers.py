"""What the paper's own Table 1 implies, worked out from its printed means and spreads: leads, doubling,
tolerance, room, constants.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.stats import norm, ttest_ind_from_stats

from infomotion_book.html import block, number, probability, table
from infomotion_book.schedule import trained_longer
from infomotion_book.table1 import best_constant, cell_row
from infomotion_lib.evaluation.claims import PAPER_RUNS, our_cell, paper_results
from infomotion_lib.evaluation.intervals import holm
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import METHOD_NAMES, SOURCE_NAMES

SIZES = (5, 10)
METHODS = ("random", "kmeans", "infodist", "infomotion")
SHARES = (55.0, 60.0, 65.0, 70.0)
"""Shares of normal hearts for which the paper's rows are compared with the answer "normal"."""

POWER = 0.8

Cell = tuple[str, str, int, str]
"""Source, method, videos a class (0: all), metric."""


def paper_cells() -> dict[Cell, tuple[float, float]]:
    """Mean and spread (NaN where none is printed) of every cell of the paper's Table 1."""
    ledger = paper_results()
    rows = ledger[ledger["table"] == "table1"].to_dict("records")
    found = ((our_cell(str(row["row"]), str(row["column"])), row) for row in rows)
    return {cell: (float(row["value"]), float(row["spread"])) for cell, row in found if cell is not None}


def sample_sd(spread: float) -> float:
    """Sample standard deviation from a printed spread, taken as numpy's population one over
    :data:`PAPER_RUNS` runs.
    """
    return spread * math.sqrt(PAPER_RUNS / (PAPER_RUNS - 1))


def standard_error(one: float, other: float) -> float:
    """Standard error of a difference of two cells' means, from their printed spreads."""
    return math.sqrt((sample_sd(one) ** 2 + sample_sd(other) ** 2) / PAPER_RUNS)


def runs_needed(difference: float, one: float, other: float) -> int:
    """Runs a cell with which a true difference of this size would be told from none four times in five
    (two-sided, 5 %).
    """
    reach = float(norm.ppf(0.975) + norm.ppf(POWER))
    return math.ceil(reach**2 * (sample_sd(one) ** 2 + sample_sd(other) ** 2) / difference**2)


@dataclass(frozen=True)
class Lead:
    """InfoMotion's lead over another selector in one cell of the paper's table, in points, and how sure it
    is.
    """

    source: str
    size: int
    method: str
    points: float
    error: float
    p: float
    p_holm: float
    runs: int


def paper_leads() -> list[Lead]:
    """Every lead, with its standard error, p-value (Welch) before and after Holm's correction, and the runs
    it would take.
    """
    cells = paper_cells()
    found, p_values = [], []
    for source, size in ((source, size) for source in ("real", "synthetic") for size in SIZES):
        mean, spread = cells[source, "infomotion", size, "hard_accuracy"]
        for method in METHODS[:-1]:
            other, other_spread = cells[source, method, size, "hard_accuracy"]
            test = ttest_ind_from_stats(
                mean,
                sample_sd(spread),
                PAPER_RUNS,
                other,
                sample_sd(other_spread),
                PAPER_RUNS,
                equal_var=False,
            )
            p_values.append(float(test.pvalue))
            found.append((source, size, method, mean - other, spread, other_spread))
    return [
        Lead(
            source,
            size,
            method,
            points,
            standard_error(one, other),
            p,
            fixed,
            runs_needed(points, one, other),
        )
        for (source, size, method, points, one, other), p, fixed in zip(
            found, p_values, holm(p_values), strict=True
        )
    ]


def leads() -> str:
    """MyST block: InfoMotion's lead over each other selector, with its error, p-value and the runs it would
    take.
    """
    found = paper_leads()
    rows = [
        [
            _where(lead.source, lead.size),
            METHOD_NAMES[lead.method],
            *(number(value) for value in (lead.points, lead.error, lead.points / lead.error)),
            *(probability(value) for value in (lead.p, lead.p_holm)),
            str(lead.runs),
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
    return block(
        table(
            head,
            rows,
            caption="The paper's Table 1: InfoMotion's lead beside its error",
            numeric_from=2,
            note=note,
        )
    )


def doubling() -> str:
    """MyST block: what twice the videos changed in each row of the paper's table."""
    cells = paper_cells()
    rows, falls = [], 0
    for source, method in ((source, method) for source in ("real", "synthetic") for method in METHODS):
        (few, few_spread), (many, many_spread) = (
            cells[source, method, size, "hard_accuracy"] for size in SIZES
        )
        change, error = many - few, standard_error(few_spread, many_spread)
        falls += change < 0
        texts = [
            f"{number(value)} ± {number(spread)}"
            for value, spread in ((few, few_spread), (many, many_spread))
        ]
        rows.append(
            [
                _keep(f"{SOURCE_NAMES[source]}, {METHOD_NAMES[method]}"),
                *texts,
                number(change),
                number(error),
                number(change / error),
            ]
        )
    head = ["Row", *(f"{size} a class" for size in SIZES), "Change", "Error", "Ratio"]
    falling = f"{falls} of {len(rows)} rows lose accuracy when the training set is doubled."
    note = f"Change and its standard error in points, and their ratio. {falling}"
    return block(
        table(head, rows, caption="The paper's Table 1: twice the videos", numeric_from=1, note=note)
    )


def softness(results: Results | None) -> str:
    """MyST block: what one point of tolerance adds to each row of the paper's table, and to rows of ours
    beside.
    """
    cells = paper_cells()
    rows = []
    for (source, method, size, metric), (hard, spread) in cells.items():
        soft = cells.get((source, method, size, "soft_accuracy"))
        if metric == "hard_accuracy" and soft is not None:
            spreads = f"{number(spread)} and {number(soft[1])}" if size else "–"
            rows.append(
                [
                    _keep(f"paper: {_name(source, method, size)}"),
                    number(hard),
                    number(soft[0] - hard),
                    spreads,
                ]
            )
    rows += list(_our_softness(results))
    head = ["Row", "Hard, %", "Soft adds", "Spreads"]
    return block(
        table(
            head,
            rows,
            caption="What the tolerance adds, points, and the spreads of hard and soft accuracy",
            numeric_from=1,
        )
    )


def _our_softness(results: Results | None) -> Iterable[list[str]]:
    constants = results.table("evaluation", "constants") if results else None
    if results is None or constants is None:
        return
    kind = "phantom" if results.is_phantom else results.profile
    source = "open" if results.real_data == "echodiffusion" else "real"
    whole = [
        cell_row(results, source=source, method="whole", vpc=0, metric=name)
        for name in ("hard_accuracy", "soft_accuracy")
    ]
    if whole[0] and whole[1]:
        hard, soft = float(whole[0]["mean"]), float(whole[1]["mean"])
        spreads = " and ".join(number(float(row["sd"])) for row in whole if row)
        yield [_keep(f"{kind}: {_name(source, 'whole', 0)}"), number(hard), number(soft - hard), spreads]
    for row in constants[constants["predictor"] == "best constant in hindsight"].to_dict("records"):
        hard, soft = float(row["hard_accuracy"]), float(row["soft_accuracy"])
        yield [_keep(f"{kind}: always EF {row['constant']:g}"), number(hard), number(soft - hard), "–"]


def room(results: Results | None) -> str:
    """MyST block: how far Random lies below the whole set, and how much of that way InfoMotion goes; the
    paper's and ours.
    """
    cells, names = paper_cells(), ("whole", "random", "infomotion")
    places = [(source, size) for source in ("real", "synthetic") for size in SIZES]
    kind = "phantom" if results is None or results.is_phantom else results.profile
    rows = []
    for source, size in places:
        values = [cells[source, name, 0 if name == "whole" else size, "hard_accuracy"][0] for name in names]
        rows.append(["paper", _where(source, size), *_way(values)])
    for source, size in places if results else ():
        assert results is not None
        found = [
            cell_row(results, source=source, method=name, vpc=0 if name == "whole" else size)
            for name in names
        ]
        values = [float(row["mean"]) for row in found if row]
        if len(values) == len(names):
            far, mine, share = _way(values)
            mine += in_brackets(row.get("graph_flag") for row in found if row)
            rows.append([kind, _where(source, size), far, mine, share])
    head = ["Whose", "Cell", "Whole set", "InfoMotion", "Share of the way, %"]
    longer = trained_longer(results.parameters) if results else ""
    ours = f"Rows of the {kind}: {longer[0].lower()}{longer[1:]}" if longer else ""
    note = (
        f"The paper does not say how much longer its whole sets were trained than its distilled ones. {ours}"
        f" {explained(str(rows))}"
    )
    caption = "Room for a selector: points of hard accuracy above Random"
    return block(table(head, rows, caption=caption, numeric_from=2, note=note.strip()))


def _way(values: Sequence[float]) -> tuple[str, str, str]:
    whole, random, mine = values
    share = 100 * (mine - random) / (whole - random) if whole > random else math.nan
    return number(whole - random), number(mine - random), number(share, 0)


def normal_share() -> str:
    """MyST block: how many of the paper's distilled cells would beat the answer "normal", by the share of
    normal hearts in TEST.
    """
    hard = {
        cell: value
        for cell, (value, _) in paper_cells().items()
        if cell[3] == "hard_accuracy" and cell[1] != "whole"
    }
    mine = max(value for cell, value in hard.items() if cell[1] == "infomotion")
    rows = [
        [
            number(share, 0),
            f"{sum(value > share for value in hard.values())} of {len(hard)}",
            number(mine - share),
        ]
        for share in SHARES
    ]
    counted = best_constant(Results("paper", FROZEN / "paper"))
    note = (
        f"Counted on EchoNet-Dynamic's TEST videos: the best constant scores {number(counted[1])} %."
        if counted
        else "The share in EchoNet-Dynamic's TEST split is to be counted from a licensed copy: pending."
    )
    head = ["Normal hearts, %", "Cells above “normal”", "InfoMotion's best cell minus it"]
    return block(
        table(
            head,
            rows,
            caption="The paper's distilled cells beside an answer that looks at no video",
            numeric_from=0,
            note=note,
        )
    )


def _where(source: str, size: int) -> str:
    return _keep(f"{SOURCE_NAMES[source]}, {size} a class")


def _keep(text: str) -> str:
    """The text on one line."""
    return f'<span class="im-keep">{text}</span>'


def _name(source: str, method: str, size: int) -> str:
    return f"{SOURCE_NAMES[source]}, {METHOD_NAMES[method]}" + (f", {size} a class" if size else "")
