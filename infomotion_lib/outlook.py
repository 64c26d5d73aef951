"""What a stage will do with the videos of a run, and why it would refuse them, said before any of them is
decoded.

Each room has one function for its stage, named in the stage table. It is given the table of videos that
:mod:`infomotion_lib.run.outlook` makes, the stage's parameters, and those of all stages by name. The stage
itself, `infomotion run all` and `infomotion data check` ask that one function.

Columns of the table: ``source, file_name, split, ef, class_name`` (empty where the EF is not known, unless
all videos are one class), ``fps, n_frames, height, width, status, tracing``, where known ``requested_ef``,
and ``phases``: ``traced`` and ``detect`` (where they will come from), ``found`` or ``none`` once stage 01 has
looked.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from infomotion_lib.classes import groups_of
from infomotion_lib.errors import InfoMotionError

USABLE = "ok"
"""Status of a video that the stages use."""


@dataclass(frozen=True)
class Outlook:
    """What one stage will do.

    Attributes
    ----------
    work : str
        What it will work on.
    refusals : tuple of InfoMotionError
        Why it cannot run, with the way out; none where it can.
    remarks : tuple of str
        What it will do with less than was asked for.
    """

    work: str
    refusals: tuple[InfoMotionError, ...] = ()
    remarks: tuple[str, ...] = ()

    def require(self) -> None:
        """Nothing, if the stage can run.

        Raises
        ------
        InfoMotionError
            The first of the refusals.
        """
        if self.refusals:
            raise self.refusals[0]


def usable(videos: pd.DataFrame, *, source: str = "", split: str = "") -> pd.DataFrame:
    """Usable videos with a class, of one source or split where it is given."""
    kept = videos[(videos["status"] == USABLE) & (videos["class_name"] != "")]
    kept = kept[kept["source"] == source] if source else kept
    return kept[kept["split"] == split] if split else kept


def sources(videos: pd.DataFrame) -> list[str]:
    """Names of the sources, the first one teaches."""
    return [str(name) for name in videos["source"].unique()]


def by_split(videos: pd.DataFrame) -> str:
    """Numbers of videos per split, in words.

    >>> by_split(pd.DataFrame({"split": ["TRAIN", "TRAIN", "TEST"]}))
    '2 TRAIN, 1 TEST'
    """
    counted = videos["split"].value_counts()
    order = [*(name for name in ("TRAIN", "VAL", "TEST") if name in counted), *sorted(set(counted.index))]
    return ", ".join(f"{counted[name]} {name}" for name in dict.fromkeys(order)) or "no video"


def class_counts(videos: pd.DataFrame) -> dict[str, int]:
    """Numbers of videos per class, zeros included."""
    counted = videos["class_name"].value_counts()
    return {name: int(counted.get(name, 0)) for name in groups_of(counted.index)}


def by_class(videos: pd.DataFrame) -> str:
    """Numbers of videos per class, in words."""
    return ", ".join(f"{name} {count}" for name, count in class_counts(videos).items())


def first_names(videos: pd.DataFrame, most: int = 3) -> str:
    """Names of the first videos."""
    return ", ".join(videos["file_name"].head(most).astype(str))
