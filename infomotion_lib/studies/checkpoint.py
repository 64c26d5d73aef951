"""Table 1 twice: tested with the weights of the last training step, and with those of the least error on VAL.

The paper does not say which it tested. EchoNet-Dynamic keeps the best on VAL, and its VAL part has more
labels than a selected set has videos. Here the networks of a finished stage 04 are trained again, step for
step, and only the weights that are kept differ.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from infomotion_lib.data.videos import open_sources
from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.intervals import bootstrap_interval, holm, no_difference_p
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.evaluation.runs import (
    open_labelled_videos,
    plan_runs,
    score_runs,
    starting_weights,
    with_flags,
)
from infomotion_lib.files import RUNS
from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.keys import CELL, RUN
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_run_card, write_csv
from infomotion_lib.studies.networks import train_networks

DIGITS = 6
"""Decimals of a difference: rows from a file have nine digits, and what is smaller than that is no
difference.
"""

METRICS = ("hard_accuracy", "balanced_accuracy", "mae")
COLUMNS = [*CELL, "metric", "last", "val", "difference", "ci_low", "ci_high", "n", "p_value"]


def run_checkpoint_study(paths: RunPaths, out_dir: str | Path, *, workers: int = 2) -> pd.DataFrame:
    """Summary of the comparison (see :func:`checkpoint_choice`), written to ``checkpoint_summary.csv`` beside
    ``checkpoint_runs.csv``.

    Every network is kept as it ends, in ``networks.jsonl``; the same call goes on with the missing ones.

    Parameters
    ----------
    paths : RunPaths
        A run whose stages 00 to 04 have finished, tested with the last weights.
    out_dir : path
        Where networks' answers and tables go.
    workers : int
        Processes of one thread each.

    Raises
    ------
    StageError
        If the evaluation has not finished.
    DataError
        If the run was tested with the best weights on VAL, or the real source has no labelled VAL video.
    """
    from infomotion_lib.device import resolve_device
    from infomotion_lib.regressor.grid import NetworkTask

    folder, out = paths.stage("evaluation"), Path(out_dir)
    used = read_run_card(folder)["parameters"]
    if used.get("checkpoint") == "val":
        what = "This run was tested with the best weights on VAL already."
        raise DataError(
            what, where=f"Looked at the run card in: {folder}", remedy="Give a run with checkpoint = last."
        )
    changed = {"checkpoint": "val", "workers": workers}
    parameters = EvaluationParameters.model_validate(
        stage_parameters("evaluation", used, overrides=changed).model_dump()
    )
    datasets = open_sources(parameters, paths)
    index = read_frame_index(paths.frame_index)
    selections = pd.read_csv(paths.selections, dtype={"file_name": str}, keep_default_na=False)
    labelled = open_labelled_videos(datasets, index, folder=out / "clips", parameters=parameters)
    device, weights = str(resolve_device(parameters.device)), starting_weights(parameters)
    tasks = [
        NetworkTask(job, labelled.stores, labelled.test, labelled.val, parameters, weights, device)
        for job in plan_runs(labelled, selections, parameters=parameters)
    ]
    answers = train_networks(tasks, folder=out, workers=workers)
    best = score_runs(answers, tolerance=parameters.soft_tolerance)
    write_csv(best, out / "checkpoint_runs.csv")
    summary = with_flags(
        checkpoint_choice(
            pd.read_csv(folder / RUNS, keep_default_na=False),
            best,
            samples=parameters.bootstrap_samples,
        ),
        selections,
    )
    write_csv(summary, out / "checkpoint_summary.csv")
    return summary


def checkpoint_choice(last: pd.DataFrame, best: pd.DataFrame, *, samples: int = 2000) -> pd.DataFrame:
    """One row per cell of Table 1 and metric: both means, and best on VAL minus last, run by run.

    Parameters
    ----------
    last, best : DataFrame
        Scores of the same runs (:func:`infomotion_lib.evaluation.runs.score_runs`) with either weights.

    Returns
    -------
    DataFrame
        ``source, method, graph, vpc, metric, last, val, difference, ci_low, ci_high, n, p_value, p_holm,
        n_comparisons``. The interval is a bootstrap over runs, the p-value a paired t-test's; ``p_holm``
        corrects those of one metric for all its cells.
    """
    key = [name for name in RUN if name not in CELL]
    both = last.merge(best, on=RUN, suffixes=("_last", "_val"), validate="one_to_one")
    rows = []
    for metric in METRICS:
        for cell, group in both.sort_values(key, kind="stable").groupby(CELL, sort=False):
            pair = [group[f"{metric}_{which}"].to_numpy(dtype=np.float64) for which in ("last", "val")]
            gap = np.round(pair[1] - pair[0], DIGITS)
            interval = bootstrap_interval(gap, clusters=group["pool"].to_numpy(), samples=samples)
            rows.append(
                (
                    *cell,
                    metric,
                    pair[0].mean(),
                    pair[1].mean(),
                    gap.mean(),
                    *interval,
                    len(gap),
                    no_difference_p(gap),
                )
            )
    table = pd.DataFrame(rows, columns=COLUMNS).assign(p_holm=np.nan, n_comparisons=0)
    for _, rows_of_metric in table.groupby("metric"):
        table.loc[rows_of_metric.index, "p_holm"] = holm(rows_of_metric["p_value"])
        table.loc[rows_of_metric.index, "n_comparisons"] = int(rows_of_metric["p_value"].notna().sum())
    return table
