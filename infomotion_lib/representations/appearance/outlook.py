"""What the frame network needs of the videos that teach it."""

from __future__ import annotations

import pandas as pd

from infomotion_lib.errors import DataError, InfoMotionError


def refusals(train: pd.DataFrame, val: pd.DataFrame) -> list[InfoMotionError]:
    """Why the network cannot be trained on these TRAIN videos; VAL is not looked at."""
    return [] if train["ef"].notna().any() else [nothing_to_learn(len(train))]


def nothing_to_learn(videos: int) -> DataError:
    """That no TRAIN video has a frame and an EF."""
    return DataError(
        f"None of {videos} TRAIN videos has an EF and can be read: the frame network learns from them.",
        remedy="Give some videos the split TRAIN and an EF in the list of videos.",
    )
