"""How well a few picks cover all candidates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def mean_gap(distances: NDArray[np.floating]) -> float:
    """Coverage: mean over all candidates of the distance to the nearest pick; nan without picks. Smaller is
    better.

    Parameters
    ----------
    distances : ndarray, shape (candidates, picks)
        In EF points, or between vectors; the result has the same unit. A pick is its own nearest, at 0.
    """
    values = np.asarray(distances)
    return float(values.min(axis=1).mean()) if values.shape[1] else float("nan")
