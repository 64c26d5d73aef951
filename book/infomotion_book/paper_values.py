"""What the paper's own Table 1 says, as values: its cells, leads, doublings, and the room above Random."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

from scipy.stats import norm, ttest_ind_from_stats

from infomotion_lib.evaluation.claims import PAPER_RUNS, our_cell, paper_results
from infomotion_lib.evaluation.intervals import holm

SIZES = (5, 10)
METHODS = ("random", "kmeans", "infodist", "infomotion")
SHARES = (55.0, 60.0, 65.0, 70.0)
"""Shares of normal hearts for which the paper's rows are compared with the answer "normal"."""

POWER = 0.8

Cell = tuple[str, str, int, str]
"""Source, method, videos per class (0: all), metric."""


def paper_cells() -> dict[Cell, tuple[float, float]]:
    """Mean and spread (NaN where none is printed) of every cell of the paper's Table 1."""
    ledger = paper_results()
    rows = ledger[ledger["table"] == "table1"].to_dict("records")
    found = ((our_cell(str(row["row"]), str(row["column"])), row) for row in rows)
    return {cell: (float(row["value"]), float(row["spread"])) for cell, row in found if cell is not None}


def sample_sd(spread: float) -> float:
    """Sample standard deviation from a printed spread, taken as the population one of :data:`PAPER_RUNS`
    runs.
    """
    return spread * math.sqrt(PAPER_RUNS / (PAPER_RUNS - 1))


def standard_error(one: float, other: float) -> float:
    """Standard error of a difference of two cells' means, from their printed spreads."""
    return math.sqrt((sample_sd(one) ** 2 + sample_sd(other) ** 2) / PAPER_RUNS)


def runs_needed(difference: float, one: float, other: float) -> int:
    """Runs per cell that detect a true difference of this size four times in five (two-sided, 5 %)."""
    reach = float(norm.ppf(0.975) + norm.ppf(POWER))
    return math.ceil(reach**2 * (sample_sd(one) ** 2 + sample_sd(other) ** 2) / difference**2)


@dataclass(frozen=True)
class Lead:
    """InfoMotion's lead over a selector in one cell of the paper's table, in points, and how sure it is."""

    source: str
    size: int
    method: str
    points: float
    error: float
    p: float
    p_holm: float
    runs: int


def paper_leads() -> list[Lead]:
    """Every lead with its standard error, Welch's p before and after Holm's correction, and runs it would
    take.
    """
    cells = paper_cells()
    found, p_values = [], []
    for source, size in product(("real", "synthetic"), SIZES):
        for method in METHODS[:-1]:
            two = [cells[source, name, size, "hard_accuracy"] for name in ("infomotion", method)]
            mine, theirs = ((mean, sample_sd(spread), PAPER_RUNS) for mean, spread in two)
            p_values.append(float(ttest_ind_from_stats(*mine, *theirs, equal_var=False).pvalue))
            (mean, spread), (other, other_spread) = two
            found.append(((source, size, method), mean - other, (spread, other_spread)))
    return [
        Lead(*cell, points, standard_error(*spreads), p, fixed, runs_needed(points, *spreads))
        for (cell, points, spreads), p, fixed in zip(found, p_values, holm(p_values), strict=True)
    ]


@dataclass(frozen=True)
class Doubling:
    """What twice the videos changed in one row of the paper's table: mean and spread of each size, and the
    change with its standard error, in points.
    """

    source: str
    method: str
    few: tuple[float, float]
    many: tuple[float, float]

    @property
    def change(self) -> float:
        """Points gained by the larger set."""
        return self.many[0] - self.few[0]

    @property
    def error(self) -> float:
        """Standard error of the change."""
        return standard_error(self.few[1], self.many[1])


def doublings() -> list[Doubling]:
    """Every selector's row under each source of the paper's table."""
    cells = paper_cells()
    return [
        Doubling(source, method, *(cells[source, method, size, "hard_accuracy"] for size in SIZES))
        for source in ("real", "synthetic")
        for method in METHODS
    ]


@dataclass(frozen=True)
class Headroom:
    """Points of hard accuracy by which the whole set and InfoMotion exceed Random."""

    whole: float
    mine: float

    @property
    def share(self) -> float:
        """InfoMotion's share of the way from Random to the whole set, in percent; NaN where there is none."""
        return 100 * self.mine / self.whole if self.whole > 0 else math.nan


def headroom(whole: float, random: float, mine: float) -> Headroom:
    """Headroom above Random, from three accuracies."""
    return Headroom(whole - random, mine - random)


def above_normal(share: float) -> tuple[int, int, float]:
    """How many of the paper's distilled cells beat the answer "normal", of how many, and by how much
    InfoMotion's best does, if this share of TEST, in percent, is normal.
    """
    hard = {
        cell: value
        for cell, (value, _) in paper_cells().items()
        if cell[3] == "hard_accuracy" and cell[1] != "whole"
    }
    mine = max(value for cell, value in hard.items() if cell[1] == "infomotion")
    return sum(value > share for value in hard.values()), len(hard), mine - share
