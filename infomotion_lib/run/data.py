"""The data stage: draw the phantom pools, fetch the open clips, or check the real folders; then count what is
there.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pandas as pd

from infomotion_lib.classes import Classes, group_name
from infomotion_lib.data.faults import OK
from infomotion_lib.data.outside import sampled_sha256, state_outside
from infomotion_lib.data.parameters import DataParameters
from infomotion_lib.data.records import Dataset
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.data.videos import open_source, write_videos
from infomotion_lib.files import (
    DATA_REPORT,
    FILE_LIST,
    MANIFEST,
    OPEN_LABELS,
    PHANTOM_TRUTH,
    PINS,
    SUMS,
    TRACINGS,
    VIDEO_SUMS,
    VIDEO_TABLE,
)
from infomotion_lib.losses import joined, losses
from infomotion_lib.parameters import StageParameters
from infomotion_lib.paths import run_paths
from infomotion_lib.phantom.dataset import edition_of
from infomotion_lib.progress import track
from infomotion_lib.provenance import sha256, start_stage, write_csv, write_json

LISTS = (FILE_LIST, TRACINGS, PHANTOM_TRUTH, OPEN_LABELS)


def run(parameters: StageParameters) -> Path:
    """Path of the run card; ``videos.csv`` lists every video, ``data_report.csv`` counts them by split, class
    and status, ``sources.json`` pins their content.
    """
    assert isinstance(parameters, DataParameters)
    folder = run_paths(parameters.profile, parameters.runs_dir).data
    stage = start_stage("data", folder, parameters=parameters.model_dump())
    names = list(parameters.sources.values())
    outside = state_outside(parameters)
    for name in names:
        provide(name, folder / name, parameters=parameters)
    opened = {
        source: open_source(
            name,
            data_dir=folder,
            data_root=parameters.data_root,
            allow_losses=parameters.allow_losses,
            classes=parameters.classes,
        )
        for source, name in parameters.sources.items()
    }
    datasets = list(opened.values())
    videos = write_videos(opened, folder / VIDEO_TABLE)
    report = write_csv(
        pd.concat([count_videos(dataset, parameters.classes) for dataset in datasets], ignore_index=True),
        folder / DATA_REPORT,
    )
    own = [dataset for dataset in datasets if not dataset.root.is_relative_to(folder)]
    hashed = {dataset.name: hash_videos(dataset) for dataset in own}
    sources = write_json(
        {dataset.name: pin(dataset, own=hashed.get(dataset.name)) for dataset in datasets}, folder / PINS
    )
    sums = [write_csv(pd.concat(hashed.values(), ignore_index=True), folder / VIDEO_SUMS)] if own else []
    lists = [dataset.root / name for dataset in datasets for name in LISTS if (dataset.root / name).is_file()]
    stage.notes["losses"] = joined(
        losses(
            dataset.videos[dataset.videos["status"] != OK],
            len(dataset.videos),
            of=f"videos of {dataset.name} cannot be used",
            allowed=parameters.allow_losses,
        )
        for dataset in datasets
    )
    stage.notes["outside"] = outside
    stage.notes["faults"] = {dataset.name: dataset.faults for dataset in datasets}
    stage.notes["phantom_edition"] = {
        name: edition for name in names if (edition := edition_of(folder / name)) is not None
    }
    stage.notes["called"] = {dataset.name: dataset.label for dataset in datasets}
    described = [keep_description(dataset, folder) for dataset in datasets if SOURCES[dataset.name].owned]
    return stage.finish([*lists, *filter(None, described), report, sources, videos, *sums])


def keep_description(dataset: Dataset, folder: Path) -> Path | None:
    """Copy of what an author says of his or her own videos, in the data stage's folder; None where nothing is
    said, and an earlier copy is gone then.
    """
    said, copy = dataset.root / MANIFEST, folder / dataset.name / MANIFEST
    copy.unlink(missing_ok=True)
    if not said.is_file():
        return None
    copy.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(said, copy))


def provide(name: str, folder: Path, *, parameters: DataParameters) -> None:
    """Make or fetch one data set; the reader's own are only checked afterwards."""
    source = SOURCES[name]
    if source.module:
        source.load().provide(folder, plays=source.plays, parameters=parameters)


def count_videos(dataset: Dataset, classes: Classes = "ef") -> pd.DataFrame:
    """Rows ``dataset, split, class_name, status, n``: every listed video is in one of them."""
    videos = dataset.videos.assign(
        dataset=dataset.name, class_name=group_name(dataset.videos["ef"].to_numpy(), classes)
    )
    keys = ["dataset", "split", "class_name", "status"]
    return videos.groupby(keys, sort=True).size().rename("n").reset_index()


def hash_videos(dataset: Dataset) -> pd.DataFrame:
    """Rows ``dataset, path, bytes, sampled_sha256, sha256`` of the reader's own usable videos; ``path`` is
    within the data set.
    """
    paths = sorted(Path(path) for path in dataset.usable["path"])
    rows = [
        (
            dataset.name,
            path.relative_to(dataset.root).as_posix(),
            path.stat().st_size,
            sampled_sha256(path),
            sha256(path),
        )
        for path in track(paths, label=f"hashing {dataset.name}", unit="video")
    ]
    return pd.DataFrame(rows, columns=["dataset", "path", "bytes", "sampled_sha256", "sha256"])


def pin(dataset: Dataset, *, own: pd.DataFrame | None = None) -> dict[str, str | int]:
    """What later stages depend on: hashes of the lists and of the videos, whole where this run made or
    fetched them, sampled where they are the reader's own.

    Parameters
    ----------
    own : DataFrame, optional
        From :func:`hash_videos`, of the reader's own data set.
    """
    content: dict[str, str | int] = {
        name: sha256(dataset.root / name) for name in LISTS if (dataset.root / name).is_file()
    }
    content["videos"] = len(dataset.videos)
    if own is not None:
        lines = [f"{row['sampled_sha256']}  {Path(row['path']).name}\n" for row in own.to_dict("records")]
        content["videos_sampled"] = hashlib.sha256("".join(lines).encode()).hexdigest()
        return content
    paths = sorted(Path(path) for path in dataset.usable["path"])
    lines = [
        f"{sha256(path)}  {path.name}\n"
        for path in track(paths, label=f"hashing {dataset.name}", unit="video")
    ]
    sums = dataset.root / SUMS
    sums.write_text("".join(lines), encoding="utf-8")
    content[SUMS] = sha256(sums)
    return content
