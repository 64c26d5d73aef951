"""Networks of Table 1's kind, trained by a study: a job per network, a row with all its answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from infomotion_lib.json_lines import Row
from infomotion_lib.studies.rows import RowFile
from infomotion_lib.studies.runner import Job, Plan, run

if TYPE_CHECKING:
    from infomotion_lib.regressor.grid import NetworkTask

ROWS_FILE = "networks.jsonl"


def train_networks(tasks: Sequence[NetworkTask], *, folder: str | Path, workers: int) -> pd.DataFrame:
    """Predictions of every network on its test videos, in the order of the tasks: the table of
    :func:`infomotion_lib.regressor.grid.run_grid`, by the runner of the studies.

    Parameters
    ----------
    tasks : sequence of NetworkTask
        At least one; not all need have the same test videos.
    folder : path
        Where ``networks.jsonl`` is kept; the identity of a row is the task's fingerprint.
    workers : int
        Processes of one thread each; on a GPU, one does all.

    Raises
    ------
    DataError
        If two tasks share a key, or a training video is a test or VAL video.
    """
    from infomotion_lib.regressor.grid import answer_table, check

    for test in dict.fromkeys(task.test for task in tasks):
        check([task for task in tasks if task.test == test])
    jobs = [Job(task.job.key, task.fingerprint, task) for task in tasks]
    order = sorted(range(len(jobs)), key=lambda number: -tasks[number].job.steps)
    plan = Plan([jobs[number] for number in order], train_network, label=f"{len(jobs)} networks")
    on_cpu = all(task.device == "cpu" for task in tasks)
    rows = run(plan, file=RowFile(Path(folder) / ROWS_FILE), workers=workers if on_cpu else 1)
    answers = {number: of_job[0]["prediction"] for number, of_job in zip(order, rows, strict=True)}
    tables = [answer_table([task.job], task.test, [answers[number]]) for number, task in enumerate(tasks)]
    return pd.concat(tables, ignore_index=True)


def train_network(task: NetworkTask, known: list[Row]) -> Iterator[Row]:
    """The row of one network: ``prediction`` of every test video, points."""
    from infomotion_lib.regressor.grid import train_and_predict

    yield {"n_train": len(task.job.file_names), "prediction": train_and_predict(task)}
