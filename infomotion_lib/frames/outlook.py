"""What stage 01 will do with the videos of a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from infomotion_lib.data.faults import OK
from infomotion_lib.errors import DataError
from infomotion_lib.frame_table import has_frames
from infomotion_lib.frames.rule import HEART_RATES
from infomotion_lib.losses import joined, losses
from infomotion_lib.outlook import Outlook, first_names, sources
from infomotion_lib.parameters import StageParameters

SYSTOLE = 60 / HEART_RATES[1] / 3
"""Seconds from ED to ES of the fastest heart that is sought, by the paper's third."""

_WHERE = "A video has phases where an ED and an ES are traced, or are detected in it."


def outlook(
    videos: pd.DataFrame, parameters: StageParameters, stages: Mapping[str, StageParameters]
) -> Outlook:
    """Where the phases of each video will come from; refused where a source can have none."""
    kept = videos[videos["status"] == OK]
    brief = (kept["phases"] == "detect") & (kept["n_frames"] / kept["fps"] < SYSTOLE)
    refusals = [
        no_phases(source, kept[kept["source"] == source], brief=int(brief[kept["source"] == source].sum()))
        for source in sources(videos)
        if brief[kept["source"] == source].all()
    ]
    traced, detect = (int((kept["phases"] == how).sum()) for how in ("traced", "detect"))
    work = f"{len(kept)} videos: {traced} traced, {detect} to be detected"
    remark = (
        f"untraced, and shorter by their frame rate than a systole of {SYSTOLE:.2f} s: {brief.sum()}, first"
        f" {first_names(kept[brief])}"
    )
    return Outlook(work, tuple(refusals), (remark,) if brief.any() else ())


def phase_losses(index: pd.DataFrame, unusable: Collection[str], *, allowed: bool) -> str:
    """What is to be said of videos without phases; empty where a quarter at most has none.

    Parameters
    ----------
    index : DataFrame
        The frame index.
    unusable : collection of str
        Statuses of videos that could not be used before.
    allowed : bool
        Parameter ``allow_losses``.

    Raises
    ------
    DataError
        If no video of a source has phases, or too many lack them; with what became of them.
    """
    told = []
    for source, rows in index.groupby("source", sort=False):
        if not has_frames(rows).any():
            raise no_phases(str(source), rows)
        rows = rows[~rows["status"].isin(unusable)]
        lost = rows[~has_frames(rows)]
        told.append(losses(lost, len(rows), of=f"{source} videos have no phases", allowed=allowed))
    return joined(told)


def no_phases(source: str, rows: pd.DataFrame, *, brief: int = 0) -> DataError:
    """That no video of a source has phases, and why."""
    if brief:
        shortest, rate = (rows["n_frames"] / rows["fps"]).median(), rows["fps"].median()
        why = f"{brief} untraced videos last {shortest:.2f} s by their frame rate ({rate:g} frames a second)."
    else:
        counted = rows["status"].value_counts().items()
        why = ("; ".join(f"{count} {status}" for status, count in counted) or "None can be used") + "."
    return DataError(
        f"No video of the source {source} has phases.",
        where=f"{why} {_WHERE}",
        remedy=(
            "Look at the frame rate in the video files, which tells how fast a heart beats; give tracings; or"
            " leave the source out."
        ),
    )
