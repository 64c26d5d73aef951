"""The tolerance slider: accuracy of every selector, and of the best constant answer, as the margin at class edges grows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from infomotion_lib.evaluation.metrics import soft_correct
from infomotion_lib.reporting import svg
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import METHOD_COLOURS, METHOD_NAMES, SOURCE_NAMES
from infomotion_lib.reporting.widgets import image_choice

if TYPE_CHECKING:
    import ipywidgets

TOLERANCES = tuple(np.arange(0, 5.01, 0.5).tolist())
_CONSTANTS = np.arange(10.0, 90.1, 0.5)
_KEYS = ["source", "method", "graph", "vpc", "pool", "selection_seed", "training_seed"]


def table(results: Results) -> pd.DataFrame | None:
    """Accuracy in percent, ``source, method, graph, vpc, tolerance, mean, sd, n``; None without predictions.

    Rows with the method ``constant`` hold the best single EF for that tolerance.
    """
    predictions = results.table("evaluation", "predictions")
    if predictions is None:
        return None
    keys = [key for key in _KEYS if key in predictions]
    ef, answer = predictions["ef"].to_numpy(float), predictions["prediction"].to_numpy(float)
    test = predictions.drop_duplicates("file_name")["ef"].to_numpy(float)
    parts = []
    for tolerance in TOLERANCES:
        runs = (
            predictions[keys]
            .assign(right=100.0 * soft_correct(ef, answer, tolerance=tolerance))
            .groupby(keys, dropna=False, as_index=False)["right"]
            .mean()
        )
        cells = runs.groupby(["source", "method", "graph", "vpc"], dropna=False)["right"].agg(mean="mean", sd="std", n="size").reset_index()
        best = max(float(soft_correct(test, np.full_like(test, value), tolerance=tolerance).mean()) for value in _CONSTANTS)
        row = {"source": "", "method": "constant", "graph": "", "vpc": 0, "mean": 100 * best, "sd": 0.0, "n": 1}
        parts.append(pd.concat([cells, pd.DataFrame([row])], ignore_index=True).assign(tolerance=tolerance))
    return pd.concat(parts, ignore_index=True)[["source", "method", "graph", "vpc", "tolerance", "mean", "sd", "n"]]


def control(file: Path) -> ipywidgets.Widget:
    """Slider over tolerances and buttons for the training pool; bars for the selectors, a line for the best constant answer."""
    cells = [{str(k): v for k, v in row.items()} for row in pd.read_csv(file, keep_default_na=False).to_dict("records")]
    order = list(SOURCE_NAMES)
    pools = sorted(
        {(str(row["source"]), int(row["vpc"])) for row in cells if int(row["vpc"]) > 0}, key=lambda pool: (order.index(pool[0]), pool[1])
    )
    names = [f"{SOURCE_NAMES[source]}, {vpc} a class" for source, vpc in pools]

    def picture(pool: int, step: int) -> tuple[str, str]:
        source, vpc = pools[pool]
        tolerance = TOLERANCES[step]
        now = [row for row in cells if abs(float(row["tolerance"]) - tolerance) < 1e-6]
        mine = [row for row in now if row["source"] == source and int(row["vpc"]) in (vpc, 0)]
        constant = next(float(row["mean"]) for row in now if row["method"] == "constant")
        return _bars(mine, constant, f"{names[pool]}, tolerance {tolerance:g} EF points")

    return image_choice({"trained on": names, "tolerance": [f"{t:g}" for t in TOLERANCES]}, picture, sliders=("tolerance",), width="36rem")


def _bars(rows: list[dict[str, Any]], constant: float, title: str) -> tuple[str, str]:
    left, right, top, step = 112, 48, 46, 34
    width, height = 480, top + step * len(rows) + 54

    def x(value: float) -> float:
        return left + value / 100 * (width - left - right)

    parts = [svg.text(12, 24, title, bold=True, size=15)]
    for value in range(0, 101, 20):
        parts += [svg.line(x(value), top - 8, x(value), height - 44, stroke=svg.GRID)]
        parts += [svg.text(x(value), height - 28, f"{value}", anchor="middle", size=12, fill=svg.SOFT)]
    for index, row in enumerate(sorted(rows, key=lambda row: (row["method"] == "whole", list(METHOD_NAMES).index(row["method"])))):
        y, mean, spread = top + step * index, float(row["mean"]), float(row["sd"] or 0.0)
        name = METHOD_NAMES[row["method"]] + (f" · {str(row['graph']).replace('_', ' ')}" if row["graph"] not in ("", "knn") else "")
        parts += [svg.text(left - 8, y + 17, name, anchor="end"), svg.bar(left, y, x(mean) - left, 24, METHOD_COLOURS[row["method"]])]
        if spread == spread and spread > 0:
            parts.append(svg.line(x(max(mean - spread, 0)), y + 12, x(min(mean + spread, 100)), y + 12, width=2))
        parts.append(svg.text(width - 8, y + 17, f"{mean:.1f}", anchor="end"))
    parts.append(svg.line(x(constant), top - 8, x(constant), height - 44, stroke="#B00020", width=2, dash="6 4"))
    parts.append(svg.text(left, height - 8, f"accuracy, %; dashed: best constant answer, {constant:.1f}", size=12.5))
    told = ", ".join(f"{METHOD_NAMES[row['method']]} {float(row['mean']):.0f} %" for row in rows)
    return svg.picture(width, height, parts), f"{title}: {told}; the best constant answer {constant:.0f} %."
