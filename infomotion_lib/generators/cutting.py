"""Clips of one length, rate and size: what a generator learns from, and what two pools must share before they
are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.classes import CLASS_NAMES, ef_class
from infomotion_lib.data.video import read_frames, resize_clip
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.progress import track


@dataclass(frozen=True)
class Cut:
    """Shape of a clip.

    Attributes
    ----------
    frames : int
        Frames per clip.
    fps : float
        Frames per second; a video of another rate gives its nearest frames.
    side : int
        Side of a frame, pixels.
    """

    frames: int
    fps: float
    side: int

    def span(self, fps: float) -> int:
        """Frames of a video of rate ``fps`` that a clip reaches over, both ends counted.

        >>> Cut(16, 12.5, 64).span(50)
        61
        """
        return int(np.floor((self.frames - 1) * fps / self.fps + 0.5)) + 1

    def indices(self, fps: float, *, start: int = 0) -> NDArray[np.int64]:
        """Frame numbers (T,) of the clip that begins at ``start`` in a video of rate ``fps``.

        >>> Cut(4, 20, 64).indices(50, start=1).tolist()
        [1, 4, 6, 9]
        """
        return start + np.floor(np.arange(self.frames) * fps / self.fps + 0.5).astype(np.int64)

    def starts(self, n_frames: int, fps: float, *, windows: int = 1) -> list[int]:
        """Where ``windows`` clips begin, evenly spread; one is centred; none in a video that is too short."""
        last = n_frames - self.span(fps)
        if last < 0:
            return []
        return (
            [last // 2] if windows == 1 else sorted({int(start) for start in np.linspace(0, last, windows)})
        )


def cut_videos(
    videos: pd.DataFrame, cut: Cut, *, windows: int = 1, workers: int = 1
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Clips (N, T, S, S), uint8, and the row of ``videos`` each comes from, (N,); videos that are too short
    give none.

    Parameters
    ----------
    videos : DataFrame
        Columns ``path``, ``fps``, ``n_frames``.
    windows : int
        Clips of each video.
    workers : int
        Threads (decoding does not hold Python's lock).

    Raises
    ------
    DataError
        If no video is long enough.
    """
    jobs = [
        (row, path, float(fps), start)
        for row, (path, fps, length) in enumerate(
            zip(videos["path"], videos["fps"], videos["n_frames"], strict=True)
        )
        for start in cut.starts(int(length), float(fps), windows=windows)
    ]
    if not jobs:
        raise none_long_enough(len(videos), cut)

    def read(job: tuple[int, str, float, int]) -> NDArray[np.uint8]:
        return resize_clip(read_frames(job[1], cut.indices(job[2], start=job[3])), cut.side)

    with ThreadPoolExecutor(max_workers=workers) as pool:
        clips = list(
            track(pool.map(read, jobs), label=f"clips of {cut.side} px", total=len(jobs), unit="clip")
        )
    return np.stack(clips), np.array([job[0] for job in jobs], dtype=np.int64)


@dataclass(frozen=True)
class LabelledClips:
    """Clips that a generator learns from, each with the EF it is conditioned on.

    Attributes
    ----------
    clips : ndarray, shape (N, T, S, S), uint8
    ef : ndarray, shape (N,)
        Points.
    file_name : tuple of str
        Video of each clip, N of them; empty where that is not known.
    """

    clips: NDArray[np.uint8] = field(repr=False)
    ef: NDArray[np.float64] = field(repr=False)
    file_name: tuple[str, ...] = field(default=(), repr=False)

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        return f"LabelledClips({' x '.join(map(str, self.clips.shape))}: {counts})"

    @property
    def counts(self) -> pd.Series[int]:
        """Clips of each class, by its name."""
        return pd.Series(np.bincount(self.label, minlength=len(CLASS_NAMES)), index=list(CLASS_NAMES))

    @property
    def label(self) -> NDArray[np.int64]:
        """Class index of each clip, (N,)."""
        return ef_class(self.ef)

    @property
    def frames(self) -> NDArray[np.uint8]:
        """All frames, (N * T, S, S)."""
        return self.clips.reshape(-1, *self.clips.shape[2:])

    @property
    def class_ef(self) -> tuple[float, ...]:
        """Mean EF of each class, points: what asking for that class means.

        Raises
        ------
        DataError
            If a class has no clip: a generator cannot be asked for what it has never seen.
        """
        empty = [name for i, name in enumerate(CLASS_NAMES) if not (self.label == i).any()]
        if empty:
            raise no_clip_of(empty, self.ef)
        return tuple(float(self.ef[self.label == i].mean()) for i in range(len(CLASS_NAMES)))


def labelled_clips(
    videos: pd.DataFrame, cut: Cut, *, condition: str = "label", windows: int = 1, workers: int = 1
) -> LabelledClips:
    """Clips of the videos whose EF is known.

    Parameters
    ----------
    videos : DataFrame
        Columns ``path``, ``fps``, ``n_frames``, ``ef`` and, for ``condition="requested"``, ``requested_ef``.
    condition : {"label", "requested"}
        Which EF gives a clip its class.

    Raises
    ------
    ParameterError
        If the videos carry no requested EF and it was asked for.
    DataError
        If no video is long enough.
    """
    column = "requested_ef" if condition == "requested" else "ef"
    if column not in videos:
        raise no_request()
    known = videos[videos[column].notna()].reset_index(drop=True)
    clips, rows = cut_videos(known, cut, windows=windows, workers=workers)
    names = known["file_name"].astype(str).to_numpy()[rows] if "file_name" in known else ()
    return LabelledClips(clips, known[column].to_numpy(dtype=np.float64)[rows], tuple(names))


def too_short(videos: pd.DataFrame, cut: Cut) -> NDArray[np.bool_]:
    """Whether each video (``fps``, ``n_frames``) is too short for a clip, (N,)."""
    lengths = zip(videos["n_frames"], videos["fps"], strict=True)
    return np.array([not cut.starts(int(frames), float(fps)) for frames, fps in lengths], dtype=bool)


WITHOUT_POOLS = "`infomotion run all --until 04`"
"""How stages 05 and 06 are left out."""


def none_long_enough(videos: int, cut: Cut) -> DataError:
    """That no video lasts for a clip."""
    return DataError(
        f"None of {videos} videos lasts for {cut.frames} frames at {cut.fps:g} per second.",
        remedy=(
            "Ask for fewer frames or a higher rate (latte_frames, latte_fps), or stop before:"
            f" {WITHOUT_POOLS}."
        ),
    )


def no_request() -> ParameterError:
    """That the EF which was asked for is not known of these videos."""
    return ParameterError(
        "These videos carry no requested EF.", remedy="Condition on their label: latte_condition=label."
    )


def no_clip_of(classes: Sequence[str], ef: NDArray[np.float64], *, has_requests: bool = False) -> DataError:
    """That some classes have no training clip: a generator cannot be asked for what it has never seen.

    ``has_requests``: whether the videos know the EF that was asked for, to condition on instead.
    """
    other = "condition on the requested EF (latte_condition=requested), " if has_requests else ""
    return DataError(
        f"No training clip of class: {', '.join(classes)}.",
        where=f"Looked among {len(ef)} with an EF of {ef.min():.0f} to {ef.max():.0f}; each class is drawn.",
        remedy=(
            f"Train on videos that have every class, {other}compare given pools alone (generators:"
            f" [echosyn]), or stop before: {WITHOUT_POOLS}."
        ),
    )


def file_list(names: Iterable[str], requested_ef: Iterable[float], *, cut: Cut) -> pd.DataFrame:
    """Rows of a generated pool's ``FileList.csv``: the EF is the requested one and there are no volumes, as
    in EchoNet-Synthetic.
    """
    table = pd.DataFrame({"FileName": list(names), "EF": list(requested_ef), "ESV": 0.0, "EDV": 0.0})
    return table.assign(
        FrameHeight=cut.side,
        FrameWidth=cut.side,
        FPS=cut.fps,
        NumberOfFrames=cut.frames,
        Split="TRAIN",
    )
