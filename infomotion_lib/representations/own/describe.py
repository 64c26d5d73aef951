"""What a file of own vectors holds: size, rank, which videos of a run it lacks, and what it knows of EF."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from infomotion_lib.representations.own.file import Own
from infomotion_lib.representations.probe import can_probe, measured_rank, probe_table


@dataclass(frozen=True)
class Description:
    """What a file of vectors holds.

    Attributes
    ----------
    videos, size, rank : int
        Vectors, numbers in each, and dimensions that they span.
    repeated : int
        Vectors that equal another one to the last bit.
    listed : int
        Videos of the run it was compared with; 0 without one.
    lacking : dict of str to list of str
        Videos of the run that it does not name, by split.
    unknown : list of str
        Names that the run does not know.
    probe : DataFrame
        As of :func:`infomotion_lib.representations.probe.probe_table`: ridge R2 and class purity, learnt from
        TRAIN, scored on VAL; empty without a run, or where it has too few labelled videos.
    """

    videos: int
    size: int
    rank: int
    repeated: int
    listed: int = 0
    lacking: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    probe: pd.DataFrame = field(default_factory=pd.DataFrame)


def describe(own: Own, index: pd.DataFrame | None = None) -> Description:
    """What a file of vectors holds, for the videos of a frame index where one is given.

    The probe is scored on VAL, so that choosing an encoder by it touches no TEST video.
    """
    distinct = len(np.unique(own.features, axis=0))
    alone = Description(
        videos=len(own.file_name),
        size=own.size,
        rank=measured_rank(own.features) if len(own.features) > 1 else 0,
        repeated=len(own.features) - distinct,
    )
    if index is None:
        return alone
    rows = own.rows_of(index)
    without = index[rows < 0]
    lacking = {
        str(split): part["file_name"].astype(str).tolist()
        for split, part in without.groupby("split", sort=False)
    }
    unknown = np.setdiff1d(np.arange(len(own.file_name)), rows)
    return replace(
        alone,
        listed=len(index),
        lacking=lacking,
        unknown=own.file_name[unknown].tolist(),
        probe=_probe(own, index, rows),
    )


def _probe(own: Own, index: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    usable = (rows >= 0) & index["ef"].notna().to_numpy() & (index["source"] == index["source"].iloc[0])
    known, vectors = index[usable], own.features[rows[usable]]
    train, test = ((known["split"] == split).to_numpy() for split in ("TRAIN", "VAL"))
    if not can_probe(train=train, test=test):
        return pd.DataFrame()
    return probe_table({own.path.stem: vectors}, known["ef"].to_numpy(float), train=train, test=test)
