"""Clips of a fixed number of frames, cut from videos that are decoded once where memory allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.data.video import read_clip, resize_clip
from infomotion_lib.errors import DataError, VideoError
from infomotion_lib.progress import track

Frames = NDArray[np.uint8]

UNREADABLE = "unreadable"

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of decoded frames that are held in memory; videos beyond it are decoded at each use."""


@dataclass(frozen=True)
class Cut:
    """How clips are cut.

    Attributes
    ----------
    side : int
        Pixels; frames are resized by area averaging.
    frames, period : int
        Frames of a clip, and video frames from one to the next.
    """

    side: int
    frames: int
    period: int

    def places(self, length: int) -> int:
        """How many frames of a video a clip can begin at; 1 for a video shorter than the clip."""
        return max(1, length - (self.frames - 1) * self.period)

    def numbers(self, length: int, start: int) -> NDArray[np.int64]:
        """Frame numbers (frames,) of the clip that begins at ``start``; a video that ends too early plays
        backwards and forwards again.
        """
        steps = start + self.period * np.arange(self.frames)
        around = max(2 * (length - 1), 1)
        return (length - 1) - np.abs(steps % around - (length - 1))

    def middle(self, video: Frames) -> Frames:
        """The clip (T, S, S) in the middle of a video."""
        return video[self.numbers(len(video), (self.places(len(video)) - 1) // 2)]

    def read(self, path: str) -> Frames:
        """All frames of a video file, (T, S, S)."""
        return resize_clip(read_clip(path), self.side)


@dataclass(frozen=True)
class ClipSource:
    """Videos to learn from.

    Attributes
    ----------
    cut : Cut
        How clips are cut.
    paths : tuple of str
        Their files, all readable.
    names : tuple of str
        ``source/file_name`` of each.
    lengths : tuple of int
        Frames of each.
    skipped : tuple of str
        Videos that could not be read.
    held : dict of int to ndarray
        Decoded frames (T, S, S) of those that are held in memory.
    """

    cut: Cut
    paths: tuple[str, ...]
    names: tuple[str, ...]
    lengths: tuple[int, ...]
    skipped: tuple[str, ...] = ()
    held: Mapping[int, Frames] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.paths)

    def video(self, number: int) -> Frames:
        """Frames (T, S, S) of one video."""
        return self.held[number] if number in self.held else self.cut.read(self.paths[number])

    def middles(self, numbers: Sequence[int]) -> Frames:
        """Clips (B, T, S, S) in the middle of videos."""
        return np.stack([self.cut.middle(self.video(number)) for number in numbers])

    def drawn(self, numbers: NDArray[np.int64], rng: np.random.Generator) -> Frames:
        """Clips (B, T, S, S) that begin anywhere in their videos."""
        clips = []
        for number in numbers.tolist():
            video = self.video(number)
            start = int(rng.integers(self.cut.places(len(video))))
            clips.append(video[self.cut.numbers(len(video), start)])
        return np.stack(clips)

    @classmethod
    def of(
        cls, rows: pd.DataFrame, cut: Cut, *, workers: int, memory_limit: int = MEMORY_LIMIT
    ) -> ClipSource:
        """The videos of rows with ``source``, ``file_name`` and ``path`` that can be read, sorted.

        Raises
        ------
        DataError
            If there are videos and none can be read.
        """
        videos = rows.sort_values(["source", "file_name"], kind="stable").to_dict("records")

        def read(row: Mapping[Any, Any]) -> Frames | None:
            try:
                return cut.read(row["path"])
            except VideoError:
                return None

        paths: list[str] = []
        names: list[str] = []
        lengths: list[int] = []
        skipped: list[str] = []
        held: dict[int, Frames] = {}
        used = 0
        with ThreadPoolExecutor(workers) as pool:
            read_ones = track(pool.map(read, videos), label="clips", unit="video", total=len(videos))
            for row, frames in zip(videos, read_ones, strict=True):
                name = f"{row['source']}/{row['file_name']}"
                if frames is None:
                    skipped.append(name)
                    continue
                if used + frames.nbytes <= memory_limit:
                    held[len(paths)], used = frames, used + frames.nbytes
                paths.append(str(row["path"]))
                names.append(name)
                lengths.append(len(frames))
        if videos and not paths:
            raise DataError(f"None of {len(videos)} videos can be read: {', '.join(skipped[:5])}")
        return cls(cut, tuple(paths), tuple(names), tuple(lengths), tuple(skipped), held)

    def pixels(self) -> tuple[NDArray[np.float32], float]:
        """Mean of each pixel, (S, S), and deviation of all, of the middle clips, as grey levels from 0 to 1.

        A mean for each pixel takes out what all hearts have in common, such as the sector's outline. With one
        mean for all pixels, networks of CPU size collapsed on published clips; on drawn hearts they did not.
        """
        total = np.zeros((self.cut.side, self.cut.side))
        squares, count = 0.0, 0
        for number in range(len(self)):
            clip = self.cut.middle(self.video(number)).astype(np.float64) / 255
            total += clip.sum(axis=0)
            squares += float((clip**2).sum())
            count += len(clip)
        mean = total / count
        variance = squares / (count * mean.size) - float(mean.mean()) ** 2
        return mean.astype(np.float32), max(float(np.sqrt(max(variance, 0.0))), 1 / 255)
