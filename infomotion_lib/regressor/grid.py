"""The grid of training runs behind Table 1: many small networks, one core each, every finished one kept at
once.

Networks this small gain little from a second thread, so runs go to single-thread worker processes. A finished
run is one line of ``grid.jsonl``, written by one system call; a grid that was stopped reads them back and
does the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor
from tqdm import tqdm

from infomotion_lib.errors import DataError
from infomotion_lib.json_lines import append_line, read_lines
from infomotion_lib.keys import RUN
from infomotion_lib.progress import track
from infomotion_lib.regressor.clips import ClipStore
from infomotion_lib.regressor.parameters import DECIDING, LabelsParameters
from infomotion_lib.regressor.setup import TrainingSetup, Validation
from infomotion_lib.regressor.training import FORMAT, train_regressor
from infomotion_lib.workers import spread

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
    tasks = [NetworkTask(job, stores, test, val, parameters, weights, device) for job in jobs]
    check(tasks)
    path = Path(folder) / GRID_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    prints = [task.fingerprint for task in tasks]
    done = {row["print"]: row for row in read_lines(path) if "print" in row}
    missing = [index for index, fingerprint in enumerate(prints) if fingerprint not in done]
    missing.sort(key=lambda index: -jobs[index].steps)  # long runs first: the workers end together
    bar: tqdm[Any] = track(
        label=f"{len(jobs)} networks", total=sum(jobs[index].steps for index in missing), unit="step"
    )
    workers = min(parameters.workers, len(missing)) if device == "cpu" else 1
    ended = spread(train_and_predict, (tasks[index] for index in missing), workers=workers)
    with bar, closing(ended):
        for place, prediction in ended:
            index = missing[place]
            row = {"print": prints[index], **jobs[index].key, "prediction": prediction}
            append_line(path, row)
            done[prints[index]] = row
            bar.update(jobs[index].steps)
    return answer_table(jobs, test, [done[name]["prediction"] for name in prints])


@dataclass(frozen=True)
class NetworkTask:
    """One job with all that its network is trained and tested with; names as in :func:`run_grid`."""

    job: Job
    stores: Mapping[str, ClipStore]
    test: HeldOut
    val: HeldOut | None
    parameters: LabelsParameters
    weights: dict[str, Tensor] | None
    device: str

    @property
    def held_out(self) -> tuple[HeldOut, ...]:
        """TEST, and VAL where it chooses."""
        return (self.test,) if self.val is None else (self.test, self.val)

    @property
    def fingerprint(self) -> str:
        """First digits of the hash of all that the predictions depend on: videos by content, labels,
        schedule, settings, starting weights, and the format of trainings.
        """
        job, weights = self.job, self.weights
        seen = {
            name: [*(self.stores[part.source].keys[file] for file in part.file_names), part.period]
            for name, part in zip(("test", "val"), self.held_out, strict=False)
        }
        content = {
            "format": FORMAT,
            "job": asdict(job),
            "clips": [self.stores[job.source].keys[name] for name in job.file_names],
            **seen,
            "parameters": [getattr(self.parameters, name) for name in DECIDING],
            "weights": {name: float(value.double().sum()) for name, value in weights.items()}
            if weights
            else None,
        }
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:20]


def train_and_predict(task: NetworkTask) -> list[float]:
    """EF of every test video by the network of one job, points, to four decimals."""
    job, test, val = task.job, task.test, task.val
    fitted = train_regressor(
        task.stores[job.source].videos(job.file_names),
        job.ef,
        parameters=task.parameters,
        seed=job.training_seed,
        steps=job.steps,
        period=job.period,
        val=Validation(task.stores[val.source].videos(val.file_names), val.ef, val.period) if val else None,
        setup=TrainingSetup(weights=task.weights, device=task.device, progress=False),
    )
    prediction = fitted.predict(task.stores[test.source].videos(test.file_names), period=test.period)
    return [round(float(value), 4) for value in prediction]


def answer_table(jobs: Sequence[Job], test: HeldOut, predictions: Sequence[Sequence[float]]) -> pd.DataFrame:
    """The table of :func:`run_grid` from the predictions of each job."""
    columns = [*RUN, "n_train", "file_name", "ef", "prediction"]
    tables = []
    for job, prediction in zip(jobs, predictions, strict=True):
        about = {**job.key, "n_train": len(job.file_names)}
        answers = {"file_name": test.file_names, "ef": test.ef, "prediction": prediction}
        tables.append(pd.DataFrame(about | answers))
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def check(tasks: Sequence[NetworkTask]) -> None:
    """Refuse tasks of one test set whose table would be wrong.

    Raises
    ------
    DataError
        If two jobs share a key, a training video is a test or VAL video, or one of these has no EF.
    """
    if not tasks:
        return
    jobs, held_out = [task.job for task in tasks], tasks[0].held_out
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
