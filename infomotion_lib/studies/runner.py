"""The one way in which a study computes: a plan of jobs, worker processes of one thread, a row per result.

A study says which jobs there are, what decides the rows of each (its identity), and gives the function that
makes them. The rest is here: what is done already is not done again, a killed or stopped call loses nothing
but what was being computed, a slice of time begins nothing after its end, and neither the number of workers
nor the cuts change a row.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tqdm import tqdm

from infomotion_lib.errors import DataError
from infomotion_lib.json_lines import Row
from infomotion_lib.progress import track
from infomotion_lib.studies.rows import IDENTITY, RowFile
from infomotion_lib.workers import spread

T = TypeVar("T")


@dataclass(frozen=True)
class Job(Generic[T]):
    """One piece of work, done by one process.

    Attributes
    ----------
    key : dict
        Names it within the study, such as ``{"arm": "main", "pool": 3}``; each of its rows has these columns.
    identity : str
        Of its rows (:func:`~infomotion_lib.studies.rows.identity_of`).
    task : object
        What the plan's function is given; must be picklable.
    number : int, optional
        Its number within the study, by which commands share the jobs; its place in the plan, where that lists
        all jobs.
    """

    key: dict[str, Any]
    identity: str
    task: T = field(repr=False)
    number: int | None = None


def one_row(rows: Sequence[Row]) -> int:
    """A job of one row: the usual case."""
    return 1


@dataclass(frozen=True)
class Plan(Generic[T]):
    """What a study computes.

    Attributes
    ----------
    jobs : sequence of Job
        No two with the same key and identity; begun in this order.
    work : callable
        A module's function: rows of a task one by one, given those of its rows that are known. It must be a
        generator, or cheap until it is asked for a row, and not repeat known rows.
    label, unit : str
        Of the progress bar: what is going on, and what a row is.
    total : callable
        Rows that a job will have in all, given those that are known; as long as it has fewer, it is not done.
    """

    jobs: Sequence[Job[T]]
    work: Callable[[T, list[Row]], Iterable[Row]]
    label: str
    unit: str = "network"
    total: Callable[[Sequence[Row]], int] = one_row


def run(
    plan: Plan[T],
    *,
    file: RowFile | None = None,
    workers: int = 1,
    minutes: float | None = None,
    say: Callable[[str], None] | None = None,
) -> list[list[Row]]:
    """Rows of each job, in the order of the plan; earlier calls' included.

    Parameters
    ----------
    plan : Plan
        What to compute.
    file : RowFile, optional
        Where every row is kept as soon as it is known; without it, nothing is kept. If it is that of a share
        of the study, the jobs of this share alone are done.
    workers : int
        Processes of one thread each.
    minutes : float, optional
        No row is begun later than this; without it, the call ends when all is done.
    say : callable, optional
        Takes a line for each job that has been worked on.

    Raises
    ------
    DataError
        If two jobs have the same key and identity.
    """
    deadline = float("inf") if minutes is None else time.time() + 60 * minutes
    names = [_name(job.key, job.identity) for job in plan.jobs]
    if len(set(names)) < len(names):
        raise DataError(f"Two jobs of a study have the same name: {max(names, key=names.count)}")
    if file is not None:
        file.repair()
    done = _known(plan, file)
    mine = _jobs_of_share(plan, file)
    missing = [number for number in mine if len(done[number]) < plan.total(done[number])]
    given = [_Given(plan.jobs[number], plan.work, done[number], file, deadline) for number in missing]
    bar: tqdm[Any] = track(
        label=plan.label, total=sum(plan.total(done[number]) for number in missing), unit=plan.unit
    )
    begun = sum(len(done[number]) for number in missing)
    bar.update(begun)
    made = 0

    def look() -> None:
        if file is not None:
            known = _known(plan, file)
            bar.update(sum(len(known[number]) for number in missing) - bar.n)

    with (
        bar,
        closing(spread(_carry_out, given, workers=min(workers, len(missing)), meanwhile=look)) as ended,
    ):
        for place, (rows, seconds) in ended:
            number = missing[place]
            done[number] = done[number] + rows
            made += len(rows)
            bar.update(max(0, begun + made - bar.n))
            if rows and say is not None:
                named = ", ".join(f"{name} {value}" for name, value in plan.jobs[number].key.items())
                say(f"{named}: {len(rows)} rows in {seconds / 60:.1f} CPU-minutes.")
    return done


def _jobs_of_share(plan: Plan[Any], file: RowFile | None) -> list[int]:
    """Places in the plan of the jobs that this command does."""
    share = None if file is None else file.share
    numbers = [place if job.number is None else job.number for place, job in enumerate(plan.jobs)]
    return [place for place, number in enumerate(numbers) if share is None or share.has(number)]


@dataclass(frozen=True)
class _Given(Generic[T]):
    """What one process is given."""

    job: Job[T]
    work: Callable[[T, list[Row]], Iterable[Row]]
    known: list[Row]
    file: RowFile | None
    deadline: float


def _carry_out(given: _Given[Any]) -> tuple[list[Row], float]:
    """New rows of one job and the CPU seconds they took."""
    began, job = time.process_time(), given.job
    rows: list[Row] = []
    with threadpool_limits(1):  # sums in another order are other sums
        source = iter(given.work(job.task, given.known))
        while time.time() < given.deadline:
            content = next(source, None)
            if content is None:
                break
            # as a file gives it back: a row is the same whether it was computed now or read
            row: Row = json.loads(json.dumps({IDENTITY: job.identity, **job.key, **content}))
            if given.file is not None:
                given.file.append(row)
            rows.append(row)
    return rows, time.process_time() - began


def _known(plan: Plan[Any], file: RowFile | None) -> list[list[Row]]:
    """Rows of each job that the file has already."""
    by_identity: dict[str, list[Row]] = {}
    for row in file.rows({job.identity for job in plan.jobs}) if file is not None else []:
        by_identity.setdefault(row[IDENTITY], []).append(row)
    known = []
    for job in plan.jobs:
        key = json.loads(json.dumps(job.key))
        rows = by_identity.get(job.identity, [])
        known.append([row for row in rows if all(row.get(name) == value for name, value in key.items())])
    return known


def _name(key: dict[str, Any], identity: str) -> str:
    return json.dumps([key, identity], sort_keys=True)
