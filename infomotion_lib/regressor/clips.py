"""Videos become clips: decoded once, kept small on disk, cut to a fixed number of frames.

A *video* is uint8 (T, S, S) with its own T; a *clip* is ``frames`` of its frames, ``period`` apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.data.video import read_clip, resize_clip
from infomotion_lib.errors import DataError, VideoError, did_you_mean
from infomotion_lib.progress import track
from infomotion_lib.provenance import atomic, sha256

Video = NDArray[np.uint8]
MEMORY_LIMIT = 2 * 1024**3
"""Videos whose frames take less than this many bytes are held in memory, larger sets are read frame by frame.
"""


def clip_span(frames: int, period: int) -> int:
    """Video frames from the first to the last frame of a clip, both counted.

    >>> clip_span(12, 4)
    45
    """
    return (frames - 1) * period + 1


def clip_indices(n_frames: int, *, frames: int, period: int, start: int) -> NDArray[np.int64]:
    """Frame numbers (frames,) of the clip that begins at ``start``.

    A video that ends too early plays forwards, then backwards, and so on: still or black frames would lower
    the amplitude of motion, which is what ejection fraction is read from.

    >>> clip_indices(16, frames=12, period=1, start=2).tolist()
    [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    >>> clip_indices(4, frames=7, period=1, start=0).tolist()
    [0, 1, 2, 3, 2, 1, 0]
    """
    steps = start + period * np.arange(frames)
    if steps[-1] < n_frames:
        return steps
    if n_frames == 1:
        return np.zeros(frames, dtype=np.int64)
    cycle = 2 * (n_frames - 1)
    return (n_frames - 1) - np.abs(steps % cycle - (n_frames - 1))


def n_starts(n_frames: int, *, frames: int, period: int) -> int:
    """Number of places where a clip can begin; 1 for a video shorter than the clip."""
    return max(1, n_frames - clip_span(frames, period) + 1)


def fixed_starts(n_frames: int, *, frames: int, period: int, count: int = 1) -> NDArray[np.int64]:
    """Where ``count`` test clips begin, evenly spread; one begins so that the clip is centred.

    >>> fixed_starts(64, frames=12, period=4).tolist()
    [9]
    >>> fixed_starts(64, frames=12, period=4, count=3).tolist()
    [0, 9, 19]
    """
    last = n_starts(n_frames, frames=frames, period=period) - 1
    if count == 1:
        return np.array([last // 2])
    return np.linspace(0, last, count).astype(np.int64)


def too_short(lengths: Sequence[int], *, frames: int, period: int) -> int:
    """Number of videos shorter than the clip."""
    return sum(length < clip_span(frames, period) for length in lengths)


def source_period(period: int, *, fps: float, reference_fps: float) -> int:
    """Period that makes a clip of another frame rate last as long as one of ``period`` at ``reference_fps``.

    EchoNet-Dynamic (50 fps) is read with period 2 and EchoNet-Synthetic (32 fps) with period 1, as its
    authors do.

    >>> source_period(2, fps=32, reference_fps=50)
    1
    """
    return max(1, round(period * fps / reference_fps))


@dataclass(frozen=True)
class ClipStore:
    """Decoded videos of one size, one ``.npy`` file each, named by the content of the video they came from.

    Attributes
    ----------
    folder : Path
        Where the files lie; several stores may share it.
    size : int
        Side of a frame, pixels.
    keys : dict of str to str
        File of each video, by video name.
    lengths : dict of str to int
        Frames of each video, by video name.
    """

    folder: Path
    size: int
    keys: dict[str, str]
    lengths: dict[str, int]

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, file_name: str) -> bool:
        return file_name in self.keys

    def __getitem__(self, file_name: str) -> Video:
        """Frames of one video, uint8 (T, S, S), read from disk as they are touched."""
        if file_name not in self.keys:
            raise DataError(
                f"No decoded video named {file_name}",
                where=f"Looked in: {self.folder}",
                remedy=did_you_mean(file_name, self.keys),
            )
        video: Video = np.load(self.folder / self.keys[file_name], mmap_mode="r")
        return video

    def videos(self, file_names: Sequence[str], *, memory_limit: int = MEMORY_LIMIT) -> Sequence[Video]:
        """Videos in the order asked for: in memory while they fit ``memory_limit`` bytes, else opened at each
        use.
        """
        lazy = _LazyVideos(self, tuple(file_names))
        size = sum(self.lengths.get(name, 0) for name in file_names) * self.size**2
        return [np.array(video) for video in lazy] if size <= memory_limit else lazy


class _LazyVideos(Sequence[Video]):
    def __init__(self, store: ClipStore, file_names: tuple[str, ...]) -> None:
        self._store, self._names = store, file_names

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # one video by number, or a view by slice
        if isinstance(index, slice):
            return _LazyVideos(self._store, self._names[index])
        return self._store[self._names[index]]


def open_clip_store(videos: pd.DataFrame, folder: str | Path, *, size: int, workers: int = 2) -> ClipStore:
    """Store of every video in the table, decoding only those whose content the folder does not hold yet.

    Parameters
    ----------
    videos : DataFrame
        Columns ``file_name`` and ``path``.
    folder : path
        Where decoded frames are kept, T x size x size bytes per video.
    size : int
        Side of a frame, pixels; frames are reduced by area.
    workers : int
        Threads (decoding does not hold Python's lock).

    Raises
    ------
    VideoError
        If a video cannot be read, naming it.
    DataError
        If one name stands for two videos.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)

    def decoded(path: str) -> tuple[str, int]:
        if not Path(path).is_file():
            raise VideoError(
                f"The video is not there: {path}", remedy="Run `infomotion data check` on its folder."
            )
        key = f"{sha256(path)[:24]}_{size}.npy"
        target = root / key
        if not target.is_file():
            frames = np.ascontiguousarray(resize_clip(read_clip(path), size))
            with atomic(target) as temporary, temporary.open("wb") as stream:
                np.save(stream, frames)
        return key, int(np.load(target, mmap_mode="r").shape[0])

    names, paths = videos["file_name"].astype(str).tolist(), videos["path"].astype(str).tolist()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        results = list(
            track(pool.map(decoded, paths), label=f"clips of {size} px", total=len(paths), unit="video")
        )
    store = ClipStore(root, size, {}, {})
    for name, (key, length) in zip(names, results, strict=True):
        if store.keys.setdefault(name, key) != key:
            raise DataError(
                f"The name {name} stands for two different videos.",
                remedy="Open one store for each data set.",
            )
        store.lengths[name] = length
    return store
