"""A phantom data set on disk, in the layout of EchoNet-Dynamic or, malformed as it is, of EchoNet-Synthetic.

Every video is written whole, the tables last: a folder that has ``FileList.csv`` is complete, and a run that
was killed goes on where it stopped and ends with the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from infomotion_lib.data.video import write_clip
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.files import FILE_LIST, PHANTOM_REQUEST, PHANTOM_TRUTH, TRACINGS, VIDEOS
from infomotion_lib.parameters import StageParameters
from infomotion_lib.phantom.geometry import CHORDS, tracing, volumes_ml
from infomotion_lib.phantom.nuisance import Heart, check_role
from infomotion_lib.phantom.parameters import PhantomParameters
from infomotion_lib.phantom.plan import (
    EDITION,
    PhantomRequest,
    Planned,
    phantom_request,
    plan_videos,
    planned_videos,
)
from infomotion_lib.phantom.rendering import render
from infomotion_lib.progress import track
from infomotion_lib.provenance import UNFINISHED, read_json, write_csv, write_json

UPSTREAM_FPS, UPSTREAM_BATCH = 32, 4
"""What EchoNet-Synthetic's list states in ``FPS`` and ``NumberOfFrames``, whatever the videos are."""


def make_dataset(
    root: str | Path, request: PhantomRequest, *, workers: int = 1, progress: bool = True
) -> Path:
    """Folder of a phantom data set; what is already there is kept, what is missing is made.

    ``real``: ``FileList.csv``, ``VolumeTracings.csv`` (21 rows per traced frame, ED and ES) and
    ``Videos/*.avi``; EF, volumes and tracings are exact. ``synthetic``: the layout of EchoNet-Synthetic with
    its wrong columns (``FrameHeight`` is the number of frames, ``NumberOfFrames`` a batch size, ``FPS`` 32,
    ``ESV`` and ``EDV`` 0), no tracings, TRAIN only, other nuisance
    (:data:`~infomotion_lib.phantom.nuisance.SOURCES`);
    ``EF`` is the whole number asked for, and the heart delivers it with an error. Both: ``phantom_truth.csv``
    with the exact EF, scanner style, annotated ED and ES frames and cycle, and ``phantom.json``, the request.

    A video depends on seed, role, its split, its number there and its EF class, and not on ``workers``.

    Parameters
    ----------
    root : str or Path
        Folder to fill; empty, missing, or begun by the same request.
    request : PhantomRequest
        What to draw.
    workers : int
        Processes.
    progress : bool
        Show a progress bar on a terminal.

    Raises
    ------
    ParameterError
        If a value is out of range, or the folder was made by another request.
    DataError
        If the folder holds anything else, or cannot be written.
    """
    if workers < 1:
        raise ParameterError(f"{workers} worker processes cannot make anything.", remedy="Give 1 or more.")
    folder = Path(root).expanduser()
    _claim(folder, request)
    planned = list(plan_videos(request))
    missing = [video for video in planned if not _path(folder, video).is_file()]
    if missing:
        _render_all(folder, missing, request, workers=workers, progress=progress)
    tables = _tables(planned, request)
    for name in tables:
        if not (folder / name).is_file():
            write_csv(tables[name], folder / name)
    return folder


def provide(folder: Path, *, plays: str, parameters: StageParameters) -> None:
    """Draw the data set that plays one role of a run."""
    assert isinstance(parameters, PhantomParameters)
    request = phantom_request(parameters, role=check_role(plays))
    make_dataset(folder, request, workers=parameters.workers)


def foretell(*, plays: str, parameters: StageParameters) -> pd.DataFrame:
    """Videos that :func:`provide` would draw, without drawing them."""
    assert isinstance(parameters, PhantomParameters)
    return planned_videos(parameters, role=check_role(plays))


def edition_of(folder: str | Path) -> int | None:
    """Edition of the drawing that made a folder; None where the folder holds no phantom data set."""
    path = Path(folder) / PHANTOM_REQUEST
    return int(read_json(path).get("edition", 1)) if path.is_file() else None  # edition 1 did not say so


def drawn_hearts(folder: str | Path) -> dict[str, Heart]:
    """Every heart of a phantom data set by file name, as it was drawn; empty where the folder holds none of
    this edition.
    """
    path = Path(folder) / PHANTOM_REQUEST
    if not path.is_file() or edition_of(folder) != EDITION:
        return {}
    request = PhantomRequest(**read_json(path))
    return {video.file_name: video.heart for video in plan_videos(request)}


def _claim(folder: Path, request: PhantomRequest) -> None:
    """Make the folder ours, or refuse it untouched; leftovers of a killed run are removed."""
    path = folder / PHANTOM_REQUEST
    try:
        if path.is_file():
            _compare(path, request)
        else:
            state = (
                sorted(item.name for item in folder.iterdir() if not item.name.startswith("."))
                if folder.exists()
                else []
            )
            if state:
                raise DataError(
                    f"{folder} is not empty and holds no phantom data set.",
                    where=f"Found: {', '.join(state[:5])}",
                    remedy="Give an empty folder.",
                )
            write_json(request.as_json(), path)
        for leftover in folder.rglob(f"{UNFINISHED}*"):
            leftover.unlink(missing_ok=True)
        (folder / VIDEOS).mkdir(exist_ok=True)
    except OSError as error:
        raise DataError(
            f"A phantom data set cannot be written to {folder}: {error}.", remedy="Give another folder."
        ) from None


def _compare(path: Path, request: PhantomRequest) -> None:
    """Refuse a folder that was begun by another request."""
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        made = None
    if not isinstance(made, dict):
        raise DataError(
            f"{path} does not hold the request of a phantom data set.", remedy="Give an empty folder."
        )
    asked = request.as_json()
    edition = made.get("edition", 1)
    if edition != request.edition:
        raise ParameterError(
            f"{path.parent} holds hearts of edition {edition} of the phantom; this is edition"
            f" {request.edition}.",
            where="The editions draw other pictures of the same hearts; they are never mixed.",
            remedy="Give another folder, or remove this one: it is drawn anew.",
        )
    differences = [
        f"{name} = {made.get(name)} there, {asked[name]} asked for"
        for name in asked
        if made.get(name) != asked[name]
    ]
    if differences:
        raise ParameterError(
            f"{path.parent} holds a phantom data set made by another request.",
            where="; ".join(differences),
            remedy="Give another folder, or remove this one.",
        )


def _path(folder: Path, video: Planned) -> Path:
    return folder / VIDEOS / f"{video.file_name}.avi"


def _render_all(
    folder: Path, videos: list[Planned], request: PhantomRequest, *, workers: int, progress: bool
) -> None:
    jobs = (
        (_path(folder, video), video.heart, request.frames, request.fps, request.size) for video in videos
    )
    done: Iterable[Any]
    if workers == 1:
        done = (_render_one(*job) for job in jobs)
    else:
        parallel = Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=4)
        done = parallel(delayed(_render_alone)(*job) for job in jobs)
    if progress:
        done = track(done, label="Rendering phantom videos", total=len(videos), unit="video")
    for _ in done:
        pass


def _render_one(path: Path, heart: Heart, frames: int, fps: float, size: int) -> Path:
    return write_clip(path, render(heart, np.arange(frames), size=size), fps=fps)


def _render_alone(path: Path, heart: Heart, frames: int, fps: float, size: int) -> Path:
    cv2.setNumThreads(1)  # in a worker process, which has one core
    return _render_one(path, heart, frames, fps, size)


def _tables(planned: list[Planned], request: PhantomRequest) -> dict[str, pd.DataFrame]:
    """Tables of a data set by file name, in the order to be written: the list of videos comes last."""
    truth = pd.DataFrame(
        {
            "FileName": [video.file_name for video in planned],
            "EF": [video.heart.ef for video in planned],
            "RequestedEF": [video.requested_ef for video in planned],
            "machine": [video.heart.machine for video in planned],
            "ED": [video.ed for video in planned],
            "ES": [video.es for video in planned],
            "cycle": [video.heart.cycle for video in planned],
        }
    )
    tables = {PHANTOM_TRUTH: truth}
    if request.role == "real":
        tables[TRACINGS] = _tracings(planned)
    tables[FILE_LIST] = _file_list(planned, request)
    return tables


def _file_list(planned: list[Planned], request: PhantomRequest) -> pd.DataFrame:
    volumes = np.array([volumes_ml(video.heart) for video in planned])
    table = pd.DataFrame(
        {
            "FileName": [video.file_name for video in planned],
            "EF": [video.requested_ef for video in planned],
            "ESV": volumes[:, 0],
            "EDV": volumes[:, 1],
            "FrameHeight": request.size,
            "FrameWidth": request.size,
            "FPS": request.fps,
            "NumberOfFrames": request.frames,
            "Split": [video.split for video in planned],
        }
    )
    if request.role == "synthetic":
        wrong = {
            "ESV": 0,
            "EDV": 0,
            "FrameHeight": request.frames,
            "FPS": UPSTREAM_FPS,
            "NumberOfFrames": UPSTREAM_BATCH,
        }
        table = table.assign(**wrong, EF=table["EF"].astype(int))
    return table


def _tracings(planned: list[Planned]) -> pd.DataFrame:
    rows = [
        (video, frame, tracing(video.heart, frame))
        for video in planned
        for frame in sorted((video.ed, video.es))
    ]
    ends = np.concatenate([lines for _, _, lines in rows])
    return pd.DataFrame(
        {
            "FileName": np.repeat([f"{video.file_name}.avi" for video, _, _ in rows], CHORDS + 1),
            "X1": ends[:, 0],
            "Y1": ends[:, 1],
            "X2": ends[:, 2],
            "Y2": ends[:, 3],
            "Frame": np.repeat([frame for _, frame, _ in rows], CHORDS + 1),
        }
    )
