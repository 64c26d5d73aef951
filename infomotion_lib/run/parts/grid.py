"""The networks of stage 04, trained by several jobs: each has rows of its own, which the stage merges."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.evaluation.runs import (
    LabelledVideos,
    open_labelled_videos,
    plan_runs,
    starting_weights,
)
from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.json_lines import read_lines, whole_lines
from infomotion_lib.paths import RunPaths
from infomotion_lib.run.parts.marks import PARTS
from infomotion_lib.share import Share

if TYPE_CHECKING:
    from torch import Tensor

    from infomotion_lib.regressor.grid import Job

ROWS = "grid.jsonl"
"""As :data:`infomotion_lib.regressor.grid.GRID_FILE`, without its torch."""


def prepare(parameters: EvaluationParameters, paths: RunPaths) -> None:
    """Merge rows that parts of an earlier run left, and decode the clips of all videos."""
    merge_rows(paths.stage("evaluation"))
    _open_videos(parameters, paths)


def part(share: Share, parameters: EvaluationParameters, paths: RunPaths) -> None:
    """Train one share of the networks, those that nobody has trained before."""
    train_share(_open(parameters, paths), share, parameters=parameters, folder=paths.stage("evaluation"))


def take_up(folder: Path) -> None:
    """Merge the rows that the parts have made."""
    merge_rows(folder)


@dataclass(frozen=True)
class Networks:
    """All networks of a run: what they are trained and tested on, which there are, what they start from."""

    labelled: LabelledVideos
    jobs: list[Job]
    weights: dict[str, Tensor] | None


def train_share(
    networks: Networks, share: Share, *, parameters: EvaluationParameters, folder: Path
) -> pd.DataFrame:
    """Predictions of one share of the networks, whose rows lie in a folder of their own under ``folder``.

    Long and short trainings are dealt out alike. Rows that ``folder`` holds are not made again.
    """
    from infomotion_lib.device import resolve_device
    from infomotion_lib.regressor.grid import NetworkTask, run_grid

    labelled, device = networks.labelled, str(resolve_device(parameters.device))
    known = {row["print"] for row in _rows(folder / ROWS)}

    def is_known(job: Job) -> bool:
        task = NetworkTask(
            job,
            labelled.stores,
            labelled.test,
            labelled.val,
            parameters,
            networks.weights,
            device,
        )
        return task.fingerprint in known

    dealt = sorted(networks.jobs, key=lambda job: -job.steps)
    return run_grid(
        [job for job in share.part(dealt) if not is_known(job)],
        stores=labelled.stores,
        test=labelled.test,
        val=labelled.val,
        parameters=parameters,
        folder=folder / PARTS / f"{share.name}.rows",
        weights=networks.weights,
        device=device,
    )


def merge_rows(folder: Path) -> None:
    """Add to the rows of a grid those that parts have made, in the order of their hashes; remove the parts.

    Killed half-way, it may be called again: a row that is there already is not added twice.
    """
    parts = sorted((folder / PARTS).glob("*.rows"))
    if not parts:
        return
    read_lines(folder / ROWS)  # a line that was cut off goes, so that the next begins a line
    known = {row["print"] for row in _rows(folder / ROWS)}
    made = {row["print"]: row for place in parts for row in _rows(place / ROWS)}
    lines = [json.dumps(made[name]) + "\n" for name in sorted(made) if name not in known]
    with (folder / ROWS).open("a", encoding="utf-8") as stream:
        stream.writelines(lines)
        stream.flush()
        os.fsync(stream.fileno())
    for place in parts:
        shutil.rmtree(place)


def _rows(file: Path) -> list[dict[str, Any]]:
    return [row for row in whole_lines(file) if "print" in row]


def _open(parameters: EvaluationParameters, paths: RunPaths) -> Networks:
    labelled = _open_videos(parameters, paths)
    selections = pd.read_csv(paths.selections, dtype={"file_name": str}, keep_default_na=False)
    jobs = plan_runs(labelled, selections, parameters=parameters)
    return Networks(labelled, jobs, starting_weights(parameters))


def _open_videos(parameters: EvaluationParameters, paths: RunPaths) -> LabelledVideos:
    from infomotion_lib.data.videos import open_sources

    return open_labelled_videos(
        open_sources(parameters, paths),
        read_frame_index(paths.frame_index),
        folder=paths.stage("evaluation") / "clips",
        parameters=parameters,
    )
