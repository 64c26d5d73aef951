"""Does what lies outside a run still hold: own videos, weights; and what no verification looks at."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_lib.data.manifests import label_of
from infomotion_lib.data.outside import SAMPLE, sampled_sha256
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.errors import DataError
from infomotion_lib.files import VIDEO_SUMS
from infomotion_lib.parameter_types import FOLDER, HERE
from infomotion_lib.parameters import STAGES
from infomotion_lib.paths import notebook_of
from infomotion_lib.progress import track
from infomotion_lib.provenance import sha256
from infomotion_lib.run.chain import Chain, State, Step
from infomotion_lib.stage_table import TABLE

Fault = tuple[str, State, str]
"""Stage, what became of it, and what it is, in words."""


def own_videos(chain: Chain, step: Step, *, deep: bool) -> tuple[list[Fault], int]:
    """Videos of the reader's own data sets that are not as the data stage found them, and how many are.

    Parameters
    ----------
    chain : Chain
        The run.
    step : Step
        Its data stage.
    deep : bool
        Hash every file whole; else its size and :data:`~infomotion_lib.data.outside.SAMPLE` bytes at either
        end.
    """
    table = step.folder / VIDEO_SUMS
    if chain.is_frozen or not _verified(step, VIDEO_SUMS):
        return [], 0
    faults: list[Fault] = []
    good = 0
    recorded = pd.read_csv(table, dtype=str, keep_default_na=False)
    for name, rows in recorded.groupby("dataset", sort=False):
        try:
            root = SOURCES[str(name)].root(data_dir=step.folder, data_root=chain.path_of("data_root"))
        except DataError as error:
            faults.append(("data", "missing", f"{len(rows)} videos of {name}: {error.what}"))
            continue
        for row in track(rows.to_dict("records"), label=f"hashing {name}", unit="video"):
            file = root / row["path"]
            if not file.is_file():
                faults.append(("data", "missing", f"{name}/{row['path']}: {file} is not there"))
                continue
            kind = "sha256" if deep else "sampled_sha256"
            now = sha256(file) if deep else sampled_sha256(file)
            good += now == row[kind]
            if now != row[kind]:
                faults.append(
                    (
                        "data",
                        "edited",
                        f"{name}/{row['path']}: the run saw {row[kind][:12]}, it is {now[:12]} now",
                    )
                )
    return faults, good


def weights(chain: Chain, step: Step) -> list[Fault]:
    """Files that a stage's parameters name and that are not as it read them."""
    faults: list[Fault] = []
    for name, recorded in step.card.get("outside", {}).items():
        file = Path(chain.path_of(name))
        label = f"{TABLE[step.name].label} read {name}"
        if not file.is_file():
            faults.append((step.name, "missing", f"{label}: {file} is not there"))
        elif (now := sha256(file)) != recorded:
            faults.append((step.name, "edited", f"{label}: it was {recorded[:12]}, the file is {now[:12]}"))
    return faults


def renamed(chain: Chain, step: Step) -> list[Fault]:
    """Own data sets that their author calls otherwise than a stage's figures do."""
    faults: list[Fault] = []
    if step.name != "data" and not notebook_of(TABLE[step.name]):
        return faults
    for name, called in step.card.get("notes", {}).get("called", {}).items():
        if name not in SOURCES or not SOURCES[name].owned:
            continue
        with suppress(DataError):  # a folder that is gone has been told of
            now = label_of(name, SOURCES[name].root(data_dir="", data_root=chain.path_of("data_root")))
            if now != called:
                what = f"{TABLE[step.name].label}: it says {called}, which is called {now} today"
                faults.append((step.name, "stale", what))
    return faults


def files_outside(parameters: Any) -> dict[str, Path]:
    """Files outside a run that parameters name, by name; folders are not among them."""
    return {
        name: path
        for name, field in type(parameters).model_fields.items()
        if HERE in field.metadata
        and FOLDER not in field.metadata
        and (value := getattr(parameters, name))
        and (path := Path(value).expanduser()).is_file()
    }


def not_looked_at(chain: Chain, *, deep: bool) -> tuple[str, ...]:
    """What a verification of this run leaves out, a line each."""
    lines = []
    data = chain.steps.get("data")
    if chain.is_frozen:
        lines.append("videos, and whatever else was not frozen")
    elif data is not None:
        own = [name for name in _datasets(data) if SOURCES[name].folder]
        if own and not _verified(data, VIDEO_SUMS):
            lines.append(f"videos of {', '.join(own)}: this run has recorded no hash of each")
        elif own and not deep:
            lines.append(
                f"the middle of the videos of {', '.join(own)}: their size and {SAMPLE >> 10} KiB at either"
                " end are compared; --deep reads all"
            )
    for step in chain.steps.values():
        named = {
            name: value
            for name, field in STAGES[step.name].model_fields.items()
            if HERE in field.metadata
            and name != "data_root"
            and (value := step.card.get("parameters", {}).get(name))
        }
        unseen = [name for name in named if name not in step.card.get("outside", {})]
        lines += [f"{TABLE[step.name].label}: {name}, which was not hashed" for name in unseen]
    lines.append(
        "kept work (checkpoints, decoded clips), packages and processor: `infomotion compare` names these"
    )
    return tuple(lines)


def _datasets(step: Step) -> list[str]:
    parameters = step.card.get("parameters", {})
    names = (parameters.get("real_data", ""), parameters.get("synthetic_data", ""))
    return [name for name in names if name in SOURCES]


def _verified(step: Step, name: str) -> bool:
    return any(link.path.name == name and link.state == "verified" for link in step.outputs)
