"""The videos of a run as a file: the data stage reads the headers of all videos once and writes
``videos.csv``; later stages start from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from infomotion_lib.classes import Classes
from infomotion_lib.data.faults import FAULTS, MAX_UNUSABLE, OK, TRACING_FAULTS, counts
from infomotion_lib.data.layout import Layout, find_layout
from infomotion_lib.data.manifests import label_of
from infomotion_lib.data.records import Dataset, first_per_class, read_dataset
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.data.volume_tracings import check_tracings, read_tracings
from infomotion_lib.errors import DataError
from infomotion_lib.files import FILE_LIST, TRACINGS
from infomotion_lib.parameters import StageParameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import atomic, read_json, sha256

NUMBERS: dict[str, str] = dict.fromkeys(("ef", "fps", "requested_ef", "es_true", "ed_true"), "float64") | (
    dict.fromkeys(("n_frames", "height", "width", "bytes"), "int64")
)
"""Types of the columns that are no text."""

OPTIONAL = ("requested_ef", "machine", "es_true", "ed_true")
"""Columns of those data sets alone that know them."""

COLUMNS = (
    *("source", "file_name", "path", "split", "ef", "fps", "n_frames", "height", "width", "status"),
    *("tracing", "bytes", *OPTIONAL),
)
_AGAIN = "Run the data stage again: infomotion run data --profile {profile}"


def open_source(
    name: str,
    *,
    data_dir: str | Path,
    data_root: str | Path = "",
    allow_losses: bool = False,
    classes: Classes = "ef",
) -> Dataset:
    """Data set by its name in the parameters, its folder and the headers of its videos read anew.

    Parameters
    ----------
    name : str
        A key of :data:`~infomotion_lib.data.sources.SOURCES`.
    data_dir : str or Path
        Folder of the data sets that a run makes or fetches.
    data_root : str or Path, optional
        Folder that holds the reader's own data sets; ``$INFOMOTION_DATA`` by default.
    allow_losses : bool
        Go on however many videos cannot be used.
    classes : {"ef", "none"}
        ``"none"``: the EF of the videos need not be known.

    Raises
    ------
    ParameterError
        If the name is unknown.
    DataError
        If the folder is missing, or the data set has a fault.
    """
    source = SOURCES[name]
    root = source.root(data_dir=data_dir, data_root=data_root)
    if not source.folder and not root.is_dir():
        raise DataError(
            f"The data set {name} has not been made yet.",
            where=f"Looked for: {root}",
            remedy="Run the data stage first.",
        )
    dataset = read_dataset(
        root,
        name=name,
        layout=source.layout,
        max_unusable=1.0 if allow_losses else MAX_UNUSABLE,
        labelled=classes == "ef",
    )
    return replace(dataset, label=label_of(name, dataset.root))


def write_videos(datasets: Mapping[str, Dataset], path: str | Path) -> Path:
    """Path of the table of every video of every source, usable or not.

    Columns are those of :data:`COLUMNS`: ``path`` is relative to the folder of the data set, ``bytes`` the
    size of the file, 0 where there is none. Numbers are written in full, so that what is read is what was
    measured.
    """
    tables = []
    for source, dataset in datasets.items():
        videos = dataset.videos
        files = [Path(file) for file in videos["path"]]
        table = videos.assign(
            source=source,
            path=[file.relative_to(dataset.root).as_posix() for file in files],
            bytes=[_bytes(file) for file in files],
        )
        tables.append(table.reindex(columns=list(COLUMNS)))
    with atomic(path) as temporary:
        pd.concat(tables, ignore_index=True).to_csv(temporary, index=False, lineterminator="\n")
    return Path(path)


def open_sources(parameters: StageParameters, paths: RunPaths) -> dict[str, Dataset]:
    """Data sets of a run by source, the real one first, as the data stage found them: no header is read.

    With ``limit``, the first usable videos of each class and split, and every unusable one.

    Raises
    ------
    DataError
        If the data stage has not run, or a list or a video is no longer as it found it.
    """
    table = read_videos(paths.videos, profile=parameters.profile)
    datasets = {}
    for source, name in parameters.sources.items():
        videos = table[table["source"] == source]
        if videos.empty:
            raise DataError(
                f"{paths.videos} has no video of the source {source}.",
                remedy=_AGAIN.format(profile=parameters.profile),
            )
        entry = SOURCES[name]
        root = entry.root(data_dir=paths.data, data_root=parameters.data_root)
        layout = find_layout(root, layout=entry.layout)
        _refuse_other_lists(name, layout, paths.pins, profile=parameters.profile)
        datasets[source] = _dataset(name, layout, videos, parameters)
    return datasets


def read_videos(file: Path, *, profile: str) -> pd.DataFrame:
    """Content of ``videos.csv``, with its column types.

    Raises
    ------
    DataError
        If there is none, or it is no such table.
    """
    remedy = _AGAIN.format(profile=profile).replace(" again", "")
    if not file.is_file():
        raise DataError("The videos of this run are not listed.", where=f"Looked for: {file}", remedy=remedy)
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
        if missing := [name for name in COLUMNS if name not in table]:
            raise ValueError(f"no column {', '.join(missing)}")
        for name in ("machine", *NUMBERS):
            table[name] = table[name].where(table[name] != "")
        return table.astype(NUMBERS)  # Python's own reading of floats, exact to the last bit
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{file} is no list of videos: {error}", remedy=remedy) from None


def _dataset(name: str, layout: Layout, rows: pd.DataFrame, parameters: StageParameters) -> Dataset:
    """The data set of one source, out of its rows of ``videos.csv``."""
    videos = rows.assign(path=[str(layout.root / path) for path in rows["path"]])
    videos = videos.drop(columns="source").reset_index(drop=True)
    videos = videos.drop(columns=[column for column in OPTIONAL if videos[column].isna().all()])
    faults, tracings = counts(videos["status"], FAULTS), None
    if layout.tracings is not None:
        tracings = check_tracings(read_tracings(layout), videos).usable
        faults |= counts(videos["tracing"], TRACING_FAULTS)
    if parameters.limit:
        kept = first_per_class(videos[videos["status"] == OK], parameters.limit)["file_name"]
        videos = videos[videos["file_name"].isin(kept) | (videos["status"] != OK)].reset_index(drop=True)
    _refuse_changed(name, videos, profile=parameters.profile)
    return Dataset(
        name=name,
        root=layout.root,
        layout=layout.name,
        videos=videos.drop(columns="bytes"),
        tracings=tracings,
        faults=faults,
        notes=layout.notes,
        label=label_of(name, layout.root),
    )


def _refuse_other_lists(name: str, layout: Layout, pins: Path, *, profile: str) -> None:
    """Refuse a folder whose lists are not those that the data stage read: they were edited, or it is another
    folder.
    """
    pinned = read_json(pins).get(name, {}) if pins.is_file() else {}
    for part in (FILE_LIST, TRACINGS) if pinned else ():
        file = layout.root / part
        if (sha256(file) if file.is_file() else None) != pinned.get(part):
            raise DataError(
                f"{part} of {name} is not what the data stage read: it has changed, or lies elsewhere.",
                where=f"Looked for: {file}",
                remedy=_AGAIN.format(profile=profile),
            )


def _refuse_changed(name: str, videos: pd.DataFrame, *, profile: str) -> None:
    """Refuse videos whose file is gone or has another size than the data stage found."""
    usable = videos[videos["status"] == OK]
    files = [Path(path) for path in usable["path"].astype(str)]
    changed = [file for file, size in zip(files, usable["bytes"], strict=True) if _bytes(file) != size]
    if changed:
        raise DataError(
            f"{len(changed)} videos of {name} are gone or have changed since the data stage:"
            f" {', '.join(file.stem for file in changed[:3])}.",
            where=f"First of them: {changed[0]}",
            remedy=_AGAIN.format(profile=profile),
        )


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
