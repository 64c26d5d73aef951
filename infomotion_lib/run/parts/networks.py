"""EF networks that several jobs train: one plans them, each trains a share, the stage merges their rows."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.evaluation.runs import LabelledVideos, starting_weights
from infomotion_lib.json_lines import read_lines, whole_lines
from infomotion_lib.provenance import read_json, write_json
from infomotion_lib.run.parts.marks import PARTS
from infomotion_lib.share import Share

if TYPE_CHECKING:
    from infomotion_lib.regressor.clips import ClipStore
    from infomotion_lib.regressor.grid import HeldOut, Job

ROWS = "grid.jsonl"
"""As :data:`infomotion_lib.regressor.grid.GRID_FILE`, without its torch."""

CLIPS = "clips"
"""Folder of decoded clips within that of a stage."""

PLAN = "networks.json"
"""File by which the job that prepares hands the networks on, to the last digit of every label."""


@dataclass(frozen=True)
class Networks:
    """All networks of a stage.

    Attributes
    ----------
    jobs : list of Job
        Which there are.
    stores : dict of str to ClipStore
        Clips of each source.
    test, val : HeldOut
        What they are tested on, and what their weights are chosen by; None where nothing is.
    """

    jobs: list[Job]
    stores: Mapping[str, ClipStore]
    test: HeldOut
    val: HeldOut | None

    @classmethod
    def of(cls, labelled: LabelledVideos, jobs: list[Job]) -> Networks:
        """Jobs on the videos that they were planned for."""
        return cls(jobs, labelled.stores, labelled.test, labelled.val)


def hand_on(networks: Networks, folder: Path) -> Path:
    """Path of the plan, written whole for the parts."""
    stores = {
        source: {"size": store.size, "keys": store.keys, "lengths": store.lengths}
        for source, store in networks.stores.items()
    }
    plan = {
        "jobs": [asdict(job) for job in networks.jobs],
        "stores": stores,
        "test": asdict(networks.test),
        "val": asdict(networks.val) if networks.val else None,
    }
    return write_json(plan, folder / PLAN, compact=True)


def handed_on(folder: Path) -> Networks:
    """What :func:`hand_on` has left in the folder of a stage.

    Raises
    ------
    StageError
        If there is no plan, or none that can be read.
    """
    from infomotion_lib.regressor.clips import ClipStore
    from infomotion_lib.regressor.grid import HeldOut, Job

    plan = read_json(folder / PLAN)
    held_out = [HeldOut(**_tuples(part)) if (part := plan[name]) else None for name in ("test", "val")]
    test, val = held_out
    assert test is not None
    stores = {source: ClipStore(folder / CLIPS, **about) for source, about in plan["stores"].items()}
    return Networks([Job(**_tuples(job)) for job in plan["jobs"]], stores, test, val)


def train_share(
    networks: Networks, share: Share, *, parameters: EvaluationParameters, folder: Path
) -> pd.DataFrame:
    """Predictions of one share of the networks, whose rows lie in a folder of their own under ``folder``.

    Long and short trainings are dealt out alike. Rows that ``folder`` holds are not made again.
    """
    from infomotion_lib.device import resolve_device
    from infomotion_lib.regressor.grid import NetworkTask, run_grid

    n, device, weights = networks, str(resolve_device(parameters.device)), starting_weights(parameters)
    known = {row["print"] for row in _rows(folder / ROWS)}

    def is_known(job: Job) -> bool:
        return NetworkTask(job, n.stores, n.test, n.val, parameters, weights, device).fingerprint in known

    dealt = sorted(n.jobs, key=lambda job: -job.steps)
    return run_grid(
        [job for job in share.part(dealt) if not is_known(job)],
        stores=n.stores,
        test=n.test,
        val=n.val,
        parameters=parameters,
        folder=folder / PARTS / f"{share.name}.rows",
        weights=weights,
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


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
