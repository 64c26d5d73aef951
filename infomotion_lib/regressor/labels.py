"""EF labels for pools that come without measured ones: a trained regressor reads them off the clips.

Generated videos know the EF that was asked of the generator, not the one it drew. As in the paper, a regressor trained on real
videos labels them; the requested EF is kept beside.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from infomotion_lib.regressor.clips import ClipStore, source_period
from infomotion_lib.regressor.fitted import FittedRegressor

EF_RANGE = (0.0, 100.0)


def relabel(pool: pd.DataFrame, fitted: FittedRegressor, *, store: ClipStore, reference_fps: float) -> pd.DataFrame:
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
    return pd.DataFrame({"file_name": pool["file_name"].to_numpy(), "requested_ef": requested, "ef": np.clip(ef, *EF_RANGE)})
