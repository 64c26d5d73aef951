"""The privacy filter: synthetic hearts too like a training heart are left out, whatever drew them.

How like is too like is learnt from real hearts of other videos: ``tau`` is a percentile of the correlation
between a training heart and the test heart most like it (Reynaud et al., "EchoNet-Synthetic", MICCAI 2024,
arXiv 2406.00808). What is compared are features of a network that tells videos apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from infomotion_lib.errors import DataError, ParameterError

BLOCK = 2048
"""Rows correlated at once: tens of thousands of hearts need no table of all pairs."""

DECIMALS = 12
"""Correlations are rounded to these, so that a copy correlates by exactly 1 on every processor."""


@dataclass(frozen=True)
class PrivacyReport:
    """Which synthetic hearts may be used, and why.

    Attributes
    ----------
    tau : float
        Correlation from which a synthetic heart is left out.
    closest : ndarray, shape (K,), float64
        Largest correlation of each synthetic heart with a training heart.
    nearest : ndarray, shape (K,), int64
        Which training heart that is; the first of equals.
    kept : ndarray, shape (K,), bool
        ``closest < tau``.
    between_real : ndarray, shape (N,), float64
        Largest correlation of each training heart with a test heart; ``tau`` is a percentile of these.
    """

    tau: float
    closest: NDArray[np.float64] = field(repr=False)
    nearest: NDArray[np.int64] = field(repr=False)
    kept: NDArray[np.bool_] = field(repr=False)
    between_real: NDArray[np.float64] = field(repr=False)

    @property
    def dropped_share(self) -> float:
        """Share of synthetic hearts that are left out, 0 to 1; NaN where there are none."""
        return float(1 - self.kept.mean()) if len(self.kept) else float("nan")

    def __repr__(self) -> str:
        return f"PrivacyReport(tau={self.tau:.4f}: {int(self.kept.sum())} of {len(self.kept)} kept)"


def privacy_filter(
    train: ArrayLike, test: ArrayLike, synthetic: ArrayLike, *, percentile: float = 95
) -> PrivacyReport:
    """Report on synthetic hearts (K, F), those kept that are less like any training heart than ``tau``.

    With Pearson's correlation :math:`r` of feature vectors,

    .. math:: \\tau = P_{95}\\big(\\max_j r(\\text{train}_i, \\text{test}_j)\\big), \\qquad
              \\text{kept}_k = \\max_i r(\\text{train}_i, \\text{synthetic}_k) < \\tau .

    Parameters
    ----------
    train, test : array, shapes (N, F) and (M, F)
        Features of real hearts: those a generator has learnt from, and others.
    synthetic : array, shape (K, F)
        Features of drawn hearts; there may be none.
    percentile : float
        Of the correlations between real hearts (linear between two), 0 to 100.

    Raises
    ------
    DataError
        If the arrays do not fit each other, there are no real hearts, or some features are not finite or are
        all equal (they have no correlation).
    ParameterError
        If the percentile is out of range.
    """
    if not 0 <= percentile <= 100:
        raise ParameterError(f"A percentile lies in 0 to 100, not {percentile}.")
    known, other, drawn = (
        _standardised(features, what)
        for features, what in ((train, "train"), (test, "test"), (synthetic, "synthetic"))
    )
    for features, what in ((known, "train"), (other, "test")):
        if not len(features):
            raise DataError(f"No {what} features: how alike real hearts are is not known.")
    widths = known.shape[1], other.shape[1], drawn.shape[1]
    if len(set(widths)) > 1:
        raise DataError(
            f"Features of train, test and synthetic have {widths[0]}, {widths[1]} and {widths[2]} columns.",
            remedy="Take all three from one network.",
        )
    between_real, _ = _closest(known, other)
    closest, nearest = _closest(drawn, known)
    tau = float(np.percentile(between_real, percentile))
    return PrivacyReport(tau, closest, nearest, closest < tau, between_real)


def _standardised(features: ArrayLike, what: str) -> NDArray[np.float64]:
    """Rows (N, F) of mean 0 and length 1, whose inner products are correlations."""
    rows = np.asarray(features, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] < 2:
        raise DataError(f"Features must be (hearts, 2 or more); those of {what} are {rows.shape}.")
    if not len(rows):
        return rows
    if (bad := np.flatnonzero(~np.isfinite(rows).all(axis=1))).size:
        raise DataError(f"Features of {len(bad)} {what} hearts are not finite, row {bad[0]} the first.")
    if (flat := np.flatnonzero(rows.max(axis=1) == rows.min(axis=1))).size:
        raise DataError(
            f"Features of {len(flat)} {what} hearts are all equal, row {flat[0]} the first: they have no"
            " correlation with anything.",
            remedy="Train the network that makes them for longer, or leave these hearts out.",
        )
    scaled = rows / np.abs(rows).max(axis=1, keepdims=True)
    centred = scaled - scaled.mean(axis=1, keepdims=True)
    return centred / np.linalg.norm(centred, axis=1, keepdims=True)


def _closest(
    rows: NDArray[np.float64], others: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Largest correlation of each of ``rows`` with one of ``others``, and which."""
    largest, which = np.empty(len(rows)), np.empty(len(rows), dtype=np.int64)
    for start in range(0, len(rows), BLOCK):
        block = slice(start, start + BLOCK)
        correlations = np.round(rows[block] @ others.T, DECIMALS)
        which[block] = correlations.argmax(axis=1)
        largest[block] = correlations.max(axis=1)
    return largest, which
