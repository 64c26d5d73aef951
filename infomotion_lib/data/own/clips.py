"""One clip of an author's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from infomotion_lib.data.avi import read_avi_header


@dataclass(frozen=True)
class Source:
    """Where the pictures of a video are read.

    Attributes
    ----------
    original : Path
        The author's file.
    video : Path
        The video that is decoded: the same, or what an import has made of it.
    """

    original: Path
    video: Path

    def is_plain(self, side: tuple[int, int], fps: float) -> bool:
        """Whether it is a Motion-JPEG AVI of this height, width and rate, so that it can stay as it is."""
        header = read_avi_header(self.video)
        if header is None or header.codec != "MJPG" or header.stopped:
            return False
        return (header.height, header.width, header.fps) == (*side, fps)
