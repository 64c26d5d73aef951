"""Is the phantom hard enough for selection to matter? A few random TRAIN videos against all of TRAIN, over
independent pools.

Were 25 random videos as good as the whole set, no selector could show anything. Every pool has its own
hearts, its own TEST videos and its own draws; pools are resampled whole for the intervals. Nothing here
chooses a parameter: it measures the default.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.classes import CLASS_NAMES, ef_class
from infomotion_lib.data.video import resize_clip
from infomotion_lib.device import one_thread, start_worker
from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.intervals import bootstrap_interval
from infomotion_lib.evaluation.metrics import hard_correct, score
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.phantom.nuisance import MACHINE_SHARES
from infomotion_lib.phantom.plan import make_request, plan_videos
from infomotion_lib.phantom.rendering import render
from infomotion_lib.processes import pool_size
from infomotion_lib.progress import track
from infomotion_lib.provenance import write_csv

ROWS_FILE = "hardness.jsonl"
STRIDE = 2  # every second of the 64 frames is drawn: 25 fps, and clips of period 4 become clips of period 2
NETWORK_PARAMETERS = (
    *("regressor", "clip_frames", "clip_period", "clip_size", "clip_shift", "test_clips"),
    *("batch_size", "optimiser", "learning_rate", "weight_decay", "arithmetic", "soft_tolerance"),
)
SUMMARY_COLUMNS = ["set", "machine", "metric", "mean", "sd", "n", "pools", "ci_low", "ci_high"]


@dataclass(frozen=True)
class HardnessSettings:
    """One study, all of it; equal settings give equal rows.

    Attributes
    ----------
    train_per_class, test_per_class : int
        Videos of each EF class in each pool.
    draws, vpc : int
        Random selections of a pool, and videos of each class in one.
    level : float
        Nuisance level.
    machine_shares : tuple of float
        Shares of the five machine styles.
    render_size : int
        Side at which hearts are drawn, pixels; frames are then reduced to the clip size by area.
    steps_selected, steps_whole : int
        Training steps, the defaults of stage 04.
    seed : int
        Pool i is drawn with seed ``seed + i``, away from the seeds of the profiles.
    """

    train_per_class: int = 60
    test_per_class: int = 40
    draws: int = 4
    vpc: int = 5
    level: float = 0.4
    machine_shares: tuple[float, ...] = MACHINE_SHARES["real"]
    render_size: int = 56
    frames: int = 64
    steps_selected: int = 300
    steps_whole: int = 1200
    seed: int = 50_000


def run_hardness(
    out_dir: str | Path,
    *,
    pools: int = 10,
    settings: HardnessSettings | None = None,
    workers: int = 2,
    parameters: EvaluationParameters | None = None,
) -> pd.DataFrame:
    """Summary of the study (see :func:`summarise_hardness`), also written to ``hardness_summary.csv`` beside
    the rows of every run.

    Finished pools are kept in ``hardness.jsonl`` as they end; the same call goes on with the missing ones.

    Parameters
    ----------
    out_dir : path
        Where rows and tables go.
    pools : int
        Independent pools.
    settings : HardnessSettings, optional
        Size of a pool, nuisance, schedule.
    workers : int
        Processes of one thread each; the result does not depend on it.
    parameters : EvaluationParameters, optional
        Network, clips and learning rate; the defaults by default.

    Raises
    ------
    DataError
        If the folder holds rows of other settings.
    """
    own, network = settings or HardnessSettings(), parameters or EvaluationParameters.model_validate({})
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    name = json.dumps(
        {**asdict(own), "network": network.model_dump(include=set(NETWORK_PARAMETERS))}, sort_keys=True
    )
    done = _finished(folder / ROWS_FILE, name)
    missing = [pool for pool in range(pools) if pool not in done]
    for rows in _run_pools(missing, own, network, workers=min(workers, len(missing))):
        done[rows[0]["pool"]] = rows
        with (folder / ROWS_FILE).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"settings": name, "rows": rows}) + "\n")
    table = pd.DataFrame([row for pool in range(pools) for row in done[pool]])
    write_csv(table, folder / "hardness_runs.csv")
    summary = summarise_hardness(table)
    write_csv(summary, folder / "hardness_summary.csv")
    return summary


def summarise_hardness(runs: pd.DataFrame, *, samples: int = 10_000) -> pd.DataFrame:
    """Means with 95 % intervals by cluster bootstrap over pools: of each set, of their gap, of each set on
    each machine style.

    Parameters
    ----------
    runs : DataFrame
        ``hardness_runs.csv``: a row a network, and one a network and machine style (``machine`` not empty).

    Returns
    -------
    DataFrame
        ``set`` (``random``, ``whole``, ``gap`` = whole - random in the same pool), ``machine``, ``metric``,
        ``mean``, population ``sd`` over networks (over pools for the gap), ``n``, ``pools``, ``ci_low``,
        ``ci_high``.
    """
    rows: list[tuple[Any, ...]] = []

    def add(
        name: str, machine: str, metric: str, value: NDArray[np.float64], pool: NDArray[np.int64]
    ) -> None:
        low, high = bootstrap_interval(value, clusters=pool, samples=samples)
        rows.append(
            (name, machine, metric, value.mean(), value.std(), len(value), len(np.unique(pool)), low, high)
        )

    overall = runs[runs["machine"] == ""]
    for metric in ("hard_accuracy", "soft_accuracy", "mae"):
        for name, group in overall.groupby("set", sort=False):
            add(str(name), "", metric, group[metric].to_numpy(float), group["pool"].to_numpy())
        means = overall.pivot_table(index="pool", columns="set", values=metric)
        add("gap", "", metric, (means["whole"] - means["random"]).to_numpy(float), means.index.to_numpy())
    for key, part in runs[runs["machine"] != ""].groupby(["set", "machine"], sort=False):
        add(
            str(key[0]),
            str(key[1]),
            "hard_accuracy",
            part["hard_accuracy"].to_numpy(float),
            part["pool"].to_numpy(),
        )
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)


def pool_rows(
    pool: int, settings: HardnessSettings, parameters: EvaluationParameters
) -> list[dict[str, Any]]:
    """Rows of one pool: every random draw and the whole set, over all TEST videos and on each
    machine style.
    """
    from infomotion_lib.regressor.training import train_regressor

    train, ef, _ = _draw(pool, "TRAIN", settings, parameters)
    test, truth, machines = _draw(pool, "TEST", settings, parameters)
    rng = np.random.default_rng((settings.seed, pool))
    classes = ef_class(ef)
    sets = [
        ("random", draw, _random_selection(classes, settings.vpc, rng), settings.steps_selected)
        for draw in range(settings.draws)
    ]
    rows: list[dict[str, Any]] = []
    for name, draw, chosen, steps in [*sets, ("whole", 0, np.arange(len(ef)), settings.steps_whole)]:
        period = max(1, parameters.clip_period // STRIDE)
        videos = [train[index] for index in chosen]
        fitted = train_regressor(
            videos, ef[chosen], parameters=parameters, seed=draw, steps=steps, period=period, progress=False
        )
        prediction = fitted.predict(test)
        key = {"pool": pool, "set": name, "draw": draw, "n_train": len(chosen)}
        rows.append(
            {
                **key,
                "machine": "",
                "n_test": len(truth),
                **score(truth, prediction, tolerance=parameters.soft_tolerance),
            }
        )
        right = hard_correct(truth, prediction)
        for machine in dict.fromkeys(machines):
            own = machines == machine
            rows.append(
                {
                    **key,
                    "machine": str(machine),
                    "n_test": int(own.sum()),
                    "hard_accuracy": 100.0 * float(right[own].mean()),
                }
            )
    return rows


def _draw(
    pool: int, split: str, settings: HardnessSettings, parameters: EvaluationParameters
) -> tuple[list[NDArray[np.uint8]], NDArray[np.float64], NDArray[np.str_]]:
    request = make_request(
        role="real",
        seed=settings.seed + pool,
        train_per_class=settings.train_per_class,
        val_per_class=0,
        test_counts=(settings.test_per_class,) * len(CLASS_NAMES),
        frames=settings.frames,
        fps=50.0,
        size=settings.render_size,
        level=settings.level,
        machine_shares=settings.machine_shares,
        requested_ef_error=0.0,
    )
    hearts = [video.heart for video in plan_videos(request) if video.split == split]
    frames = np.arange(0, settings.frames, STRIDE)
    clips = [
        resize_clip(render(heart, frames, size=settings.render_size), parameters.clip_size)
        for heart in hearts
    ]
    return clips, np.array([heart.ef for heart in hearts]), np.array([heart.machine for heart in hearts])


def _random_selection(classes: NDArray[np.int64], vpc: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return np.concatenate(
        [
            rng.choice(np.flatnonzero(classes == index), vpc, replace=False)
            for index in range(len(CLASS_NAMES))
        ]
    )


def _run_pools(
    pools: list[int], settings: HardnessSettings, parameters: EvaluationParameters, *, workers: int
) -> Iterator[list[dict[str, Any]]]:
    work = partial(pool_rows, settings=settings, parameters=parameters)
    if pool_size(workers) <= 1:
        with one_thread():
            yield from map(work, track(pools, label="phantom pools", unit="pool"))
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=start_worker) as executor:
        futures = [executor.submit(work, pool) for pool in pools]
        for future in track(as_completed(futures), label="phantom pools", total=len(pools), unit="pool"):
            yield future.result()


def _finished(path: Path, name: str) -> dict[int, list[dict[str, Any]]]:
    if not path.is_file():
        return {}
    done, lines = {}, []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # cut off by a kill
        if record["settings"] != name:
            raise DataError(
                f"{path} holds rows of other settings.", remedy="Give another folder, or delete that file."
            )
        done[int(record["rows"][0]["pool"])] = record["rows"]
        lines.append(line + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    return done
