"""End frames of the motions of a video, as the frame index has them: what every vector of motion begins with.

A video has two motions (filling ES -> ED, emptying ED -> next ES), which share a frame; one of half a beat
has its emptying alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.data.video import read_frames
from infomotion_lib.errors import DataError, VideoError
from infomotion_lib.frame_table import MOTIONS, has_frames

END_COLUMNS = tuple(f"{motion}_{part}" for motion in MOTIONS for part in ("start", "end"))
"""Frame numbers of the frame index, the filling first."""

UNREADABLE = "unreadable"

BLANK = "blank_frames"
"""Status of a video whose end frames are each of one grey level: nothing in it can move."""


@dataclass(frozen=True)
class Ends:
    """Distinct end frames (K, H, W) of one video and its one or two pairs as rows (P, 2) into them."""

    frames: NDArray[np.uint8]
    pairs: NDArray[np.int64]


def motions_of(row: Mapping[Any, Any]) -> tuple[str, ...]:
    """Motions whose frames a row of the frame index has: both, or emptying alone where half beats were
    recorded.
    """
    return tuple(motion for motion in MOTIONS if not pd.isna(row[f"{motion}_start"]))


def pairs_kept(rows: pd.DataFrame) -> int:
    """Motions per video of a frame index: 1 where no video has a filling."""
    return 2 if rows["diastole_start"].notna().any() or not has_frames(rows).any() else 1


def require_pairs(rows: pd.DataFrame, pairs: int) -> None:
    """Refuse a frame index of whole beats where half ones are asked for, and the other way round.

    Raises
    ------
    DataError
        If its videos have another number of motions.
    """
    kept = pairs_kept(rows)
    if has_frames(rows).any() and kept != pairs:
        raise DataError(
            f"The frame index has {kept} motions per video, and the vectors are to be of {pairs}.",
            remedy="Run stages 01 and 02 with the same value of pairs.",
        )


def pair_frames(row: Mapping[str, Any]) -> tuple[list[int], NDArray[np.int64]]:
    """Distinct end frames of a video's motions, in time order, and its two pairs (of half a beat one) as rows
    (P, 2) into them.
    """
    pairs = [(int(row[f"{motion}_start"]), int(row[f"{motion}_end"])) for motion in motions_of(row)]
    wanted = sorted({frame for pair in pairs for frame in pair})
    return wanted, np.array([[wanted.index(frame) for frame in pair] for pair in pairs])


def ends_of(row: Mapping[str, Any]) -> Ends | str:
    """End frames of the motions of one video, or the status of a video that has none."""
    return frames_as_ends(row, *pair_frames(row))


def frames_as_ends(row: Mapping[str, Any], wanted: Sequence[int], pairs: NDArray[np.int64]) -> Ends | str:
    """Frames of the numbers ``wanted`` of one video with their pairs (P, 2), or its status if it has none."""
    try:
        frames = read_frames(row["path"], wanted)
    except VideoError:
        return UNREADABLE
    return BLANK if (np.ptp(frames, axis=(1, 2)) == 0).all() else Ends(frames, pairs)
