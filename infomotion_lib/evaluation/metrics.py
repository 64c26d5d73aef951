"""Every row of every table is scored by the same functions: class accuracies in percent, errors in EF points.

A prediction that is not finite counts as wrong in every accuracy, is left out of the errors, and is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from infomotion_lib.classes import CLASS_NAMES, EF_EDGES, ef_class
from infomotion_lib.errors import DataError

RECALLS = tuple(f"recall_{name}" for name in CLASS_NAMES)
METRICS = ("hard_accuracy", "soft_accuracy", "balanced_accuracy", "mae", "rmse", "r2", *RECALLS)
ALWAYS_NORMAL = 60.0
"""EF that the constant predictor "always normal" answers: the middle of the normal class."""

_LOWER = np.array([-np.inf, *EF_EDGES])
_UPPER = np.array([*EF_EDGES, np.inf])


def hard_correct(ef: ArrayLike, prediction: ArrayLike) -> NDArray[np.bool_]:
    """Whether each predicted EF falls in the class of the true one, shape (N,)."""
    truth, guess = _pair(ef, prediction)
    return np.isfinite(guess) & (ef_class(guess) == ef_class(truth))


def soft_correct(ef: ArrayLike, prediction: ArrayLike, *, tolerance: float) -> NDArray[np.bool_]:
    r"""Whether each predicted EF falls in the class of the true one, widened by a tolerance on both sides,
    shape (N,).

    .. math:: l_c - \tau \le \hat y < h_c + \tau

    Parameters
    ----------
    tolerance : float
        :math:`\tau`, EF points; 0 is the hard criterion.
    """
    truth, guess = _pair(ef, prediction)
    index = ef_class(truth)
    inside = (guess >= _LOWER[index] - tolerance) & (guess < _UPPER[index] + tolerance) & (tolerance > 0)
    return np.isfinite(guess) & (inside | hard_correct(truth, guess))


def confusion(ef: ArrayLike, prediction: ArrayLike) -> NDArray[np.int64]:
    """Counts (5, 6): true class by predicted class, the last column for predictions that are not finite."""
    truth, guess = _pair(ef, prediction)
    guessed = np.where(np.isfinite(guess), ef_class(guess), len(CLASS_NAMES))
    table = np.zeros((len(CLASS_NAMES), len(CLASS_NAMES) + 1), dtype=np.int64)
    np.add.at(table, (ef_class(truth), guessed), 1)
    return table


def recalls(ef: ArrayLike, prediction: ArrayLike) -> NDArray[np.float64]:
    """Share of each true class that is predicted right, percent, shape (5,); NaN for a class with
    no video.
    """
    table = confusion(ef, prediction)
    count = table.sum(1)
    return np.divide(100.0 * table.diagonal(), count, out=np.full(len(count), np.nan), where=count > 0)


def score(ef: ArrayLike, prediction: ArrayLike, *, tolerance: float = 1.0) -> dict[str, float]:
    """Every metric of one set of predictions, by the names in :data:`METRICS`, and ``n_invalid``.

    Parameters
    ----------
    ef, prediction : array_like, shape (N,)
        True and predicted EF, points.
    tolerance : float
        Of the soft accuracy, points.

    Raises
    ------
    DataError
        If there is nothing to score, lengths differ, or a true EF is not finite.
    """
    truth, guess = _pair(ef, prediction)
    recall = recalls(truth, guess)
    finite = np.isfinite(guess)
    error = guess[finite] - truth[finite]
    spread = np.square(truth[finite] - truth[finite].mean()).sum() if finite.any() else 0.0
    return {
        "hard_accuracy": 100.0 * float(hard_correct(truth, guess).mean()),
        "soft_accuracy": 100.0 * float(soft_correct(truth, guess, tolerance=tolerance).mean()),
        "balanced_accuracy": float(np.nanmean(recall)),
        "mae": float(np.abs(error).mean()) if finite.any() else np.nan,
        "rmse": float(np.sqrt(np.square(error).mean())) if finite.any() else np.nan,
        "r2": float(1 - np.square(error).sum() / spread) if spread > 0 else np.nan,
        **dict(zip(RECALLS, recall.tolist(), strict=True)),
        "n_invalid": float(np.sum(~finite)),
    }


def soft_curve(
    ef: ArrayLike, prediction: ArrayLike, *, tolerances: Sequence[float] = (0, 1, 2, 3, 4, 5)
) -> NDArray[np.float64]:
    """Soft accuracy, percent, at each tolerance."""
    return np.array(
        [100.0 * soft_correct(ef, prediction, tolerance=tolerance).mean() for tolerance in tolerances]
    )


def constant_predictors(train_ef: ArrayLike, test_ef: ArrayLike, *, tolerance: float = 1.0) -> pd.DataFrame:
    """Scores on TEST of answers that look at no video: columns ``predictor``, ``constant`` and
    :data:`METRICS`.

    ``always normal`` answers 60; ``TRAIN majority class`` the median label of the most common class; ``TRAIN
    mean`` the mean label; ``soft-optimal constant`` the constant with the best soft accuracy on TRAIN (not on
    TEST), hard accuracy deciding among equals, on a grid of half points. ``best constant in hindsight`` is
    the same chosen on TEST: no method, but the most that answering without looking can reach, and the bar
    that matters where TRAIN is balanced and TEST is not.
    """
    labels, truth = np.asarray(train_ef, dtype=np.float64), np.asarray(test_ef, dtype=np.float64)
    classes = ef_class(labels)
    constants = {
        "always normal": ALWAYS_NORMAL,
        "TRAIN majority class": float(np.median(labels[classes == np.bincount(classes).argmax()])),
        "TRAIN mean": float(labels.mean()),
        "soft-optimal constant": _soft_optimal(labels, tolerance),
        "best constant in hindsight": _soft_optimal(truth, tolerance),
    }
    rows = [
        {
            "predictor": name,
            "constant": value,
            **score(truth, np.full(len(truth), value), tolerance=tolerance),
        }
        for name, value in constants.items()
    ]
    return pd.DataFrame(rows).drop(columns="n_invalid")


def _soft_optimal(ef: NDArray[np.float64], tolerance: float) -> float:
    """Constant with the best soft accuracy, the best hard accuracy among equals, and the lowest
    among those.
    """
    grid = np.arange(0.0, 100.5, 0.5)
    answers = [np.full(len(ef), value) for value in grid]
    scores = [
        (soft_correct(ef, answer, tolerance=tolerance).sum(), hard_correct(ef, answer).sum())
        for answer in answers
    ]
    return float(grid[scores.index(max(scores))])


def _pair(ef: ArrayLike, prediction: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    truth, guess = np.asarray(ef, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    if truth.shape != guess.shape or truth.ndim != 1 or len(truth) == 0:
        raise DataError(
            f"{truth.shape} true and {guess.shape} predicted EF values cannot be compared.",
            remedy="Give two vectors (N,), N > 0.",
        )
    if not np.isfinite(truth).all():
        raise DataError(
            f"{int((~np.isfinite(truth)).sum())} true EF values are not finite.",
            remedy="Leave unlabelled videos out.",
        )
    return truth, guess
