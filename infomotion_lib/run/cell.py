"""One cell of Table 1 taken apart: the runs it averages, and the videos each of them was trained on."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

import numpy as np
import pandas as pd

from infomotion_lib.errors import ParameterError, StageError, did_you_mean
from infomotion_lib.keys import CELL
from infomotion_lib.reporting.results import Results

METRICS = ("hard_accuracy", "soft_accuracy", "mae")
PLACES = (("evaluation", "table1"), ("evaluation", "runs"), ("graph_selection", "selections"))


def cell_text(root: Path, cell: str) -> str:
    """Text: mean and sd as printed and as the runs give them, the runs, and the picks of each selection seed.

    Parameters
    ----------
    root : Path
        Folder of the run.
    cell : str
        ``method/vpc`` or ``source/method/vpc``; 0 videos per class for the whole set.

    Raises
    ------
    ParameterError
        If the table has no such cell.
    StageError
        If ``runs.csv`` is not there (a frozen run may leave it out).
    """
    results = Results(root.name, root)
    printed, runs, selections = (results.table(*place) for place in PLACES)
    if printed is None or runs is None:
        where = f"Looked for table1.csv and runs.csv in: {results.folder('evaluation')}"
        raise StageError(
            "Table 1 or its runs are not there.",
            where=where,
            remedy="Run stage 04, or give the table of another run.",
        )
    *source, method, vpc = cell.split("/") if "/" in cell else ("", cell, "")
    chosen = runs[(runs["method"] == method) & (runs["vpc"].astype(str) == vpc)]
    chosen = chosen[chosen["source"].isin(source)] if source else chosen
    if chosen.empty:
        known = sorted({f"{row.source}/{row.method}/{row.vpc}" for row in runs.itertuples()})
        form = "A cell is method/vpc or source/method/vpc; vpc is 0 for whole sets."
        raise ParameterError(f"Table 1 has no cell {cell}.", where=form, remedy=did_you_mean(cell, known))
    picks = pd.DataFrame(columns=[*CELL, "selection_seed"]) if selections is None else selections
    return "\n\n".join(_one(key, rows, printed, picks) for key, rows in chosen.groupby(CELL, sort=False))


def _one(key: tuple[Hashable, ...], rows: pd.DataFrame, printed: pd.DataFrame, picks: pd.DataFrame) -> str:
    source, method, graph, vpc = key
    lines = [f"cell {source}/{method}/{vpc}" + (f" (graph {graph})" if graph else "")]
    cell = printed[(printed[CELL] == list(key)).all(axis=1)].set_index("metric")
    for metric in METRICS:
        values = rows.loc[np.isfinite(rows[metric]), metric].to_numpy()
        mean, sd = float(cell["mean"][metric]), float(cell["sd"][metric])
        agrees = np.allclose([mean, sd], [values.mean(), values.std()], rtol=1e-6, atol=1e-6)
        lines.append(
            f"  {metric:<15}{mean:.4g} ± {sd:.4g}, {'the' if agrees else 'NOT the'} mean and sd of its"
            f" {len(values)} runs"
        )
    for run in rows.to_dict("records"):
        seeds = f"selection seed {run['selection_seed']}, training seed {run['training_seed']}"
        lines.append(
            f"  run {seeds}: {run['n_train']} videos, hard accuracy {run['hard_accuracy']:.4g}, MAE"
            f" {run['mae']:.4g}"
        )
        picked = picks[
            (picks[CELL] == list(key)).all(axis=1) & (picks["selection_seed"] == run["selection_seed"])
        ]
        lines += [
            f"    {name:<14}{' '.join(part['file_name'].astype(str))}"
            for name, part in picked.groupby("class_name", sort=False)
        ]
        if picked.empty:
            lines.append(
                "    every labelled TRAIN video" if method == "whole" else "    its selection is not at hand"
            )
    return "\n".join(lines)
