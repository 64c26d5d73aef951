"""Running the study: a job is a pool of one arm, which is drawn, selected from and trained on in one process.

A pool's first row says what every configuration chose from it; each network that this makes necessary is a
row. The runner keeps them one by one, so a study may be cut at any point and goes on with the networks
that are missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from infomotion_lib.errors import DataError, ParameterError, did_you_mean
from infomotion_lib.evaluation.agreement import bland_altman
from infomotion_lib.evaluation.metrics import constant_predictors, hard_correct, score
from infomotion_lib.json_lines import Row
from infomotion_lib.phantom.nuisance import MACHINES
from infomotion_lib.provenance import write_json
from infomotion_lib.share import Share
from infomotion_lib.studies.rows import RowFile
from infomotion_lib.studies.runner import Job, Plan, run
from infomotion_lib.studies.selectors.arms import ARMS, MAIN
from infomotion_lib.studies.selectors.feature_networks import (
    how_trained,
    open_feature_networks,
    require_feature_networks,
)
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import STRIDE, Pool, draw_pool
from infomotion_lib.studies.selectors.resume import take_up
from infomotion_lib.studies.selectors.rows import (
    NETWORKS,
    ROWS_FILE,
    SETTINGS_FILE,
    Tables,
    edition_of,
    is_complete,
    kept_rows,
    pool_identity,
    published_folder,
    rows_of_pool,
    tables_of,
)
from infomotion_lib.studies.selectors.sets import Task, choose_sets, plan_tasks
from infomotion_lib.studies.selectors.settings import settings_name, settings_of


@dataclass(frozen=True)
class PoolTask:
    """One pool, for one process: where the networks behind its vectors lie, and what names its rows."""

    folder: Path
    parameters: EvidenceParameters
    arm: str
    pool: int
    settings: str


def run_study(
    folder: str | Path,
    *,
    parameters: EvidenceParameters,
    arm: str = MAIN,
    pools: int | None = None,
    minutes: float | None = None,
    share: Share | None = None,
    published: Path | None = None,
    say: Callable[[str], None] = print,
) -> Tables:
    """Rows of every pool and network finished so far, earlier calls and the published tables included.

    Parameters
    ----------
    folder : path
        Where ``rows.jsonl``, ``settings.json`` and the networks behind the vectors are kept.
    parameters : EvidenceParameters
        Of the study; its ``workers`` are processes of one thread each, and the rows do not depend on them.
    arm : str
        A key of :data:`~infomotion_lib.studies.selectors.arms.ARMS`.
    pools : int, optional
        Pools to finish, from the first; ``study_pools`` by default.
    minutes : float, optional
        No network is begun later than this; without it the study runs to its end.
    share : Share, optional
        The pools of one of several commands that do the study together; the networks behind the vectors must
        be trained then.
    published : Path, optional
        Tables of earlier slices, by default those of the current edition of the phantom; left alone if they
        are of other settings.
    say : callable
        Takes a line for each pool that has been worked on.

    Raises
    ------
    ParameterError
        If there is no such arm.
    DataError
        If a share is to be done before the networks behind the vectors are trained.
    """
    if arm not in ARMS:
        raise ParameterError(f"Unknown arm: {arm}", remedy=did_you_mean(arm, ARMS))
    until = None if minutes is None else time.time() + 60 * minutes
    root, settings = Path(folder), settings_of(parameters)
    name, file = settings_name(settings), RowFile(root / ROWS_FILE, share)
    if share is not None:
        command = "infomotion study selectors"
        require_feature_networks(root / NETWORKS, parameters, command=command, arm=ARMS[arm])
    before = published_folder(edition_of(settings)) if published is None else published
    if not take_up(file, before, name):
        say(f"The rows in {before} are of other settings: this study does not go on from them.")
    write_json(settings, root / SETTINGS_FILE)
    networks = open_feature_networks(root / NETWORKS, parameters, arm=ARMS[arm]).name
    jobs = []
    for pool in unfinished_pools(file, name, arm=arm, pools=pools or parameters.study_pools):
        task = PoolTask(root, parameters, arm, pool, name)
        jobs.append(Job({"arm": arm, "pool": pool}, pool_identity(name, networks), task, number=pool))
    total = partial(rows_of_pool, most=most_networks(arm, parameters))
    plan = Plan(jobs, rows_of_task, label=f"{len(jobs)} pools", total=total)
    left = None if until is None else max(0.0, until - time.time()) / 60
    run(plan, file=file, workers=parameters.workers, minutes=left, say=say)
    return tables_of(rows_of_settings(file, name), settings, how_trained(root / NETWORKS))


def tables_so_far(folder: str | Path, parameters: EvidenceParameters) -> Tables:
    """Rows of a study as its folder holds them, whether or not one is going on there.

    Raises
    ------
    DataError
        If there are none of these settings.
    """
    settings, file = settings_of(parameters), RowFile(Path(folder) / ROWS_FILE)
    rows = rows_of_settings(file, settings_name(settings))
    if not rows and file.rows():
        raise DataError(
            f"{folder} holds rows of other settings.",
            remedy="Name the profile and the parameters that it was run with.",
        )
    if not rows:
        raise DataError(
            f"No study has run in {folder}.", remedy="Run `infomotion study selectors --minutes 120` first."
        )
    return tables_of(rows, settings, how_trained(Path(folder) / NETWORKS))


def rows_of_settings(file: RowFile, settings: str) -> list[Row]:
    """Rows of the settings of this name, whichever networks are behind their vectors."""
    return [row for row in file.rows() if row["settings"] == settings]


def unfinished_pools(file: RowFile, settings: str, *, arm: str, pools: int) -> list[int]:
    """Numbers of the first ``pools`` pools of an arm that lack a row of these settings."""
    begun = kept_rows(rows_of_settings(file, settings))
    by_pool = ([row for row in begun if (row["arm"], row["pool"]) == (arm, pool)] for pool in range(pools))
    return [pool for pool, rows in enumerate(by_pool) if not is_complete(rows)]


def rows_of_task(task: PoolTask, known: list[Row]) -> Iterator[Row]:
    """Rows of one pool that are not known: its own, which says what was chosen, then one per network."""
    began, parameters = time.process_time(), parameters_of(task.arm, task.parameters)
    pool = draw_pool(parameters, seed=parameters.study_seed + task.pool, arm=ARMS[task.arm])
    first = next((row for row in known if row["kind"] == "pool"), None)
    if first is None:
        first = _pool_row(task, pool, began)
        yield first
    yield from network_rows(pool, first, known, parameters=parameters)


def parameters_of(arm: str, parameters: EvidenceParameters) -> EvidenceParameters:
    """Those that an arm is trained with."""
    equal = {"steps_whole": parameters.steps_selected} if ARMS[arm].equal_steps else {}
    return parameters.model_copy(update=equal)


def network_rows(
    pool: Pool, first: Row, known: list[Row], *, parameters: EvidenceParameters
) -> Iterator[Row]:
    """Rows of the networks that a pool's own row makes necessary and that are not known."""
    done = {(row["set"], row["steps"], row["training_seed"]) for row in known if row["kind"] == "network"}
    shared = {"kind": "network", "settings": first["settings"], NETWORKS: first[NETWORKS]}
    for network in plan_tasks(first["sets"], parameters=parameters):
        if (network.set_name, network.steps, network.training_seed) not in done:
            start = time.process_time()
            scores = train_and_score(network, pool, parameters)
            yield shared | scores | {"seconds": round(time.process_time() - start, 2)}


def train_and_score(task: Task, pool: Pool, parameters: EvidenceParameters) -> Row:
    """Row of one network: which set and seed, every metric on TEST, bias and spread of the errors (Bland and
    Altman), hard accuracy on each scanner style; six decimals.
    """
    from infomotion_lib.regressor.setup import QUIET
    from infomotion_lib.regressor.training import train_regressor

    fitted = train_regressor(
        [pool.clips[row] for row in task.rows],
        pool.ef[list(task.rows)],
        parameters=parameters,
        seed=task.training_seed,
        steps=task.steps,
        period=max(1, parameters.clip_period // STRIDE),
        setup=QUIET,
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
    agreement = bland_altman(pool.test_ef, prediction)
    by_machine |= {name: agreement[name] for name in ("bias", "error_sd")}
    return named | _rounded(score(pool.test_ef, prediction, tolerance=parameters.soft_tolerance) | by_machine)


def most_networks(arm: str, parameters: EvidenceParameters) -> int:
    """Networks of a pool if no two configurations chose the same set."""
    changed = ARMS[arm]
    draws = {"random": parameters.study_random_draws, "ef_stratified": parameters.study_stratified_draws}
    sets = sum(draws.get(configuration.method, 1) for configuration in changed.configurations)
    budgets = 1 if changed.small else len(parameters.vpc)
    whole = parameters.study_whole_seeds if changed.whole else 0
    return sets * budgets * parameters.study_training_seeds + whole


def pool_row(
    pool: Pool,
    sets: list[dict[str, Any]],
    *,
    settings: str,
    networks: str,
    parameters: EvidenceParameters,
    began: float,
) -> Row:
    """A pool's own row: chosen sets, constant predictors, names of settings and of the networks behind the
    vectors, CPU seconds since ``began``.
    """
    constants = constant_predictors(pool.ef, pool.test_ef, tolerance=parameters.soft_tolerance)
    return {
        "kind": "pool",
        "settings": settings,
        NETWORKS: networks,
        "planned": len(plan_tasks(sets, parameters=parameters)),
        "sets": sets,
        "constants": [
            _rounded({str(name): value for name, value in row.items()})
            for row in constants.to_dict("records")
        ],
        "seconds": round(time.process_time() - began, 2),
    }


def _pool_row(task: PoolTask, pool: Pool, began: float) -> Row:
    arm, parameters = ARMS[task.arm], parameters_of(task.arm, task.parameters)
    networks = open_feature_networks(task.folder / NETWORKS, parameters, arm=arm)
    vectors = networks.vectors(pool, pooling=parameters.pooling)
    sets = choose_sets(pool, vectors, arm=arm, parameters=parameters)
    named = {"settings": task.settings, "networks": networks.name}
    return pool_row(pool, sets, **named, parameters=parameters, began=began)


def _share(right: np.ndarray) -> float:
    return 100.0 * float(right.mean()) if len(right) else float("nan")


def _rounded(row: dict[str, Any]) -> Row:
    return {
        name: round(float(value), 6) if isinstance(value, (float, np.floating)) else value
        for name, value in row.items()
    }
