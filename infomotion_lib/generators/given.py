"""A pool that somebody else's generator made: clips of the synthetic data set, cut to the shape of the
others.

On the ``paper`` profile it is EchoSyn's own pool. Elsewhere the data set that plays EchoSyn's part is named
for what it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.classes import class_name
from infomotion_lib.data.records import first_per_class
from infomotion_lib.generators.base import Lessons
from infomotion_lib.generators.cutting import Cut, cut_videos, too_short
from infomotion_lib.parameters import StageParameters


@dataclass(frozen=True)
class GivenPool:
    """Videos of a data set, ready to be cut.

    Attributes
    ----------
    videos : DataFrame
        Those that are long enough.
    cut : Cut
        Shape of the clips.
    is_real : bool
        Whether these are the real videos themselves, where there are no synthetic ones.
    workers : int
        Threads that read.
    """

    videos: pd.DataFrame = field(repr=False)
    cut: Cut
    is_real: bool = False
    workers: int = 1

    def requests(self, *, per_class: int, seed: int) -> pd.DataFrame:
        """First ``per_class`` videos of each requested class, in the order of the list; nothing is drawn at
        random.
        """
        chosen = first_per_class(self.videos, per_class)
        asked = chosen["ef"].to_numpy(dtype=float)
        return pd.DataFrame(
            {"FileName": chosen["file_name"], "requested_class": class_name(asked), "requested_ef": asked}
        )

    def draw(self, requests: pd.DataFrame) -> NDArray[np.uint8]:
        """The centred clip (N, T, S, S) of each video."""
        rows = self.videos.set_index("file_name").loc[requests["FileName"].tolist()].reset_index()
        return cut_videos(rows, self.cut, workers=self.workers)[0]

    def settings(self) -> dict[str, Any]:
        """Whether the clips are the real ones."""
        return {"real_clips": self.is_real}

    def summary(self) -> dict[str, Any]:
        """How many videos there are to cut."""
        return {"videos": len(self.videos)}


def fit(lessons: Lessons, *, folder: Path, parameters: StageParameters, device: str) -> GivenPool:
    """The videos of the synthetic source that are long enough for a clip; nothing is learnt."""
    whole = lessons.given[~too_short(lessons.given, lessons.cut)].reset_index(drop=True)
    return GivenPool(whole, lessons.cut, lessons.given_is_real, lessons.workers)
