"""What the motion network needs of the videos that teach it."""

from __future__ import annotations

import pandas as pd

from infomotion_lib.errors import DataError, InfoMotionError
from infomotion_lib.representations.ifa.sizes import size_refusal


def refusals(train: pd.DataFrame, val: pd.DataFrame) -> list[InfoMotionError]:
    """Why the network cannot be trained on these TRAIN and VAL videos, which may have phases."""
    found: list[InfoMotionError] = [
        no_triplets(split, len(rows)) for split, rows in (("TRAIN", train), ("VAL", val)) if rows.empty
    ]
    sizes = pd.concat([train, val]).groupby(["height", "width"]).size().sort_values(ascending=False)
    if len(sizes):
        height, width = sizes.index[0]
        found += [refusal] if (refusal := size_refusal(int(height), int(width))) else []
    return found


def no_triplets(split: str, videos: int, *, unreadable: str = "none") -> DataError:
    """That a split has no video to train on, or to choose the weights by."""
    chooses = (
        "keeps the weights that are best on them, and they alone say whether it has learnt to fill in frames"
    )
    use = "is trained on them" if split == "TRAIN" else chooses
    return DataError(
        f"No {split} video shows a motion with a frame between its ends: {videos} videos have phases.",
        where=f"The motion network {use}. Not readable: {unreadable}.",
        remedy=(
            f"Give some videos the split {split} in the list of videos; status_counts.csv of stage 01 says"
            " what became of those that have it."
        ),
    )
