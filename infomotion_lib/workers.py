"""Work spread over processes of one thread each: one place starts them, and none outlives its call."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from typing import TypeVar

from infomotion_lib.device import one_thread, start_worker
from infomotion_lib.processes import pool_size

LOOK_EVERY = 5.0
"""Seconds between two looks of ``meanwhile``."""

T = TypeVar("T")
R = TypeVar("R")


def spread(
    work: Callable[[T], R],
    tasks: Iterable[T],
    *,
    workers: int,
    meanwhile: Callable[[], None] | None = None,
) -> Generator[tuple[int, R], None, None]:
    """Number of each task and its result, in the order in which they end.

    With one worker the tasks are done one after the other in this process, on one thread; so a result never
    depends on the number of workers. Whoever stops asking (an error, Ctrl-C, ``close``) kills the workers at
    once: what they make must be whole at any moment.

    Parameters
    ----------
    work : callable
        A function of a module, since processes import it.
    tasks : iterable
        What it is given, one at a time; must be picklable.
    workers : int
        Processes.
    meanwhile : callable, optional
        Called every few seconds while processes work, such as to move a progress bar.
    """
    if pool_size(workers) <= 1:
        with one_thread():
            for number, task in enumerate(tasks):
                yield number, work(task)
        return
    executor = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=start_worker)
    try:
        running: dict[Future[R], int] = {
            executor.submit(work, task): number for number, task in enumerate(tasks)
        }
        while running:
            ended, _ = wait(running, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
            if meanwhile is not None:
                meanwhile()
            for future in ended:
                yield running.pop(future), future.result()
    except BaseException:
        for process in list((executor._processes or {}).values()):
            process.kill()
        raise
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
