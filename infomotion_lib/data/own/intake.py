"""An author's folder and list become a data set in EchoNet's layout: one size, one rate per clip, splits.

The author's own files are only read. A clip that is a Motion-JPEG AVI of the right size already is copied to
the byte; all others are decoded and written anew, grey.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from infomotion_lib.classes import Classes
from infomotion_lib.data.faults import FRAME_RATES, MIN_FRAMES
from infomotion_lib.data.own.cines import REASONS as DICOM_REASONS
from infomotion_lib.data.own.cines import SIDE, Cine, import_cines, is_dicom
from infomotion_lib.data.own.clips import Source
from infomotion_lib.data.own.columns import NEEDED, ef_points, find_columns, rates, split_names
from infomotion_lib.data.own.lists import VideoList, read_list
from infomotion_lib.data.own.matching import match_files, plain_stems, videos_below
from infomotion_lib.data.own.splits import make_splits, refuse_shared_patients
from infomotion_lib.data.own.writing import TAKEN, write_data_set
from infomotion_lib.data.video import probe
from infomotion_lib.errors import DataError, VideoError
from infomotion_lib.progress import track

IMPORTED = "imported"
"""Folder beside the data set for what was made of DICOM files."""

SIDE_MULTIPLE = 16
"""Sides of a frame are multiples of it, as the motion network wants them."""

MOST_LOST = 0.25
"""Largest share of the listed videos that may be lost without being told to go on."""

REASONS = {
    "no_file": "listed, but there is no such file",
    "no_ef": "no EF in the list",
    "unreadable": "the file is no video that can be decoded",
    "truncated": "the file ends too early",
    "empty_file": "the file has 0 bytes",
    "too_short": f"fewer than {MIN_FRAMES} frames",
    "no_frame_rate": f"no frame rate between {FRAME_RATES[0]:g} and {FRAME_RATES[1]:g} in file or list",
    "not_listed": "a video that the list does not have",
    **{status: reason for status, reason in DICOM_REASONS.items() if status != "no_frame_rate"},
}
"""Why a video is not taken."""


@dataclass(frozen=True)
class IntakeRequest:
    """What to take in, and how.

    Attributes
    ----------
    folder : Path
        Folder of the videos, searched with all folders in it.
    labels : Path or None
        The list; without one every video of the folder is taken, which needs ``classes`` to be ``"none"``.
    classes : {"ef", "none"}
        ``"none"``: no EF is looked at, and the data set has none.
    columns : mapping of str to str
        Headings by key, see :func:`~infomotion_lib.data.own.columns.find_columns`.
    side : int
        Side of every frame; 0 keeps the size that all clips share, or is 112 where DICOM is among them.
    masks : tuple of boxes
        To black out of DICOM pictures, as :class:`~infomotion_lib.data.dicom_import.ImportRequest` has them.
    split_seed : int
        Of the splits, where the list has none.
    allow_losses : bool
        Go on even if more than :data:`MOST_LOST` of the listed videos cannot be used.
    workers : int
        Processes.
    """

    folder: Path
    labels: Path | None
    classes: Classes = "ef"
    columns: Mapping[str, str] = field(default_factory=dict)
    side: int = 0
    masks: tuple[tuple[int, int, int, int], ...] = ()
    split_seed: int = 0
    allow_losses: bool = False
    workers: int = 2


@dataclass(frozen=True)
class Intake:
    """What was taken in.

    Attributes
    ----------
    root : Path
        The data set folder.
    report : DataFrame
        A row per video: ``row`` of the list, ``file``, ``file_name`` in the data set, ``status``, ``detail``
        (what a reader said of it), ``ef``, ``split``, ``patient``, ``fps``, ``n_frames``, ``height``,
        ``width`` (as filmed), ``sha256`` (of the author's file).
    facts : dict of str to str
        What was understood of the list, for the reader to confirm.
    """

    root: Path
    report: pd.DataFrame = field(repr=False)
    facts: dict[str, str]

    @property
    def taken(self) -> pd.DataFrame:
        """Rows of the videos in the data set."""
        return self.report[self.report["status"] == TAKEN]


def take_in(request: IntakeRequest, root: str | Path) -> Intake:
    """Data set in the folder ``root``, made or completed.

    Clips that an earlier, interrupted call has written are not written again.

    Raises
    ------
    DataError
        With what is wrong and what to do, before anything is written: the list, a column, sizes, splits, too
        many losses.
    """
    target = Path(root)
    files = videos_below(request.folder) if request.labels is None else []
    table, facts = _understood(read_list(request.labels), request) if request.labels else _unlisted(files)
    files = files or videos_below(request.folder)
    table["file"] = match_files(table["name"], files)
    table.loc[table["file"] == "", "status"] = "no_file"
    listed = set(table["file"]) - {""}
    dicom = [file for file in sorted(listed) if is_dicom(request.folder / file)]
    cines = (
        import_cines(request.folder, dicom, target.with_name(IMPORTED), masks=request.masks) if dicom else {}
    )
    sources = {file: _source(request.folder / file, cines.get(file)) for file in listed}
    _measure(table, request, sources, cines)
    _refuse_losses(table, request)
    side = _size(table, request.side or (SIDE if dicom else 0))
    if dicom:
        made = sum(bool(cine.video) for cine in cines.values())
        facts["DICOM"] = f"{made} of {len(dicom)} files imported: the moving sector of each, black around it"
    usable = table["status"] == TAKEN
    table.loc[usable, "file_name"] = plain_stems(list(table.loc[usable, "file"]))
    _split(table, request, facts)
    more = pd.DataFrame({"file": sorted(set(files) - listed), "status": "not_listed"})
    report = pd.concat([table.rename_axis("row").reset_index(), more], ignore_index=True)
    report["row"] = report["row"].astype("Int64")
    write_data_set(
        report,
        sources,
        target,
        side=side,
        labelled=request.classes == "ef",
        workers=request.workers,
    )
    facts["taken"] = f"{int(usable.sum())} of {len(table)} videos, {side[1]} x {side[0]} pixels"
    lost = report.loc[report["status"] != TAKEN, "status"].value_counts()
    if len(lost):
        facts["left out"] = "; ".join(
            f"{count} {status} ({REASONS[str(status)]})" for status, count in lost.items()
        )
    return Intake(target, report, facts)


def _understood(listed: VideoList, request: IntakeRequest) -> tuple[pd.DataFrame, dict[str, str]]:
    """Rows of the list as :func:`_rows` has them, and what was understood of it."""
    labelled = request.classes == "ef"
    columns = find_columns(listed, request.columns, needed=NEEDED if labelled else ("file",))
    cells = listed.table
    table = _rows(cells[columns["file"]])
    if "patient" in columns:
        table["patient"] = cells[columns["patient"]]
    if "split" in columns:
        table["split"] = split_names(cells[columns["split"]])
    if "fps" in columns:
        table["fps"] = rates(cells[columns["fps"]])
    facts = {"list": f"{listed.path.name}: {len(table)} rows, {listed.form}"}
    if labelled:
        ef = ef_points(cells[columns["ef"]])
        table["ef"], table["status"] = ef.points, np.where(ef.points.isna(), "no_ef", TAKEN)
        facts["EF"] = f"read as {ef.scale}: {ef.points.min():.1f} to {ef.points.max():.1f} %"
    else:
        columns.pop("ef", None)
        facts["EF"] = "not looked at"
    facts["columns"] = ", ".join(f"{key} = {heading!r}" for key, heading in columns.items())
    return table, facts


def _unlisted(files: list[str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Rows of all videos of a folder that comes without a list, and what that means."""
    table = _rows(pd.Series(files, index=range(1, len(files) + 1)))
    return table, {"list": f"none: all {len(files)} videos of the folder", "EF": "not looked at"}


def _rows(names: pd.Series) -> pd.DataFrame:
    """A row per video: ``name``, and columns that are filled in as more is known."""
    table = pd.DataFrame({"name": names, "status": TAKEN, "ef": np.nan})
    for name in ("patient", "split", "file", "file_name", "detail", "sha256"):
        table[name] = ""
    table["fps"] = np.nan
    for name in ("n_frames", "height", "width"):
        table[name] = 0
    return table


def _source(file: Path, cine: Cine | None) -> Source:
    return Source(file, Path(cine.video) if cine and cine.video else file)


def _measure(
    table: pd.DataFrame, request: IntakeRequest, sources: Mapping[str, Source], cines: Mapping[str, Cine]
) -> None:
    """Fill in size, length and rate of each file, and the status of those that cannot be used."""
    rows = table.to_dict("records")
    for row in track(rows, label="looking at the videos", unit="video"):
        cine = cines.get(row["file"])
        if not row["file"]:
            continue
        if cine and not cine.video:
            row["status"] = cine.status
            continue
        try:
            info = probe(sources[row["file"]].video)
        except VideoError as error:
            row["status"] = error.fault if error.fault in REASONS else "unreadable"
            row["detail"] = error.what.replace(str(request.folder), "").strip("/")
            continue
        row["n_frames"], row["height"], row["width"] = info.n_frames, info.height, info.width
        row["fps"] = row["fps"] if row["fps"] > 0 else info.fps
        if info.n_frames < MIN_FRAMES:
            row["status"] = "too_short"
        elif not FRAME_RATES[0] <= row["fps"] <= FRAME_RATES[1]:
            row["status"] = "no_frame_rate"
    for name in ("status", "detail", "fps", "n_frames", "height", "width"):
        table[name] = [row[name] for row in rows]


def _refuse_losses(table: pd.DataFrame, request: IntakeRequest) -> None:
    lost = table[table["status"] != TAKEN]
    if len(lost) == len(table) or (len(lost) > MOST_LOST * len(table) and not request.allow_losses):
        counted = lost["status"].value_counts().items()
        counts = "; ".join(f"{count} {why} ({REASONS[str(why)]})" for why, count in counted)
        first = "; ".join(
            f"{row['name']} ({row['detail'] or row['status']})" for row in lost.head(5).to_dict("records")
        )
        of = "listed videos" if request.labels else "videos"
        raise DataError(
            f"{len(lost)} of the {len(table)} {of} cannot be used: {counts}.",
            where=f"Folder: {request.folder}. First of them: {first}",
            remedy="Mend them, or take their rows out of the list; --allow-losses goes on without them.",
        )


def _size(table: pd.DataFrame, asked: int) -> tuple[int, int]:
    """Height and width of every frame of the data set."""
    if asked:
        if asked % SIDE_MULTIPLE or asked < 2 * SIDE_MULTIPLE:
            raise DataError(
                f"A side of {asked} pixels is none that the networks take.",
                remedy=f"Take a multiple of {SIDE_MULTIPLE} from {2 * SIDE_MULTIPLE} on, such as 112.",
            )
        return asked, asked
    usable = table[table["status"] == TAKEN]
    sizes = usable.groupby(["height", "width"]).size().sort_values(ascending=False)
    counted = sizes.rename("count").reset_index().to_dict("records")
    listing = ", ".join(f"{size['width']} x {size['height']} ({size['count']})" for size in counted)
    remedy = "Give one size: --size 112 puts every clip into a square, black at the sides, and scales it."
    if len(sizes) > 1:
        raise DataError(f"The videos have {len(sizes)} sizes: {listing}.", remedy=remedy)
    height, width = counted[0]["height"], counted[0]["width"]
    if height % SIDE_MULTIPLE or width % SIDE_MULTIPLE:
        raise DataError(
            f"The frames have {width} x {height} pixels; both sides must be multiples of {SIDE_MULTIPLE}.",
            remedy=remedy,
        )
    return int(height), int(width)


def _split(table: pd.DataFrame, request: IntakeRequest, facts: dict[str, str]) -> None:
    usable = table["status"] == TAKEN
    if (table["split"] != "").all():
        refuse_shared_patients(table.loc[usable, "split"], table.loc[usable, "patient"])
        facts["splits"] = "as listed"
    else:
        table.loc[usable, "split"] = make_splits(
            table.loc[usable, "ef"],
            table.loc[usable, "patient"],
            classes=request.classes,
            seed=request.split_seed,
        )
        patients = (table.loc[usable, "patient"] != "").any()
        facts["splits"] = (
            f"made here by {'patient' if patients else 'video (no patient is named)'}"
            f"{', stratified by EF class' if request.classes == 'ef' else ''}, seed {request.split_seed}"
        )
    counts = table.loc[usable, "split"].value_counts()
    facts["splits"] += ": " + ", ".join(f"{counts.get(name, 0)} {name}" for name in ("TRAIN", "VAL", "TEST"))
