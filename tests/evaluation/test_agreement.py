"""Bland and Altman, and DD-Ranking's two scores, on numbers that a reader can check."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.agreement import bland_altman
from infomotion_lib.evaluation.dd_ranking import dd_ranking


def test_bias_and_limits() -> None:
    ef = np.array([50.0, 55.0, 60.0, 65.0])
    found = bland_altman(ef, ef + np.array([1.0, 3.0, 1.0, 3.0]))
    spread = np.std([1, 3, 1, 3], ddof=1)
    assert found["bias"] == 2.0 and found["error_sd"] == pytest.approx(spread)
    assert found["limit_high"] - found["limit_low"] == pytest.approx(2 * 1.96 * spread)
    assert bland_altman([50, 60], [52, np.nan])["bias"] == 2.0
    with pytest.raises(DataError, match="as many of each"):
        bland_altman([50, 60], [52])


def test_what_a_set_loses_to_the_whole_and_gains_on_random() -> None:
    accuracy = {
        ("random", 5): (40.0, 44.0),
        ("kmeans", 5): (46.0,),
        ("random", 10): (50.0,),
        ("kmeans", 10): (49.0,),
        ("whole", 0): (70.0,),
    }
    runs = pd.DataFrame(
        [
            {"pool": 0, "method": method, "vpc": vpc, "hard_accuracy": value}
            for (method, vpc), values in accuracy.items()
            for value in values
        ]
    )
    scores = dd_ranking(runs, by=["pool", "vpc"]).set_index("vpc")
    assert scores.loc[5, ["hlr", "ior"]].tolist() == [24.0, 4.0]
    assert scores.loc[10, ["hlr", "ior"]].tolist() == [21.0, -1.0]
    without = dd_ranking(runs[runs["method"] != "whole"], by=["pool", "vpc"])
    assert without["hlr"].isna().all() and without["ior"].notna().all()
