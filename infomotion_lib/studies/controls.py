"""Controls for the open clips: what their numbers would be without the thing they claim to show.

The clips were made by a diffusion model and labelled by a regressor, so a number on them means little alone.
Beside every regressor stand answers that look at no clip, answers that read the generator's request instead
of the clip, and the same network on shuffled frames, on a frozen frame, or with random weights. All are
repeated over several splits.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.classes import ef_class
from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.intervals import rank_correlation
from infomotion_lib.evaluation.metrics import ALWAYS_NORMAL, score
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.json_lines import Row
from infomotion_lib.regressor.parameters import DECIDING
from infomotion_lib.studies.rows import RowFile, identity_of
from infomotion_lib.studies.runner import Job, Plan, run

if TYPE_CHECKING:
    pass

FORMAT = 1
"""Raised whenever changed code would give other rows for equal clips and parameters."""

ROWS_FILE = "controls.jsonl"
Clips = Sequence[NDArray[np.uint8]]

PREDICTORS = {
    "regressor": "the network, trained on this split's TRAIN clips",
    "shuffled frames": "the same network, test frames in random order",
    "frozen frame": "the same network, the first frame repeated",
    "random weights": "an untrained network, its output fitted to TRAIN by a line",
    "requested EF": "no clip: the EF asked of the generator, fitted to TRAIN by a line",
    "always normal": "no clip: EF 60",
    "majority class": "no clip: the median EF of TRAIN's most common class",
    "constant": "no clip: the median EF of TRAIN",
}
"""Rows of the control table and what each looks at."""


@dataclass(frozen=True)
class ControlTask:
    """One split, for one process."""

    split: int
    seed: int
    clips: Clips = field(repr=False)
    ef: NDArray[np.float64] = field(repr=False)
    requested_ef: NDArray[np.float64] = field(repr=False)
    parameters: EvaluationParameters = field(repr=False)

    @property
    def identity(self) -> str:
        """Of its rows: clips, labels, requests, split, and what the networks learn."""
        clips = zlib.crc32(b"".join(np.ascontiguousarray(clip).tobytes() for clip in self.clips))
        names = {*DECIDING, "clip_period", "steps_whole", "soft_tolerance"}
        content = {
            "clips": clips,
            "ef": self.ef.tolist(),
            "requested_ef": self.requested_ef.tolist(),
            "seed": self.seed,
            "parameters": self.parameters.model_dump(include=names, mode="json"),
        }
        return identity_of(content, format=FORMAT)


def split_controls(
    clips: Clips,
    ef: NDArray[np.float64],
    requested_ef: NDArray[np.float64],
    *,
    parameters: EvaluationParameters,
    splits: int = 5,
    seed: int = 0,
    folder: Path | None = None,
) -> pd.DataFrame:
    """A row per split and predictor: ``split, predictor, n_train, n_test, spearman`` and every metric on that
    split's test clips.

    Parameters
    ----------
    clips : sequence of ndarray of uint8, each (T, S, S)
        All clips with a label.
    ef, requested_ef : ndarray, shape (N,)
        Label, and what the generator was asked for, points.
    parameters : EvaluationParameters
        Network and schedule; ``steps_whole`` steps per split.
    splits : int
        Random 70 / 30 splits, each class divided.
    folder : path, optional
        Where finished splits are kept, in ``controls.jsonl``, and found again.

    Raises
    ------
    DataError
        If lengths differ or a label is not finite.
    """
    if not (len(clips) == len(ef) == len(requested_ef)) or not (
        np.isfinite(ef).all() and np.isfinite(requested_ef).all()
    ):
        raise DataError(
            f"{len(clips)} clips came with {len(ef)} labels and {len(requested_ef)} requests, all of which"
            " must be finite."
        )
    tasks = [ControlTask(split, seed, clips, ef, requested_ef, parameters) for split in range(splits)]
    jobs = [Job({"split": task.split}, task.identity, task) for task in tasks]
    plan = Plan(jobs, controls_of_split, label="open clips, splits", unit="split")
    file = None if folder is None else RowFile(folder / ROWS_FILE)
    rows = run(plan, file=file, workers=parameters.workers)
    return pd.DataFrame(
        [{"split": row["split"], **scores} for of_job in rows for row in of_job for scores in row["scores"]]
    )


def controls_of_split(task: ControlTask, known: list[Row]) -> Iterator[Row]:
    """The row of one split: ``scores`` of each predictor."""
    from infomotion_lib.regressor.setup import QUIET
    from infomotion_lib.regressor.training import train_regressor

    clips, ef, requested_ef, parameters = task.clips, task.ef, task.requested_ef, task.parameters
    draw = task.seed + task.split
    train, test = divide(ef, seed=draw)
    seen, unseen = [clips[i] for i in train], [clips[i] for i in test]
    fitted, blind = (
        train_regressor(seen, ef[train], parameters=parameters, seed=task.split, steps=steps, setup=QUIET)
        for steps in (parameters.steps_whole, 0)
    )
    answers = {
        "regressor": fitted.predict(unseen),
        "shuffled frames": fitted.predict(shuffled(unseen, seed=draw)),
        "frozen frame": fitted.predict(frozen(unseen)),
        "random weights": _line(blind.predict(seen), ef[train], blind.predict(unseen)),
        "requested EF": _line(requested_ef[train], ef[train], requested_ef[test]),
        **{name: np.full(len(test), value) for name, value in _constants(ef[train]).items()},
    }
    scores = [
        {
            "predictor": name,
            "n_train": len(train),
            "n_test": len(test),
            "spearman": rank_correlation(answer, ef[test]),
            **score(ef[test], answer, tolerance=parameters.soft_tolerance),
        }
        for name, answer in answers.items()
    ]
    yield {"scores": scores}


def summarise_controls(controls: pd.DataFrame) -> pd.DataFrame:
    """A row per predictor: mean and population sd over splits of accuracy, MAE and rank correlation; splits
    in which the regressor is nearer.

    Splits share clips, so the spread is no interval.
    """
    rows = []
    best = controls[controls["predictor"] == "regressor"].set_index("split")["mae"]
    for name, group in controls.groupby("predictor", sort=False):
        row: dict[str, object] = {"predictor": name, "looks at": PREDICTORS[str(name)], "splits": len(group)}
        for metric in ("hard_accuracy", "soft_accuracy", "balanced_accuracy", "mae", "spearman"):
            row[metric], row[f"{metric}_sd"] = group[metric].mean(), group[metric].std(ddof=0)
        row["regressor_nearer"] = int((best < group.set_index("split")["mae"]).sum())
        rows.append(row)
    return pd.DataFrame(rows)


def divide(
    ef: NDArray[np.float64], *, seed: int, test_share: float = 0.3
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of TRAIN and test clips, sorted: a share of every class is tested; a class of one clip is
    trained on.
    """
    rng = np.random.default_rng(seed)
    classes = ef_class(ef)
    test = [
        rng.permutation(np.flatnonzero(classes == index))[: int(test_share * (classes == index).sum())]
        for index in np.unique(classes)
    ]
    chosen = np.sort(np.concatenate(test))
    return np.setdiff1d(np.arange(len(ef)), chosen), chosen


def shuffled(clips: Clips, *, seed: int) -> list[NDArray[np.uint8]]:
    """The clips with the frames of each in random order: amplitude stays, rhythm goes."""
    rng = np.random.default_rng(seed)
    return [clip[rng.permutation(len(clip))] for clip in clips]


def frozen(clips: Clips) -> list[NDArray[np.uint8]]:
    """The clips with their first frame repeated: the picture stays, motion goes."""
    return [np.repeat(clip[:1], len(clip), axis=0) for clip in clips]


def _line(x: NDArray[np.float64], y: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    if np.ptp(x) == 0:
        return np.full(len(at), y.mean())
    slope, intercept = np.polyfit(x, y, 1)
    return np.asarray(slope * at + intercept)


def _constants(train_ef: NDArray[np.float64]) -> dict[str, float]:
    classes = ef_class(train_ef)
    majority = float(np.median(train_ef[classes == np.bincount(classes).argmax()]))
    return {
        "always normal": ALWAYS_NORMAL,
        "majority class": majority,
        "constant": float(np.median(train_ef)),
    }
