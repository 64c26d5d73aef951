"""The data stage: draw the phantom pools, fetch the open clips, or check the real folders; then count what is
there.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from infomotion_lib.classes import class_name
from infomotion_lib.data.records import Dataset, open_source
from infomotion_lib.parameters import StageParameters
from infomotion_lib.paths import data_root, run_paths
from infomotion_lib.phantom.dataset import edition_of
from infomotion_lib.phantom.parameters import DataParameters
from infomotion_lib.progress import track
from infomotion_lib.provenance import sha256, start_stage, write_csv, write_json

LISTS = ("FileList.csv", "VolumeTracings.csv", "phantom_truth.csv", "open_labels.csv")


def run(parameters: StageParameters) -> Path:
    """Path of the run card; ``data_report.csv`` counts videos by split, class and status, ``sources.json``
    pins their content.
    """
    assert isinstance(parameters, DataParameters)
    folder = run_paths(parameters.profile, parameters.runs_dir).data
    stage = start_stage("data", folder, parameters=parameters.model_dump())
    names = [name for name in (parameters.real_data, parameters.synthetic_data) if name != "none"]
    for name in names:
        provide(name, folder / name, parameters=parameters)
    root = data_root(parameters.data_root) if any(name.startswith("echonet") for name in names) else ""
    datasets = [open_source(name, data_dir=folder, data_root=str(root)) for name in names]
    report = write_csv(
        pd.concat([count_videos(dataset) for dataset in datasets], ignore_index=True),
        folder / "data_report.csv",
    )
    sources = write_json(
        {dataset.name: pin(dataset, made_here=dataset.root.is_relative_to(folder)) for dataset in datasets},
        folder / "sources.json",
    )
    lists = [dataset.root / name for dataset in datasets for name in LISTS if (dataset.root / name).is_file()]
    stage.notes["faults"] = {dataset.name: dataset.faults for dataset in datasets}
    stage.notes["phantom_edition"] = {
        name: edition_of(folder / name) for name in names if name.startswith("phantom")
    }
    return stage.finish([*lists, report, sources])


def provide(name: str, folder: Path, *, parameters: DataParameters) -> None:
    """Make or fetch one data set; the EchoNet sets are the reader's own and only checked afterwards."""
    if name == "echodiffusion":
        from infomotion_lib.data.echodiffusion import fetch

        fetch(folder, ef_label=parameters.ef_label, split_seed=parameters.open_split_seed)
    elif name.startswith("phantom"):
        from infomotion_lib.phantom.dataset import make_dataset

        make_dataset(
            folder,
            train_per_class=parameters.phantom_train_per_class,
            val_per_class=parameters.phantom_val_per_class,
            test_counts=parameters.phantom_test_counts,
            frames=parameters.phantom_frames,
            fps=parameters.phantom_fps,
            size=parameters.phantom_size,
            level=parameters.nuisance_level,
            machine_shares=parameters.machine_shares if name == "phantom" else None,
            seed=parameters.phantom_seed + (name == "phantom-synthetic"),
            workers=parameters.workers,
            role="synthetic" if name == "phantom-synthetic" else "real",
            requested_ef_error=parameters.requested_ef_error,
        )


def count_videos(dataset: Dataset) -> pd.DataFrame:
    """Rows ``dataset, split, class_name, status, n``: every listed video is in one of them."""
    videos = dataset.videos.assign(
        dataset=dataset.name, class_name=class_name(dataset.videos["ef"].to_numpy())
    )
    keys = ["dataset", "split", "class_name", "status"]
    return videos.groupby(keys, sort=True).size().rename("n").reset_index()


def pin(dataset: Dataset, *, made_here: bool) -> dict[str, str | int]:
    """What later stages depend on: hashes of the lists, and of the videos themselves where this run made or
    fetched them.
    """
    content: dict[str, str | int] = {
        name: sha256(dataset.root / name) for name in LISTS if (dataset.root / name).is_file()
    }
    content["videos"] = len(dataset.videos)
    if made_here:
        paths = sorted(Path(path) for path in dataset.usable["path"])
        hashes = [
            f"{sha256(path)}  {path.name}\n"
            for path in track(paths, label=f"hashing {dataset.name}", unit="video")
        ]
        sums = dataset.root / "SHA256SUMS"
        sums.write_text("".join(hashes), encoding="utf-8")
        content["SHA256SUMS"] = sha256(sums)
    return content
