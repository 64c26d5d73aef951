"""A folder on disk becomes a validated table of videos.

Faults of a data set (wrong folder, missing column, repeated names, labels off scale, too many unusable
videos) stop with a :class:`~infomotion_lib.errors.DataError`. Faults of one video give it a ``status`` and
are counted. Sizes, frame counts and frame rates come from the video files: the lists that circulate are wrong
in places.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infomotion_lib.classes import class_name
from infomotion_lib.data.faults import (
    FAULTS,
    FRAME_RATES,
    MAX_UNUSABLE,
    MIN_FRAMES,
    OK,
    SAME_RATE,
    TRACING_FAULTS,
    counts,
    refuse_faulty,
)
from infomotion_lib.data.file_list import read_file_list
from infomotion_lib.data.layout import (
    Layout,
    LayoutName,
    find_layout,
    require_inside,
)
from infomotion_lib.data.tables import read_table
from infomotion_lib.data.video import VideoInfo, probe
from infomotion_lib.data.volume_tracings import check_tracings, read_tracings
from infomotion_lib.errors import DataError, VideoError
from infomotion_lib.files import OPEN_LABELS, PHANTOM_TRUTH, TRACINGS

VIDEO_COLUMNS = (
    "file_name",
    "path",
    "split",
    "ef",
    "fps",
    "n_frames",
    "height",
    "width",
    "status",
    "tracing",
)


@dataclass(frozen=True)
class Dataset:
    """A data set folder that has been read.

    Attributes
    ----------
    name : str
        Name for messages and tables.
    root : Path
        The folder, links resolved.
    layout : str
        ``"echonet-dynamic"`` or ``"echonet-synthetic"``.
    videos : DataFrame
        A row a listed video, in the list's order: ``file_name`` (no suffix), ``path``, ``split``, ``ef``
        (points), ``fps``, ``n_frames``, ``height``, ``width`` (0 where unknown), ``status`` (``"ok"`` or a
        key of :data:`FAULTS`), ``tracing`` (``"ok"`` or a key of
        :data:`TRACING_FAULTS`) and, where known, ``requested_ef``, ``machine``, ``es_true``, ``ed_true``.
    tracings : DataFrame or None
        Usable tracings: ``FileName`` (no suffix), ``X1``, ``Y1``, ``X2``, ``Y2``, ``Frame``; ``None`` where
        the data set has none.
    faults : dict of str to int
        How many of each fault and remark, zeros left out.
    notes : tuple of str
        What is unusual but accepted.
    remarked : dict of str to tuple of str
        File names behind each remark on rows of the list.
    label : str
        What its videos are called over numbers; empty where nobody has said.
    given : Path or None
        The folder as it was named, where links led to another.
    """

    name: str
    root: Path
    layout: LayoutName
    videos: pd.DataFrame = field(repr=False)
    tracings: pd.DataFrame | None = field(repr=False)
    faults: dict[str, int]
    notes: tuple[str, ...] = ()
    remarked: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    label: str = ""
    given: Path | None = None

    @property
    def place(self) -> Path:
        """The folder under the name by which it is known."""
        return self.given or self.root

    @property
    def usable(self) -> pd.DataFrame:
        """Rows of ``videos`` whose status is ``"ok"``, numbered from 0."""
        return self.videos[self.videos["status"] == OK].reset_index(drop=True)


def read_dataset(
    root: str | Path,
    *,
    name: str = "",
    layout: str = "auto",
    strict: bool = False,
    max_unusable: float = MAX_UNUSABLE,
    labelled: bool = True,
) -> Dataset:
    """Data set in the folder ``root``; only headers of the videos are read.

    Parameters
    ----------
    root : str or Path
        Folder with ``FileList.csv``.
    name : str, optional
        Name for messages; the folder's by default.
    layout : {"auto", "echonet-dynamic", "echonet-synthetic"}
        ``"auto"`` decides by tracings and volumes.
    strict : bool
        Faults of single videos stop too.
    max_unusable : float
        Largest accepted share of unusable videos.
    labelled : bool
        Every video needs an EF; otherwise it is NaN where the list has none.

    Raises
    ------
    DataError
        With what is wrong, where, and what to do.
    """
    found = find_layout(root, layout=layout)
    listed, notes = read_file_list(found, labelled=labelled)
    videos, unlisted = _probe_all(found, listed)
    faults = counts(videos["status"], FAULTS)
    tracings = None
    videos["tracing"] = ""
    if found.tracings is not None:
        checked = check_tracings(read_tracings(found), videos)
        tracings = checked.usable
        videos["tracing"] = checked.status.reindex(videos["file_name"]).to_numpy()
        faults |= counts(videos["tracing"], TRACING_FAULTS)
        faults |= {"stray_tracing": checked.stray} if checked.stray else {}
        if tracings is None:
            notes = (
                *notes,
                f"{TRACINGS} traces no video usably: ED and ES of every video have to be detected.",
            )
    faults |= {"unlisted_video": unlisted} if unlisted else {}
    remarked = _differences(videos) if found.name == "echonet-dynamic" else {}
    faults |= {remark: len(names) for remark, names in remarked.items()}
    refuse_faulty(found, videos, faults, strict=strict, max_unusable=max_unusable)
    return Dataset(
        name=name or found.given.name,
        root=found.root,
        layout=found.name,
        videos=_with_truth(found, videos),
        tracings=tracings,
        faults=faults,
        notes=(*found.notes, *notes),
        remarked=remarked,
        given=found.given if found.given != found.root else None,
    )


def first_per_class(videos: pd.DataFrame, limit: int) -> pd.DataFrame:
    """First ``limit`` rows of each split and EF class, order kept; all rows where ``limit`` is 0."""
    if not limit:
        return videos.reset_index(drop=True)
    number = videos.groupby([videos["split"], class_name(videos["ef"].to_numpy())], sort=False).cumcount()
    return videos[number < limit].reset_index(drop=True)


def _probe_all(layout: Layout, listed: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Listed videos with path, geometry and status; and the number of AVI files that are not listed."""
    on_disk: dict[str, os.DirEntry[str]] = {}
    with os.scandir(layout.videos) as scan:
        for entry in scan:
            stem, suffix = os.path.splitext(entry.name)  # noqa: PTH122  # ten thousand Path objects cost more than the probing
            if (
                suffix.lower() == ".avi"
                and not stem.startswith(".")
                and (suffix == ".avi" or stem not in on_disk)
            ):
                on_disk[stem] = entry
    rows: list[dict[str, Any]] = []
    for file_name, ef in zip(listed["file_name"], listed["ef"], strict=True):
        file = on_disk.get(file_name)
        path = Path(file.path) if file else layout.videos / f"{file_name}.avi"
        if file and file.is_symlink():
            require_inside(path, layout.root)
        info, status = _probe(path)
        if status == OK and (ef < 0 or ef > 100):  # unknown is no fault: the list's reader has refused it
            status = "ef_out_of_range"
        geometry = {"fps": info.fps, "n_frames": info.n_frames, "height": info.height, "width": info.width}
        rows.append({"path": str(path), **geometry, "status": status})
    videos = pd.concat([listed, pd.DataFrame(rows, index=listed.index)], axis=1)
    sizes = videos["height"].astype(str) + "x" + videos["width"].astype(str)
    readable = videos["status"] == OK
    if readable.any():
        videos.loc[readable & (sizes != sizes[readable].mode().iloc[0]), "status"] = "odd_size"
    return videos, len(on_disk.keys() - set(listed["file_name"]))


def _probe(path: Path) -> tuple[VideoInfo, str]:
    try:
        info = probe(path)
    except VideoError as error:
        return VideoInfo(0, 0, 0, 0.0), error.fault
    if info.n_frames == 1:
        return info, "one_frame"
    if info.n_frames < MIN_FRAMES:
        return info, "too_short"
    return info, OK if FRAME_RATES[0] <= info.fps <= FRAME_RATES[1] else "no_frame_rate"


def _differences(videos: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Names of videos whose row of the list contradicts the file, by remark."""
    found: dict[str, tuple[str, ...]] = {}
    readable = videos[videos["height"] > 0]
    pairs = {"listed_size_differs": ("height", "width"), "listed_length_differs": ("n_frames",)}
    for remark, columns in pairs.items():
        held = [column for column in columns if f"listed_{column}" in readable]
        differs = np.zeros(len(readable), dtype=bool)
        for column in held:
            differs |= (
                readable[f"listed_{column}"].notna() & (readable[f"listed_{column}"] != readable[column])
            ).to_numpy()
        if differs.any():
            found[remark] = tuple(readable.loc[differs, "file_name"].astype(str))
    if "listed_fps" in readable:
        listed = readable["listed_fps"].fillna(readable["fps"])
        apart = (listed - readable["fps"]).abs() > SAME_RATE * readable["fps"]
        names = tuple(readable.loc[apart, "file_name"].astype(str))
        found |= {"listed_rate_differs": names} if names else {}
    return found


def _with_truth(layout: Layout, videos: pd.DataFrame) -> pd.DataFrame:
    """The contract's columns, and what the folder knows beyond EchoNet's layout."""
    table = videos[list(VIDEO_COLUMNS)].reset_index(drop=True)
    if layout.name == "echonet-synthetic":
        table["requested_ef"] = table["ef"]
    extras = {
        OPEN_LABELS: {"requested_ef": "requested_ef"},
        PHANTOM_TRUTH: {"machine": "machine", "ES": "es_true", "ED": "ed_true"},
    }
    for file, columns in extras.items():
        path = layout.root / file
        if not path.is_file():
            continue
        require_inside(path, layout.root)
        truth = read_table(path)
        if "FileName" not in truth or truth["FileName"].duplicated().any():
            raise DataError(
                f"{path} needs a column FileName without repeats.", remedy="Make the data set again."
            )
        truth = truth.set_index("FileName").reindex(table["file_name"])
        for column, target in columns.items():
            if column in truth:
                values = truth[column].to_numpy()
                numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy()
                table[target] = values if column == "machine" and np.isnan(numbers).any() else numbers
    return table
