"""The selectors on several splits of the open clips, with features of networks that saw no open clip, beside
the controls.

A split of a hundred clips is a lottery of thirty test clips, so one split says little. Here every split makes
its own selections, its own networks and its own test, and Random is drawn several times. Motion and
appearance vectors come from the networks of a phantom run: they know no open clip, so that no test clip of
any split has had a hand in a selection.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from infomotion_lib.classes import class_name
from infomotion_lib.data.videos import open_sources
from infomotion_lib.evaluation.intervals import holm
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.evaluation.runs import score_runs, with_flags
from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_run_card, write_csv
from infomotion_lib.selection.baselines import vectors_on
from infomotion_lib.selection.graph import Recipe
from infomotion_lib.selection.registry import SELECTORS
from infomotion_lib.selection.selectors import select
from infomotion_lib.studies.controls import divide, split_controls
from infomotion_lib.studies.networks import train_networks

if TYPE_CHECKING:
    from infomotion_lib.regressor.grid import Job

SOURCE, GRAPH = "open", "knn"
ROUNDING = 1e-6  # rows are kept to nine digits: a smaller gain is none
SUMMARY_METRICS = ("hard_accuracy", "soft_accuracy", "balanced_accuracy", "mae")
SUMMARY_COLUMNS = (
    *("method", "metric", "mean", "sd", "n", "splits"),
    *("difference", "ci_low", "ci_high", "p_value", "p_holm", "n_comparisons", "splits_better", "graph_flag"),
)


@dataclass(frozen=True)
class SplitSettings:
    """One study, all of it.

    Attributes
    ----------
    methods : tuple of str
        Selectors; ``random`` is the one the others are compared with.
    splits, seeds, draws : int
        Splits of the clips; training seeds of every selection; selections per split by the methods that draw
        at random.
    vpc : int
        Clips per class.
    seed : int
        Split i is that of :func:`infomotion_lib.studies.controls.divide` with seed ``seed + i``: the one
        its controls use.
    """

    methods: tuple[str, ...] = ("random", "kmeans", "infodist", "infomotion")
    splits: int = 5
    seeds: int = 2
    draws: int = 2
    vpc: int = 5
    seed: int = 0


@dataclass(frozen=True)
class OpenClips:
    """All labelled open clips, in the order of their list.

    Attributes
    ----------
    videos : DataFrame
        ``file_name, path, ef, requested_ef`` of every usable clip.
    features : dict of str to ndarray
        ``motion`` and ``appearance`` vectors, NaN where a clip has no end frames.
    """

    videos: pd.DataFrame
    features: dict[str, NDArray[np.floating]]


def open_clips(paths: RunPaths, networks: str | Path) -> OpenClips:
    """The clips of a run of profile ``open`` whose stage 01 has finished, with vectors by the networks of
    another run's stage 02.

    Parameters
    ----------
    paths : RunPaths
        The open run.
    networks : path
        Stage 02 of another run, such as a phantom one, with the paper's representations.

    Raises
    ------
    StageError, DataError, CheckpointError
        If the index, a clip or a network cannot be read.
    """
    from infomotion_lib.representations.registry import PAPER
    from infomotion_lib.representations.stage import load_representations

    videos = (
        open_sources(stage_parameters("data", read_run_card(paths.data)["parameters"]), paths)["open"]
        .usable[["file_name", "path", "ef", "requested_ef"]]
        .reset_index(drop=True)
    )
    index = read_frame_index(paths.frame_index)
    rows = videos[["file_name", "path"]].merge(index, on="file_name", how="left", validate="one_to_one")
    parameters = stage_parameters("ifa_training", read_run_card(networks)["parameters"])
    fitted = load_representations(PAPER, networks, parameters=parameters, device="cpu")
    features: dict[str, NDArray[np.floating]] = {}
    for name, representation in fitted.items():
        vectors = representation.vectors(rows, workers=1)
        at = vectors.rows_of(rows)
        features[name] = np.full((len(rows), representation.size), np.nan, dtype=np.float32)
        features[name][at >= 0] = vectors.features[at[at >= 0]]
    return OpenClips(videos, features)


def run_open_splits(
    clips: OpenClips,
    out_dir: str | Path,
    *,
    parameters: EvaluationParameters,
    settings: SplitSettings | None = None,
    controls: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Summary of the study (see :func:`summarise_splits`), also written beside the rows of every network and
    of every control.

    Writes ``open_splits_runs.csv``, ``open_splits_controls.csv`` and ``open_splits_summary.csv``. Finished
    networks and controls are kept as they end, in ``networks.jsonl`` and ``controls.jsonl``; the same call
    goes on with the missing ones, and rows of other settings lie beside them.

    Parameters
    ----------
    controls : DataFrame, optional
        Of :func:`infomotion_lib.studies.controls.split_controls` with the same parameters, such as
        ``controls.csv`` of the run: taken if it has these splits; worked out otherwise.
    """
    from infomotion_lib.regressor.clips import open_clip_store
    from infomotion_lib.regressor.grid import HeldOut, NetworkTask

    study, folder = settings or SplitSettings(), Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    videos, ef = clips.videos, clips.videos["ef"].to_numpy(dtype=np.float64)
    store = open_clip_store(videos, folder / "clips", size=parameters.clip_size, workers=parameters.workers)
    tasks: list[NetworkTask] = []
    selections = []
    for split in range(study.splits):
        train, test = divide(ef, seed=study.seed + split)
        asked = HeldOut(
            SOURCE, tuple(videos["file_name"].iloc[test]), tuple(ef[test].tolist()), parameters.clip_period
        )
        chosen = split_selections(clips, train, settings=study)
        jobs = split_jobs(clips, chosen, split=split, settings=study, parameters=parameters)
        tasks += [NetworkTask(job, {SOURCE: store}, asked, None, parameters, None, "cpu") for job in jobs]
        selections.append(chosen)
    answers = train_networks(tasks, folder=folder, workers=parameters.workers)
    scores = [
        score_runs(answers[answers["pool"] == split], tolerance=parameters.soft_tolerance)
        for split in range(study.splits)
    ]
    runs = pd.concat(map(with_flags, scores, selections), ignore_index=True)
    write_csv(runs, folder / "open_splits_runs.csv")
    if controls is None or study.seed or controls["split"].nunique() < study.splits:
        requested, names = videos["requested_ef"].to_numpy(dtype=np.float64), videos["file_name"].tolist()
        controls = split_controls(
            store.videos(names),
            ef,
            requested,
            parameters=parameters,
            splits=study.splits,
            seed=study.seed,
            folder=folder,
        )
    write_csv(controls[controls["split"] < study.splits], folder / "open_splits_controls.csv")
    summary = summarise_splits(runs, test_share=len(test) / len(train))
    write_csv(summary, folder / "open_splits_summary.csv")
    return summary


def split_selections(clips: OpenClips, train: NDArray[np.int64], *, settings: SplitSettings) -> pd.DataFrame:
    """Picks of every method from those TRAIN clips of one split that have vectors.

    A row per pick: ``source, method, graph, vpc, selection_seed, class_name, file_name, graph_flag``.
    """
    known = train[np.isfinite(clips.features["motion"][train]).all(axis=1)]
    names, ef = (
        clips.videos["file_name"].to_numpy(dtype=str)[known],
        clips.videos["ef"].to_numpy(dtype=np.float64)[known],
    )
    parts = []
    for method in settings.methods:
        spec = SELECTORS[method]
        vectors = vectors_on({name: table[known] for name, table in clips.features.items()}, spec.on)
        for draw in range(settings.draws if spec.draws else 1):
            chosen = select(
                vectors,
                class_name(ef),
                file_names=names,
                method=method,
                vpc=settings.vpc,
                seed=draw,
                graph=Recipe(GRAPH, null_draws=0),
                ef=ef,
            )
            cell: dict[str, Any] = {
                "source": SOURCE,
                "method": method,
                "graph": GRAPH if spec.graph else "",
                "vpc": settings.vpc,
                "selection_seed": draw,
            }
            parts.append(chosen.table.assign(**cell)[[*cell, "class_name", "file_name", "graph_flag"]])
    return pd.concat(parts, ignore_index=True)


def split_jobs(
    clips: OpenClips,
    selections: pd.DataFrame,
    *,
    split: int,
    settings: SplitSettings,
    parameters: EvaluationParameters,
) -> list[Job]:
    """Networks of one split: ``settings.seeds`` on every selection.

    The network of the whole TRAIN part is the ``regressor`` of the same split's controls.
    """
    from infomotion_lib.regressor.grid import Job

    label = dict(zip(clips.videos["file_name"], clips.videos["ef"].astype(float), strict=True))
    jobs = []
    key: Any
    for key, picks in selections.groupby(["method", "graph", "selection_seed"], sort=False):
        method, graph, draw = key
        names = tuple(str(name) for name in picks["file_name"])
        for seed in range(settings.seeds):
            where = (SOURCE, str(method), str(graph), settings.vpc, split, int(draw), seed)
            jobs.append(
                Job(
                    *where,
                    names,
                    tuple(label[name] for name in names),
                    parameters.steps_selected,
                    parameters.clip_period,
                )
            )
    return jobs


def summarise_splits(runs: pd.DataFrame, *, test_share: float) -> pd.DataFrame:
    """A row per method and metric: mean and population sd over networks, and its difference from Random over
    splits.

    A split's difference is the mean over the method's networks minus that over Random's. Splits share clips,
    so that their differences are no independent draws: the 95 % interval is Nadeau and Bengio's (Machine
    Learning 52, 2003), :math:`\\bar d \\pm t_{k-1}\\, s \\sqrt{1/k + n_{test}/n_{train}}`, and the p-value
    its t-test. ``p_holm`` corrects the p-values of one metric for all methods compared.

    Parameters
    ----------
    runs : DataFrame
        ``open_splits_runs.csv``: ``pool`` is the split; ``graph_flag`` says what was unhealthy about the
        graphs of a split's selection.
    test_share : float
        :math:`n_{test}/n_{train}`.
    """
    rows = []
    for metric in SUMMARY_METRICS:
        by_split = runs.pivot_table(index="pool", columns="method", values=metric, aggfunc="mean")
        for method, group in runs.groupby("method", sort=False):
            value = group[metric].to_numpy(dtype=np.float64)
            row: dict[str, object] = {
                "method": method,
                "metric": metric,
                "mean": value.mean(),
                "sd": value.std(),
                "n": len(value),
            }
            row["splits"] = group["pool"].nunique()
            if method != "random":
                gap = (by_split[str(method)] - by_split["random"]).to_numpy(dtype=np.float64)
                row |= resampled_t(gap, test_share=test_share)
                gain = -gap if metric == "mae" else gap
                row["splits_better"] = int((gain > ROUNDING).sum())
            row["graph_flag"] = "+".join(sorted(set("+".join(group["graph_flag"]).split("+")) - {""}))
            rows.append(row)
    table = pd.DataFrame(rows).reindex(columns=list(SUMMARY_COLUMNS))
    for _, rows_of_metric in table.groupby("metric"):
        table.loc[rows_of_metric.index, "p_holm"] = holm(rows_of_metric["p_value"])
        table.loc[rows_of_metric.index, "n_comparisons"] = int(rows_of_metric["p_value"].notna().sum())
    return table


def resampled_t(differences: NDArray[np.float64], *, test_share: float) -> dict[str, float]:
    """``difference, ci_low, ci_high, p_value`` of differences (k,) over splits of one set of clips; NaN where
    they do not vary.
    """
    count, mean = len(differences), float(differences.mean())
    error = float(differences.std(ddof=1)) * np.sqrt(1 / count + test_share) if count > 1 else 0.0
    if error == 0:
        return {"difference": mean, "ci_low": np.nan, "ci_high": np.nan, "p_value": np.nan}
    reach = float(student.ppf(0.975, count - 1)) * error
    p_value = 2 * float(student.sf(abs(mean) / error, count - 1))
    return {"difference": mean, "ci_low": mean - reach, "ci_high": mean + reach, "p_value": p_value}
