"""The clips that a pool requests: whose motion, and whose heart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from infomotion_lib.classes import CLASS_NAMES, ef_class
from infomotion_lib.errors import DataError
from infomotion_lib.generators.mcdm.donors import Donors
from infomotion_lib.generators.mcdm.parameters import DonorSetting, Hearts

DRAWN = "drawn"
"""Stands for the donor of a heart that a network has drawn."""


def requests(
    donors: Donors, *, per_class: int, seed: int, setting: DonorSetting = "shuffled", hearts: Hearts = "drawn"
) -> pd.DataFrame:
    """``per_class`` clips of each class by the EF of the donor of their motion: ``FileName``,
    ``requested_class``, ``requested_ef`` (the donor's), ``motion_donor``, ``heart_donor``, ``seed``.

    The donors of a class are taken in an order drawn from ``seed``, again from its beginning where there are
    fewer than clips.

    Parameters
    ----------
    setting : {"shuffled", "self"}
        Whether a real heart is that of another video or of the donor of the motion.
    hearts : {"drawn", "real"}
        Whether a network draws the hearts.

    Raises
    ------
    DataError
        If a class has no donor, or a heart of another video is asked for and there is none.
    """
    if len(donors) < 2 and hearts == "real" and setting == "shuffled":
        raise DataError("One video lends its motion, and no other its heart.")
    rows: list[tuple[str, str, float, str, str, int]] = []
    classes = ef_class(donors.ef)
    for label, name in enumerate(CLASS_NAMES):
        known = np.flatnonzero(classes == label)
        if not len(known):
            raise DataError(f"No video of class {name} lends its motion: none has a motion vector.")
        order = np.random.default_rng([seed, label]).permutation(known)
        for number in range(per_class):
            random = np.random.default_rng([seed, label, number])
            motion = int(order[number % len(order)])
            other = int(random.integers(len(donors) - 1)) if len(donors) > 1 else 0
            heart = motion if setting == "self" else other + (other >= motion)
            named = donors.names[heart] if hearts == "real" else DRAWN
            drawn_from = int(random.integers(2**31))
            ef = float(donors.ef[motion])
            rows.append((f"mcdm_{len(rows):06d}", name, ef, donors.names[motion], named, drawn_from))
    columns = ["FileName", "requested_class", "requested_ef", "motion_donor", "heart_donor", "seed"]
    return pd.DataFrame(rows, columns=columns)
