"""A selection as something to pass on: a data set folder of the chosen clips, or a list of names and hashes.

Only where the manifest of the source permits copies; otherwise nothing is written.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infomotion_lib.classes import CLASS_NAMES, class_name
from infomotion_lib.data.manifests import label_of, may_redistribute, read_manifest
from infomotion_lib.data.records import Dataset
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.errors import DataError, ParameterError, did_you_mean
from infomotion_lib.files import DISTILLED, FILE_LIST, MANIFEST, TRACINGS, VIDEOS
from infomotion_lib.phantom.dataset import edition_of
from infomotion_lib.provenance import sha256, whole_folder, write_csv, write_json

CARD = "README.md"


@dataclass(frozen=True)
class Cell:
    """Which set of a run's ``selections.csv``: a cell of Table 1 and one of its runs."""

    source: str
    method: str
    vpc: int
    selection_seed: int = 0
    graph: str = ""

    def rows(self, selections: pd.DataFrame) -> pd.DataFrame:
        """Its picks, in order.

        Raises
        ------
        ParameterError
            If the run has no such set; the message names those it has.
        """
        asked = {
            "source": self.source,
            "method": self.method,
            "vpc": self.vpc,
            "selection_seed": self.selection_seed,
        }
        asked |= {"graph": self.graph} if self.graph else {}
        kept = selections
        for name, value in asked.items():
            known = kept[name].unique().tolist()
            kept = kept[kept[name] == value]
            if kept.empty:
                raise ParameterError(
                    f"This run selected nothing with {name} = {value}",
                    remedy=did_you_mean(str(value), map(str, known)),
                )
        return kept


def require_permission(name: str, root: str | Path | None = None) -> None:
    """Pass where copies of the data set ``name``, in the folder ``root``, may be passed on.

    Raises
    ------
    DataError
        Where its manifest does not permit it, or it has none.
    """
    if may_redistribute(name, root):
        return
    if root is not None and SOURCES[name].owned:
        raise _refused_by_author(name, Path(root))
    raise DataError(
        f"Videos of {name} may not be passed on: nothing was written.",
        where="Its manifest does not permit copies (`infomotion data describe " + name + "`).",
        remedy=("Whoever has the data under its agreement can make the same selection: keep it under runs/."),
    )


def _refused_by_author(name: str, root: Path) -> DataError:
    said = f"Their description says so: {root / MANIFEST}"
    unsaid = f"Nobody has said that they may: there is no {root / MANIFEST}"
    return DataError(
        f"Videos of {label_of(name, root)} may not be passed on: nothing was written.",
        where=said if (root / MANIFEST).is_file() else unsaid,
        remedy=f"If they may: infomotion data describe {root} --pass-on --licence LICENCE",
    )


def export_distilled(
    picks: pd.DataFrame, dataset: Dataset, *, folder: str | Path, labels: pd.Series, settings: dict[str, Any]
) -> Path:
    """Folder of the chosen clips as a data set of its own, in EchoNet's layout, written whole.

    It holds ``Videos/*.avi`` (the source's own bytes), ``FileList.csv`` (all TRAIN, EF as it was selected and
    is trained on, the requested one beside), ``VolumeTracings.csv`` where the source has tracings, a data set
    card, a Croissant manifest and hashes.

    Parameters
    ----------
    picks : DataFrame
        Rows of ``selections.csv`` of one set; see :class:`Cell`.
    dataset : Dataset
        Where the videos lie.
    folder : path
        New or empty.
    labels : Series
        EF by file name, points.
    settings : dict
        How the set was chosen, for the card.

    Raises
    ------
    DataError
        If the source forbids it, the folder holds something, or a chosen video is not in ``dataset``.
    """
    require_permission(dataset.name, dataset.root)
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DataError(f"The folder holds something already: {target}", remedy="Choose a new one.")
    videos = dataset.videos.set_index("file_name")
    names = [str(name) for name in picks["file_name"]]
    _require_videos(names, dataset)
    with whole_folder(target) as made:
        (made / VIDEOS).mkdir()
        for name in names:
            shutil.copyfile(str(videos.loc[name, "path"]), made / VIDEOS / f"{name}.avi")
        write_csv(_file_list(names, videos, labels), made / FILE_LIST)
        if dataset.tracings is not None:
            tracings = dataset.tracings[dataset.tracings["FileName"].isin(names)]
            write_csv(tracings.assign(FileName=tracings["FileName"] + ".avi"), made / TRACINGS)
        write_json(narrowed_manifest(dataset, made, settings), made / MANIFEST)
        (made / CARD).write_text(_card(picks, dataset, labels, settings), encoding="utf-8")
    return target


def published_selection(selections: pd.DataFrame, dataset: Dataset, *, source: str) -> pd.DataFrame:
    """Table to publish: source, method, graph, graph_flag, vpc, class_name, file_name, selection_seeds,
    sha256 of the video, edition.

    ``phantom_edition`` says which edition of the drawing has these hashes; it is empty for other sources. A
    set that returns under several seeds stands once, its seeds joined by blanks.

    Raises
    ------
    DataError
        If the source forbids it or a chosen video is not in ``dataset``.
    """
    require_permission(dataset.name, dataset.root)
    picks = selections[selections["source"] == source]
    keys = ["source", "method", "graph", "graph_flag", "vpc", "class_name", "file_name"]
    table = picks.groupby(keys, sort=False)["selection_seed"].agg(
        lambda seeds: " ".join(str(seed) for seed in sorted(seeds))
    )
    paths = dataset.videos.set_index("file_name")["path"]
    _require_videos(sorted(set(picks["file_name"])), dataset)
    hashes = {name: sha256(paths[name]) for name in picks["file_name"].unique()}
    edition = edition_of(dataset.root)
    return (
        table.rename("selection_seeds")
        .reset_index()
        .assign(
            sha256=lambda rows: rows["file_name"].map(hashes),
            phantom_edition="" if edition is None else edition,
        )
    )


def _require_videos(names: list[str], dataset: Dataset) -> None:
    known = set(dataset.videos["file_name"])
    if absent := [name for name in names if name not in known]:
        raise DataError(
            f"{len(absent)} chosen videos are not in {dataset.name}, such as {absent[0]}.",
            remedy="Was the data set changed?",
        )


def _file_list(names: list[str], videos: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    rows = videos.loc[names]
    ef = labels.loc[names].to_numpy(dtype=float)
    table = pd.DataFrame({"FileName": names, "EF": ef, "ESV": 0.0, "EDV": 0.0})
    table["FrameHeight"], table["FrameWidth"] = rows["height"].to_numpy(), rows["width"].to_numpy()
    table["FPS"], table["NumberOfFrames"], table["Split"] = (
        rows["fps"].to_numpy(),
        rows["n_frames"].to_numpy(),
        "TRAIN",
    )
    listed = rows["ef"].to_numpy(dtype=float)
    return table if np.allclose(listed, ef, atol=1e-3) else table.assign(RequestedEF=listed)


def narrowed_manifest(dataset: Dataset, made: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """The source's manifest, narrowed to what the folder ``made`` holds; its terms of use stay."""
    manifest = read_manifest(dataset.name, dataset.root)
    kept = [
        entry
        for entry in manifest["distribution"]
        if entry["name"] == VIDEOS or (made / entry["name"]).is_file()
    ]
    for entry in kept:
        if entry["name"] != VIDEOS:
            entry["sha256"] = sha256(made / entry["name"])
    described = ", ".join(f"{name} {value}" for name, value in settings.items())
    records = [entry for entry in manifest["recordSet"] if (made / f"{entry['name']}.csv").is_file()]
    return manifest | {
        "name": f"{manifest['name']}{DISTILLED}",
        "description": (
            f"A selection of its TRAIN videos made by the InfoMotion living paper: {described}."
            f" {manifest['description']}"
        ),
        "isLiveDataset": False,
        "distribution": kept,
        "recordSet": records,
    }


def _card(picks: pd.DataFrame, dataset: Dataset, labels: pd.Series, settings: dict[str, Any]) -> str:
    manifest = read_manifest(dataset.name, dataset.root)
    names = picks["file_name"].astype(str)
    ef = labels.loc[names]
    counts = pd.Series(class_name(ef.to_numpy(dtype=float))).value_counts()
    flags = sorted(set(picks["graph_flag"]) - {""})
    lines = [
        f"# {len(names)} videos of {manifest['name']}, selected for training",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in settings.items()),
        f"| graph health | {', '.join(flags) or 'no graph'} |",
        *(f"| {name} | {int(counts.get(name, 0))} videos |" for name in CLASS_NAMES),
        "",
        (
            "Layout: `FileList.csv` (all TRAIN) and `Videos/*.avi` as in EchoNet-Dynamic. `EF` is the label"
            " the set was selected and is to be"
        ),
        (
            "trained with; where it comes from a regressor, `RequestedEF` is the generator's. `ESV` and `EDV`"
            " are not given (0)."
        ),
        "`SHA256SUMS` holds the hash of every file; the videos are the source's own bytes.",
        "",
        "## What it is not",
        "",
        (
            "A set for training only: it holds no VAL or TEST video, and it is no fair sample of patients or"
            " of its source."
        ),
        *(
            []
            if set(flags) <= {"healthy"}
            else ["At least one class graph was not healthy: see the flag above."]
        ),
        *(f"{limit}" for limit in manifest.get("rai:dataLimitations", [])),
        "",
        "## Terms and citation",
        "",
        f"Licence of the source: {json.dumps(manifest['license'])}. {manifest['conditionsOfAccess']}",
        "",
        f"    {manifest['citeAs']}",
        "",
    ]
    return "\n".join(lines)
