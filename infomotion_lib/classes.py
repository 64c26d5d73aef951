"""The five ejection-fraction (EF) classes; their edges are defined here only.

severe < 30 <= moderate < 40 <= mild < 50 <= normal <= 70 < hyperdynamic (American College of
Cardiology bins; exactly 70 is normal). Videos whose EF nobody knows yet are all in one class.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

CLASS_NAMES = ("severe", "moderate", "mild", "normal", "hyperdynamic")
EF_EDGES = (30.0, 40.0, 50.0, 70.0)
NO_CLASS = -1

ALL_VIDEOS = "all"
"""The one class of videos that are selected from together, whatever their EF."""

GROUPS = (*CLASS_NAMES, ALL_VIDEOS)
"""Every name a video's class may have, in the order of tables and figures."""

Classes = Literal["ef", "none"]
"""How videos are put into classes: by EF, or not at all."""


def ef_class(ef: ArrayLike) -> NDArray[np.int64]:
    """Class index of each EF, shape of the input; ``NO_CLASS`` (-1) where EF is not finite.

    Parameters
    ----------
    ef : array_like
        Ejection fraction in percentage points.

    >>> ef_class([29.9, 30, 40, 50, 70, 70.1]).tolist()
    [0, 1, 2, 3, 3, 4]
    """
    value = np.asarray(ef, dtype=np.float64)
    index = np.searchsorted(EF_EDGES, value, side="right")
    index = np.where(value == EF_EDGES[-1], CLASS_NAMES.index("normal"), index)
    return np.where(np.isfinite(value), index, NO_CLASS).astype(np.int64)


def class_name(ef: ArrayLike) -> NDArray[np.str_]:
    """Class name of each EF, shape of the input; the empty string where EF is not finite."""
    names = np.array([*CLASS_NAMES, ""])
    return names[ef_class(ef)]


def group_name(ef: ArrayLike, classes: Classes) -> NDArray[np.str_]:
    """Name of the class that each video is selected in: that of its EF, or one for all.

    >>> group_name([25.0, float("nan")], "none").tolist()
    ['all', 'all']
    """
    return class_name(ef) if classes == "ef" else np.full(np.shape(ef), ALL_VIDEOS)


def groups_of(names: Collection[str]) -> tuple[str, ...]:
    """The classes that videos with these class names were put into: the five of EF, or the one of all."""
    return (ALL_VIDEOS,) if set(names) == {ALL_VIDEOS} else CLASS_NAMES


def class_bounds(index: int) -> tuple[float, float]:
    """Lower and upper EF edge of one class, in points; the outer ones are minus and plus infinity."""
    edges = (-np.inf, *EF_EDGES, np.inf)
    return float(edges[index]), float(edges[index + 1])
