"""The runs behind Table 1: which networks are trained on what, and the scores of their predictions.

TRAIN trains, VAL may choose among the weights of one training, TEST reports; nothing here chooses anything by
TEST. Every method meets the same candidates, labels, schedule and metrics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.data.records import Dataset
from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.intervals import bootstrap_interval, summarise
from infomotion_lib.evaluation.metrics import confusion, hard_correct, score, soft_correct
from infomotion_lib.evaluation.outlook import no_labelled, wanted_splits
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.keys import CELL, RUN

if TYPE_CHECKING:
    from torch import Tensor

    from infomotion_lib.regressor.clips import ClipStore
    from infomotion_lib.regressor.grid import HeldOut, Job

WHOLE = "whole"


@dataclass(frozen=True)
class LabelledVideos:
    """What the networks of a run are trained and tested on.

    Attributes
    ----------
    videos : DataFrame
        One row per labelled, usable video: ``source, file_name, split, ef, class_name, path`` and, on a
        phantom, ``machine``.
    stores : dict of str to ClipStore
        Decoded clips of each source.
    periods : dict of str to int
        Video frames between two clip frames of each source, so that all clips last equally long.
    """

    videos: pd.DataFrame = field(repr=False)
    stores: dict[str, ClipStore] = field(repr=False)
    periods: dict[str, int]

    @property
    def test_source(self) -> str:
        """The source whose TEST videos count: the real one, or the only one."""
        return next(iter(self.periods))

    def part(self, source: str, split: str) -> pd.DataFrame:
        """Videos of one source and split, in the order of the frame index."""
        return self.videos[(self.videos["source"] == source) & (self.videos["split"] == split)]

    @property
    def test(self) -> HeldOut:
        """The TEST videos of :attr:`test_source`."""
        return self._held_out("TEST")

    @property
    def val(self) -> HeldOut | None:
        """The VAL videos of :attr:`test_source`, for networks of every source; None where no weights are
        chosen by them.
        """
        return self._held_out("VAL") if (self.videos["split"] == "VAL").any() else None

    def _held_out(self, split: str) -> HeldOut:
        from infomotion_lib.regressor.grid import HeldOut

        rows = self.part(self.test_source, split)
        return HeldOut(
            self.test_source,
            tuple(rows["file_name"]),
            tuple(rows["ef"].astype(float)),
            self.periods[self.test_source],
        )


def open_labelled_videos(
    datasets: Mapping[str, Dataset],
    frame_index: pd.DataFrame,
    *,
    folder: str | Path,
    parameters: EvaluationParameters,
) -> LabelledVideos:
    """Labelled TRAIN and TEST videos of every source, decoded to clips under ``folder``; VAL is touched only
    to choose weights by it.

    Parameters
    ----------
    datasets : mapping of str to Dataset
        By source; the first one gives the TEST videos.
    frame_index : DataFrame
        Of stage 01; its ``ef`` is the label, relabelled for generated pools.

    Raises
    ------
    DataError
        If a source has no labelled TRAIN video, or the first one no TEST video, or no VAL video where these
        choose the weights.
    """
    from infomotion_lib.regressor.clips import open_clip_store, source_period

    tables: list[pd.DataFrame] = []
    stores, periods = {}, {}
    reference_fps = 0.0
    for source, data in datasets.items():
        known = data.usable.reindex(columns=["file_name", "path", "machine"])
        rows = frame_index[(frame_index["source"] == source) & frame_index["ef"].notna()].merge(
            known, on="file_name"
        )
        wanted = wanted_splits(parameters, first=not tables)
        rows = rows[rows["split"].isin(wanted)]
        for split in wanted:
            if not (rows["split"] == split).any():
                raise no_labelled(source, split)
        fps = float(rows["fps"].median())
        reference_fps = reference_fps or fps
        periods[source] = source_period(parameters.clip_period, fps=fps, reference_fps=reference_fps)
        stores[source] = open_clip_store(rows, folder, size=parameters.clip_size, workers=parameters.workers)
        tables.append(rows[["source", "file_name", "split", "ef", "class_name", "path", "machine"]])
    return LabelledVideos(pd.concat(tables, ignore_index=True), stores, periods)


@dataclass(frozen=True)
class Plan:
    """Cells that a table of selections holds: every method with every number of videos and every seed.

    Attributes
    ----------
    methods : tuple of str
        In the order of the table.
    vpc : tuple of int
        Videos per class, likewise.
    seeds : tuple of int
        Of the selections; run r of a cell has selection seed and training seed r.
    """

    methods: tuple[str, ...]
    vpc: tuple[int, ...]
    seeds: tuple[int, ...]


def planned_cells(selections: pd.DataFrame) -> Plan:
    """Methods, sizes and seeds of ``selections.csv``.

    Raises
    ------
    DataError
        If nothing was selected.
    """
    if selections.empty:
        raise DataError("selections.csv holds no selection.", remedy="Look at shortfalls.csv of stage 03.")
    columns = (selections[name].unique().tolist() for name in ("method", "vpc", "selection_seed"))
    methods, sizes, seeds = columns
    return Plan(tuple(map(str, methods)), tuple(map(int, sizes)), tuple(sorted(map(int, seeds))))


def plan_runs(
    labelled: LabelledVideos, selections: pd.DataFrame, *, parameters: EvaluationParameters
) -> list[Job]:
    """Every network of Table 1: whole sets first, then each cell of the selections, each with every seed.

    Run r trains the videos of selection seed r with training seed r, so that methods are compared in pairs.

    Raises
    ------
    DataError
        If a source lacks a cell or a seed that another has, or a selection names a video without a label.
    """
    from infomotion_lib.regressor.grid import Job

    plan, jobs = planned_cells(selections), []
    for source, period in labelled.periods.items():
        train = labelled.part(source, "TRAIN")
        label = dict(zip(train["file_name"], train["ef"].astype(float), strict=True))
        names, ef = tuple(label), tuple(label.values())
        for seed in plan.seeds:
            jobs.append(Job(source, WHOLE, "", 0, 0, seed, seed, names, ef, parameters.steps_whole, period))
        picks = selections[selections["source"] == source]
        for method, vpc in product(plan.methods, plan.vpc):
            cell = picks[(picks["method"] == method) & (picks["vpc"] == vpc)]
            for graph, seed in product(dict.fromkeys(cell["graph"]) or ("",), plan.seeds):
                rows = cell[(cell["graph"] == graph) & (cell["selection_seed"] == seed)]
                names = _picked(rows, f"{source}, {method}, {vpc} videos per class, seed {seed}", label)
                ef = tuple(label[name] for name in names)
                key = source, method, graph, vpc, 0, seed, seed
                jobs.append(Job(*key, names, ef, parameters.steps_selected, period))
    return jobs


def _picked(rows: pd.DataFrame, where: str, label: dict[str, float]) -> tuple[str, ...]:
    names = tuple(rows["file_name"].astype(str))
    if not names:
        raise DataError(f"selections.csv has no picks for: {where}", remedy="Run stage 03 again.")
    unknown = [name for name in names if name not in label]
    if unknown:
        raise DataError(
            f"{unknown[0]} was selected ({where}) but is no labelled TRAIN video.",
            remedy="Run stages 01 to 03 again.",
        )
    return names


def starting_weights(parameters: EvaluationParameters) -> dict[str, Tensor] | None:
    """Weights that every network starts from, or None.

    Weights with a single output were trained on EF: they label pools, but a network that starts from them has
    seen all of TRAIN, and perhaps TEST, whatever it was selected to see. They start nothing.
    """
    if not parameters.regressor_weights:
        return None
    from infomotion_lib.regressor.checkpoints import is_ef_regressor, read_weights

    weights = read_weights(parameters.regressor_weights)
    return None if is_ef_regressor(weights) else weights


def score_runs(predictions: pd.DataFrame, *, tolerance: float) -> pd.DataFrame:
    """One row per network: :data:`~infomotion_lib.keys.RUN`, ``n_train``, every metric on TEST,
    ``n_invalid``; in the order of ``predictions``.

    Parameters
    ----------
    predictions : DataFrame
        From :func:`infomotion_lib.regressor.grid.run_grid`.
    tolerance : float
        Of the soft accuracy, points.
    """
    rows = []
    for key, group in predictions.groupby([*RUN, "n_train"], sort=False):
        rows.append(
            {
                **dict(zip([*RUN, "n_train"], key, strict=True)),
                **score(group["ef"], group["prediction"], tolerance=tolerance),
            }
        )
    return pd.DataFrame(rows)


def graph_flags(selections: pd.DataFrame) -> pd.DataFrame:
    """``source, method, graph, vpc, graph_flag``: what was unhealthy about the graphs a selection came from;
    empty where nothing was.
    """
    unhealthy = selections.assign(graph_flag=selections["graph_flag"].replace("healthy", ""))
    names = unhealthy.groupby(CELL, sort=False)["graph_flag"].agg(
        lambda flags: "+".join(sorted({str(flag) for flag in flags if flag}))
    )
    return names.reset_index()


def with_flags(table: pd.DataFrame, selections: pd.DataFrame) -> pd.DataFrame:
    """The table with a last column ``graph_flag``, so that no row of a collapsed or shattered graph goes
    unmarked.
    """
    return table.merge(graph_flags(selections), on=CELL, how="left").fillna({"graph_flag": ""})


def machine_accuracy(
    predictions: pd.DataFrame, machines: pd.Series[str], *, samples: int = 2000
) -> pd.DataFrame:
    """Hard accuracy on the TEST videos of each scanner style, mean over runs, in each cell of Table 1.

    Parameters
    ----------
    predictions : DataFrame
        As in :func:`score_runs`.
    machines : Series
        Machine style by ``file_name``.

    Returns
    -------
    DataFrame
        ``source, method, graph, vpc, machine, n_videos, mean, sd, n, ci_low, ci_high``, percent.
    """
    table = predictions.assign(
        machine=predictions["file_name"].map(machines),
        right=hard_correct(predictions["ef"], predictions["prediction"]),
    )
    by_run = (
        table.groupby([*CELL, "machine", "pool", "training_seed", "selection_seed"], sort=False)["right"]
        .agg(["mean", "size"])
        .reset_index()
    )
    rows = []
    for key, group in by_run.groupby([*CELL, "machine"], sort=False):
        value = 100 * group["mean"].to_numpy(float)
        low, high = bootstrap_interval(value, clusters=group["pool"].to_numpy(), samples=samples)
        rows.append((*key, int(group["size"].iloc[0]), value.mean(), value.std(), len(value), low, high))
    return pd.DataFrame(rows, columns=[*CELL, "machine", "n_videos", "mean", "sd", "n", "ci_low", "ci_high"])


def tolerance_table(
    predictions: pd.DataFrame, *, tolerances: tuple[float, ...] = (0, 1, 2, 3, 4, 5), samples: int = 2000
) -> pd.DataFrame:
    """Soft accuracy of each cell at each tolerance: ``source .. vpc, tolerance, mean, sd, n, ci_low,
    ci_high``, percent.

    ``sd`` is the population's over runs, the interval that of
    :func:`infomotion_lib.evaluation.intervals.bootstrap_interval`.
    """
    frames = []
    for tolerance in tolerances:
        right = predictions.assign(
            soft_accuracy=100.0
            * soft_correct(predictions["ef"], predictions["prediction"], tolerance=tolerance)
        )
        by_run = right.groupby(RUN, sort=False)["soft_accuracy"].mean().reset_index()
        frames.append(
            summarise(by_run, metrics=("soft_accuracy",), samples=samples).assign(tolerance=float(tolerance))
        )
    return pd.concat(frames, ignore_index=True)[[*CELL, "tolerance", "mean", "sd", "n", "ci_low", "ci_high"]]


def confusion_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Answers of each cell, all runs together, one row per true class: ``source .. vpc, class_name,
    answers``, then how many of these fell into each class, by its name, and ``invalid``, those that are no
    number.
    """
    rows = []
    for cell, group in predictions.groupby(CELL, sort=False):
        for name, counts in zip(CLASS_NAMES, confusion(group["ef"], group["prediction"]), strict=True):
            rows.append((*cell, name, int(counts.sum()), *counts.tolist()))
    return pd.DataFrame(rows, columns=[*CELL, "class_name", "answers", *CLASS_NAMES, "invalid"])
