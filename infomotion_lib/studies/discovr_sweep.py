"""DISCOVR at CPU size under a few settings, looked at on VAL: does any of them read EF?

Learning rate and EMA of the teachers are changed one at a time; the network with random weights stands
beside them. Every network learns from the TRAIN videos of a run and is judged on its VAL videos alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infomotion_lib.data.videos import open_sources
from infomotion_lib.errors import DataError
from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.json_lines import Row
from infomotion_lib.parameters import StageParameters, stage_parameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_run_card, sha256, write_csv
from infomotion_lib.studies.rows import RowFile, identity_of
from infomotion_lib.studies.runner import Job, Plan, run

FORMAT = 1
"""Raised whenever changed code would give other rows for equal parameters and videos."""

TABLE, ROWS_FILE = "discovr_sweep.csv", "networks.jsonl"
UNTRAINED = "random weights"


@dataclass(frozen=True)
class Setting:
    """One network of the sweep.

    Attributes
    ----------
    name : str
        What is different about it.
    changed : mapping
        Parameters of DISCOVR that differ from the run's.
    """

    name: str
    changed: Mapping[str, Any]


def _trained(rate: float, momentum: float) -> Setting:
    changed = {"discovr_learning_rate": rate, "discovr_momentum": momentum}
    return Setting(f"learning rate {rate:g}, EMA {momentum:g}", changed)


SETTINGS = (
    _trained(1e-3, 0.98),
    _trained(1e-3, 0.99),
    _trained(5e-4, 0.98),
    Setting(UNTRAINED, {"discovr_steps": 0}),
)
"""The first is the default, under which our first tries did not collapse; each of the others has one value of
a try that did, all else equal.
"""


@dataclass(frozen=True)
class SweepTask:
    """One network, for one process: its setting's name, where its checkpoint lies, parameters, TRAIN and VAL
    rows of the frame index with paths.
    """

    name: str
    folder: Path
    parameters: StageParameters
    train: pd.DataFrame
    val: pd.DataFrame


def run_discovr_sweep(
    paths: RunPaths,
    out_dir: str | Path,
    *,
    values: Mapping[str, Any],
    settings: tuple[Setting, ...] = SETTINGS,
    workers: int = 1,
) -> pd.DataFrame:
    """A row per setting, also written to ``discovr_sweep.csv``.

    ``setting``; ``learning_rate``, ``momentum``, ``steps``, ``seed``; ``ridge_r2`` and ``ridge_mae`` (EF
    points) of a linear probe, ``knn_purity`` of the five nearest TRAIN videos and ``knn_chance`` (one over
    the classes there are), all on VAL; signs of a collapse on VAL with ``alarms``; ``train``, ``val``
    videos; ``cpu_seconds``. Finished networks are kept in ``networks.jsonl``, and a killed training goes on
    from its checkpoint.

    Parameters
    ----------
    paths : RunPaths
        A run whose stage 01 has finished.
    out_dir : path
        Where rows, checkpoints and the table go.
    values : mapping
        Its profile; the networks have its values but for those of the settings.
    settings : tuple of Setting
        What to train.
    workers : int
        Processes of one thread each.

    Raises
    ------
    StageError
        If stage 01 has not finished.
    DataError
        If the real source has no TRAIN or too few VAL videos of known EF.
    """
    read_run_card(paths.stage("frame_index"))
    out, rows = Path(out_dir), _rows(paths, values)
    train, val = (rows[rows["split"] == split].reset_index(drop=True) for split in ("TRAIN", "VAL"))
    if len(train) < 2 or len(val) < 2:
        raise DataError(
            f"{len(train)} TRAIN and {len(val)} VAL videos of known EF are too few for a sweep.",
            remedy="Give a run whose data have both.",
        )
    inputs = {"frame_index": sha256(paths.frame_index), "videos": sha256(paths.videos)}
    jobs = []
    for setting in settings:
        parameters = stage_parameters("ifa_training", {**values, **setting.changed, "workers": 1})
        decides = {
            name: value for name, value in parameters.model_dump(mode="json").items() if _decides(name)
        }
        identity = identity_of(inputs | decides, format=FORMAT)
        task = SweepTask(setting.name, out / identity, parameters, train, val)
        jobs.append(Job({"setting": setting.name}, identity, task))
    plan = Plan(jobs, sweep_row, label=f"{len(jobs)} settings of DISCOVR")
    kept = run(plan, file=RowFile(out / ROWS_FILE), workers=workers)
    table = pd.DataFrame([of_job[0] for of_job in kept]).drop(columns="identity")
    write_csv(table, out / TABLE)
    return table


def sweep_row(task: SweepTask, known: list[Row]) -> Iterator[Row]:
    """The row of one setting, but for its name."""
    from infomotion_lib.device import one_thread
    from infomotion_lib.representations.discovr import video
    from infomotion_lib.representations.discovr.parameters import DiscovrParameters
    from infomotion_lib.representations.probe import probe_table

    p = DiscovrParameters.model_validate(
        {name: getattr(task.parameters, name) for name in DiscovrParameters.model_fields}
    )
    began = time.process_time()
    with one_thread():
        fitted = video.fit(task.train, task.val, folder=task.folder, parameters=p, device="cpu")
        both = pd.concat([task.train, task.val], ignore_index=True)
        vectors = fitted.vectors(both, workers=1)
    at = vectors.rows_of(both)
    rows = both[at >= 0]
    ef, is_val = rows["ef"].to_numpy(dtype=np.float64), (rows["split"] == "VAL").to_numpy()
    probe = probe_table({"discovr": vectors.features[at[at >= 0]]}, ef, train=~is_val, test=is_val).iloc[0]
    said = fitted.summary()
    signs = {name: value for name, value in said.items() if name.startswith("val_")}
    yield {
        "learning_rate": p.discovr_learning_rate,
        "momentum": p.discovr_momentum,
        "steps": p.discovr_steps,
        "seed": p.discovr_seed,
        **{name: round(float(probe[name]), 4) for name in ("ridge_r2", "ridge_mae", "knn_purity")},
        "knn_chance": round(1 / rows.loc[is_val, "class_name"].nunique(), 4),
        "first_loss": said.get("first_loss"),
        "last_loss": said.get("last_loss"),
        "prototypes_used": said.get("prototypes_used"),
        **{name: round(float(value), 4) for name, value in signs.items()},
        "alarms": "; ".join(said["alarms"]),
        "train": int((~is_val).sum()),
        "val": int(is_val.sum()),
        "cpu_seconds": round(time.process_time() - began, 1),
    }


def _rows(paths: RunPaths, values: Mapping[str, Any]) -> pd.DataFrame:
    """TRAIN and VAL rows of the real source with paths and known EF."""
    from infomotion_lib.representations.ifa.triplets import attach_paths

    datasets = open_sources(stage_parameters("frame_index", values), paths)
    index = read_frame_index(paths.frame_index)
    real = index[(index["source"] == "real") & index["split"].isin(["TRAIN", "VAL"]) & index["ef"].notna()]
    return attach_paths(real, datasets)


def _decides(name: str) -> bool:
    return name.startswith("discovr_") or name == "arithmetic"
