"""Figures of the evidence study: every selector minus Random over pools, screening against confirmation, and
what an arm changes.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from infomotion_lib.reporting.figures.parts import INK, headline, zero_line
from infomotion_lib.reporting.flags import MEANINGS, MOST, SOME
from infomotion_lib.reporting.style import (
    METHOD_COLOURS,
    METHOD_MARKERS,
    METHOD_NAMES,
    MUTED,
    PHONE_WIDTH,
    graph_name,
)

_LEVEL = 0.05
_SHOWN = "infomotion"
_PAPER = ("kmeans", "infodist", "infomotion")
_COLUMNS = (-246, -146, -84)
"""Where selector, vectors and graph begin, points from the axis."""

FEATURE_NAMES = {"motion": "motion", "appearance": "appearance", "joint": "both"}
"""Vectors a selector is given, as tables and figures print them; ``both`` are motion and appearance side by
side.
"""


def configuration_name(method: str, feature: str, graph: str) -> str:
    """One configuration for readers.

    >>> configuration_name("infomotion", "joint", "softmax_inverse")
    'InfoMotion · both · softmax inverse'
    """
    parts = [METHOD_NAMES.get(method, method), FEATURE_NAMES.get(feature, feature), graph.replace("_", " ")]
    return " · ".join(part for part in parts if part)


Marks = Mapping[tuple[str, str, str], str]
"""What stands behind a configuration whose graphs were unhealthy, as in the tables; see
:func:`infomotion_lib.reporting.flags.mark_of`.
"""


def evidence_forest(comparisons: pd.DataFrame, *, marks: Marks) -> Figure:
    """Every configuration minus Random with its 95 % interval over pools, one panel per budget, in the order
    of the first; the paper's selectors have their colours, the others are grey.

    Parameters
    ----------
    comparisons : DataFrame
        From :func:`infomotion_lib.studies.selectors.comparison.compare`.
    marks : Marks
        By method, feature and graph.
    """
    budgets = sorted(int(vpc) for vpc in comparisons["vpc"].unique())
    order = [_key(row) for row in comparisons[comparisons["vpc"] == budgets[0]].to_dict("records")][::-1]
    fig = Figure(figsize=(PHONE_WIDTH, 0.25 * len(order) + 1.8))
    axes = fig.subplots(1, len(budgets), sharex=True, sharey=True, squeeze=False)[0]
    for axis, vpc in zip(axes, budgets, strict=True):
        part = comparisons[comparisons["vpc"] == vpc]
        for row in part.to_dict("records"):
            if _key(row) in order:
                _interval(axis, row, order.index(_key(row)), "difference", "t_low", "t_high")
        zero_line(axis, len(order))
        axis.set_title(f"{vpc} per class,\n{_span(part['pools'])}", fontsize=10, fontweight="normal")
    _configurations(axes[0], order, marks)
    note = _legend(marks.get(key, "") for key in order)
    fig.supxlabel(f"hard accuracy minus Random's (points)\n95 % interval over pools{note}", fontsize=10)
    kept = comparisons[comparisons["p_holm"] < _LEVEL]
    above, below = int((kept["difference"] > 0).sum()), int((kept["difference"] < 0).sum())
    headline(
        fig,
        f"Phantom pools: {above} of {len(comparisons)} comparisons are better than Random, {below} worse,"
        " after correction",
    )
    return fig


def confirmation_pairs(table: pd.DataFrame, *, marks: Marks) -> Figure:
    """Difference from Random in the screening pools (hollow) and in the confirming ones (full, with 95 %
    interval), one panel per budget.

    Parameters
    ----------
    table : DataFrame
        From :func:`infomotion_lib.studies.selectors.confirmation.screen_and_confirm`.
    marks : Marks
        By method, feature and graph.
    """
    budgets = sorted(int(vpc) for vpc in table["vpc"].unique())
    most = int(table["vpc"].value_counts().max())
    fig = Figure(figsize=(PHONE_WIDTH, 0.34 * most * len(budgets) + 0.55 * len(budgets) + 1.0))
    axes = fig.subplots(len(budgets), 1, sharex=True, squeeze=False)[:, 0]
    for axis, vpc in zip(axes, budgets, strict=True):
        part = table[table["vpc"] == vpc].iloc[::-1].reset_index(drop=True)
        for y, row in enumerate(part.to_dict("records")):
            colour = METHOD_COLOURS[row["method"]]
            axis.plot(
                [row["screening_difference"], row["confirmation_difference"]],
                [y, y],
                color=MUTED,
                lw=0.9,
                ls=":",
            )
            _interval(axis, row, y, "confirmation_difference", "confirmation_t_low", "confirmation_t_high")
            hollow: dict[str, Any] = {"mfc": "white", "mec": colour, "mew": 1.4, "zorder": 4}
            axis.plot(row["screening_difference"], y, marker=METHOD_MARKERS[row["method"]], ms=7, **hollow)
        rows = part.to_dict("records")
        names = [f"{_named(row, marks)}{' *' if row['chosen_by'] == 'screening' else ''}" for row in rows]
        axis.set_yticks(range(len(part)), names, fontsize=10)
        zero_line(axis, len(part))
        axis.set_title(f"{vpc} videos per class", fontsize=10)
    label = (
        "hard accuracy minus Random's (points)\nhollow: screening; full: confirmation, with 95 % interval\n"
    )
    label += "*: chosen by the screening; dotted: from the one to the other"
    label += _legend(_named(row, marks) for row in table.to_dict("records"))
    fig.supxlabel(label, fontsize=10)
    won = table[table["chosen_by"] == "screening"]
    title = (
        f"{int((table['p_holm'] < _LEVEL).sum())} of {len(table)} comparisons hold in fresh pools after"
        " correction"
    )
    if len(won):
        lost = won["screening_difference"].mean() - won["confirmation_difference"].mean()
        title += f"; winners lose {lost:.1f} points" if lost > 0 else "; winners keep their lead"
    headline(fig, title)
    return fig


def arm_differences(arms: Mapping[str, pd.DataFrame], *, marks: Marks) -> Figure:
    """Difference from Random in each arm: InfoMotion's with its 95 % interval over pools, the other core
    configurations as grey marks; a row per arm.

    Parameters
    ----------
    arms : mapping of str to DataFrame
        What an arm is, and its comparisons from
        :func:`infomotion_lib.studies.selectors.comparison.compare`, one budget.
    marks : Marks
        By method, feature and graph, of all arms together.
    """
    rows = [(number, row) for number, table in enumerate(arms.values()) for row in table.to_dict("records")]
    mine = list(dict.fromkeys(_key(row) for _, row in rows if row["method"] == _SHOWN))
    fig = Figure(figsize=(PHONE_WIDTH, 0.5 * len(arms) + 1.9))
    axis = fig.subplots()
    labelled: set[str] = set()
    for number, row in rows:
        shown = row["method"] == _SHOWN
        label = _named(row, marks) if shown else "other selectors"
        once = "" if label in labelled else label
        labelled.add(label)
        if shown:
            y = -number + 0.3 * (mine.index(_key(row)) - (len(mine) - 1) / 2)
            _interval(axis, row, y, "difference", "t_low", "t_high", label=once)
        else:
            look: dict[str, Any] = {
                "ls": "none",
                "marker": METHOD_MARKERS[row["method"]],
                "ms": 5,
                "alpha": 0.6,
            }
            axis.plot(row["difference"], -number, color=MUTED, label=once or None, **look)
    axis.set_yticks([-number for number in range(len(arms))], list(arms), fontsize=9.5)
    axis.set_ylim(-len(arms) + 0.4, 0.6)
    axis.axvline(0, color=INK, lw=1)
    axis.grid(axis="y", visible=False)
    note = _legend(marks.get(key, "") for key in mine)
    axis.set_xlabel(f"hard accuracy minus Random's (points)\n95 % interval over pools{note}")
    fig.legend(loc="outside lower center", ncols=2, fontsize=9.5)
    whole = [row for _, row in rows if row["method"] == _SHOWN]
    above, below = sum(row["t_low"] > 0 for row in whole), sum(row["t_high"] < 0 for row in whole)
    headline(
        fig,
        f"InfoMotion beats Random in {above} of {len(whole)} comparisons and loses in {below},"
        " before correction",
    )
    return fig


def _configurations(axis: Axes, keys: Sequence[tuple[str, str, str]], marks: Marks) -> None:
    """Method, vectors and graph of each row in three columns at the left of an axis."""
    axis.set_yticks(range(len(keys)), [" "] * len(keys))
    axis.tick_params(axis="y", length=0)
    place: dict[str, Any] = {
        "xycoords": axis.get_yaxis_transform(),
        "textcoords": "offset points",
        "va": "center",
    }
    rows = [("selector", "vectors", "graph"), *(_words(key, marks) for key in reversed(keys))]
    for y, words in zip(range(len(keys), -1, -1), rows, strict=True):
        weight = "bold" if y == len(keys) else "normal"
        for x, word in zip(_COLUMNS, words, strict=True):
            axis.annotate(word, (0, y), (x, 0), fontsize=9, fontweight=weight, **place)


def _words(key: tuple[str, str, str], marks: Marks) -> tuple[str, str, str]:
    method, feature, graph = key
    name = METHOD_NAMES.get(method, method) + marks.get(key, "")
    return name, FEATURE_NAMES.get(feature, feature), graph_name(graph) if graph else ""


def _interval(
    axis: Axes, row: Mapping[Any, Any], y: float, middle: str, low: str, high: str, *, label: str = ""
) -> None:
    colour = METHOD_COLOURS[row["method"]] if row["method"] in _PAPER else MUTED
    if np.isfinite(row[low]):
        axis.plot([row[low], row[high]], [y, y], color=colour, lw=1.8)
    axis.plot(
        row[middle],
        y,
        ls="none",
        marker=METHOD_MARKERS[row["method"]],
        ms=6.5,
        mfc=colour,
        mec=colour,
        label=label or None,
    )


def _named(row: Mapping[Any, Any], marks: Marks) -> str:
    return configuration_name(*_key(row)) + marks.get(_key(row), "")


def _legend(names: Iterable[str]) -> str:
    """Lines that explain the marks in the names, put below what is there; empty where they have none."""
    text = " ".join(names)
    return "".join(f"\n{mark}: {MEANINGS[mark]}" for mark in (MOST, SOME) if mark in text)


def _key(row: Mapping[Any, Any]) -> tuple[str, str, str]:
    return row["method"], row["feature"], row["graph"]


def _span(pools: pd.Series[int]) -> str:
    least, most = int(pools.min()), int(pools.max())
    return f"{most} pools" if least == most else f"{least} to {most} pools"
