"""The clips of an author's data set, written once each, with their list and the report."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from infomotion_lib.data.own.clips import Source
from infomotion_lib.data.resampling import by_area, by_cubic
from infomotion_lib.data.video import Clip, read_clip, write_clip
from infomotion_lib.files import FILE_LIST, VIDEOS
from infomotion_lib.progress import track
from infomotion_lib.provenance import atomic, sha256, write_csv
from infomotion_lib.workers import spread

TAKEN = "taken"
"""Status of a video that is in the data set."""

REPORT = "intake_report.csv"
"""Beside the data set: a row per video of the folder or the list, and what became of it."""

WRITTEN = ".written"
"""Folder beside the videos that says of each what it was made of, so that an interrupted intake goes on."""


def write_data_set(
    report: pd.DataFrame,
    sources: Mapping[str, Source],
    target: Path,
    *,
    side: tuple[int, int],
    labelled: bool,
    workers: int,
) -> None:
    """Write every clip that is not there yet, then the list and the report.

    Parameters
    ----------
    report : DataFrame
        See :class:`~infomotion_lib.data.own.intake.Intake`; its column ``sha256`` is filled in.
    sources : mapping of str to Source
        Where each file of the report is read.
    target : Path
        Of the data set.
    side : (int, int)
        Height and width of every frame.
    labelled : bool
        Whether the list has a column of EF.
    workers : int
        Processes.
    """
    for part in (VIDEOS, WRITTEN):
        (target / part).mkdir(parents=True, exist_ok=True)
    taken = report[report["status"] == TAKEN]
    tasks = [
        _Task(
            sources[row["file"]],
            str(target / VIDEOS / f"{row['file_name']}.avi"),
            side,
            float(row["fps"]),
        )
        for row in taken.to_dict("records")
    ]
    done = spread(_convert, tasks, workers=workers)
    for number, digest in track(done, label="writing the clips", total=len(tasks), unit="video"):
        report.loc[taken.index[number], "sha256"] = digest
    height, width = side
    rows = report[report["status"] == TAKEN]
    file_list = pd.DataFrame(
        {
            "FileName": rows["file_name"],
            "EF": rows["ef"],
            "FrameHeight": height,
            "FrameWidth": width,
            "FPS": rows["fps"],
            "NumberOfFrames": rows["n_frames"],
            "Split": rows["split"],
        }
    )
    write_csv(report.drop(columns="name"), target / REPORT)
    write_csv(file_list if labelled else file_list.drop(columns="EF"), target / FILE_LIST)


@dataclass(frozen=True)
class _Task:
    source: Source
    target: str
    side: tuple[int, int]
    fps: float


def _convert(task: _Task) -> str:
    """Hash of the author's file, its clip written."""
    source, target = task.source, Path(task.target)
    mark = target.parent.parent / WRITTEN / target.stem
    digest = sha256(source.original)
    pictures = digest if source.video == source.original else sha256(source.video)
    made_of = f"{pictures} {task.side} {task.fps!r}"
    if target.is_file() and mark.is_file() and mark.read_text(encoding="utf-8") == made_of:
        return digest
    mark.unlink(missing_ok=True)
    if source.is_plain(task.side, task.fps):
        with atomic(target) as temporary:
            shutil.copyfile(source.video, temporary)
    else:
        write_clip(target, fitted(read_clip(source.video), task.side), fps=task.fps)
    mark.write_text(made_of, encoding="utf-8")
    return digest


def fitted(clip: Clip, side: tuple[int, int]) -> Clip:
    """Clip of another size, uint8 (T, height, width): put in the middle of a black square, then scaled.

    A clip that has the size already is given back as it is.
    """
    if clip.shape[1:] == side:
        return clip
    length, height, width = clip.shape
    whole = max(height, width)
    square = np.zeros((length, whole, whole), np.uint8)
    top, left = (whole - height) // 2, (whole - width) // 2
    square[:, top : top + height, left : left + width] = clip
    return by_area(square, side[0]) if whole >= side[0] else by_cubic(square, side[0])
