"""Figures of what networks predict: confusion of classes, and predicted against true EF.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from infomotion_lib.classes import CLASS_NAMES, EF_EDGES
from infomotion_lib.evaluation.metrics import confusion, recalls, score
from infomotion_lib.reporting.figures.heatmap import class_map
from infomotion_lib.reporting.figures.parts import INK, headline
from infomotion_lib.reporting.style import (
    CLASS_COLOURS,
    METHOD_COLOURS,
    METHOD_NAMES,
    MUTED,
    PHONE_WIDTH,
    source_names,
)


def confusion_matrices(
    predictions: pd.DataFrame,
    cells: Sequence[tuple[str, str, str, int]],
    *,
    data: str,
) -> Figure:
    """Share of each true class by predicted class, all runs of a cell together; one panel per cell.

    Parameters
    ----------
    predictions : DataFrame
        ``predictions.csv``.
    cells : sequence of (source, method, graph, vpc)
        Panels.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 3.3))
    axes = fig.subplots(1, len(cells), squeeze=False)[0]
    recall = []
    for number, (axis, cell) in enumerate(zip(axes, cells, strict=True)):
        rows = _rows_of(predictions, cell)
        counts = confusion(rows["ef"], rows["prediction"])[:, : len(CLASS_NAMES)]
        recall.append(float(np.nanmean(recalls(rows["ef"], rows["prediction"]))))
        class_map(axis, counts, named=number == 0, size=9)
        axis.set_title(_cell_title(cell, data).replace(", ", "\n"), fontsize=9, fontweight="normal")
    axes[0].set_ylabel("true class", fontsize=10)
    fig.supxlabel("predicted class (% of the row)", fontsize=10)
    headline(
        fig,
        f"{data}: networks recognise an average class {min(recall):.0f} to {max(recall):.0f} % of the time",
    )
    return fig


def ef_scatter(
    predictions: pd.DataFrame,
    cells: Sequence[tuple[str, str, str, int]],
    *,
    data: str,
    training_seed: int = 0,
) -> Figure:
    """Predicted against true EF of one run of each cell, a dot per TEST video; bands are the EF classes.

    Parameters
    ----------
    predictions : DataFrame
        ``predictions.csv``.
    cells : sequence of (source, method, graph, vpc)
        Panels.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 3.0))
    axes = fig.subplots(1, len(cells), sharex=True, sharey=True, squeeze=False)[0]
    edges = (0.0, *EF_EDGES, 100.0)
    errors = []
    for axis, cell in zip(axes, cells, strict=True):
        rows = _rows_of(predictions, cell)
        rows = rows[rows["training_seed"] == training_seed]
        for name, low, high in zip(CLASS_NAMES, edges, edges[1:], strict=False):
            axis.fill_between([low, high], low, high, color=CLASS_COLOURS[name], alpha=0.22, lw=0)
        axis.plot([0, 100], [0, 100], color=INK, lw=0.8)
        for edge in EF_EDGES:
            axis.axhline(edge, color=MUTED, lw=0.5)
        axis.scatter(
            rows["ef"], rows["prediction"].clip(0, 100), s=12, color=METHOD_COLOURS[cell[1]], alpha=0.65, lw=0
        )
        scores = score(rows["ef"], rows["prediction"])
        errors.append(scores["mae"])
        cell_name = _cell_title(cell, data).replace(", ", "\n")
        axis.set_title(
            f"{cell_name}\nMAE {scores['mae']:.1f}, R² {scores['r2']:.2f}\n"
            f"hard {scores['hard_accuracy']:.0f} %",
            fontsize=9,
            fontweight="normal",
        )
        axis.set_xticks([0, 50, 100])
        axis.set_aspect("equal")
        axis.set_xlim(0, 100)
        axis.set_ylim(0, 100)
        axis.grid(visible=False)
    axes[0].set_ylabel("predicted EF (points)")
    fig.supxlabel("true EF (points)", fontsize=10)
    headline(
        fig,
        f"{data}: mean error {min(errors):.1f} to {max(errors):.1f} points; a dot in a coloured square"
        " has the right class",
    )
    return fig


def _rows_of(predictions: pd.DataFrame, cell: tuple[str, str, str, int]) -> pd.DataFrame:
    source, method, graph, vpc = cell
    same = (predictions["source"] == source) & (predictions["method"] == method) & (predictions["vpc"] == vpc)
    return predictions[same & (predictions["graph"].fillna("") == graph)]


def _cell_title(cell: tuple[str, str, str, int], data: str) -> str:
    source, method, _, vpc = cell
    return f"{source_names(data)[source]}, {METHOD_NAMES[method]}" + (f", {vpc} per class" if vpc else "")
