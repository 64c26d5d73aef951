"""What stage 02 will do with the videos of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from infomotion_lib.data.faults import OK
from infomotion_lib.errors import InfoMotionError, ParameterError
from infomotion_lib.outlook import Outlook, by_split, sources
from infomotion_lib.parameters import StageParameters
from infomotion_lib.registry import imported
from infomotion_lib.representations.registry import PAPER, REPRESENTATIONS


def outlook(videos: pd.DataFrame, parameters: Any, stages: Mapping[str, StageParameters]) -> Outlook:
    """Which vectors are made of how many videos; refused where a representation has nothing to learn from."""
    names = parameters.representations
    entries = [REPRESENTATIONS[name] for name in names]
    kept = videos[videos["status"] == OK]
    phased = kept[kept["phases"] != "none"]
    teacher = sources(videos)[0]
    refusals: list[InfoMotionError] = []
    if PAPER[0] not in names:
        refusals.append(
            ParameterError(
                f"representations = {list(names)} lacks {PAPER[0]}.",
                where="Stages 02 and 03 show the motion network and its graphs, whatever is selected on.",
                remedy=f"Put {PAPER[0]} into representations.",
            )
        )
    for entry in entries:
        rows = phased if entry.needs == "phases" else kept
        train, val = (
            rows[(rows["source"] == teacher) & (rows["split"] == split)] for split in ("TRAIN", "VAL")
        )
        refusals += imported(entry.refused_by)(train, val) if entry.refused_by else []
    some = phased if any(entry.needs == "phases" for entry in entries) else kept
    work = f"{', '.join(names)} vectors of {len(some)} videos; learnt from {teacher}: "
    work += by_split(some[(some["source"] == teacher) & some["split"].isin(["TRAIN", "VAL"])])
    remarks = []
    if not ((some["source"] == teacher) & (some["split"] == "TEST")).any():
        remarks.append("no TEST video: vectors are probed on VAL")
    return Outlook(work, tuple(refusals), tuple(remarks))
