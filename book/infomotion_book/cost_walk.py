"""How long a walk of jobs takes on so many nodes: what list scheduling would make of it, and its floor."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

from infomotion_book.cost_jobs import Kind, Units

Hours = Callable[[Units], float]


def lengths(kind: Kind, hours: Hours) -> list[float]:
    """Hours of each job of a kind, the longest first."""
    each = [(hours(units), count) for count, units in kind.jobs]
    return sorted((length for length, count in each for _ in range(count)), reverse=True)


def tails(kinds: Sequence[Kind], hours: Hours) -> dict[str, float]:
    """Hours of the longest chain that begins with a job of each kind."""
    found: dict[str, float] = {}
    for kind in reversed(kinds):
        after = [found[later.name] for later in kinds if kind.name in later.needs]
        found[kind.name] = max(lengths(kind, hours)) + max(after, default=0.0)
    return found


def critical_path(kinds: Sequence[Kind], hours: Hours) -> tuple[float, list[str]]:
    """Hours of the longest chain of jobs, which no number of nodes shortens, and the kinds in it."""
    left = tails(kinds, hours)
    chain: list[str] = []
    ready = [kind.name for kind in kinds if not kind.needs]
    while ready:
        chain.append(max(ready, key=left.__getitem__))
        ready = [kind.name for kind in kinds if chain[-1] in kind.needs]
    return left[chain[0]], chain


def walk_hours(kinds: Sequence[Kind], *, nodes: int, hours: Hours) -> float:
    """Hours until the last job has ended on so many nodes, one job at a time on each; of those that may
    begin, the one with the longest chain behind it goes first.
    """
    left, todo = tails(kinds, hours), {kind.name: lengths(kind, hours) for kind in kinds}
    open_jobs = {kind.name: kind.count for kind in kinds}
    running: list[tuple[float, str]] = []
    now = 0.0
    while any(todo.values()) or running:
        for kind in sorted(kinds, key=lambda kind: -left[kind.name]):
            while (
                todo[kind.name] and len(running) < nodes and not any(open_jobs[need] for need in kind.needs)
            ):
                heapq.heappush(running, (now + todo[kind.name].pop(0), kind.name))
        now, ended = heapq.heappop(running)
        open_jobs[ended] -= 1
    return now
