"""What the labels stage will do with the videos of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from infomotion_lib.errors import DataError, InfoMotionError
from infomotion_lib.outlook import Outlook, sources, usable
from infomotion_lib.parameters import StageParameters


def outlook(videos: pd.DataFrame, parameters: Any, stages: Mapping[str, StageParameters]) -> Outlook:
    """How many videos are labelled by a regressor trained on how many; refused where it has none to learn
    from.
    """
    first, *others = sources(videos)
    if not others:
        return Outlook("nothing to label: no synthetic source")
    train, val = (usable(videos, source=first, split=split) for split in ("TRAIN", "VAL"))
    pool = usable(videos, source=others[0])
    refusals: list[InfoMotionError] = []
    if train.empty:
        refusals.append(
            DataError(
                f"Source {first} has no TRAIN video with an EF: the regressor that labels {others[0]} videos"
                " learns from them.",
                remedy="Give some videos the split TRAIN and an EF, or set synthetic_data: none.",
            )
        )
    remarks = () if len(val) else ("no VAL video: the labelling regressor keeps its last weights",)
    return Outlook(
        f"EF of {len(pool)} {others[0]} videos, learnt from {len(train)} {first} TRAIN and {len(val)} VAL",
        tuple(refusals),
        remarks,
    )
