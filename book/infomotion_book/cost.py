"""What a run of the paper profile costs in hours and memory, and what several nodes make of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.cost_jobs import STEPS, STUDIES, Kind, Speed, Units, every_value, kinds, read_speed
from infomotion_book.cost_walk import critical_path, lengths, walk_hours
from infomotion_book.html import again, figure, number
from infomotion_book.page_table import of_rows, page_table
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
    """Numbers of the page: ``kinds``, ``walks``, the ``floor``, its ``chain`` and the nodes that are
    ``enough``.
    """
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
        "chain_hours": [
            _hours(max(lengths(kind, hours))) for name in chain for kind in jobs if kind.name == name
        ],
        "speed_up": total / floor,
        "spread_floor": critical_path(kinds(profile, shards=SHARDS, spread_pools=True), hours)[0],
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
        "rule": kind.rule,
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
    """MyST text: hours and memory by kind of job, the walk by nodes with its figure, the measured steps; a
    line where they have not been measured.
    """
    speed = read_speed(folder)
    if speed is None:
        return part("measured.md.jinja", "missing", {"what": "The cost of a step", "command": COMMAND})
    said = values(speed)
    shown = figure(f"_static/figures/{FIGURE}", line(NOTES, "alt", said))
    blocks = {
        "kinds_table": _kinds_table(said),
        "nodes_table": _nodes_table(said),
        "picture": shown,
        "steps_table": _steps_table(folder),
    }
    return filled(PAGE, said | blocks)


def write_figure(target: Path, folder: Path = STUDIES) -> Path | None:
    """Hours against nodes, where the steps have been measured."""
    if (speed := read_speed(folder)) is None:
        return None
    use_style()
    said = values(speed)
    drawn = hours_by_nodes(pd.DataFrame(said["walks"]), floor=said["floor"], title=line(NOTES, "title", said))
    return save_figure(drawn, target / FIGURE, alt=line(NOTES, "alt", said)).path


def _kinds_table(said: dict[str, Any]) -> str:
    rows = [
        [
            row["name"],
            f"{row['jobs']:,}",
            f"{row['threads']:,.0f}",
            _hours(row["hours"])
            if row["measured"] or row["slow"] < 0.05
            else f"{_hours(row['hours'])} ({_hours(row['fast'])} to {_hours(row['slow'])})",
            _hours(row["longest"]),
            number(row["memory"]),
        ]
        for row in said["kinds"]
    ]
    head = ["Kind of job", "Jobs", "Thread hours", "GPU hours", "Longest job, GPU hours", "GiB"]
    return page_table(
        of_rows(head, rows, caption="Jobs of the paper profile", notes=(line(NOTES, "kinds_note", said),))
    )


def _nodes_table(said: dict[str, Any]) -> str:
    rows = [
        [
            row["nodes"],
            _hours(row["middle"]),
            f"{_hours(row['most'])} to {_hours(row['least'])}",
            number(said["total"] / row["middle"], 1),
            f"{100 * said['total'] / row['middle'] / row['nodes']:.0f} %",
        ]
        for row in said["walks"]
    ]
    head = ["Nodes", "Hours", "Range", "Times faster", "Nodes busy"]
    return page_table(
        of_rows(head, rows, caption="The walk by nodes", notes=(line(NOTES, "nodes_note", said),))
    )


def _steps_table(folder: Path) -> str:
    measured = pd.read_csv(folder / STEPS)
    rows = [
        [
            row["step"].replace("_", " "),
            f"{row['batch']} {row['unit'].rstrip('s') if row['batch'] == 1 else row['unit']}",
            number(row["cpu_seconds"], 2),
            number(row["memory_gib"]),
        ]
        for row in records(measured)
    ]
    note = line(NOTES, "steps_note", {"processors": measured["processor"].drop_duplicates().tolist()})
    head = ["Step", "Batch", "Seconds", "GiB"]
    return page_table(of_rows(head, rows, caption="Measured steps", notes=(note, again(COMMAND))))


def _hours(value: float) -> str:
    if value < 0.05:
        return "under 0.1"
    return number(value, 1) if value < 100 else f"{value:,.0f}"
