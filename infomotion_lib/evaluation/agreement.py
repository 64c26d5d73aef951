"""How far predicted EF is from true EF, as clinicians report it (Bland and Altman, 1986)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from infomotion_lib.errors import DataError

LIMITS = 1.96


def bland_altman(ef: ArrayLike, prediction: ArrayLike) -> dict[str, float]:
    """``bias``: mean of predicted minus true EF, points; ``error_sd``: sample standard deviation of it;
    ``limit_low, limit_high``: limits of agreement, bias ± 1.96 sd.

    Predictions that are not finite are left out; with fewer than two the spread is nan.

    Raises
    ------
    DataError
        If the lengths differ.

    >>> bland_altman([50, 60], [51, 63])["bias"]
    2.0
    """
    truth, guess = np.asarray(ef, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    if truth.shape != guess.shape:
        raise DataError(f"{truth.size} true and {guess.size} predicted EF: there must be as many of each.")
    error = (guess - truth)[np.isfinite(guess)]
    bias = float(error.mean()) if len(error) else float("nan")
    spread = float(error.std(ddof=1)) if len(error) > 1 else float("nan")
    return {
        "bias": bias,
        "error_sd": spread,
        "limit_low": bias - LIMITS * spread,
        "limit_high": bias + LIMITS * spread,
    }
