"""Stage 06 as functions: every generator's pool through one pipeline, and Table 2.

A pool is a folder that stage 05 made or that was drawn on another machine. Settings of phases, graphs and
regressors are those of the stages before, as their run cards state them, so that two pools differ by their
clips alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.data.records import Dataset, read_dataset
from infomotion_lib.data.video import read_clip
from infomotion_lib.data.videos import open_sources
from infomotion_lib.errors import DataError
from infomotion_lib.evaluation import pools as reading
from infomotion_lib.evaluation.ablation_parameters import AblationParameters
from infomotion_lib.evaluation.claims import paper_results
from infomotion_lib.evaluation.fidelity import (
    NamedEncoder,
    fidelity_table,
    frame_encoder,
    standard_encoders,
    video_encoder,
)
from infomotion_lib.evaluation.intervals import summarise
from infomotion_lib.evaluation.nearness import NEARNESS_COLUMNS, nearness_table
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.evaluation.pool_table import pool_rows
from infomotion_lib.evaluation.runs import (
    LabelledVideos,
    open_labelled_videos,
    plan_runs,
    score_runs,
    starting_weights,
    with_flags,
)
from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.generators.cutting import Cut, cut_videos, too_short
from infomotion_lib.generators.pool import POOL, REQUEST
from infomotion_lib.generators.privacy.record import summary as privacy_summary
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_json, read_run_card
from infomotion_lib.regressor.clips import source_period
from infomotion_lib.regressor.grid import Job, run_grid
from infomotion_lib.representations.stage import load_representations
from infomotion_lib.selection.stage import SelectionTables, run_selection
from infomotion_lib.stage_table import pool_stage

BEFORE = ("labels", "frame_index", "ifa_training", "graph_selection", "evaluation")
"""Stages whose settings every pool is read with."""


@dataclass(frozen=True)
class Ablation:
    """What the stages before left, opened once.

    Attributes
    ----------
    paths : RunPaths
    parameters : AblationParameters
    used : dict of str to StageParameters
        Parameters of the stages before, as they ran.
    datasets : dict of str to Dataset
        By source, the real one first.
    pools : dict of str to Dataset
        By generator, in the order of the parameters.
    is_real : dict of str to bool
        Whether a pool is made of the real clips themselves, so that its distance to them says nothing.
    device : str
    records : dict of str to dict
        ``pool.json`` of each pool.
    """

    paths: RunPaths
    parameters: AblationParameters
    used: Mapping[str, Any] = field(repr=False)
    datasets: Mapping[str, Dataset] = field(repr=False)
    pools: Mapping[str, Dataset]
    is_real: Mapping[str, bool]
    device: str = "cpu"
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def folder(self) -> Path:
        """Folder of the stage."""
        return self.paths.stage("ablation")

    @property
    def real(self) -> str:
        """Name of the real source."""
        return next(iter(self.datasets))

    @property
    def train(self) -> pd.DataFrame:
        """Real TRAIN videos."""
        usable = self.datasets[self.real].usable
        return usable[usable["split"] == "TRAIN"].reset_index(drop=True)

    def inputs(self) -> list[Path]:
        """Files that the stage reads, besides the clips of the pools."""
        stage = self.paths.stage
        files = [self.paths.frame_index, self.paths.videos]
        files += [stage("ifa_training") / f"{name}.safetensors" for name in ("ifa", "appearance")]
        files += [self.paths.table1, self.paths.constants]
        files += [self.labeller_file] if self.labeller_file.is_file() else []
        return files + [stage(pool_stage(name)) / "manifest.csv" for name in self.pools]

    @property
    def labeller_file(self) -> Path:
        """Weights of the regressor that labels; none where the profile has no synthetic source."""
        return self.paths.stage("labels") / "labeller.safetensors"


def open_ablation(paths: RunPaths, parameters: AblationParameters, *, device: str) -> Ablation:
    """All that the comparison needs, opened; nothing is computed. ``device`` is ``"auto"``, ``"cpu"`` or
    ``"cuda"``.

    Raises
    ------
    DataError
        If a pool is missing, or the clips of two pools differ in length or rate.
    CheckpointError
        If the file of an encoder is missing, or not the one that was named.
    """
    from infomotion_lib.device import resolve_device

    device = resolve_device(device).type
    standard_encoders(parameters)  # a wrong file stops here, before anything is trained
    used = parameters_before(paths, parameters)
    datasets = open_sources(parameters, paths)
    folders = {name: paths.stage(pool_stage(name)) / POOL for name in parameters.generators}
    pools = {
        name: read_dataset(folder, name=name, layout="echonet-synthetic") for name, folder in folders.items()
    }
    refuse_other_shapes(pools)
    records = {name: read_json(folder / REQUEST) for name, folder in folders.items()}
    is_real = {name: bool(record.get("real_clips")) for name, record in records.items()}
    return Ablation(paths, parameters, used, datasets, pools, is_real, device, records)


def parameters_before(paths: RunPaths, parameters: AblationParameters) -> dict[str, Any]:
    """Parameters of the stages before as they ran, by stage; computed where and as widely as this stage."""
    mine = {name: getattr(parameters, name) for name in ("workers", "device", "data_root")}
    return {
        name: stage_parameters(name, read_run_card(paths.stage(name))["parameters"], overrides=mine)
        for name in BEFORE
    }


def refuse_other_shapes(pools: Mapping[str, Dataset]) -> None:
    """Refuse pools that differ in the length or rate of their clips: they would be compared by these.

    Raises
    ------
    DataError
        Naming the shapes.
    """
    shapes = {
        name: (int(data.usable["n_frames"].median()), float(data.usable["fps"].median()))
        for name, data in pools.items()
    }
    lengths = {frames for frames, _ in shapes.values()}
    rates = [fps for _, fps in shapes.values()]
    if len(lengths) > 1 or max(rates) - min(rates) > 0.01:
        listed = "; ".join(f"{name} {frames} frames at {fps:g}" for name, (frames, fps) in shapes.items())
        raise DataError(
            f"The clips of the pools differ in length or rate: {listed}.",
            remedy="Draw all pools with the same latte_frames and latte_fps.",
        )


def read_pools(run: Ablation) -> tuple[reading.PoolReading, reading.Networks]:
    """Labels, phases and vectors of every clip of every pool, and the networks that gave them."""
    labeller = reading.open_labeller(
        run.labeller_file, run.datasets[run.real], parameters=run.used["labels"], folder=run.folder
    )
    fitted = load_representations(
        run.used["ifa_training"].representations,
        run.paths.stage("ifa_training"),
        parameters=run.used["ifa_training"],
        device=run.device,
    )
    networks = reading.Networks(labeller, fitted, float(run.train["fps"].median()))
    parts = {}
    for name, data in run.pools.items():
        parts[name] = reading.read_pool(
            data,
            source=name,
            networks=networks,
            parameters=run.used["frame_index"],
            folder=run.folder / "clips",
        )
    return reading.join_readings(parts), networks


def select_from_pools(run: Ablation, pools: reading.PoolReading) -> SelectionTables:
    """Selections of every pool by the methods of the comparison, on the graph that stage 03 selects with;
    those by the vectors that a pool's generator was told are marked circular.
    """
    chooser = run.used["graph_selection"]
    changes = {"methods": run.parameters.pool_methods, "graphs": (chooser.selection_graph,)}
    chosen = run_selection(pools.index, pools.vectors, parameters=chooser.model_copy(update=changes))
    return replace(chosen, selections=reading.with_pool_marks(chosen.selections, run.records))


@dataclass(frozen=True)
class RealAndDrawn:
    """Clips of one shape, read once: real ones and those of the pools.

    Attributes
    ----------
    train, unseen : ndarray, shapes (N, T, S, S) and (M, T, S, S), uint8
        Of real TRAIN and VAL videos; no more of TRAIN than twice the largest pool.
    pools : dict of str to ndarray
        Of each pool that is not made of real clips.
    cut : Cut
        Their shape.
    """

    train: NDArray[np.uint8] = field(repr=False)
    unseen: NDArray[np.uint8] = field(repr=False)
    pools: dict[str, NDArray[np.uint8]] = field(repr=False)
    cut: Cut


def read_clips(run: Ablation) -> RealAndDrawn:
    """Clips of every pool beside real ones of their length, rate and side."""
    p, shape = run.parameters, next(iter(run.pools.values())).usable[["n_frames", "fps", "height"]].median()
    cut = Cut(int(shape["n_frames"]), float(shape["fps"]), int(shape["height"]))
    most = 2 * max(len(data.usable) for data in run.pools.values())
    reference = run.train.sample(min(len(run.train), most), random_state=p.pool_seed)
    train = cut_videos(reference, cut, workers=p.workers)[0]
    usable = run.datasets[run.real].usable
    val = usable[usable["split"] == "VAL"].reset_index(drop=True)
    long_enough = val[~too_short(val, cut)]
    unseen = cut_videos(long_enough, cut, workers=p.workers)[0] if len(long_enough) else train[:0]
    pools = {
        name: np.stack([read_clip(path) for path in data.usable["path"]])
        for name, data in run.pools.items()
        if not run.is_real[name]
    }
    return RealAndDrawn(train, unseen, pools, cut)


def pool_fidelity(
    run: Ablation, networks: reading.Networks, clips: RealAndDrawn | None = None
) -> pd.DataFrame:
    """Rows of ``fidelity.csv``: see :func:`~infomotion_lib.evaluation.fidelity.fidelity_table`.

    ``clips``: from :func:`read_clips`; read here if they are not given.
    """
    p, clips = run.parameters, clips or read_clips(run)
    labeller = networks.labeller
    period = source_period(labeller.clip_period, fps=clips.cut.fps, reference_fps=networks.reference_fps)
    encoders = [
        _frame_encoder(run),
        video_encoder(labeller, period=period),
        *standard_encoders(p),
    ]
    return fidelity_table(
        clips.train, clips.pools, encoders, seed=p.pool_seed, resamples=p.fidelity_resamples
    )


def pools_compared(
    run: Ablation, clips: RealAndDrawn, *, labels: pd.DataFrame, held: pd.DataFrame, fidelity: pd.DataFrame
) -> pd.DataFrame:
    """Rows of ``pools.csv``: see :func:`~infomotion_lib.evaluation.pool_table.pool_rows`."""
    near = pd.DataFrame(columns=list(NEARNESS_COLUMNS))
    if len(clips.unseen) and clips.pools:
        near = nearness_table(clips.train, clips.unseen, clips.pools, _frame_encoder(run))
    filtered = {name: privacy_summary(run.paths.stage(pool_stage(name)) / POOL) for name in run.pools}
    return pool_rows(labels, held, fidelity, near, filtered)


def _frame_encoder(run: Ablation) -> NamedEncoder:
    from infomotion_lib.representations.appearance.network import load_appearance

    weights = run.paths.stage("ifa_training") / "appearance.safetensors"
    return frame_encoder(load_appearance(weights, device=run.device))


def plan_on_pools(
    run: Ablation, pools: reading.PoolReading, selections: pd.DataFrame
) -> tuple[LabelledVideos, list[Job], EvaluationParameters]:
    """Networks to be trained on all and on the chosen clips of each pool and tested on real TEST at full
    length: their videos, which they are, and how they are trained.
    """
    plan = run.used["evaluation"].model_copy(update={"steps_whole": run.parameters.steps_pool})
    index = read_frame_index(run.paths.frame_index)
    real = index[index["source"] == run.real]
    labelled = open_labelled_videos(
        {run.real: run.datasets[run.real], **run.pools},
        pd.concat([real, pools.index], ignore_index=True),
        folder=run.folder / "clips",
        parameters=plan,
    )
    periods = {pool: labelled.periods[pool] for pool in run.pools}
    return labelled, plan_runs(replace(labelled, periods=periods), selections, parameters=plan), plan


def train_on_pools(
    run: Ablation, pools: reading.PoolReading, selections: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """``predictions``, ``runs`` and ``summary`` of the networks of :func:`plan_on_pools`. Finished networks
    are taken up.
    """
    labelled, jobs, plan = plan_on_pools(run, pools, selections)
    predictions = run_grid(
        jobs,
        folder=run.folder,
        weights=starting_weights(plan),
        stores=labelled.stores,
        test=labelled.test,
        val=labelled.val,
        parameters=plan,
        device=run.device,
    )
    scores = score_runs(predictions, tolerance=plan.soft_tolerance)
    runs = reading.with_pool_marks(with_flags(scores, selections), run.records)
    summary = summarise(runs, samples=plan.bootstrap_samples)
    summary = reading.with_pool_marks(with_flags(summary, selections), run.records)
    return {"predictions": predictions, "runs": runs, "summary": summary}


def table_of_pools(summary: pd.DataFrame, fidelity: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``table2.csv``, the paper's numbers beside ours."""
    return reading.table2(summary, fidelity, paper_results())


def gaps(runs: pd.DataFrame) -> dict[str, tuple[float, float, int]]:
    """Hard accuracy of networks trained on all clips, each pool minus the first, run by run: mean, standard
    deviation, number of runs, by pool.
    """
    whole = runs[runs["method"] == "whole"].pivot_table(
        index="training_seed", columns="source", values="hard_accuracy", sort=False
    )
    first, *others = list(dict.fromkeys(runs["source"]))
    differences = {pool: whole[pool] - whole[first] for pool in others}
    return {pool: (float(gap.mean()), float(gap.std(ddof=0)), len(gap)) for pool, gap in differences.items()}
