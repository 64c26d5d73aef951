"""Stage 1: who uses the room that the oracle found? Every arm on fresh pools of the worlds that entered, a
row per network.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.errors import DataError
from infomotion_lib.json_lines import Row
from infomotion_lib.selection.registry import SELECTORS
from infomotion_lib.selection.spread import coverage, diversity
from infomotion_lib.share import Share
from infomotion_lib.studies.help.answers import gate_table
from infomotion_lib.studies.help.arms import Choice, Part, choose, sub_pool
from infomotion_lib.studies.help.gate import ROWS_FILE as GATE_FILE
from infomotion_lib.studies.help.gate import train_and_score
from infomotion_lib.studies.help.registration import COLUMN, FORMATS, Registration, check_rows
from infomotion_lib.studies.help.worlds import World, draw_world, shown_key_frames
from infomotion_lib.studies.rows import RowFile, identity_of
from infomotion_lib.studies.runner import Job, Plan, run
from infomotion_lib.studies.selectors.feature_networks import open_feature_networks, require_feature_networks

ROWS_FILE = "stage_1.jsonl"
NETWORKS = "networks"
"""Folder of the networks behind the vectors, and the column that names them."""


@dataclass(frozen=True)
class PoolTask:
    """A pool of one world, for one process."""

    registered: Registration
    networks: Path
    world: str
    seed: int
    name: str = field(default="", repr=False)


def worlds_that_entered(folder: str | Path, registered: Registration) -> list[str]:
    """Worlds of stage 1, those with the largest headroom first; none is itself the finding.

    Raises
    ------
    DataError
        If stage 0 has not finished, or its rows are of another registration.
    """
    rows = RowFile(Path(folder) / GATE_FILE).rows()
    check_rows(rows, registered)
    table = gate_table(pd.DataFrame(rows), registered)
    left = int((len(registered.content["stage_0"]["seeds"]) - table["pools"]).sum())
    if left:
        raise DataError(
            f"{left} pools of stage 0 are not finished: no world has entered stage 1.",
            remedy="Run `infomotion study help --gate` to its end first.",
        )
    return [str(name) for name in table[table["enters"]].sort_values("headroom", ascending=False)["world"]]


def run_stage_1(
    folder: str | Path,
    *,
    registered: Registration,
    workers: int = 1,
    minutes: float | None = None,
    share: Share | None = None,
    say: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Rows of stage 1, those of earlier calls included; the same call goes on. The networks behind the
    vectors are trained first, once, on a pool of their own. With a ``share``, pools of that alone are begun,
    and these networks must be there.

    Raises
    ------
    DataError
        If stage 0 has not finished or no world entered, or the folder holds rows of another registration or
        of other networks.
    """
    root, rule = Path(folder), registered.content["stage_1"]
    worlds = worlds_that_entered(root, registered)
    if not worlds:
        raise DataError("No world passed the gate: that is the finding, and nothing is compared.")
    file = RowFile(root / ROWS_FILE, share)
    check_rows(file.rows(), registered)
    until = None if minutes is None else time.time() + 60 * minutes
    if share is not None:
        command = "infomotion study help --stage1"
        require_feature_networks(root / NETWORKS, registered.parameters, command=command)
    name = open_feature_networks(root / NETWORKS, registered.parameters).name
    check_networks(file.rows(), name)
    identity = identity_of({COLUMN: registered.hash, NETWORKS: name}, format=FORMATS["stage_1"])
    jobs = [
        Job(
            {"stage": 1, "world": world, "pool": seed},
            identity,
            PoolTask(registered, root / NETWORKS, world, seed, name),
        )
        for seed in range(rule["first_seed"], rule["first_seed"] + rule["pools"])
        for world in worlds
    ]
    wanted = sum(rule["sets"].values())
    plan = Plan(jobs, rows_of_task, label=f"{len(jobs)} pools", total=lambda known: wanted)
    left = None if until is None else max(0.0, until - time.time()) / 60
    done = run(plan, file=file, workers=workers, minutes=left, say=say)
    return pd.DataFrame([row for rows in done for row in rows])


def check_networks(rows: list[Row], name: str) -> None:
    """Refuse to go on with other networks behind the vectors.

    Raises
    ------
    DataError
        If a row names others.
    """
    others = sorted({str(row[NETWORKS]) for row in rows} - {name})
    if others:
        raise DataError(
            f"Rows were made with the vectors of other networks: {others[0]} instead of {name}.",
            remedy=f"Bring back the folder {NETWORKS} that they were made with, or begin in a new folder.",
        )


def rows_of_task(task: PoolTask, known: list[Row]) -> Iterator[Row]:
    """Rows of one pool that are not known."""
    registered, rule = task.registered, task.registered.content["stage_1"]
    parameters, faults = registered.parameters, registered.contaminations(task.world)
    made = {(row["arm"], row["draw"]) for row in known}
    began = time.process_time()
    pool = draw_world(parameters, faults, seed=task.seed, judge=not faults)
    drawn = time.process_time() - began
    vectors, seconds = pool_vectors(task, pool)
    parts = [
        sub_pool(pool, share=rule["sub_pool_share"], seed=task.seed, number=number)
        for number in range(rule["sub_pools"])
    ]
    judged: Choice | None = None
    for arm, draw in ((arm, draw) for arm, sets in rule["sets"].items() for draw in range(sets)):
        if (arm, draw) in made:
            continue
        start = time.process_time()
        once = arm == "oracle" and not faults
        number = 0 if once else draw % len(parts)
        choice = (
            judged
            if once and judged
            else choose(arm, Part(pool, parts[number], vectors, task.seed, draw), registered)
        )
        judged = choice if once else judged
        chosen = time.process_time() - start
        scores = train_and_score(choice.rows, pool, parameters, seed=draw)
        used = SELECTORS[arm].feature if arm in SELECTORS else ""
        yield {
            COLUMN: registered.hash,
            NETWORKS: task.name,
            "arm": arm,
            "draw": draw,
            "sub_pool": number,
            "videos": " ".join(map(str, choice.rows)),
            "bad": round(100 * float(pool.bad[choice.rows].mean()), 6),
            **spread_of(choice.rows, pool, vectors),
            **scores,
            "labels": choice.labels,
            # a judge is counted once, wherever a call was cut
            "steps": parameters.steps_selected + (0 if once and draw else choice.steps),
            "seconds_choosing": round(chosen, 2),
            "seconds_vectors": round(seconds[used], 2) if used else 0.0,
            "seconds_pool": round(drawn + sum(seconds.values()), 2),
            "seconds": round(time.process_time() - start, 2),
        }


def pool_vectors(task: PoolTask, pool: World) -> tuple[dict[str, NDArray[np.floating]], dict[str, float]]:
    """``motion`` and ``appearance`` vectors (N, D) of the TRAIN videos, and the CPU seconds of both, those of
    drawing the key frames left out.
    """
    networks = open_feature_networks(task.networks, task.registered.parameters)
    frames = shown_key_frames(pool, task.registered.parameters)
    began = time.process_time()
    motion = networks.motion(frames, pooling=task.registered.parameters.pooling)
    between = time.process_time()
    appearance = networks.looks(frames)
    seconds = {"motion": between - began, "appearance": time.process_time() - between}
    return {"motion": motion, "appearance": appearance}, seconds


def spread_of(rows: list[int], pool: World, vectors: dict[str, NDArray[np.floating]]) -> Row:
    """Coverage and diversity of a set in the space of each kind of vector, six decimals."""
    spread: Row = {}
    for kind, values in vectors.items():
        spread[f"coverage_{kind}"] = round(coverage(values, pool.classes, rows), 6)
        spread[f"diversity_{kind}"] = round(diversity(values, pool.classes, rows), 6)
    return spread
