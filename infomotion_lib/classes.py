"""The five ejection-fraction (EF) classes; their edges stand here and nowhere else.

severe < 30 <= moderate < 40 <= mild < 50 <= normal <= 70 < hyperdynamic (American College of
Cardiology bins; exactly 70 is normal).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

CLASS_NAMES = ("severe", "moderate", "mild", "normal", "hyperdynamic")
EF_EDGES = (30.0, 40.0, 50.0, 70.0)
NO_CLASS = -1


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


def class_bounds(index: int) -> tuple[float, float]:
    """Lower and upper EF edge of one class, in points; the outer ones are minus and plus infinity."""
    edges = (-np.inf, *EF_EDGES, np.inf)
    return float(edges[index]), float(edges[index + 1])
