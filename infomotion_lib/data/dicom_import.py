"""A folder of ultrasound DICOM becomes a folder of grey videos and lists of them, without patient data.

Outputs have sequence numbers for names. Of a header only what pixels, time and space need is read, so nothing
else can be written; the names of the sources, which often hold a patient's, are written on demand alone.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from infomotion_lib.data.dicom import moving_sector
from infomotion_lib.data.dicom_files import REASONS, Refused, cine_header, cine_pictures, dicom_candidates
from infomotion_lib.data.dicom_header import REGIONS, Region, tissue_region
from infomotion_lib.data.tables import plain_names, read_table
from infomotion_lib.data.video import Clip, write_clip
from infomotion_lib.errors import DataError, ParameterError, VideoError
from infomotion_lib.files import FILE_LIST, VIDEOS
from infomotion_lib.progress import track
from infomotion_lib.provenance import sha256, write_csv

IMPORTED, REPORT, NAMES = "imported.csv", "import_report.csv", "names.csv"

_SAVE_EVERY = 25
_FORMAT = "1"  # raise it when another clip is made of the same file


@dataclass(frozen=True)
class ImportRequest:
    """What to make of the pictures.

    Attributes
    ----------
    crop : bool
        Keep only the region of tissue that the header names.
    masks : sequence of (int, int, int, int)
        Boxes to black out, before the crop: first column and row, last column and row, both included.
    sector : bool
        Keep only a square around what moves, black outside it.
    keep_names : bool
        Write which output came from which file.
    """

    crop: bool = False
    masks: Sequence[tuple[int, int, int, int]] = ()
    sector: bool = False
    keep_names: bool = False

    @property
    def preparation(self) -> str:
        """The same words for the same treatment."""
        masks = [f"mask {','.join(map(str, box))}" for box in self.masks]
        cut = [word for word in ("crop", "sector") if getattr(self, word)]
        return "; ".join([f"format {_FORMAT}", *cut, *masks])


class ImportSummary(NamedTuple):
    """``report``: a row per source file (``number``, ``source_sha256``, ``status``, ``reason``,
    ``file_name``); ``imported``: a row per :class:`Video`; ``burnt_in``: videos whose header says that
    text is burnt into them.
    """

    report: pd.DataFrame
    imported: pd.DataFrame
    burnt_in: int


@dataclass(frozen=True)
class Video:
    """A row of ``imported.csv``; ``region_*`` are columns and rows of the source picture, empty where the
    header names no region of tissue.
    """

    file_name: str
    fps: float
    n_frames: int
    height: int
    width: int
    cm_per_pixel_x: float | None
    cm_per_pixel_y: float | None
    region_x0: int | None
    region_y0: int | None
    region_x1: int | None
    region_y1: int | None
    burnt_in: str
    remark: str
    preparation: str
    source_sha256: str
    video_sha256: str


_COLUMNS = tuple(Video.__dataclass_fields__)
_NUMBERS = _COLUMNS[1:11]
_REPORTED = ("number", "source_sha256", "status", "reason", "file_name")


def parse_mask(text: str) -> tuple[int, int, int, int]:
    """First column and row, last column and row of a box written as ``x0,y0,x1,y1``.

    Raises
    ------
    ParameterError
        If it is no box.

    >>> parse_mask("0,0,120,30")
    (0, 0, 120, 30)
    """
    parts = text.replace(" ", "").split(",")
    if len(parts) == 4 and all(part.isdecimal() for part in parts):
        x0, y0, x1, y1 = map(int, parts)
        if x0 <= x1 and y0 <= y1:
            return x0, y0, x1, y1
    raise ParameterError(
        f"Not a box: {text}", remedy="Write first column, first row, last column, last row: 0,0,120,30"
    )


def import_folder(folder: str | Path, out: str | Path, request: ImportRequest | None = None) -> ImportSummary:
    """Videos and lists written from every ultrasound cine under a folder, whatever the names of its files.

    ``Videos/*.avi`` are grey, at the size and rate of the source. ``imported.csv`` has a row per video: name,
    frame rate, frames, size, centimetres per pixel, region, treatment, hashes of source and video.
    ``import_report.csv`` says what became of every file and why. A file imported before with the same
    treatment is not read again; a killed import goes on.

    Raises
    ------
    DataError
        If the folder is missing, holds no file, or not one cine of it can be imported.
    ParameterError
        If ``out`` holds something else.
    """
    request, root, target = request or ImportRequest(), Path(folder).expanduser(), Path(out).expanduser()
    if not root.is_dir():
        raise DataError(f"There is no folder {root}.", remedy="Give the folder that holds the DICOM files.")
    files = dicom_candidates(root, target)
    if not files:
        raise DataError(f"The folder {root} holds no file.")
    work = _Import(target, request)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of pydicom quote the header
            for number, file in enumerate(track(files, label="reading DICOM", unit="file"), 1):
                if number % _SAVE_EVERY == 1:
                    work.save()
                work.take(number, file)
    finally:
        summary = work.save()
    if request.keep_names:
        names = [file.relative_to(root).as_posix() for file in files]
        columns = summary.report[["number", "file_name", "status"]]
        write_csv(
            columns.assign(source=[os.fsencode(name).decode(errors="replace") for name in names]),
            target / NAMES,
        )
    if summary.imported.empty:
        raise DataError(
            f"Not one cine of {root} can be imported: {in_words(summary.report)}.",
            where=f"Each file and its reason: {target / REPORT}",
            remedy=" ".join(sorted({row for row in summary.report["reason"] if "pip install" in row})),
        )
    return summary


def in_words(report: pd.DataFrame) -> str:
    """Numbers of files by what became of them, with the reason."""
    counts = report["status"].value_counts()
    return "; ".join(
        f"{counts[status]} {status}" + (f" ({reason})" if reason else "")
        for status, reason in REASONS.items()
        if status in counts
    )


class _Import:
    """An import in progress."""

    def __init__(self, target: Path, request: ImportRequest) -> None:
        self.target, self.request = target, request
        self.before = _read_before(target)
        self.videos: dict[str, dict[str, Any]] = {}  # by hash of the source
        self.rows: list[dict[str, Any]] = []
        taken = [str(row["file_name"]).rpartition("_")[2] for row in self.before.values()]
        self.next = 1 + max((int(number) for number in taken if number.isdecimal()), default=0)

    def take(self, number: int, file: Path) -> None:
        """One more file, imported or refused."""
        status, detail, digest, name = "", "", "", ""
        try:
            digest = sha256(file)
            if digest in self.videos:
                status, name = "repeated", self.videos[digest]["file_name"]
            elif (row := self._unchanged(digest)) is not None:
                status, name, self.videos[digest] = "kept", row["file_name"], row
            else:
                video = self._make(file, digest)
                status, name, self.videos[digest] = "imported", video.file_name, asdict(video)
        except Refused as refusal:
            status, detail = refusal.status, refusal.detail
        except OSError as error:
            if not isinstance(error.filename, str) or str(self.target) in error.filename:
                raise  # the disk of the output is full, or not ours
            status, detail = "unreadable", error.strerror or ""
        reason = ": ".join(filter(None, [REASONS[status], detail]))
        self.rows.append(dict(zip(_REPORTED, (number, digest, status, reason, name), strict=True)))
        if not name and (old := self.before.pop(digest, None)) is not None:
            (self.target / VIDEOS / f"{old['file_name']}.avi").unlink(missing_ok=True)

    def save(self) -> ImportSummary:
        """The lists as they are now, written; what an earlier import made and this one has not reached yet
        stays listed.
        """
        rows = list((self.before | self.videos).values())
        imported = pd.DataFrame(rows, columns=list(_COLUMNS)).sort_values("file_name")
        for column in _NUMBERS:
            imported[column] = pd.to_numeric(imported[column])
        report = pd.DataFrame(self.rows, columns=list(_REPORTED))
        write_csv(imported, self.target / IMPORTED)
        write_csv(report, self.target / REPORT)
        return ImportSummary(report, imported, int((imported["burnt_in"] == "YES").sum()))

    def _unchanged(self, digest: str) -> dict[str, Any] | None:
        row = self.before.get(digest)
        if row is None or row["preparation"] != self.request.preparation:
            return None
        file = self.target / VIDEOS / f"{row['file_name']}.avi"
        return row if file.is_file() and sha256(file) == row["video_sha256"] else None

    def _make(self, file: Path, digest: str) -> Video:
        header = cine_header(file)
        region = tissue_region(header)
        if self.request.crop and region is None:
            raise Refused("no_region")
        clip, fps, rate_remark = cine_pictures(header, file)
        remarks = [rate_remark, "" if region or REGIONS not in header else "no region lies in the picture"]
        for x0, y0, x1, y1 in self.request.masks:
            clip[:, y0 : y1 + 1, x0 : x1 + 1] = 0
            if y0 >= clip.shape[1] or x0 >= clip.shape[2]:
                remarks.append(f"mask {x0},{y0},{x1},{y1} is outside the picture")
        if self.request.crop and region is not None:
            clip = clip[:, region.y0 : region.y1 + 1, region.x0 : region.x1 + 1]
        if self.request.sector:
            clip = _sector(clip)
        name = self.before.get(digest, {}).get("file_name", f"cine_{self.next:06d}")
        path = write_clip(self.target / VIDEOS / f"{name}.avi", clip, fps=fps)
        self.next += name == f"cine_{self.next:06d}"
        burnt_in = _word(header.get("BurnedInAnnotation"))
        made: list[Any] = [
            name,
            fps,
            *clip.shape,
            *_place(region),
            burnt_in,
            "; ".join(filter(None, remarks)),
        ]
        made += [self.request.preparation, digest, sha256(path)]
        return Video(*made)


def _read_before(target: Path) -> dict[str, dict[str, Any]]:
    """Rows of an earlier import into the same folder, by hash of the source."""
    if target.exists() and not target.is_dir():
        raise ParameterError(f"{target} is a file, not a folder.", remedy="Choose another folder.")
    if not (target / IMPORTED).is_file():
        if (target / FILE_LIST).exists() or any((target / VIDEOS).glob("[!.]*.avi")):
            raise ParameterError(
                f"The folder holds videos that no import made: {target}", remedy="Choose another folder."
            )
        return {}
    table = read_table(target / IMPORTED)
    if missing := [name for name in _COLUMNS if name not in table]:
        raise DataError(
            f"{target / IMPORTED} has no column {', '.join(missing)}.", remedy="Import into another folder."
        )
    table["file_name"] = plain_names(table["file_name"], target / IMPORTED)
    return {row["source_sha256"]: dict(row) for _, row in table[list(_COLUMNS)].iterrows()}


def _sector(clip: Clip) -> Clip:
    """The moving sector, a square; looked for before compression, which blurs its rim."""
    try:
        return moving_sector(clip)[0]
    except VideoError:
        raise Refused("no_motion") from None


def _place(region: Region | None) -> tuple[Any, ...]:
    if region is None:
        return (None,) * 6
    return region.cm_x or None, region.cm_y or None, region.x0, region.y0, region.x1, region.y1


def _word(value: Any) -> str:
    return value if value in ("YES", "NO") else ""
