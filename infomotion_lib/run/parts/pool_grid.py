"""The networks of stage 06, trained by several jobs on the clips of every pool."""

from __future__ import annotations

from pathlib import Path

from infomotion_lib.evaluation.ablation import (
    open_ablation,
    parameters_before,
    plan_on_pools,
    read_pools,
    select_from_pools,
)
from infomotion_lib.evaluation.ablation_parameters import AblationParameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.run.parts.networks import Networks, hand_on, handed_on, merge_rows, train_share
from infomotion_lib.share import Share


def prepare(parameters: AblationParameters, paths: RunPaths) -> None:
    """Merge rows that parts of an earlier run left, read every pool and select from it, plan the networks.

    The stage reads the pools again, all but their labels, which are kept: beside the networks that is little.
    """
    run = open_ablation(paths, parameters, device=parameters.device)
    merge_rows(run.folder)
    pools, _ = read_pools(run)
    labelled, jobs, _ = plan_on_pools(run, pools, select_from_pools(run, pools).selections)
    hand_on(Networks.of(labelled, jobs), run.folder)


def part(share: Share, parameters: AblationParameters, paths: RunPaths) -> None:
    """Train one share of the networks, those that nobody has trained before."""
    folder = paths.stage("ablation")
    taught = parameters_before(paths, parameters)["evaluation"]
    train_share(handed_on(folder), share, parameters=taught, folder=folder)


def take_up(folder: Path) -> None:
    """Merge the rows that the parts have made."""
    merge_rows(folder)
