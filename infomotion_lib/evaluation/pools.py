"""One pipeline for any pool that comes without tracings and measured EF: relabel, find phases, extract
vectors, compare.

Everything is done by the functions and networks of stages 01 to 04, so that two pools differ by their clips
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from infomotion_lib.classes import CLASS_NAMES, class_name
from infomotion_lib.data.records import Dataset
from infomotion_lib.evaluation.intervals import rank_correlation, rank_interval
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.regressor.parameters import LabelsParameters
from infomotion_lib.representations.vectors import Vectors
from infomotion_lib.selection.registry import SELECTORS

if TYPE_CHECKING:
    from infomotion_lib.regressor.fitted import FittedRegressor
    from infomotion_lib.representations.base import Fitted

TABLE2_COLUMNS = (
    "generator",
    "method",
    "column",
    "metric",
    "mean",
    "sd",
    "n",
    "ci_low",
    "ci_high",
    "paper",
    "graph_flag",
)


@dataclass(frozen=True)
class Networks:
    """The trained networks of a run that read a pool.

    Attributes
    ----------
    labeller : FittedRegressor
        Gives the EF.
    representations : dict of str to Fitted
        Give the vectors, by name; see :func:`infomotion_lib.representations.stage.load_representations`.
    reference_fps : float
        Frames per second of the videos that the labeller was trained on.
    """

    labeller: FittedRegressor
    representations: Mapping[str, Fitted]
    reference_fps: float


@dataclass(frozen=True)
class PoolReading:
    """What the pipeline read in one pool or several.

    Attributes
    ----------
    index : DataFrame
        Frame index, its EF and class by relabelling.
    labels : DataFrame
        ``source, file_name, requested_ef, ef``.
    vectors : dict of str to Vectors
        Vectors of its clips by representation.
    """

    index: pd.DataFrame
    labels: pd.DataFrame
    vectors: dict[str, Vectors]

    def __repr__(self) -> str:
        counts = "".join(f", {len(table)} with {name}" for name, table in self.vectors.items())
        return f"PoolReading({len(self.index)} clips{counts})"


def open_labeller(
    file: Path, real: Dataset, *, parameters: LabelsParameters, folder: str | Path
) -> FittedRegressor:
    """The regressor of the labels stage; where that stage had no pool to label, one trained in its way on
    real TRAIN, the best on VAL kept.

    Parameters
    ----------
    file : Path
        ``labeller.safetensors``.
    real : Dataset
        Videos with an EF.
    parameters : LabelsParameters
        Of the labels stage.
    folder : path
        Where decoded clips and training state are kept.
    """
    from infomotion_lib.device import one_thread, resolve_device
    from infomotion_lib.regressor.clips import open_clip_store
    from infomotion_lib.regressor.fitted import FittedRegressor
    from infomotion_lib.regressor.setup import TrainingSetup, Validation
    from infomotion_lib.regressor.training import train_regressor

    device = str(resolve_device(parameters.device))
    if file.is_file():
        return FittedRegressor.load(file, device=device)
    known = real.usable[real.usable["ef"].notna()]
    train, val = (known[known["split"] == split].reset_index(drop=True) for split in ("TRAIN", "VAL"))
    store = open_clip_store(
        pd.concat([train, val]), Path(folder) / "clips", size=parameters.clip_size, workers=parameters.workers
    )
    chosen_by = (
        Validation(store.videos(val["file_name"].tolist()), val["ef"].to_numpy()) if len(val) else None
    )
    with one_thread():
        return train_regressor(
            store.videos(train["file_name"].tolist()),
            train["ef"].to_numpy(),
            parameters=parameters,
            seed=parameters.labeller_seed,
            steps=parameters.steps_whole,
            val=chosen_by,
            setup=TrainingSetup(checkpoint=Path(folder) / "checkpoints" / "labeller.pt", device=device),
        )


def read_pool(
    dataset: Dataset,
    *,
    source: str,
    networks: Networks,
    parameters: FrameIndexParameters,
    folder: str | Path,
) -> PoolReading:
    """Labels, phases and vectors of every usable clip of a pool; labels that it has been given stay.

    Parameters
    ----------
    dataset : Dataset
        Generated clips with a requested EF and no tracings.
    source : str
        Name of the pool in every table.
    parameters : FrameIndexParameters
        How phases are found.
    folder : path
        Where decoded clips and labels are kept.

    Raises
    ------
    DataError
        If no clip shows an ED and an ES, or the vectors say nothing.
    """
    from infomotion_lib.frames.index import build_frame_index
    from infomotion_lib.regressor.clips import open_clip_store
    from infomotion_lib.regressor.kept_labels import relabel_once
    from infomotion_lib.representations.ifa.triplets import attach_paths

    usable = dataset.usable
    store = open_clip_store(usable, folder, size=networks.labeller.clip_size, workers=parameters.workers)
    labels = relabel_once(
        usable,
        networks.labeller,
        Path(folder) / f"{source}_labels.json",
        store=store,
        reference_fps=networks.reference_fps,
    ).assign(source=source)
    index = build_frame_index(
        dataset, source=source, parameters=parameters, labels=labels, workers=parameters.workers
    )
    rows = attach_paths(index, {source: dataset})
    vectors = {
        name: fitted.vectors(rows, workers=parameters.workers)
        for name, fitted in networks.representations.items()
    }
    return PoolReading(index, labels[["source", "file_name", "requested_ef", "ef"]], vectors)


def join_readings(readings: Mapping[str, PoolReading]) -> PoolReading:
    """One reading with the rows of all."""
    every = list(readings.values())
    vectors = {
        name: Vectors.joined([reading.vectors[name] for reading in every], more_missing=None, size=table.size)
        for name, table in every[0].vectors.items()
    }
    return PoolReading(
        pd.concat([reading.index for reading in every], ignore_index=True),
        pd.concat([reading.labels for reading in every], ignore_index=True),
        vectors,
    )


CIRCULAR, IDENTIFIED = "circular", "not de-identified"
"""Marks of rows: selected by the vectors that the pool's generator was told; clips show hearts of real
videos, or drawn ones that no privacy filter has passed.
"""


def with_pool_marks(table: pd.DataFrame, records: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The table with its pools' marks added to ``graph_flag``.

    Parameters
    ----------
    table : DataFrame
        Columns ``source``, ``method`` and ``graph_flag``.
    records : mapping of str to mapping
        ``pool.json`` by source: ``conditioned_on``, the representation whose vectors the generator was told,
        ``hearts``, of a generator that moves single frames: ``"real"`` ones or ``"drawn"``, and
        ``privacy_filter``; any may be missing.
    """
    flags = []
    for source, method, flag in zip(table["source"], table["method"], table["graph_flag"], strict=True):
        record = records.get(source, {})
        looked_at = SELECTORS[method].on if method in SELECTORS else ()
        marks = {CIRCULAR: record.get("conditioned_on") in looked_at}
        unfiltered = record.get("privacy_filter", "none") == "none"
        marks[IDENTIFIED] = record.get("hearts") == "real" or ("hearts" in record and unfiltered)
        added = [mark for mark, holds in marks.items() if holds]
        known = [name for name in str(flag).split("+") if name and not (added and name == "healthy")]
        flags.append("+".join(dict.fromkeys([*known, *added])))
    return table.assign(graph_flag=flags)


def label_consistency(labels: pd.DataFrame) -> pd.DataFrame:
    """How many clips of each requested class carry each relabelled class: ``source, requested, relabelled,
    n``, zeros included.

    Parameters
    ----------
    labels : DataFrame
        ``source, requested_ef, ef``.
    """
    named = labels.assign(
        requested=class_name(labels["requested_ef"].to_numpy(float)),
        relabelled=class_name(labels["ef"].to_numpy(float)),
    )
    counted = named.groupby(["source", "requested", "relabelled"], sort=False).size()
    every = pd.MultiIndex.from_product(
        [named["source"].unique(), CLASS_NAMES, CLASS_NAMES], names=["source", "requested", "relabelled"]
    )
    return counted.reindex(every, fill_value=0).rename("n").reset_index()


def conditioning(labels: pd.DataFrame, *, samples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """How far each pool does what it was asked, one row per pool.

    Columns: ``source``, ``n``; ``same_class_percent``, clips that carry the class asked for; ``spearman``,
    rank correlation of relabelled with requested EF, and its 95 % bootstrap interval ``ci_low, ci_high`` over
    clips (1 obeys, 0 ignores); ``requested_sd``, ``sd``: spread of the EF asked for and of the EF delivered,
    points; ``classes``: relabelled classes with at least one clip.
    """
    rows = []
    for source, clips in labels.groupby("source", sort=False):
        asked, given = clips["requested_ef"].to_numpy(float), clips["ef"].to_numpy(float)
        same = 100 * float(np.mean(class_name(asked) == class_name(given)))
        rho = rank_correlation(asked, given), *rank_interval(asked, given, samples=samples, seed=seed)
        spreads = float(asked.std()), float(given.std())
        classes = len(set(class_name(given).tolist()) - {""})
        rows.append((source, len(clips), same, *rho, *spreads, classes))
    columns = [
        "source",
        "n",
        "same_class_percent",
        "spearman",
        "ci_low",
        "ci_high",
        "requested_sd",
        "sd",
        "classes",
    ]
    return pd.DataFrame(rows, columns=columns)


def table2(table: pd.DataFrame, fidelity: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``table2.csv``: each pool's distances and accuracies, the paper's value of the same row and
    column beside.

    Parameters
    ----------
    table : DataFrame
        From :func:`infomotion_lib.evaluation.intervals.summarise`, one source per pool, with the flags of its
        graphs.
    fidelity : DataFrame
        From :func:`infomotion_lib.evaluation.fidelity.fidelity_table`; pairs named ``real_vs_<pool>``.
    paper : DataFrame
        From :func:`infomotion_lib.evaluation.claims.paper_results`.

    Returns
    -------
    DataFrame
        ``column`` is the paper's (FID, FVD, All, VPC=5 ...), ``metric`` says what ours is: ``fed_frame`` is
        no FID. ``method`` is empty for a distance; the paper's accuracies are InfoMotion's, or the whole
        pool's. ``graph_flag`` comes last.
    """
    quoted = {
        (row["row"], row["column"]): float(row["value"])
        for row in paper[paper["table"] == "table2"].to_dict("records")
    }
    rows: list[tuple[object, ...]] = []
    for pool in table["source"].unique():
        name = GENERATORS[str(pool)].paper_row
        for distance in fidelity[fidelity["pair"] == f"real_vs_{pool}"].to_dict("records"):
            column = "FID" if distance["metric"] in ("fid", "fed_frame") else "FVD"
            values = distance["value"], np.nan, distance["n"], distance["ci_low"], distance["ci_high"]
            rows.append(
                (pool, "", column, distance["metric"], *values, quoted.get((name, column), np.nan), "")
            )
        scores = table[
            (table["source"] == pool)
            & table["metric"].isin(["hard_accuracy", "soft_accuracy", "balanced_accuracy"])
        ]
        for cell in scores.to_dict("records"):
            column = f"VPC={cell['vpc']}" if cell["vpc"] else "All"
            spoken_of = cell["metric"] == "hard_accuracy" and cell["method"] in ("whole", "infomotion")
            values = cell["mean"], cell["sd"], cell["n"], cell["ci_low"], cell["ci_high"]
            paper_value = quoted.get((name, column), np.nan) if spoken_of else np.nan
            rows.append(
                (
                    pool,
                    cell["method"],
                    column,
                    cell["metric"],
                    *values,
                    paper_value,
                    cell.get("graph_flag", ""),
                )
            )
    return pd.DataFrame(rows, columns=list(TABLE2_COLUMNS))
