"""Running the study: pool by pool, a network at a time, in slices of a given number of minutes.

Workers are processes of one thread; each takes a whole pool, draws it, selects, and writes a line for every
network it has trained. Killed or stopped at any point, the same call goes on with the networks that are
missing and ends with the same rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tqdm import tqdm

from infomotion_lib.device import one_thread, start_worker
from infomotion_lib.errors import DataError, ParameterError, did_you_mean
from infomotion_lib.evaluation.metrics import constant_predictors, hard_correct, score
from infomotion_lib.phantom.nuisance import MACHINES
from infomotion_lib.processes import pool_size
from infomotion_lib.progress import track
from infomotion_lib.provenance import append_line, write_json
from infomotion_lib.studies.selectors.arms import ARMS, MAIN
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import STRIDE, Pool, draw_pool
from infomotion_lib.studies.selectors.resume import drop_unfinished_of_others, take_up_published
from infomotion_lib.studies.selectors.rows import (
    PUBLISHED,
    ROWS_FILE,
    SETTINGS_FILE,
    Line,
    Tables,
    read_lines,
    tables_of,
    whole_lines,
)
from infomotion_lib.studies.selectors.sets import Task, choose_sets, plan_tasks
from infomotion_lib.studies.selectors.settings import settings_name, settings_of
from infomotion_lib.studies.selectors.teachers import how_trained, open_teachers


@dataclass(frozen=True)
class PoolJob:
    """One pool for one worker: what is known of it already, and until when to work."""

    folder: Path
    parameters: EvidenceParameters
    arm: str
    pool: int
    settings: str
    deadline: float
    head: Line | None = field(default=None, repr=False)
    done: frozenset[tuple[str, int, int]] = field(default=frozenset(), repr=False)


def run_study(
    folder: str | Path,
    *,
    parameters: EvidenceParameters,
    arm: str = MAIN,
    pools: int | None = None,
    minutes: float | None = None,
    published: Path = PUBLISHED,
    say: Callable[[str], None] = print,
) -> Tables:
    """Rows of every pool and network finished so far, earlier calls and the published tables included.

    Parameters
    ----------
    folder : path
        Where ``rows.jsonl``, ``settings.json`` and the teachers are kept.
    parameters : EvidenceParameters
        Of the study; its ``workers`` are processes of one thread each, and the rows do not depend on them.
    arm : str
        A key of :data:`~infomotion_lib.studies.selectors.arms.ARMS`.
    pools : int, optional
        Pools to finish, from the first; ``study_pools`` by default.
    minutes : float, optional
        No network is begun later than this; without it the study runs to its end.
    published : Path
        Tables of earlier slices.
    say : callable
        Takes a line for each finished pool.

    Raises
    ------
    ParameterError
        If there is no such arm.
    DataError
        If the folder or the published tables hold rows of other settings.
    """
    if arm not in ARMS:
        raise ParameterError(f"Unknown arm: {arm}", remedy=did_you_mean(arm, ARMS))
    deadline = time.time() + 60 * minutes if minutes is not None else float("inf")
    root, settings = Path(folder), settings_of(parameters)
    root.mkdir(parents=True, exist_ok=True)
    name, path = settings_name(settings), root / ROWS_FILE
    take_up_published(path, published, name)
    write_json(settings, root / SETTINGS_FILE)
    teachers = open_teachers(root / "teachers", parameters, arm=ARMS[arm]).name
    drop_unfinished_of_others(path, arm, teachers)
    lines = read_lines(path)
    jobs = [
        _job(root, parameters, arm, pool, name, deadline, lines)
        for pool in range(pools or parameters.study_pools)
    ]
    missing = [job for job in jobs if job.head is None or len(job.done) < job.head["planned"]]
    _run_all(
        missing,
        path,
        most=most_tasks(arm, parameters),
        workers=min(parameters.workers, len(missing)),
        say=say,
    )
    return tables_of(read_lines(path), settings, how_trained(root / "teachers"))


def found_so_far(folder: str | Path, parameters: EvidenceParameters) -> Tables:
    """Rows of a study as its folder holds them, whether or not one is going on there.

    Raises
    ------
    DataError
        If there are none, or they are of other settings.
    """
    settings = settings_of(parameters)
    lines = whole_lines(Path(folder) / ROWS_FILE)
    if not lines:
        raise DataError(
            f"No study has run in {folder}.", remedy="Run `infomotion study selectors --minutes 120` first."
        )
    if any(line["settings"] != settings_name(settings) for line in lines):
        raise DataError(
            f"{folder} holds rows of other settings.",
            remedy="Name the profile and the parameters that it was run with.",
        )
    return tables_of(lines, settings, how_trained(Path(folder) / "teachers"))


def work_pool(job: PoolJob) -> tuple[int, int, float]:
    """Number of the pool, networks trained now, and CPU seconds: draws the pool, selects, trains what is
    missing until the deadline.
    """
    if time.time() >= job.deadline:
        return job.pool, 0, 0.0
    with threadpool_limits(1):  # sums in another order are other sums
        return _work(job)


def _work(job: PoolJob) -> tuple[int, int, float]:
    began, trained = time.process_time(), 0
    parameters, path = job.parameters, job.folder / ROWS_FILE
    pool = draw_pool(parameters, seed=parameters.study_seed + job.pool, arm=ARMS[job.arm])
    head = job.head
    if head is None:
        head = _head(job, pool, began)
        append_line(path, head)
    shared = {
        "kind": "network",
        "arm": job.arm,
        "pool": job.pool,
        "settings": job.settings,
        "teachers": head["teachers"],
    }
    for task in plan_tasks(head["sets"], parameters=parameters):
        if (task.set_name, task.steps, task.training_seed) in job.done:
            continue
        if time.time() >= job.deadline:
            break
        start = time.process_time()
        scores = train_and_score(task, pool, parameters)
        append_line(path, shared | scores | {"seconds": round(time.process_time() - start, 2)})
        trained += 1
    return job.pool, trained, time.process_time() - began


def train_and_score(task: Task, pool: Pool, parameters: EvidenceParameters) -> Line:
    """Row of one network: which set and seed, every metric on TEST, hard accuracy on each machine style; six
    decimals.
    """
    from infomotion_lib.regressor.training import train_regressor

    fitted = train_regressor(
        [pool.clips[row] for row in task.rows],
        pool.ef[list(task.rows)],
        parameters=parameters,
        seed=task.training_seed,
        steps=task.steps,
        period=max(1, parameters.clip_period // STRIDE),
        progress=False,
    )
    prediction = fitted.predict(pool.test_clips)
    right = hard_correct(pool.test_ef, prediction)
    by_machine = {
        f"accuracy_{style.name}": _share(right[pool.test_machines == style.name]) for style in MACHINES
    }
    named = {
        "set": task.set_name,
        "n_train": len(task.rows),
        "steps": task.steps,
        "training_seed": task.training_seed,
    }
    return named | _rounded(score(pool.test_ef, prediction, tolerance=parameters.soft_tolerance) | by_machine)


def most_tasks(arm: str, parameters: EvidenceParameters) -> int:
    """Networks of a pool if no two configurations chose the same set."""
    own = ARMS[arm]
    draws = {"random": parameters.study_random_draws, "ef_stratified": parameters.study_stratified_draws}
    sets = sum(draws.get(configuration.method, 1) for configuration in own.configurations) * (
        1 if own.small else len(parameters.vpc)
    )
    return sets * parameters.study_training_seeds + (0 if own.small else parameters.study_whole_seeds)


def _head(job: PoolJob, pool: Pool, began: float) -> Line:
    arm = ARMS[job.arm]
    teachers = open_teachers(job.folder / "teachers", job.parameters, arm=arm)
    sets = choose_sets(
        pool, teachers.vectors(pool, pooling=job.parameters.pooling), arm=arm, parameters=job.parameters
    )
    constants = constant_predictors(pool.ef, pool.test_ef, tolerance=job.parameters.soft_tolerance)
    return {
        "kind": "pool",
        "arm": job.arm,
        "pool": job.pool,
        "settings": job.settings,
        "teachers": teachers.name,
        "planned": len(plan_tasks(sets, parameters=job.parameters)),
        "sets": sets,
        "constants": [
            _rounded({str(name): value for name, value in row.items()})
            for row in constants.to_dict("records")
        ],
        "seconds": round(time.process_time() - began, 2),
    }


def _job(
    root: Path,
    parameters: EvidenceParameters,
    arm: str,
    pool: int,
    name: str,
    deadline: float,
    lines: Sequence[Line],
) -> PoolJob:
    own = [line for line in lines if (line["arm"], line["pool"]) == (arm, pool)]
    head = next((line for line in own if line["kind"] == "pool"), None)
    done = frozenset(
        (line["set"], line["steps"], line["training_seed"]) for line in own if line["kind"] == "network"
    )
    return PoolJob(root, parameters, arm, pool, name, deadline, head, done)


def _run_all(jobs: list[PoolJob], path: Path, *, most: int, workers: int, say: Callable[[str], None]) -> None:
    if not jobs:
        return
    known = sum(len(job.done) for job in jobs)
    bar: tqdm[Any] = track(
        label=f"{len(jobs)} pools",
        total=sum(job.head["planned"] if job.head else most for job in jobs),
        unit="network",
    )
    bar.update(known)
    if pool_size(workers) <= 1:
        with bar, one_thread():
            for job in jobs:
                _report(work_pool(job), job, say)
                bar.update(_networks(path, jobs) - bar.n)
        return
    with (
        bar,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker) as executor,
    ):
        running: dict[Future[tuple[int, int, float]], PoolJob] = {
            executor.submit(work_pool, job): job for job in jobs
        }
        try:
            while running:
                ended, _ = wait(running, timeout=5, return_when=FIRST_COMPLETED)
                bar.update(_networks(path, jobs) - bar.n)
                for future in ended:
                    _report(future.result(), running.pop(future), say)
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


def _report(ended: tuple[int, int, float], job: PoolJob, say: Callable[[str], None]) -> None:
    number, trained, seconds = ended
    if trained:
        say(
            f"Pool {number} of arm {job.arm}: {trained} networks trained in {seconds / 60:.1f} CPU-minutes,"
            " drawing and selecting included."
        )


def _networks(path: Path, jobs: list[PoolJob]) -> int:
    wanted = {(job.arm, job.pool) for job in jobs}
    return sum(
        line["kind"] == "network" and (line["arm"], line["pool"]) in wanted for line in whole_lines(path)
    )


def _start_worker() -> None:
    import cv2

    start_worker()
    cv2.setNumThreads(1)


def _share(right: np.ndarray) -> float:
    return 100.0 * float(right.mean()) if len(right) else float("nan")


def _rounded(row: dict[str, Any]) -> Line:
    return {
        name: round(float(value), 6) if isinstance(value, (float, np.floating)) else value
        for name, value in row.items()
    }
