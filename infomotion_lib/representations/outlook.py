"""What stage 02 will do with the videos of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from infomotion_lib.data.faults import OK
from infomotion_lib.errors import DataError, InfoMotionError, ParameterError
from infomotion_lib.outlook import Outlook, by_split, sources
from infomotion_lib.parameters import StageParameters
from infomotion_lib.registry import imported
from infomotion_lib.representations.registry import PAPER, REPRESENTATIONS

FEWEST_TAUGHT, FEWEST_HELD_OUT = 3, 2
"""TRAIN and held-out videos without which EF cannot be read from the vectors."""


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
                remedy=f"Put {PAPER[0]} into representations; with ifa_steps = 0 it takes seconds.",
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
    known = some.loc[(some["source"] == teacher) & some["ef"].notna(), "split"]
    splits = held_out(known)
    remarks = [] if splits == ("TEST",) else ["fewer than 2 TEST videos: vectors are probed on VAL too"]
    if probe_refusals(int((known == "TRAIN").sum()), int(known.isin(splits).sum())):
        remarks = ["too few videos of known EF, held out or not: the vectors are not probed"]
    return Outlook(work, tuple(refusals), tuple(remarks))


def held_out(splits: pd.Series[str]) -> tuple[str, ...]:
    """Splits on whose videos vectors are probed: TEST, and VAL too where TEST is too small.

    Parameters
    ----------
    splits : Series of str
        Split of each video with a vector and an EF.
    """
    return ("TEST",) if (splits == "TEST").sum() >= FEWEST_HELD_OUT else ("VAL", "TEST")


def probe_refusals(taught: int, held: int) -> list[InfoMotionError]:
    """Why vectors of so many TRAIN and held-out videos cannot be probed."""
    if taught >= FEWEST_TAUGHT and held >= FEWEST_HELD_OUT:
        return []
    return [
        DataError(
            f"{taught} TRAIN and {held} held-out videos with an EF are too few to probe the vectors by.",
            remedy=(
                f"Stage 02 reads EF from the vectors of {FEWEST_TAUGHT} TRAIN and {FEWEST_HELD_OUT} VAL or"
                " TEST videos or more: give more videos these splits."
            ),
        )
    ]
