"""Two votes on the phases of a video: the training-free detector and the network taught on phantoms, in
agreement or flagged.

They agree where their curves rise and fall together and both put an ES and an ED at the pair that the frame
index took. What they agree on may still be wrong; what they do not agree on should not be trusted unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from infomotion_lib.data.video import Clip, read_clip
from infomotion_lib.device import one_thread
from infomotion_lib.errors import VideoError
from infomotion_lib.frames.detect import Phases, detect_phases
from infomotion_lib.frames.phasenet import load_phasenet, network_phases
from infomotion_lib.frames.signals import single_threaded
from infomotion_lib.progress import track

if TYPE_CHECKING:
    from torch import nn

LEAST_AGREEMENT = 0.5
"""Least correlation of the two curves."""

NEAR_MS = 100.0
"""Largest distance of the two votes on one phase; one frame where a frame lasts longer."""

AGREE, CURVES_DIFFER, FRAMES_DIFFER, UNREADABLE = "agree", "curves_differ", "frames_differ", "unreadable"
VERDICTS = (AGREE, FRAMES_DIFFER, CURVES_DIFFER, UNREADABLE)
VOTE_COLUMNS = (
    *("source", "file_name", "phase_source", "es", "ed", "detector_es", "detector_ed"),
    *("network_es", "network_ed"),
    *("agreement", "es_apart_ms", "ed_apart_ms", "verdict", "flagged"),
)
_PARALLEL_FROM = 120  # videos; fewer are done before other processes have loaded torch


class Vote(NamedTuple):
    """What the two say about one pair of frames.

    ``detector_es, detector_ed, network_es, network_ed``: their phases nearest to the pair, None where there
    is none; ``agreement``: correlation of the two curves; ``es_apart_ms, ed_apart_ms``: distance of the two,
    nan where one is missing; ``verdict``: one of
    :data:`VERDICTS`.
    """

    detector_es: int | None
    detector_ed: int | None
    network_es: int | None
    network_ed: int | None
    agreement: float
    es_apart_ms: float
    ed_apart_ms: float
    verdict: str


class _Video(NamedTuple):
    path: str
    fps: float
    es: int
    ed: int


def compare(detector: Phases, network: Phases, *, es: int, ed: int, fps: float) -> Vote:
    """The two votes on one ES and one ED frame of a clip.

    Parameters
    ----------
    detector, network : Phases
        Of the same clip.
    es, ed : int
        The pair that is voted on.
    fps : float
        Frames per second.
    """
    first = [_nearest(detector.es, es), _nearest(detector.ed, ed)]
    second = [_nearest(network.es, es), _nearest(network.ed, ed)]
    apart = [
        np.nan if a is None or b is None else 1000 * abs(a - b) / fps
        for a, b in zip(first, second, strict=True)
    ]
    agreement = correlation(detector.signal, network.signal)
    near = all(distance <= max(NEAR_MS, 1000 / fps) + 1e-6 for distance in apart)  # nan is not near
    verdict = CURVES_DIFFER if not agreement >= LEAST_AGREEMENT else AGREE if near else FRAMES_DIFFER
    return Vote(
        first[0], first[1], second[0], second[1], agreement, float(apart[0]), float(apart[1]), verdict
    )


def both_votes(clip: Clip, fps: float, network: nn.Module | None = None) -> tuple[Phases, Phases]:
    """Phases of a clip by the detector and by the network."""
    return detect_phases(clip, fps), network_phases(clip, fps, network)


def phase_votes(
    index: pd.DataFrame,
    paths: Mapping[tuple[str, str], str | Path],
    *,
    most_traced: int = 60,
    workers: int = 1,
    progress: bool = True,
) -> pd.DataFrame:
    """Votes on the pair of every detected video of a frame index, and of some traced ones, for which the
    tracing is the truth.

    Parameters
    ----------
    index : DataFrame
        From :func:`~infomotion_lib.frames.index.build_frame_index`.
    paths : mapping of (source, file_name) to path
        The video files.
    most_traced : int
        Videos with tracings that are looked at, evenly spread over the index.
    workers : int
        Processes that read clips.
    progress : bool
        Show a progress bar on a terminal.

    Returns
    -------
    DataFrame
        :data:`VOTE_COLUMNS`, one row per video in the order of the index: the index's pair, the fields of
        :class:`Vote`, and ``flagged``, true unless the two agree.
    """
    known = index[index["es"].notna() & index["ed"].notna()]
    traced = known[known["phase_source"] == "annotated"]
    some = (
        traced.iloc[np.unique(np.linspace(0, len(traced) - 1, min(most_traced, len(traced))).astype(int))]
        if len(traced)
        else traced
    )
    wanted = known[(known["phase_source"] == "detected") | known.index.isin(some.index)]
    rows = wanted[["source", "file_name", "phase_source", "es", "ed", "fps"]].to_dict("records")
    files = [
        _Video(str(paths[row["source"], row["file_name"]]), float(row["fps"]), int(row["es"]), int(row["ed"]))
        for row in rows
    ]
    votes = [vote._asdict() for vote in _vote_all(files, workers=workers, progress=progress)]
    table = pd.DataFrame(
        [row | vote for row, vote in zip(rows, votes, strict=True)], columns=[*VOTE_COLUMNS[:-1]]
    )
    table["flagged"] = table["verdict"] != AGREE
    frames = [name for name in VOTE_COLUMNS if name.endswith(("es", "ed")) and name != "flagged"]
    return table.astype(
        dict.fromkeys(frames, "Int64") | dict.fromkeys(("agreement", "es_apart_ms", "ed_apart_ms"), "float64")
    )


def verdict_counts(votes: pd.DataFrame) -> pd.DataFrame:
    """Videos of each verdict: ``source, phase_source, verdict, n``, verdicts from agreement down."""
    counted = votes.groupby(["source", "phase_source", "verdict"], sort=True).size().rename("n").reset_index()
    order = {verdict: place for place, verdict in enumerate(VERDICTS)}
    return counted.sort_values(
        ["source", "phase_source", "verdict"],
        key=lambda column: column.map(order) if column.name == "verdict" else column,
    ).reset_index(drop=True)


def traced_errors(votes: pd.DataFrame, fps: pd.Series[float]) -> pd.DataFrame:
    """Distance of each vote from the tracings, ms: ``voter, phase, videos, found_share, median_ms, p90_ms``.

    Parameters
    ----------
    votes : DataFrame
        From :func:`phase_votes`; only its ``annotated`` rows count.
    fps : Series
        Frame rate of each of its rows.
    """
    traced = votes[votes["phase_source"] == "annotated"]
    rates = fps.loc[traced.index].to_numpy(float)
    rows = []
    for voter, videos in (
        ("detector", traced),
        ("network", traced),
        ("both agree", traced[~traced["flagged"]]),
    ):
        for phase in ("es", "ed"):
            seen = videos[f"network_{phase}" if voter == "network" else f"detector_{phase}"]
            late = (
                1000
                * (seen - videos[phase]).abs().astype("Float64").to_numpy(float, na_value=np.nan)
                / rates[traced.index.isin(videos.index)]
            )
            errors = late[np.isfinite(late)]
            share = len(errors) / len(videos) if len(videos) else np.nan
            median, p90 = np.percentile(errors, [50, 90]) if len(errors) else (np.nan, np.nan)
            rows.append((voter, phase, len(videos), share, median, p90))
    return pd.DataFrame(rows, columns=["voter", "phase", "videos", "found_share", "median_ms", "p90_ms"])


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two curves; nan where one does not vary."""
    return float(np.corrcoef(a, b)[0, 1]) if len(a) > 1 and min(a.std(), b.std()) > 1e-9 else float("nan")


def _nearest(frames: np.ndarray, frame: int) -> int | None:
    return int(frames[np.abs(frames - frame).argmin()]) if len(frames) else None


def _vote_all(files: Sequence[_Video], *, workers: int, progress: bool) -> list[Vote]:
    if workers < 2 or len(files) < _PARALLEL_FROM:
        votes: Iterable[Vote] = map(_vote_alone, files)
    else:
        votes = Parallel(n_jobs=workers, return_as="generator", batch_size=8)(
            delayed(_vote_alone)(file) for file in files
        )
    if progress and files:
        votes = track(votes, label="Second vote", total=len(files), unit="video")
    return list(votes)


def _vote_alone(video: _Video) -> Vote:
    try:
        with one_thread(), single_threaded():  # a small network loses time to more
            detector, network = both_votes(read_clip(video.path), video.fps, load_phasenet())
            return compare(detector, network, es=video.es, ed=video.ed, fps=video.fps)
    except VideoError:
        return Vote(None, None, None, None, np.nan, np.nan, np.nan, UNREADABLE)
