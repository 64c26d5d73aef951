"""The networks of stage 04, trained by several jobs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from infomotion_lib.data.videos import open_sources
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.evaluation.runs import open_labelled_videos, plan_runs
from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.paths import RunPaths
from infomotion_lib.run.parts.networks import (
    CLIPS,
    Networks,
    hand_on,
    handed_on,
    merge_rows,
    train_share,
)
from infomotion_lib.share import Share


def prepare(parameters: EvaluationParameters, paths: RunPaths) -> None:
    """Merge rows that parts of an earlier run left, decode the clips of all videos, plan the networks."""
    folder = paths.stage("evaluation")
    merge_rows(folder)
    labelled = open_labelled_videos(
        open_sources(parameters, paths),
        read_frame_index(paths.frame_index),
        folder=folder / CLIPS,
        parameters=parameters,
    )
    selections = pd.read_csv(paths.selections, dtype={"file_name": str}, keep_default_na=False)
    hand_on(Networks.of(labelled, plan_runs(labelled, selections, parameters=parameters)), folder)


def part(share: Share, parameters: EvaluationParameters, paths: RunPaths) -> None:
    """Train one share of the networks, those that nobody has trained before."""
    folder = paths.stage("evaluation")
    train_share(handed_on(folder), share, parameters=parameters, folder=folder)


def take_up(folder: Path) -> None:
    """Merge the rows that the parts have made."""
    merge_rows(folder)
