"""Sheets of beating hearts: one row per video, one beat of it in twelve small frames."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.data.video import read_clip, resize_clip

SIDE, FRAMES, QUALITY = 64, 12, 40


class Beat(NamedTuple):
    """One beat of a video, so that it loops: from one end-systole to the next, and how long it takes."""

    start: int
    end: int
    milliseconds: float

    @property
    def frames(self) -> NDArray[np.int64]:
        """Frames shown, (FRAMES,)."""
        return (self.start + np.arange(FRAMES) * (self.end - self.start) / FRAMES).round().astype(np.int64)


def beat_of(row: Mapping[str, Any]) -> Beat:
    """The beat that the frame index found in a video."""
    start, end = int(row["diastole_start"]), int(row["systole_end"])
    return Beat(start, end, 1000 * (end - start) / float(row["fps"]))


def write_sheet(hearts: list[tuple[Path, Beat]], file: Path) -> None:
    """Write a WebP picture of (videos x SIDE, FRAMES x SIDE) pixels."""
    from PIL import Image

    rows = [np.concatenate(_frames(video, beat), axis=1) for video, beat in hearts]
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows, axis=0)).save(file, "webp", quality=QUALITY, method=6)


def _frames(video: Path, beat: Beat) -> list[NDArray[np.uint8]]:
    clip = read_clip(video)
    return list(resize_clip(clip[np.minimum(beat.frames, len(clip) - 1)], SIDE))
