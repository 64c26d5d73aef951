"""Single results as dots, so that their spread is seen: the paper's Table 1, its leads, our study's pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from infomotion_book.evidence.study import LEVEL, Evidence
from infomotion_book.html import block
from infomotion_book.paper_values import METHODS, SHARES, SIZES, paper_cells, paper_leads
from infomotion_book.templates import filled
from infomotion_lib.evaluation.claims import PAPER_RUNS
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import METHOD_COLOURS, METHOD_NAMES

LEFT, WIDTH = 126, 430
"""Where the axis begins, and the whole width: units of the picture, as many pixels on a phone."""

ERRORS = 2
"""Standard errors that a bar reaches to each side."""


@dataclass(frozen=True)
class Axis:
    """A horizontal axis in percent: its ends, and where it is labelled."""

    low: float
    high: float
    ticks: tuple[int, ...]

    def place(self, value: float) -> float:
        """Where a value is, in units of the picture."""
        share = (value - self.low) / (self.high - self.low)
        return round(LEFT + share * (WIDTH - LEFT - 10), 1)


def paper_dots() -> pd.DataFrame:
    """Hard accuracies of the paper's Table 1, in the order of the picture: ``source``, ``vpc`` (0: the whole
    set), ``method``, ``mean``, ``spread`` (NaN where none is printed), percent.
    """
    cells = paper_cells()
    wanted = [
        (source, method, size)
        for source in ("real", "synthetic")
        for size, methods in ((0, ("whole",)), *((size, METHODS) for size in SIZES))
        for method in methods
    ]
    rows = [
        (source, size, method, *cells[source, method, size, "hard_accuracy"])
        for source, method, size in wanted
    ]
    return pd.DataFrame(rows, columns=["source", "vpc", "method", "mean", "spread"])


def pool_dots(study: Evidence, *, method: str = "infomotion", graph: str = "knn") -> pd.DataFrame:
    """Hard accuracy of Random and of one selector on motion vectors at the smaller budget: ``pool``,
    ``random`` (mean over its draws), ``other``, percent; sorted by ``random``.
    """
    runs = study.runs[study.runs["vpc"] == study.smallest]
    other = runs[
        (runs["method"] == method) & (runs["graph"] == graph) & (runs["feature"].isin(["motion", ""]))
    ]
    means = pd.DataFrame(
        {
            "random": runs[runs["method"] == "random"].groupby("pool")["hard_accuracy"].mean(),
            "other": other.groupby("pool")["hard_accuracy"].mean(),
        }
    ).dropna()
    return means.sort_values("random").reset_index()


def paper_picture() -> str:
    """MyST block: the paper's Table 1 as dots, over the band of the answer "always normal"."""
    return block(filled("paper_dots.svg.jinja", paper_values()))


def paper_values() -> dict[str, object]:
    """What that picture is drawn from: places and words."""
    axis, table = Axis(25, 90, (30, 40, 50, 60, 70, 80, 90)), paper_dots()
    groups = {}
    for (source, size), group in table.groupby(["source", "vpc"], sort=False):
        groups[_head(str(source), int(str(size)))] = [
            _dot(axis, row["method"], row["mean"], row["spread"]) for row in records(group)
        ]
    ends, selected = (min(SHARES), max(SHARES)), table.loc[table["vpc"] > 0, "mean"]
    counts = {"within": int((selected <= max(ends)).sum()), "selected": len(selected)}
    return _picture(axis, groups) | counts | {"shares": ends, "band": tuple(map(axis.place, ends))}


def _dot(axis: Axis, method: str, mean: float, reach: float) -> dict[str, Any]:
    """A result with its bar, where its reach is known."""
    known = reach == reach
    return {
        "name": METHOD_NAMES[method],
        "x": axis.place(mean),
        "low": axis.place(mean - reach) if known else None,
        "high": axis.place(mean + reach) if known else None,
        "colour": "currentColor" if method == "whole" else METHOD_COLOURS[method],
        "own": method == "infomotion",
    }


def _picture(axis: Axis, groups: dict[str, list[dict[str, Any]]]) -> dict[str, object]:
    """Groups of dots below one another, each under its head."""
    rows, y = [], 30
    for head, dots in groups.items():
        rows.append({"head": head, "y": y + 13})
        rows += [dot | {"y": y + 26 + 16 * place} for place, dot in enumerate(dots)]
        y += 26 + 16 * len(dots)
    ticks = [(axis.place(tick), tick) for tick in axis.ticks]
    return {"rows": rows, "height": y + 22, "width": WIDTH, "ticks": ticks}


def leads_picture() -> str:
    """MyST block: InfoMotion's leads in the paper's Table 1 with their errors."""
    return block(filled("leads_dots.svg.jinja", leads_values()))


def leads_values() -> dict[str, object]:
    """What that picture is drawn from: places and words."""
    found = paper_leads()
    ends = [lead.points + sign * ERRORS * lead.error for lead in found for sign in (-1, 1)]
    ticks = tuple(range(int(min(*ends, 0) // 5 * 5), int(max(ends) // 5 * 5) + 6, 5))
    axis = Axis(ticks[0], ticks[-1], ticks)
    groups: dict[str, list[dict[str, Any]]] = {}
    for lead in found:
        dot = _dot(axis, lead.method, lead.points, ERRORS * lead.error)
        groups.setdefault(_head(lead.source, lead.size), []).append(dot)
    return _picture(axis, groups) | {
        "zero": axis.place(0),
        "leads": len(found),
        "runs": PAPER_RUNS,
        "ahead": sum(lead.points > 0 for lead in found),
        "crossing": sum(abs(lead.points) <= ERRORS * lead.error for lead in found),
        "kept": sum(bool(lead.p_holm < LEVEL) for lead in found),
    }


def _head(source: str, size: int) -> str:
    data = "Real" if source == "real" else "Synthetic"
    return f"{data}, {f'{size} videos per class' if size else 'the whole set'}"


def pool_picture(study: Evidence | None) -> str:
    """MyST block: the pools of the study as pairs of dots; empty where it has not run."""
    return block(filled("pool_dots.svg.jinja", pool_values(pool_dots(study)))) if study else ""


def pool_values(table: pd.DataFrame) -> dict[str, object]:
    """What that picture is drawn from: places and words."""
    low, high = table[["random", "other"]].min().min(), table[["random", "other"]].max().max()
    ticks = tuple(range(int(low // 10 * 10), int(high // 10 * 10) + 11, 10))
    axis = Axis(ticks[0], ticks[-1], ticks)
    rows = [
        {
            "pool": int(row["pool"]) + 1,
            "y": 46 + 17 * place,
            "random": axis.place(row["random"]),
            "other": axis.place(row["other"]),
        }
        for place, row in enumerate(records(table))
    ]
    gain = table["other"] - table["random"]
    return {
        "rows": rows,
        "height": 46 + 17 * len(rows) + 24,
        "width": WIDTH,
        "ticks": [(axis.place(tick), tick) for tick in ticks],
        "colours": (METHOD_COLOURS["random"], METHOD_COLOURS["infomotion"]),
        "swing": float(table["random"].max() - table["random"].min()),
        "gain": float(gain.mean()),
        "better": int((gain > 0).sum()),
        "pools": len(table),
    }
