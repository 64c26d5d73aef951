"""Which of an author's videos train, which choose, which report: by patient, stratified by EF class."""

from __future__ import annotations

import numpy as np
import pandas as pd

from infomotion_lib.classes import class_name
from infomotion_lib.data.layout import SPLITS
from infomotion_lib.errors import DataError

SHARES = {"TRAIN": 0.7, "VAL": 0.15, "TEST": 0.15}
"""Of the patients of each EF class."""


def make_splits(ef: pd.Series, patient: pd.Series, *, seed: int = 0) -> pd.Series:
    """Split of each video: all videos of a patient are in one split, each class in its shares.

    A patient counts in the class of the median of his or her EFs. Of a class, the patients are put in a
    random order and dealt out by :data:`SHARES`, rounded; with at least three of them every split has one.

    Parameters
    ----------
    ef : Series of float64, length N
        Points.
    patient : Series of str, length N
        Same index; where no patient is known, the video's own name stands for one.
    seed : int
        Of the order; equal seeds and equal lists give equal splits on every machine.
    """
    group = patient.where(patient != "", [f"\x00{row}" for row in patient.index])
    median = ef.groupby(group).median().sort_index()
    classes = pd.Series(class_name(median.to_numpy(dtype=float)), index=median.index)
    rng = np.random.default_rng(seed)
    dealt: dict[str, str] = {}
    for name in sorted(classes.unique()):
        members = classes.index[classes == name].to_numpy()
        members = members[rng.permutation(len(members))]
        held_out = max(round(len(members) * SHARES["VAL"]), int(len(members) >= 3))
        tested = max(round(len(members) * SHARES["TEST"]), int(len(members) >= 3))
        for number, member in enumerate(members):
            dealt[member] = "VAL" if number < held_out else "TEST" if number < held_out + tested else "TRAIN"
    return group.map(dealt)


def refuse_shared_patients(split: pd.Series, patient: pd.Series) -> None:
    """Nothing, if no patient has videos in two splits.

    Raises
    ------
    DataError
        Naming the first patients that do: what is learnt from them would be tested on them.
    """
    known = patient != ""
    counted = split[known].groupby(patient[known]).nunique()
    shared = list(counted.index[counted > 1])
    if shared:
        raise DataError(
            f"{len(shared)} patients have videos in more than one split, such as {', '.join(shared[:3])}.",
            remedy=f"Keep each patient in one of {', '.join(SPLITS)}, or leave the split column out:"
            " then the videos are split here, by patient.",
        )
