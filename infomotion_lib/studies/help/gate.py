"""Stage 0: how much could an oracle, which knows every fault, gain over Random? A row per network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.evaluation.agreement import bland_altman
from infomotion_lib.evaluation.metrics import score
from infomotion_lib.json_lines import Row
from infomotion_lib.share import Share
from infomotion_lib.studies.help.registration import COLUMN, FORMATS, Registration, check_rows
from infomotion_lib.studies.help.worlds import World, draw_world
from infomotion_lib.studies.rows import RowFile, identity_of
from infomotion_lib.studies.runner import Job, Plan, run
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import STRIDE
from infomotion_lib.studies.selectors.settings import DECIDING

ROWS_FILE = "stage_0.jsonl"
JUDGES = 1000
"""Training seeds of the judge's networks begin here, so that none of them is scored."""


@dataclass(frozen=True)
class GateTask:
    """A pool of one world, for one process."""

    own: Registration
    parameters: EvidenceParameters = field(repr=False)
    world: str
    seed: int

    @property
    def vpc(self) -> int:
        """Videos per class."""
        return min(self.parameters.vpc)


def run_gate(
    folder: str | Path,
    *,
    own: Registration,
    workers: int = 1,
    minutes: float | None = None,
    share: Share | None = None,
    say: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Rows of stage 0, those of earlier calls included; the same call goes on. With a ``share``, pools of
    that alone are begun.

    Raises
    ------
    DataError
        If the folder holds rows of another registration.
    """
    file = RowFile(Path(folder) / ROWS_FILE, share)
    check_rows(file.rows(), own)
    parameters = own.parameters
    decides = {COLUMN: own.hash, "settings": parameters.model_dump(include={*DECIDING}, mode="json")}
    identity = identity_of(decides, format=FORMATS["stage_0"])
    jobs = [
        Job({"stage": 0, "world": world, "pool": seed}, identity, GateTask(own, parameters, world, seed))
        for seed in own.content["stage_0"]["seeds"]
        for world in own.worlds
    ]
    wanted = sum(own.content["stage_0"]["sets"].values())
    plan = Plan(jobs, rows_of_task, label=f"{len(jobs)} pools", total=lambda known: wanted)
    done = run(plan, file=file, workers=workers, minutes=minutes, say=say)
    return pd.DataFrame([row for rows in done for row in rows])


def rows_of_task(task: GateTask, known: list[Row]) -> Iterator[Row]:
    """Rows of one pool that are not known."""
    rule = task.own.content["stage_0"]
    made = {(row["arm"], row["draw"]) for row in known}
    judged = not task.own.contaminations(task.world)
    pool = draw_world(task.parameters, task.own.contaminations(task.world), seed=task.seed, judge=judged)
    arms = rule["sets"]
    best: list[int] | None = None
    for arm, draw in ((arm, draw) for arm, sets in arms.items() for draw in range(sets)):
        if (arm, draw) in made:
            continue
        began = time.process_time()
        steps = task.parameters.steps_selected
        if arm == "oracle" and judged:
            if best is None:
                best = judged_draw(
                    pool,
                    np.ones(len(pool.label), dtype=bool),
                    parameters=task.parameters,
                    seed=task.seed,
                    draws=rule["oracle_draws"],
                )
            steps *= 1 + rule["oracle_draws"] * (draw == 0)  # counted once, wherever a call was cut
            rows = best
        else:
            allowed = np.ones(len(pool.label), dtype=bool) if arm == "random" else wanted_by_oracle(pool)
            rows = stratified(pool, allowed, vpc=task.vpc, stream=(task.seed, arm == "oracle", draw))
        chosen = time.process_time() - began
        scores = train_and_score(rows, pool, task.parameters, seed=draw)
        yield {
            COLUMN: task.own.hash,
            "arm": arm,
            "draw": draw,
            "videos": " ".join(map(str, rows)),
            "bad": round(100 * float(pool.bad[rows].mean()), 6),
            **scores,
            "steps": steps,
            "seconds_choosing": round(chosen, 2),
            "seconds": round(time.process_time() - began, 2),
        }


def wanted_by_oracle(pool: World) -> NDArray[np.bool_]:
    """Videos (N,) that one who knows the truth would draw from: without fault, or, where every label is off,
    the better half of each class.
    """
    if not any("noisy_ef" in video.faults for video in pool.videos):
        return ~pool.bad
    error, kept = np.abs(pool.label - pool.truth), np.zeros(len(pool.label), dtype=bool)
    for name in np.unique(pool.classes):
        rows = np.flatnonzero(pool.classes == name)
        kept[rows[np.argsort(error[rows], kind="stable")][: -(-len(rows) // 2)]] = True
    return kept


def stratified(pool: World, allowed: NDArray[np.bool_], *, vpc: int, stream: tuple[int, ...]) -> list[int]:
    """Rows of one draw with ``vpc`` videos of each class out of those allowed, ascending; ``stream`` names
    the draw.
    """
    rng = np.random.default_rng([int(number) for number in stream])
    rows: list[int] = []
    for name in np.unique(pool.classes):
        free = np.flatnonzero((pool.classes == name) & allowed)
        rows += rng.permutation(free)[:vpc].tolist()
    return sorted(rows)


def judged_draw(
    pool: World, allowed: NDArray[np.bool_], *, parameters: EvidenceParameters, seed: int, draws: int
) -> list[int]:
    """The random draw out of ``draws`` whose network errs least on the judge's clean videos: an oracle of
    coverage.
    """
    judged = []
    for draw in range(draws):
        rows = stratified(pool, allowed, vpc=min(parameters.vpc), stream=(seed, 2, draw))
        fitted = _trained(rows, pool, parameters, seed=JUDGES + draw)
        judged.append((float(np.abs(fitted.predict(pool.judge_clips) - pool.judge_ef).mean()), rows))
    return min(judged)[1]


def train_and_score(rows: list[int], pool: World, parameters: EvidenceParameters, *, seed: int) -> Row:
    """Every metric on TEST, and the agreement of Bland and Altman."""
    prediction = _trained(rows, pool, parameters, seed=seed).predict(pool.test_clips)
    values = score(pool.test_ef, prediction, tolerance=parameters.soft_tolerance)
    values |= bland_altman(pool.test_ef, prediction)
    named = {"n_train": len(rows), "training_seed": seed}
    return named | {name: round(float(value), 6) for name, value in values.items()}


def _trained(rows: list[int], pool: World, parameters: EvidenceParameters, *, seed: int) -> Any:
    from infomotion_lib.regressor.setup import QUIET
    from infomotion_lib.regressor.training import train_regressor

    return train_regressor(
        [pool.clips[row] for row in rows],
        pool.label[rows],
        parameters=parameters,
        seed=seed,
        steps=parameters.steps_selected,
        period=max(1, parameters.clip_period // STRIDE),
        setup=QUIET,
    )
