"""What a run of the paper profile costs in hours and memory, and what several nodes make of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.cost_jobs import STEPS, STUDIES, Kind, Speed, Units, every_value, kinds, read_speed
from infomotion_book.cost_walk import critical_path, lengths, walk_hours
from infomotion_book.templates import filled, line, part
from infomotion_lib.reporting.figures.nodes import hours_by_nodes
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import save_figure, use_style

COMMAND = f"python tests/benchmarks/bench_paper_steps.py --out book/results/studies/{STEPS}"
PAGE, NOTES = "cost.md.jinja", "cost_notes.md.jinja"
FIGURE = "nodes-hours.svg"
NODES = (1, 2, 4, 8, 16, 32)
SHARDS = 32
GAINS = ("most", "middle", "least")
ENOUGH = 1.05
"""Nodes are enough where the walk takes at most so many times its floor."""


def hours_of(speed: Speed, gain: str, units: Units) -> float:
    """Hours of a job on one GPU."""
    return sum(speed.on_a_gpu(step, gain=gain) * count for step, count in units.items()) / 3600


def walks(speed: Speed, jobs: list[Kind]) -> pd.DataFrame:
    """``nodes`` and the hours of the walk by each gain: ``most`` is the fastest that the GPU may be."""
    return pd.DataFrame(
        [
            {"nodes": nodes}
            | {gain: walk_hours(jobs, nodes=nodes, hours=partial(hours_of, speed, gain)) for gain in GAINS}
            for nodes in NODES
        ]
    )


def values(speed: Speed) -> dict[str, Any]:
    """Numbers of the page: ``kinds``, ``walks``, the ``floor``, its ``chain``, nodes that are ``enough``."""
    profile = every_value("paper")
    jobs = kinds(profile, shards=SHARDS)
    hours = partial(hours_of, speed, "middle")
    floor, chain = critical_path(jobs, hours)
    table = walks(speed, jobs)
    near = table[table["middle"] <= ENOUGH * floor]["nodes"]
    total = float(table["middle"].iloc[0])
    return {
        "kinds": [_row(kind, speed) for kind in jobs],
        "walks": records(table),
        "total": total,
        "threads": round(sum(sum(lengths(kind, partial(_thread_hours, speed))) for kind in jobs), -2),
        "floor": floor,
        "chain": chain,
        "chain_hours": [max(lengths(kind, hours)) for name in chain for kind in jobs if kind.name == name],
        "speed_up": total / floor,
        "enough": int(near.min()) if len(near) else 0,
        "most_nodes": max(NODES),
        "cards": pd.read_csv(STUDIES / "latte_steps.csv")["gpu"].drop_duplicates().tolist(),
        "gains": sorted(speed.gains.values()),
        "shards": SHARDS,
        "latte_batch": profile["latte_batch_size"],
    }


def _thread_hours(speed: Speed, units: Units) -> float:
    return sum(speed.thread[step] * count for step, count in units.items()) / 3600


def _row(kind: Kind, speed: Speed) -> dict[str, Any]:
    each = {gain: lengths(kind, partial(hours_of, speed, gain)) for gain in GAINS}
    step, batch = kind.batch
    return {
        "name": kind.name,
        "jobs": kind.count,
        "threads": sum(lengths(kind, partial(_thread_hours, speed))),
        "hours": sum(each["middle"]),
        "fast": sum(each["most"]),
        "slow": sum(each["least"]),
        "longest": each["middle"][0],
        "memory": speed.gib(step, batch),
        "measured": all(name in speed.gpu for _, units in kind.jobs for name in units),
    }


def fragment(folder: Path = STUDIES) -> str:
    """MyST text of the page; a line where the steps have not been measured."""
    speed = read_speed(folder)
    if speed is None:
        return part(NOTES, "missing", {"command": COMMAND})
    said = values(speed)
    measured = pd.read_csv(folder / STEPS)
    processors = measured["processor"].drop_duplicates().tolist()
    said |= {"steps": records(measured), "processors": processors, "command": COMMAND}
    said |= {"address": f"_static/figures/{FIGURE}", "alt": line(NOTES, "alt", said)}
    return filled(PAGE, said)


def write_figure(target: Path, folder: Path = STUDIES) -> Path | None:
    """Hours against nodes, where the steps have been measured."""
    if (speed := read_speed(folder)) is None:
        return None
    use_style()
    said = values(speed)
    drawn = hours_by_nodes(pd.DataFrame(said["walks"]), floor=said["floor"], title=line(NOTES, "title", said))
    return save_figure(drawn, target / FIGURE, alt=line(NOTES, "alt", said)).path
