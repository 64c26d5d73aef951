"""How near a pool comes to the videos that its generator learnt from: distances to the nearest TRAIN clip,
beside those of real clips that no generator has seen.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.fidelity import NamedEncoder

NEARNESS_COLUMNS = ("source", "n", "nearest_train", "nearest_train_real", "nearer_percent")


def nearness_table(
    train: NDArray[np.uint8],
    unseen: NDArray[np.uint8],
    pools: Mapping[str, NDArray[np.uint8]],
    encoder: NamedEncoder,
) -> pd.DataFrame:
    """A row per pool: ``nearest_train``, median distance of a clip to the TRAIN clip nearest to it;
    ``nearest_train_real``, the same of real clips that no generator has seen; ``nearer_percent``, share of
    the pool nearer than 95 % of those real clips are (5: as real ones; much more: copies).

    Parameters
    ----------
    train, unseen : ndarray, shapes (N, T, S, S) and (M, T, S, S), uint8
        Real clips of TRAIN and of VAL.
    pools : mapping of str to ndarray
        Clips of each pool.
    encoder : NamedEncoder
        Its features are compared, by Euclidean distance.

    Raises
    ------
    DataError
        If there are no real clips of one kind.
    """
    if not len(train) or not len(unseen):
        counts = f"{len(train)} TRAIN and {len(unseen)} VAL clips"
        raise DataError(f"{counts}: how near real clips come is not known.")
    known = np.asarray(encoder.encode(train), np.float64)
    real = _nearest(np.asarray(encoder.encode(unseen), np.float64), known)
    limit = np.percentile(real, 5)
    rows = []
    for name, clips in pools.items():
        found = _nearest(np.asarray(encoder.encode(clips), np.float64), known)
        share = 100 * float((found < limit).mean())
        rows.append((name, len(clips), float(np.median(found)), float(np.median(real)), share))
    return pd.DataFrame(rows, columns=list(NEARNESS_COLUMNS))


def _nearest(rows: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each row (N, D) to the nearest of others (M, D)."""
    return np.asarray(cdist(rows, others).min(axis=1))
