"""Which vectors select best, on many independent phantom pools: one selector on several kinds, and Random.

The networks behind the vectors are those of a finished stage 02, whose videos are in no pool; what can be
applied to other videos is compared, and the true factors. Pools, networks on the chosen videos, rows and
tables are those of :mod:`infomotion_lib.studies.selectors`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.errors import DataError
from infomotion_lib.files import VIDEOS
from infomotion_lib.frozen import FROZEN
from infomotion_lib.json_lines import Row
from infomotion_lib.parameters import StageParameters
from infomotion_lib.phantom.dataset import make_dataset
from infomotion_lib.phantom.plan import phantom_request
from infomotion_lib.provenance import read_run_card, sha256, write_json
from infomotion_lib.registry import imported
from infomotion_lib.representations.registry import PAPER, REPRESENTATIONS
from infomotion_lib.representations.stage import extract
from infomotion_lib.share import Share
from infomotion_lib.studies.rows import RowFile, identity_of
from infomotion_lib.studies.runner import Job, Plan, run
from infomotion_lib.studies.selectors.arms import ARMS, MAIN, RANDOM, Arm, Configuration
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import Pool, draw_pool, key_frames, plan_pool
from infomotion_lib.studies.selectors.resume import take_up
from infomotion_lib.studies.selectors.rows import (
    ROWS_FILE,
    SETTINGS_FILE,
    Tables,
    pool_identity,
    rows_of_pool,
    tables_of,
)
from infomotion_lib.studies.selectors.sets import choose_sets
from infomotion_lib.studies.selectors.settings import settings_name, settings_of
from infomotion_lib.studies.selectors.study import network_rows, pool_row, rows_of_settings, unfinished_pools

FORMAT = 1
"""Raised whenever changed code would give other rows for equal parameters and weights."""

ARM = "vectors"
PUBLISHED = FROZEN / "studies" / "vectors"
METHOD, SOURCE = "infomotion", "real"


@dataclass(frozen=True)
class VectorTask:
    """One pool, for one process: where the fitted representations lie, which, and what names the rows."""

    stage02: Path
    names: tuple[str, ...]
    parameters: EvidenceParameters
    pool: int
    settings: str
    networks: str


def compared_kinds(stage02: str | Path) -> tuple[str, ...]:
    """Representations of a finished stage 02 that give vectors of any phantom pool, in its order.

    Raises
    ------
    StageError
        If the stage has not finished.
    """
    used = read_run_card(stage02)["parameters"].get("representations", PAPER)
    return tuple(name for name in used if REPRESENTATIONS[name].portable or REPRESENTATIONS[name].oracle)


def arm_of(names: Sequence[str], *, graph: str) -> Arm:
    """Random, and central videos of communities on each kind of vector; at one budget at a time."""
    selectors = (Configuration(METHOD, name, graph) for name in names)
    return Arm("one selector on several kinds of vectors", configurations=(RANDOM, *selectors))


def run_vector_study(
    folder: str | Path,
    *,
    stage02: str | Path,
    parameters: EvidenceParameters,
    pools: int | None = None,
    minutes: float | None = None,
    share: Share | None = None,
    published: Path = PUBLISHED,
    say: Callable[[str], None] = print,
) -> Tables:
    """Rows of every pool and network finished so far, earlier calls and the published tables included.

    Parameters
    ----------
    folder : path
        Where ``rows.jsonl`` and ``settings.json`` are kept.
    stage02 : path
        Finished stage 02, whose representations are compared.
    parameters : EvidenceParameters
        Of the study: all of ``vpc`` are budgets of it, ``selection_graph`` its recipe; its ``workers`` are
        processes of one thread each, and the rows do not depend on them.
    pools : int, optional
        Pools to finish, from the first; ``study_pools`` by default.
    minutes : float, optional
        No network is begun later than this; without it the study runs to its end.
    share : Share, optional
        The pools of one of several commands that do the study together.
    published : Path
        Tables of earlier slices; left alone if they are of other settings.
    say : callable
        Takes a line for each pool that has been worked on.

    Raises
    ------
    StageError
        If stage 02 has not finished.
    DataError
        If its networks learnt from hearts that a pool would hold.
    """
    root, place = Path(folder), Path(stage02)
    names, settings = compared_kinds(place), vector_settings(place, parameters)
    wanted = pools or parameters.study_pools
    teaching = parameters.phantom_seed - parameters.study_seed
    if 0 <= teaching < wanted:
        raise DataError(
            f"Pool {teaching} would be the one that taught the networks.",
            remedy="Give another study_seed.",
        )
    name, networks = settings_name(settings), fitted_name(place, names)
    file = RowFile(root / ROWS_FILE, share)
    if not take_up(file, published, name):
        say(f"The rows in {published} are of other settings: this study does not go on from them.")
    write_json(settings, root / SETTINGS_FILE)
    jobs = [
        Job(
            {"arm": ARM, "pool": pool},
            pool_identity(name, networks),
            VectorTask(place, names, parameters, pool, name, networks),
            number=pool,
        )
        for pool in unfinished_pools(file, name, arm=ARM, pools=wanted)
    ]
    sets = (len(names) + parameters.study_random_draws) * len(parameters.vpc)
    total = partial(rows_of_pool, most=sets * parameters.study_training_seeds)
    plan = Plan(jobs, rows_of_task, label=f"{len(jobs)} pools", total=total)
    run(plan, file=file, workers=parameters.workers, minutes=minutes, say=say)
    return vector_tables(root, settings)


def vector_settings(stage02: str | Path, parameters: EvidenceParameters) -> dict[str, Any]:
    """All that decides the rows but the weights, in the types that JSON gives back."""
    about = {"study": ARM, "study_format": FORMAT, "selection_graph": parameters.selection_graph}
    return settings_of(parameters) | about | {"representations": list(compared_kinds(stage02))}


def vector_tables(folder: str | Path, settings: dict[str, Any]) -> Tables:
    """Tables of the rows of these settings, as the folder of the study holds them.

    Raises
    ------
    DataError
        If there are none.
    """
    rows = rows_of_settings(RowFile(Path(folder) / ROWS_FILE), settings_name(settings))
    if not rows:
        raise DataError(
            f"{folder} holds no rows of these settings.", remedy="Run `infomotion study vectors` first."
        )
    return tables_of(rows, settings)


def fitted_name(stage02: Path, names: Sequence[str]) -> str:
    """Name of fitted representations: first digits of the hash of their weight files and parameters."""
    used = read_run_card(stage02)["parameters"]
    content: dict[str, Any] = {}
    for name in names:
        entry = REPRESENTATIONS[name]
        weights = [file for file in entry.files if file.endswith(".safetensors")]
        known = set(imported(entry.parameters).model_fields) if entry.parameters else set()
        deciding = sorted(known - set(StageParameters.model_fields))
        content[name] = {file: sha256(stage02 / file) for file in weights} | {
            key: used[key] for key in deciding if key in used
        }
    return identity_of(content, format=FORMAT)


def rows_of_task(task: VectorTask, known: list[Row]) -> Iterator[Row]:
    """Rows of one pool that are not known: its own, which says what was chosen, then one per network."""
    began, p = time.process_time(), task.parameters
    pool = draw_pool(p, seed=p.study_seed + task.pool, arm=ARMS[MAIN])
    first = next((row for row in known if row["kind"] == "pool"), None)
    if first is None:
        named = {"settings": task.settings, "networks": task.networks}
        first = pool_row(pool, _sets(task, pool), **named, parameters=p, began=began)
        yield first
    yield from network_rows(pool, first, known, parameters=p)


def pool_vectors(task: VectorTask, pool: Pool) -> dict[str, NDArray[np.float32]]:
    """Vectors (N, D) of the TRAIN videos of a pool by each kind, by name; the videos are drawn as files for
    it and removed.

    Raises
    ------
    DataError
        If a kind has no vector for some video.
    """
    p = task.parameters
    drawn = replace(phantom_request(p), seed=p.study_seed + task.pool)
    no_others = (drawn.counts[0], *((0,) * len(split) for split in drawn.counts[1:]))
    kept = set(pool.file_names.tolist())
    with tempfile.TemporaryDirectory() as folder:
        root = make_dataset(Path(folder) / "pool", replace(drawn, counts=no_others), progress=False)
        rows = pd.DataFrame(
            {
                **{"source": SOURCE, "split": "TRAIN", "status": "annotated", "n_frames": p.phantom_frames},
                **{"file_name": video.file_name, "path": str(root / VIDEOS / f"{video.file_name}.avi")},
                **{"ef": video.heart.ef, "es": video.es},
                **key_frames(video, p),
            }
            for video in plan_pool(p, seed=drawn.seed, arm=ARMS[MAIN])
            if video.file_name in kept
        )
        made = {}
        for name in task.names:
            vectors = extract(name, rows, folder=task.stage02, device="cpu")
            at = vectors.rows_of(rows)
            if (at < 0).any():
                raise DataError(f"{int((at < 0).sum())} videos of a pool have no {name} vector.")
            made[name] = vectors.features[at]
    return made


def _sets(task: VectorTask, pool: Pool) -> list[dict[str, Any]]:
    """Chosen sets at every budget; equal sets have equal names."""
    vectors = pool_vectors(task, pool)
    arm = arm_of(task.names, graph=task.parameters.selection_graph)
    sets = []
    for vpc in task.parameters.vpc:
        at_budget = task.parameters.model_copy(update={"vpc": (vpc,)})
        sets += choose_sets(pool, vectors, arm=arm, parameters=at_budget)
    return sets
