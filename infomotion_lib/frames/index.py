"""The frame index: one row per video with its ED, ES and middle frames and where they come from, or the
reason why it has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd
from joblib import Parallel, delayed

from infomotion_lib.classes import group_name
from infomotion_lib.data.faults import OK
from infomotion_lib.data.records import Dataset
from infomotion_lib.data.video import read_clip
from infomotion_lib.errors import DataError, VideoError
from infomotion_lib.frame_table import COLUMN_TYPES, INDEX_COLUMNS, MOTIONS
from infomotion_lib.frames.choose import choose_pairs
from infomotion_lib.frames.detect import Phases, detect_phases
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.frames.rule import MotionPairs, motion_pairs, systole_alone
from infomotion_lib.frames.signals import single_threaded
from infomotion_lib.frames.tracings import annotated_phases
from infomotion_lib.progress import track

_PARALLEL_FROM = 8_000  # frames; fewer are done before another process has started


class _Video(NamedTuple):
    path: str
    fps: float
    n_frames: int


def build_frame_index(
    dataset: Dataset,
    *,
    source: str,
    parameters: FrameIndexParameters,
    labels: pd.DataFrame | None = None,
    workers: int = 1,
    progress: bool = True,
) -> pd.DataFrame:
    """Frame index of a data set: one row per video in the data set's order, unusable ones included.

    Parameters
    ----------
    dataset : Dataset
        From :func:`infomotion_lib.data.records.read_dataset`.
    source : str
        Value of the ``source`` column: ``real``, ``synthetic`` or ``open``.
    parameters : FrameIndexParameters
        ``phase_rule``, ``diastole_fraction``, ``next_es``, ``pairs``, ``residual_gate``, ``classes``.
    labels : DataFrame, optional
        ``source, file_name, ef``: labels that take the place of the data set's EF. Where it has rows of this
        source, a video without one has no EF; where it has none, the data set's EF stays.
    workers : int
        Processes that read clips.
    progress : bool
        Show a progress bar on a terminal.

    Returns
    -------
    DataFrame
        ``source, file_name, split, ef, class_name, fps, n_frames``; ``phase_source``: ``annotated``,
        ``temporal``, ``detected`` or ``none``; ``status``: see
        :class:`~infomotion_lib.frames.rule.MotionPairs`, ``detected``, ``high_residual`` (detected, but the
        frames do not hang together), ``no_phase``, or the fault of the video; ``confidence``, ``residual``:
        see :class:`~infomotion_lib.frames.detect.Phases`, empty where no clip was read; ``es, ed``: the
        annotated or detected pair, ``next_es``: the ES that ends the systole; ``diastole_start, _mid, _end,
        systole_start, _mid, _end``: empty where there are no frames; with ``pairs: 1`` those of the
        diastole are empty everywhere.
    """
    videos = dataset.videos.reset_index(drop=True)
    known = _annotated(dataset, parameters)
    listed = videos.to_dict("records")
    wanted = [
        row
        for row in listed
        if row["status"] == OK and (row["file_name"] not in known or parameters.next_es == "detect")
    ]
    files = [_Video(str(row["path"]), float(row["fps"]), int(row["n_frames"])) for row in wanted]
    detected = dict(
        zip(
            (row["file_name"] for row in wanted),
            _detect_all(files, workers=workers, progress=progress),
            strict=True,
        )
    )
    rows = [
        _row(video, known.get(video["file_name"]), detected.get(video["file_name"]), parameters)
        for video in listed
    ]
    index = pd.concat(
        [videos[["file_name", "split", "ef", "fps", "n_frames"]], pd.DataFrame(rows, index=videos.index)],
        axis=1,
    )
    index["source"] = source
    index["ef"] = _labelled(index, source, labels)
    index["class_name"] = group_name(index["ef"].to_numpy(float), parameters.classes)
    return index.reindex(columns=list(INDEX_COLUMNS)).astype(COLUMN_TYPES).reset_index(drop=True)


def status_counts(index: pd.DataFrame) -> pd.DataFrame:
    """Videos of each status: ``source, split, status, n``, sorted."""
    counted = index.groupby(["source", "split", "status"], sort=True).size()
    return counted.rename("n").reset_index()


def pairs_of(row: Mapping[Any, Any]) -> MotionPairs:
    """The motions in a row of a frame index, with its status; without frames where it has none."""
    found: dict[str, tuple[int, int, int]] = {}
    for motion in MOTIONS:
        start, mid, end = (row[f"{motion}_{part}"] for part in ("start", "mid", "end"))
        if not pd.isna(start):
            found[motion] = (int(start), int(mid), int(end))
    return MotionPairs(str(row["status"]), found.get("diastole"), found.get("systole"))


def _annotated(dataset: Dataset, parameters: FrameIndexParameters) -> dict[str, tuple[int, int]]:
    if dataset.tracings is None:
        return {}
    phases = annotated_phases(dataset.tracings, phase_rule=parameters.phase_rule)
    sure = phases[phases["status"] == "ok"]
    return dict(
        zip(sure["file_name"], zip(sure["es"].astype(int), sure["ed"].astype(int), strict=True), strict=True)
    )


def _row(
    video: Mapping[Any, Any],
    known: tuple[int, int] | None,
    phases: Phases | str | None,
    parameters: FrameIndexParameters,
) -> dict[str, Any]:
    """Cells of one video that come from its phases."""
    n_frames, fraction = int(video["n_frames"]), parameters.diastole_fraction
    if video["status"] != OK or isinstance(phases, str):
        return {"phase_source": "none", "status": phases if isinstance(phases, str) else video["status"]}
    measured = {"confidence": phases.confidence, "residual": phases.residual} if phases else {}
    if known is not None:
        seen_es, seen_ed = (phases.es.tolist(), phases.ed.tolist()) if phases else ((), ())
        if parameters.pairs == 1:
            pairs = systole_alone(*known, n_frames=n_frames, diastole_fraction=fraction, seen_es=seen_es)
        else:
            pairs = motion_pairs(
                *known, n_frames=n_frames, diastole_fraction=fraction, seen_es=seen_es, seen_ed=seen_ed
            )
        source = "annotated" if parameters.phase_rule == "area" else "temporal"
        return measured | _cells(source, pairs.status, known, pairs)
    best = (
        choose_pairs(
            phases, n_frames=n_frames, diastole_fraction=fraction, use_detected=parameters.next_es == "detect"
        )
        if phases
        else None
    )
    if phases is None or best is None:
        return measured | {"phase_source": "none", "status": "no_phase"}
    es, ed, pairs = best
    if parameters.pairs == 1:
        pairs = systole_alone(es, ed, n_frames=n_frames, diastole_fraction=fraction)
    status = "detected" if pairs.usable and pairs.status != "clamped" else pairs.status
    if pairs.usable and phases.residual > parameters.residual_gate:
        status = "high_residual"
    return measured | _cells("detected", status, (es, ed), pairs)


def _cells(source: str, status: str, pair: tuple[int, int], pairs: MotionPairs) -> dict[str, Any]:
    cells: dict[str, Any] = {"phase_source": source, "status": status, "es": pair[0], "ed": pair[1]}
    for motion, frames in (("diastole", pairs.diastole), ("systole", pairs.systole)):
        if frames is not None:
            cells |= {
                f"{motion}_{part}": frame for part, frame in zip(("start", "mid", "end"), frames, strict=True)
            }
    return cells | ({} if pairs.systole is None else {"next_es": pairs.systole[2]})


def _labelled(index: pd.DataFrame, source: str, labels: pd.DataFrame | None) -> pd.Series[float]:
    rows = labels[labels["source"] == source] if labels is not None else pd.DataFrame()
    if rows.empty:
        return index["ef"]
    return index["file_name"].map(rows.set_index("file_name")["ef"]).astype("float64")


def _detect_all(files: list[_Video], *, workers: int, progress: bool) -> list[Phases | str]:
    with single_threaded():
        if workers < 2 or sum(file.n_frames for file in files) < _PARALLEL_FROM:
            answers: Iterable[Phases | str] = map(_detect_file, files)
        else:
            answers = Parallel(n_jobs=workers, return_as="generator", batch_size=4)(
                delayed(_detect_alone)(file) for file in files
            )
        if progress and files:
            answers = track(answers, label="Finding ED and ES", total=len(files), unit="video")
        return list(answers)


def _detect_alone(video: _Video) -> Phases | str:
    with single_threaded():  # in a worker process, which has one core
        return _detect_file(video)


def _detect_file(video: _Video) -> Phases | str:
    """Phases of one file, or the fault that keeps it from being read."""
    try:
        return detect_phases(read_clip(video.path), video.fps)
    except VideoError as error:
        return error.fault
    except DataError:
        return "no_frame_rate"
