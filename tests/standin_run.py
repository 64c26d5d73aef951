"""A finished run in small, for tests of the book: the files of every stage, made-up numbers, executed
notebooks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from infomotion_lib.classes import CLASS_NAMES, class_name
from infomotion_lib.data.video import write_clip
from infomotion_lib.evaluation.claims import paper_results
from infomotion_lib.evaluation.pools import table2
from infomotion_lib.paths import notebook_of
from infomotion_lib.provenance import write_csv, write_json, write_npz
from infomotion_lib.reporting.style import save_figure
from infomotion_lib.reporting.widgets import image_slider
from infomotion_lib.stage_table import TABLE, folders

FOLDERS = folders()
METHODS = (("random", ""), ("kmeans", ""), ("infodist", "knn"), ("infomotion", "knn"))
STATE, VIEW = "application/vnd.jupyter.widget-state+json", "application/vnd.jupyter.widget-view+json"


def make_run(
    root: Path,
    *,
    profile: str = "phantom",
    real: str = "phantom",
    synthetic: str = "phantom-synthetic",
    names: str = "clip",
) -> Path:
    """Folder ``root/profile``, laid out as a finished run."""
    run, rng = root / profile, np.random.default_rng(0)
    parameters = {
        "profile": profile,
        "real_data": real,
        "synthetic_data": synthetic,
        "vpc": [5, 10],
        "selection_graph": "knn",
        "data_root": "/secret/place",
    }
    sources = ("open",) if real == "echodiffusion" else ("real", "synthetic")
    index = _frame_index(rng, sources, names)
    tables = {
        "labels": {"agreement": _agreement()},
        "frame_index": {
            "frame_index": index,
            "status_counts": index.groupby(["source", "split", "status"]).size().reset_index(name="n"),
        },
        "ifa_training": {
            "training_log": pd.DataFrame({"step": [1, 2], "loss": [1.0, 0.5]}),
            "probe": pd.DataFrame({"feature": ["motion"], "ridge_r2": [0.5]}),
        },
        "graph_selection": {"graph_report": _graphs(sources), "selections": _selections(index, sources)},
        "evaluation": _evaluation(rng, index, sources),
        "ablation": _ablation(),
    }
    for stage, folder in FOLDERS.items():
        for name, table in tables.get(stage, {}).items():
            write_csv(table, run / folder / f"{name}.csv")
        card = {"stage": stage, "started_utc": "2026-01-01T00:00:00", "wall_seconds": 12.0, "git": {"commit": "0" * 40, "dirty": False},
                "parameters": parameters, "inputs": {"a.csv": "1" * 64}, "outputs": {"b.csv": "2" * 64}, "device": "cpu",
                "python": "3.11", "packages": {"numpy": "2"}, "notes": {}}  # fmt: skip
        write_json(card, run / folder / "run_card.json")
    write_json(
        {"psnr": 25.0, "psnr_naive": 23.0, "gain_db": 2.0, "ignited": True},
        run / FOLDERS["ifa_training"] / "summary.json",
    )
    train = index[index["split"] == "TRAIN"]
    write_npz(
        run / FOLDERS["ifa_training"] / "motion_features.npz",
        {
            "source": train["source"].to_numpy(str),
            "file_name": train["file_name"].to_numpy(str),
            "features": rng.normal(size=(len(train), 8)).astype(np.float32),
        },
    )
    for stage in ("frame_index", "ifa_training", "graph_selection", "evaluation", "latte_pool", "ablation"):
        notebook = notebook_of(TABLE[stage])
        assert notebook is not None
        _notebook(run / FOLDERS[stage], notebook.name)
    return run


def _frame_index(rng: np.random.Generator, sources: tuple[str, ...], names: str) -> pd.DataFrame:
    rows = []
    for source in sources:
        for i in range(70):
            ef = float(rng.uniform(15, 85))
            split = "TRAIN" if i < 50 else "VAL" if i < 55 else "TEST"
            status = "annotated" if i % 7 else "clamped"
            rows.append(
                (
                    source,
                    f"{names}_{source}_{i:03d}",
                    split,
                    ef,
                    str(class_name(ef)),
                    50.0,
                    64,
                    "annotated",
                    status,
                    1.0,
                    5,
                    20,
                    40,
                    5,
                    12,
                    20,
                    20,
                    30,
                    40,
                )
            )
    columns = ("source file_name split ef class_name fps n_frames phase_source status confidence es ed next_es diastole_start diastole_mid "
               "diastole_end systole_start systole_mid systole_end")  # fmt: skip
    return pd.DataFrame(rows, columns=columns.split())


def _agreement() -> pd.DataFrame:
    row = {
        "comparison": "pool: relabelled against requested EF",
        "n": 50,
        "mae": 5.0,
        "bias": -1.0,
        "r2": 0.8,
        "same_class_percent": 61.0,
    }
    return pd.DataFrame([row])


def _graphs(sources: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        {
            "source": s,
            "feature": "motion",
            "graph": g,
            "class_name": c,
            "nodes": 10,
            "links": 30,
            "communities": n,
            "largest_share": 1 / n,
            "flag": flag,
        }
        for s in sources
        for g, n, flag in (("knn", 3, "healthy"), ("literal", 1, "collapsed"))
        for c in CLASS_NAMES
    ]
    return pd.DataFrame(rows)


def _selections(index: pd.DataFrame, sources: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for source in sources:
        for name, own in index[(index["split"] == "TRAIN") & (index["source"] == source)].groupby(
            "class_name"
        ):
            for method, graph in METHODS:
                for rank, file_name in enumerate(own["file_name"].head(5)):
                    rows.append({"source": source, "method": method, "graph": graph, "vpc": 5, "selection_seed": 0, "class_name": name,
                                 "community": 0, "rank": rank, "file_name": file_name, "score": 1.0, "graph_flag": "healthy"})  # fmt: skip
    return pd.DataFrame(rows)


def _evaluation(
    rng: np.random.Generator, index: pd.DataFrame, sources: tuple[str, ...]
) -> dict[str, pd.DataFrame]:
    test = index[(index["split"] == "TEST") & (index["source"] == sources[0])]
    runs, cells, predictions = [], [], []
    for source in sources:
        for method, graph, vpc in [("whole", "", 0), *((m, g, v) for m, g in METHODS for v in (5, 10))]:
            for seed in range(2):
                key = {
                    "source": source,
                    "method": method,
                    "graph": graph,
                    "vpc": vpc,
                    "pool": 0,
                    "selection_seed": seed,
                    "training_seed": seed,
                }
                answer = test["ef"] + rng.normal(0, 9, len(test))
                predictions.append(
                    pd.DataFrame(
                        {**key, "file_name": test["file_name"], "ef": test["ef"], "prediction": answer}
                    )
                )
                runs.append(
                    {
                        **key,
                        "n_train": 25,
                        "hard_accuracy": 50.0 + seed,
                        "soft_accuracy": 60.0,
                        "balanced_accuracy": 45.0,
                        "mae": 8.0,
                    }
                )
            for metric, mean in (
                ("hard_accuracy", 50.0),
                ("soft_accuracy", 60.0),
                ("balanced_accuracy", 45.0),
                ("mae", 8.0),
                ("recall_normal", 70.0),
            ):
                spread = {"sd": 3.0, "n": 2, "ci_low": mean - 4, "ci_high": mean + 4}
                flag = "collapsed" if (source, method) == (sources[0], "infodist") else ""
                cell = {
                    "source": source,
                    "method": method,
                    "graph": graph,
                    "vpc": vpc,
                    "metric": metric,
                    "mean": mean,
                    **spread,
                }
                cells.append({**cell, "graph_flag": flag})
    constants = pd.DataFrame(
        [
            {
                "predictor": "always normal",
                "constant": 60.0,
                "hard_accuracy": 48.0,
                "soft_accuracy": 52.0,
                "mae": 12.0,
            }
        ]
    )
    difference = {
        "metric": "hard_accuracy",
        "difference": 1.0,
        "ci_low": -2.0,
        "ci_high": 4.0,
        "effect_size": 0.2,
        "n_pairs": 2,
    }
    pairs = [
        {"source": s, "method": "infomotion", "graph": "knn", "vpc": v, **difference}
        for s in sources
        for v in (5, 10)
    ]
    return {
        "differences": pd.DataFrame(pairs),
        "runs": pd.DataFrame(runs),
        "table1": pd.DataFrame(cells),
        "constants": constants,
        "predictions": pd.concat(predictions),
    }


def _ablation() -> dict[str, pd.DataFrame]:
    spread = {"sd": 3.0, "n": 2, "ci_low": 30.0, "ci_high": 60.0}
    cells = [
        {"source": pool, "method": method, "graph": "", "vpc": vpc, "metric": metric, "mean": 45.0, **spread}
        for pool in ("echosyn", "latte")
        for method, vpc in (("whole", 0), ("infomotion", 5), ("infomotion", 10))
        for metric in ("hard_accuracy", "soft_accuracy")
    ]
    pairs = ("real_vs_real", "real_vs_echosyn", "real_vs_latte", "real_vs_noise")
    far = {"n": 75, "value": 7.0, "ci_low": 6.0, "ci_high": 8.0}
    fidelity = pd.DataFrame(
        [
            {"pair": pair, "metric": f"fed_{kind}", "encoder": "ours", **far}
            for kind in ("frame", "video")
            for pair in pairs
        ]
    )
    heard = {
        "n": 150,
        "same_class_percent": 31.0,
        "spearman": 0.4,
        "ci_low": 0.2,
        "ci_high": 0.6,
        "requested_sd": 20.0,
        "sd": 9.0,
        "classes": 3,
    }
    return {
        "table2": table2(pd.DataFrame(cells), fidelity, paper_results()),
        "fidelity": fidelity,
        "conditioning": pd.DataFrame([{"source": pool, **heard} for pool in ("echosyn", "latte")]),
    }


def _notebook(folder: Path, name: str) -> None:
    figure = Figure(figsize=(3, 2))
    figure.subplots().plot([0, 1])
    saved = save_figure(figure, folder / "figures" / "line.svg", alt="A rising line")
    code: dict[str, Any] = {"cell_type": "code", "execution_count": 1, "metadata": {"tags": []}}
    state, view = _slider()
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": f"# Stand-in {name}\n\n[![Open In Colab]"
         "(https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/o/r)"},
        {**code, "id": "parameters", "source": "n: int = 1  # one", "outputs": [], "metadata": {"tags": ["parameters"]}},
        {"cell_type": "markdown", "id": "one", "metadata": {}, "source": "## 1. A figure\n\nWith a formula, $x^2$."},
        {**code, "id": "figure", "source": "saved", "outputs": [
            {"output_type": "stream", "name": "stderr", "text": "noise"},
            {"output_type": "execute_result", "execution_count": 1, "metadata": {},
             "data": {"text/html": saved._repr_html_(), "text/plain": "x"}}]},
        {**code, "id": "slider", "source": "slider", "outputs": [
            {"output_type": "display_data", "metadata": {}, "data": {VIEW: view, "text/plain": "slider"}}]},
    ]  # fmt: skip
    page = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "widgets": {STATE: state},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / name).write_text(json.dumps(page), encoding="utf-8")


def make_videos(run: Path) -> Path:
    """The run, with a small clip for every video of its real source that may be chosen."""
    index = pd.read_csv(run / FOLDERS["frame_index"] / "frame_index.csv")
    rng = np.random.default_rng(0)
    for name in index.loc[(index["source"] == "real") & (index["split"] == "TRAIN"), "file_name"]:
        clip = rng.integers(0, 255, (8, 32, 32), dtype=np.uint8)
        write_clip(run / "data" / "phantom" / "Videos" / f"{name}.avi", clip, fps=50.0)
    return run


def _slider() -> tuple[dict[str, Any], dict[str, Any]]:
    """Saved state and view of a slider over two pictures, as a notebook keeps them."""
    from ipywidgets.embed import embed_data

    dot = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><circle cx="20" cy="20" r="{}"/></svg>'
    pictures = [dot.format(radius) for radius in (5, 15)]
    box = image_slider(pictures, ["small", "large"], alt=["A small dot", "A large dot"], description="size")
    data = embed_data(views=[box])
    return data["manager_state"], data["view_specs"][0]
