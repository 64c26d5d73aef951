"""Which of an author's videos train, which choose, which report: by patient, stratified by EF class."""

from __future__ import annotations

import numpy as np
import pandas as pd

from infomotion_lib.classes import Classes, group_name
from infomotion_lib.data.layout import SPLITS
from infomotion_lib.errors import DataError

SHARES: dict[Classes, dict[str, float]] = {
    "ef": {"VAL": 0.15, "TEST": 0.15},
    "none": {"VAL": 0.1, "TEST": 0.0},
}
"""Of the patients of each EF class, or of all where no EF is known: then nothing can be tested, and VAL is
what the motion network is checked on. The rest is TRAIN.
"""


def make_splits(ef: pd.Series, patient: pd.Series, *, classes: Classes = "ef", seed: int = 0) -> pd.Series:
    """Split of each video: all videos of a patient are in one split, each class in its shares.

    A patient counts in the class of the median of his or her EFs. Of a class, the patients are put in a
    random order and dealt out by :data:`SHARES`, rounded; with at least three of them every split that
    has a share has one.

    Parameters
    ----------
    ef : Series of float64, length N
        Points.
    patient : Series of str, length N
        Same index; where no patient is known, the video's own name stands for one.
    classes : {"ef", "none"}
        ``"none"``: all patients are of one class, and there is no TEST.
    seed : int
        Of the order; equal seeds and equal lists give equal splits on every machine.
    """
    group = patient.where(patient != "", [f"\x00{row}" for row in patient.index])
    median = ef.groupby(group).median().sort_index()
    of_patient = pd.Series(group_name(median.to_numpy(dtype=float), classes), index=median.index)
    rng = np.random.default_rng(seed)
    dealt: dict[str, str] = {}
    for name in sorted(of_patient.unique()):
        members = of_patient.index[of_patient == name].to_numpy()
        members = members[rng.permutation(len(members))]
        held_out, tested = (
            max(round(len(members) * share), int(len(members) >= 3 and share > 0))
            for share in SHARES[classes].values()
        )
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
