"""What the privacy filter catches and what it costs, on hearts by which nothing about it was chosen.

Each pool is a new phantom with a re-identification network of its own. TRAIN and VAL hearts give the
threshold, as in a run; copies are of TRAIN hearts; the others are TEST hearts, which no part of the filter
has seen.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from infomotion_lib.generators.parameters import PoolParameters
from infomotion_lib.json_lines import Row
from infomotion_lib.parameters import StageParameters, stage_parameters
from infomotion_lib.phantom.parameters import PhantomParameters
from infomotion_lib.provenance import write_csv
from infomotion_lib.studies.rows import RowFile, identity_of
from infomotion_lib.studies.runner import Job, Plan, run

P = TypeVar("P", bound=StageParameters)

FORMAT = 1
"""Raised whenever changed code would give other rows for equal parameters."""

TABLE, ROC, ROWS_FILE = "privacy.csv", "privacy_roc.csv", "pools.jsonl"
FIRST_SEED = 60000
"""Of the first pool: away from the seeds of all profiles and of the other studies."""

DROPPED = np.round(np.linspace(0, 1, 41), 3)
"""Shares of other hearts left out at which the curves are kept."""

POOL_STAGE = "latte_pool"  # any generator's: the filter has the same parameters in all


@dataclass(frozen=True)
class FilterTask:
    """One pool, for one process: its seed and the profile's values."""

    seed: int
    values: Mapping[str, Any]


def run_privacy_study(
    out_dir: str | Path, *, values: Mapping[str, Any], pools: int, workers: int = 1
) -> pd.DataFrame:
    """A row per pool and kind of heart, also written to ``privacy.csv``; curves go to ``privacy_roc.csv``.

    ``seed``, ``kind`` (a change to a TRAIN heart, or other hearts), ``n`` hearts, ``auc`` against the other
    hearts of the pool, ``caught`` (share left out), ``tau``, ``told_apart`` (share of pairs of VAL frames
    told right), ``train``, ``val``, ``test`` videos, ``cpu_seconds`` of the pool. The curves have ``kind``,
    ``others_left_out`` and ``caught``, means over the pools. Finished pools are kept in ``pools.jsonl``.

    Parameters
    ----------
    values : mapping
        A profile: the phantom's and the filter's values are used.
    pools : int
        Independent phantoms, from the first seed.
    workers : int
        Processes of one thread each.
    """
    out = Path(out_dir)
    decides = _deciding(values)
    jobs = [
        Job({"seed": seed}, identity_of(decides, format=FORMAT), FilterTask(seed, values))
        for seed in range(FIRST_SEED, FIRST_SEED + pools)
    ]
    plan = Plan(jobs, pool_of_task, label=f"{pools} pools of hearts", unit="pool")
    kept = [rows[0] for rows in run(plan, file=RowFile(out / ROWS_FILE), workers=workers)]
    table = pd.concat([_table(row) for row in kept], ignore_index=True)
    write_csv(table, out / TABLE)
    write_csv(mean_curves([row["curves"] for row in kept]), out / ROC)
    return table


def pool_of_task(task: FilterTask, known: list[Row]) -> Iterator[Row]:
    """The row of one pool, but for its seed: counts, ``kinds`` (a record per kind) and ``curves`` by kind."""
    from infomotion_lib.data.videos import open_source
    from infomotion_lib.device import one_thread
    from infomotion_lib.generators.cutting import Cut
    from infomotion_lib.generators.privacy.clips import open_filter, real_clips
    from infomotion_lib.generators.privacy.planted import planted
    from infomotion_lib.generators.privacy.record import roc_areas
    from infomotion_lib.generators.stage import open_lessons
    from infomotion_lib.phantom.dataset import make_dataset
    from infomotion_lib.phantom.plan import phantom_request

    p = _pool(task.values)
    began = time.process_time()
    request = replace(phantom_request(_phantom(task.values)), seed=task.seed)
    with tempfile.TemporaryDirectory() as folder, one_thread():
        make_dataset(Path(folder) / "phantom", request, progress=False)
        data = open_source("phantom", data_dir=folder)
        lessons = open_lessons({"real": data}, parameters=p)
        judge = open_filter(lessons, folder=Path(folder), parameters=p, device="cpu")
        test = data.usable.query("split == 'TEST'").reset_index(drop=True)
        unseen = replace(lessons, real={**lessons.real, "TEST": test})
        cut = Cut(lessons.cut.frames, lessons.cut.fps, judge.train.clips.shape[-1])
        # the network and tau stay those of TRAIN and VAL
        hearts = planted(replace(judge, other=real_clips(unseen, "TEST", cut)))
    yield {
        "tau": round(float(hearts["tau"].iloc[0]), 4),
        "told_apart": round(judge.accuracy, 4),
        **{split.lower(): len(part) for split, part in unseen.real.items()},
        "kinds": roc_areas(hearts)
        .round(4)
        .astype(object)
        .where(lambda cell: cell.notna(), None)
        .to_dict("records"),
        "curves": curves(hearts),
        "cpu_seconds": round(time.process_time() - began, 1),
    }


def curves(hearts: pd.DataFrame) -> dict[str, list[float]]:
    """Share of each kind of copy that is left out where the shares :data:`DROPPED` of other hearts are.

    Parameters
    ----------
    hearts : DataFrame
        ``kind, closest``, as :func:`~infomotion_lib.generators.privacy.planted.planted` gives them.
    """
    from infomotion_lib.generators.privacy.record import OTHERS

    others = hearts.loc[hearts["kind"] == OTHERS, "closest"].to_numpy()
    # likeness above which that share of others lies, all of them at last
    bounds = np.append(np.quantile(others, 1 - DROPPED[:-1], method="higher"), -np.inf)
    return {
        str(kind): [round(float((part["closest"].to_numpy() > bound).mean()), 4) for bound in bounds]
        for kind, part in hearts.groupby("kind", sort=False)
        if kind != OTHERS
    }


def mean_curves(of_pools: list[dict[str, list[float]]]) -> pd.DataFrame:
    """Rows ``kind, others_left_out, caught``, means over pools."""
    parts = [
        pd.DataFrame(
            {
                "kind": kind,
                "others_left_out": DROPPED,
                "caught": np.mean([pool[kind] for pool in of_pools], 0),
            }
        )
        for kind in of_pools[0]
    ]
    return pd.concat(parts, ignore_index=True).round(4)


def _table(row: Row) -> pd.DataFrame:
    counts = {name: row[name] for name in ("tau", "told_apart", "train", "val", "test", "cpu_seconds")}
    return (
        pd.DataFrame(row["kinds"])
        .assign(**counts)
        .assign(seed=row["seed"])[["seed", "kind", "n", "auc", "caught", *counts]]
    )


def _phantom(values: Mapping[str, Any]) -> PhantomParameters:
    return _of(PhantomParameters, "data", values)


def _pool(values: Mapping[str, Any]) -> PoolParameters:
    return _of(PoolParameters, POOL_STAGE, values)


def _of(model: type[P], stage: str, values: Mapping[str, Any]) -> P:
    """Values of one model out of those of a stage, which have been checked."""
    checked = stage_parameters(stage, values).model_dump()
    return model.model_validate({name: checked[name] for name in model.model_fields})


def _deciding(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that decide the rows: the phantom's but for its seed, the clips' and the filter's."""
    drawn = _phantom(values).model_dump(mode="json", exclude={*StageParameters.model_fields, "phantom_seed"})
    clips = {"latte_frames", "latte_fps", "arithmetic"}
    filtered = {name for name in PoolParameters.model_fields if name.startswith("privacy_")}
    return drawn | _pool(values).model_dump(mode="json", include=clips | filtered)
