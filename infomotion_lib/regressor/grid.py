"""The grid of training runs behind Table 1: many small networks, one core each, every finished one kept at
once.

Networks this small gain little from a second thread, so runs go to single-thread worker processes. A finished
run is one line of ``grid.jsonl``, written by one system call; a grid that was stopped reads them back and
does the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor
from tqdm import tqdm

from infomotion_lib.device import one_thread, start_worker
from infomotion_lib.errors import DataError
from infomotion_lib.keys import RUN
from infomotion_lib.processes import pool_size
from infomotion_lib.progress import track
from infomotion_lib.provenance import append_line
from infomotion_lib.regressor.clips import ClipStore
from infomotion_lib.regressor.parameters import LabelsParameters
from infomotion_lib.regressor.training import FORMAT, train_regressor

GRID_FILE = "grid.jsonl"


@dataclass(frozen=True)
class Job:
    """One network to train: which videos, with which labels and seed.

    Attributes
    ----------
    source, method, graph, vpc : str, str, str, int
        Row of Table 1; ``method`` ``"whole"`` and ``vpc`` 0 for a whole set, ``graph`` empty where none was
        used.
    pool, selection_seed, training_seed : int
        Repetition.
    file_names : tuple of str
        The training videos, in order (the order decides the batches).
    ef : tuple of float
        Their labels, points.
    steps : int
        Training steps.
    period : int
        Video frames between two clip frames, for this source's frame rate.
    """

    source: str
    method: str
    graph: str
    vpc: int
    pool: int
    selection_seed: int
    training_seed: int
    file_names: tuple[str, ...] = field(repr=False)
    ef: tuple[float, ...] = field(repr=False)
    steps: int
    period: int

    @property
    def key(self) -> dict[str, Any]:
        """The columns that name this run in every table."""
        return {name: getattr(self, name) for name in RUN}


@dataclass(frozen=True)
class HeldOut:
    """Videos that no network is trained on: those that all are tested on, or those that choose among the
    weights of one training.

    Attributes
    ----------
    source : str
        Key of their clips.
    file_names : tuple of str
        Real TEST or VAL videos.
    ef : tuple of float
        Measured EF, points.
    period : int
        Video frames between two clip frames.
    """

    source: str
    file_names: tuple[str, ...] = field(repr=False)
    ef: tuple[float, ...] = field(repr=False)
    period: int


def run_grid(
    jobs: Sequence[Job],
    *,
    stores: Mapping[str, ClipStore],
    test: HeldOut,
    parameters: LabelsParameters,
    folder: str | Path,
    val: HeldOut | None = None,
    weights: dict[str, Tensor] | None = None,
    device: str = "cpu",
) -> pd.DataFrame:
    """Predictions of every network on every test video, in the order of ``jobs`` and of the test set.

    Equal jobs give equal rows, however many workers there are and however often the grid was stopped.

    Parameters
    ----------
    jobs : sequence of Job
        No two with the same key.
    stores : mapping of str to ClipStore
        Clips of each source.
    test : HeldOut
        What the networks are tested on; no network is trained on it or chosen by it.
    parameters : LabelsParameters
        Network, clips, schedule and number of workers.
    folder : path
        Where ``grid.jsonl`` is kept.
    val : HeldOut, optional
        Each network is tested with its weights of the least error on these, not with its last ones.
    weights : dict, optional
        State dict that every network starts from.
    device : str
        ``"cpu"``: worker processes of one thread each; ``"cuda"``: one after the other in this process.

    Returns
    -------
    DataFrame
        ``source, method, graph, vpc, pool, selection_seed, training_seed, n_train, file_name, ef,
        prediction``.

    Raises
    ------
    DataError
        If two jobs share a key, or a training video is a test or VAL video.
    """
    held_out = [test] if val is None else [test, val]
    _check(jobs, held_out)
    path = Path(folder) / GRID_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    prints = [_fingerprint(job, stores, held_out, parameters, weights) for job in jobs]
    done = _finished(path)
    missing = [index for index, fingerprint in enumerate(prints) if fingerprint not in done]
    missing.sort(key=lambda index: -jobs[index].steps)  # long runs first: the workers end together
    bar: tqdm[Any] = track(
        label=f"{len(jobs)} networks", total=sum(jobs[index].steps for index in missing), unit="step"
    )
    tasks = ((index, _Task(jobs[index], stores, test, val, parameters, weights, device)) for index in missing)
    with bar:
        for index, prediction in _run_all(
            tasks, workers=min(parameters.workers, len(missing)) if device == "cpu" else 1
        ):
            row = {"print": prints[index], **jobs[index].key, "prediction": prediction}
            append_line(path, row)
            done[prints[index]] = row
            bar.update(jobs[index].steps)
    tables = [
        pd.DataFrame(
            {
                **job.key,
                "n_train": len(job.file_names),
                "file_name": test.file_names,
                "ef": test.ef,
                "prediction": done[name]["prediction"],
            }
        )
        for job, name in zip(jobs, prints, strict=True)
    ]
    columns = [*RUN, "n_train", "file_name", "ef", "prediction"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


@dataclass(frozen=True)
class _Task:
    job: Job
    stores: Mapping[str, ClipStore]
    test: HeldOut
    val: HeldOut | None
    parameters: LabelsParameters
    weights: dict[str, Tensor] | None
    device: str


def train_and_predict(task: _Task) -> list[float]:
    """EF of every test video by the network of one job, points, to four decimals."""
    job, test, val = task.job, task.test, task.val
    fitted = train_regressor(
        task.stores[job.source].videos(job.file_names),
        job.ef,
        parameters=task.parameters,
        seed=job.training_seed,
        steps=job.steps,
        period=job.period,
        val=(task.stores[val.source].videos(val.file_names), val.ef) if val else None,
        val_period=val.period if val else None,
        weights=task.weights,
        device=task.device,
        progress=False,
    )
    prediction = fitted.predict(task.stores[test.source].videos(test.file_names), period=test.period)
    return [round(float(value), 4) for value in prediction]


def _run_all(tasks: Iterator[tuple[int, _Task]], *, workers: int) -> Iterator[tuple[int, list[float]]]:
    if pool_size(workers) <= 1:
        with one_thread():
            for index, task in tasks:
                yield index, train_and_predict(task)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=start_worker) as pool:
        running = {pool.submit(train_and_predict, task): index for index, task in tasks}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _fingerprint(
    job: Job,
    stores: Mapping[str, ClipStore],
    held_out: Sequence[HeldOut],
    parameters: LabelsParameters,
    weights: dict[str, Tensor] | None,
) -> str:
    clips = ("regressor", "clip_frames", "clip_size", "clip_shift", "test_clips")
    schedule = (*clips, "batch_size", "optimiser", "learning_rate", "weight_decay", "arithmetic")
    seen = {
        name: [*(stores[part.source].keys[file] for file in part.file_names), part.period]
        for name, part in zip(("test", "val"), held_out, strict=False)
    }
    content = {
        "format": FORMAT,
        "job": asdict(job),
        "clips": [stores[job.source].keys[name] for name in job.file_names],
        **seen,
        "parameters": [getattr(parameters, name) for name in schedule],
        "weights": {name: float(value.double().sum()) for name, value in weights.items()}
        if weights
        else None,
    }
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:20]


def _finished(path: Path) -> dict[str, dict[str, Any]]:
    """Rows of an earlier grid by fingerprint; a last line that was cut off is dropped from the file."""
    if not path.is_file():
        return {}
    rows, good = {}, 0
    with path.open("rb") as stream:
        for line in stream:
            try:
                row = json.loads(line)
                rows[row["print"]] = row
            except (ValueError, KeyError):
                break
            good += len(line)
    if good < path.stat().st_size:
        os.truncate(path, good)
    return rows


def _check(jobs: Sequence[Job], held_out: Sequence[HeldOut]) -> None:
    keys = [tuple(job.key.values()) for job in jobs]
    if len(set(keys)) < len(keys):
        raise DataError(f"Two runs have the same name: {max(keys, key=keys.count)}")
    for name, part in zip(("test", "VAL"), held_out, strict=False):
        asked = set(part.file_names)
        for job in jobs:
            leaked = sorted(asked & set(job.file_names)) if job.source == part.source else []
            if leaked:
                what = f"{leaked[0]} is both a training video of {job.method} and a {name} video."
                raise DataError(what, remedy="Select from TRAIN only.")
        if not len(part.file_names) or not np.isfinite(part.ef).all():
            what = f"The {name} set has {len(part.file_names)} videos, and each needs an EF."
            raise DataError(what, remedy="Look at the splits of the data set.")
