"""What stage 05 will do with the videos of a run, whatever the generator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from infomotion_lib.errors import InfoMotionError
from infomotion_lib.generators.cutting import Cut, none_long_enough, too_short
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.outlook import Outlook, by_class, first_names, sources, usable
from infomotion_lib.parameters import StageParameters
from infomotion_lib.registry import imported


def outlook(videos: pd.DataFrame, parameters: Any, stages: Mapping[str, StageParameters]) -> Outlook:
    """What a generator learns from or takes; refused where that is too little."""
    entry = GENERATORS[parameters.generator]
    cut = Cut(parameters.latte_frames, parameters.latte_fps, 0)
    first, *others = sources(videos)
    taken = usable(videos, source=(others or [first])[-1] if entry.given else first)
    parts = {str(split): part for split, part in taken.groupby("split") if split != "TEST"}
    train = parts.get("TRAIN", taken[:0])
    short = train[too_short(train, cut)]
    whole = {split: part[~too_short(part, cut)] for split, part in parts.items()}
    refusals: list[InfoMotionError] = []
    if "TRAIN" not in whole or whole["TRAIN"].empty:
        refusals.append(none_long_enough(len(train), cut))
    elif entry.refused_by:
        refusals += imported(entry.refused_by)(whole, parameters)
    remarks = []
    if len(short):
        remarks.append(f"TRAIN videos too short for a clip: {len(short)}, first {first_names(short)}")
    what = "cut from" if entry.given else "learnt from"
    kept = whole.get("TRAIN", taken[:0])
    return Outlook(
        f"{parameters.pool_per_class} clips per class, {what} {len(kept)} TRAIN videos: {by_class(kept)}",
        tuple(refusals),
        tuple(remarks),
    )
