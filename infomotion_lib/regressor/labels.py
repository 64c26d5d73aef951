"""EF labels for pools that come without measured ones: a trained regressor reads them off the clips.

Generated videos know the EF that was asked of the generator, not the one it drew. As in the paper, a
regressor trained on real videos labels them; the requested EF is kept beside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from infomotion_lib.classes import ef_class
from infomotion_lib.regressor.clips import ClipStore, source_period

if TYPE_CHECKING:
    from infomotion_lib.regressor.fitted import FittedRegressor

EF_RANGE = (0.0, 100.0)
AGREEMENT_COLUMNS = ["comparison", "n", "mae", "bias", "r2", "same_class_percent"]


def relabel(
    pool: pd.DataFrame, fitted: FittedRegressor, *, store: ClipStore, reference_fps: float
) -> pd.DataFrame:
    """Labels of a pool: ``file_name, requested_ef, ef`` in the pool's order, EF in points within 0-100.

    Parameters
    ----------
    pool : DataFrame
        Columns ``file_name``, ``fps`` and, where known, ``requested_ef``.
    fitted : FittedRegressor
        Trained on real videos.
    store : ClipStore
        Holds the pool's videos at the regressor's clip size.
    reference_fps : float
        Frame rate of the videos it was trained on; the pool is read at the period that covers the same time.
    """
    if pool.empty:
        return pd.DataFrame({"file_name": [], "requested_ef": [], "ef": []})
    period = source_period(fitted.clip_period, fps=float(pool["fps"].median()), reference_fps=reference_fps)
    ef = fitted.predict(store.videos(pool["file_name"].tolist()), period=period)
    requested = pool["requested_ef"].to_numpy() if "requested_ef" in pool else np.full(len(pool), np.nan)
    return pd.DataFrame(
        {"file_name": pool["file_name"].to_numpy(), "requested_ef": requested, "ef": np.clip(ef, *EF_RANGE)}
    )


def agreement(comparison: str, ours: ArrayLike, other: ArrayLike) -> list[str | float]:
    """Row of ``agreement.csv``: how far ``ours`` lies from ``other``, both in EF points; R2 is nan where
    ``other`` does not vary.
    """
    a, b = np.asarray(ours, dtype=np.float64), np.asarray(other, dtype=np.float64)
    spread = float(np.sum((b - b.mean()) ** 2))
    r2 = 1 - float(np.sum((a - b) ** 2)) / spread if spread else np.nan
    same = 100 * float(np.mean(ef_class(a) == ef_class(b)))
    return [comparison, len(a), float(np.mean(np.abs(a - b))), float(np.mean(a - b)), r2, same]


def agreement_with_request(labels: pd.DataFrame) -> pd.DataFrame:
    """Agreement of the relabelled EF with the requested one over the videos that have both: a row, or none
    where no request is known.

    Parameters
    ----------
    labels : DataFrame
        From :func:`relabel`.
    """
    both = labels[labels["requested_ef"].notna() & labels["ef"].notna()]
    rows = (
        [agreement("pool: relabelled against requested EF", both["ef"], both["requested_ef"])]
        if len(both)
        else []
    )
    return pd.DataFrame(rows, columns=AGREEMENT_COLUMNS)
