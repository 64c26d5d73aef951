"""Last weights against the best on VAL: the same runs in pairs, and a second study trains nothing again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from infomotion_lib.evaluation.last_or_best import METRICS, last_or_best
from infomotion_lib.evaluation.runs import RUN_KEY


def runs(**hard: list[float]) -> pd.DataFrame:
    rows = [("real", method, "", 5, 0, seed, seed, value) for method, own in hard.items() for seed, value in enumerate(own)]
    table = pd.DataFrame(rows, columns=[*RUN_KEY, "hard_accuracy"])
    return table.assign(balanced_accuracy=20.0, mae=100 - table["hard_accuracy"])


def test_runs_are_paired_whatever_their_order() -> None:
    last, best = runs(random=[50, 52, 54], kmeans=[60, 61, 62]), runs(random=[51, 55, 56], kmeans=[60, 59, 64])
    found = last_or_best(last, best.iloc[::-1]).set_index(["method", "metric"])
    row = found.loc[("random", "hard_accuracy")]
    assert row[["last", "val", "difference", "n"]].tolist() == [52, 54, 2, 3]
    assert row["p_value"] == pytest.approx(ttest_rel([51, 55, 56], [50, 52, 54]).pvalue)
    assert row["p_holm"] == pytest.approx(2 * row["p_value"]) and row["n_comparisons"] == 2
    assert found.loc[("kmeans", "hard_accuracy"), "difference"] == 0
    assert found.loc[("random", "mae"), "difference"] == -2
    assert np.isnan(found.loc[("random", "balanced_accuracy"), "p_value"]), "no spread, no test"
    assert set(found.index.get_level_values("metric")) == set(METRICS)


def test_runs_without_a_partner_are_no_comparison() -> None:
    assert last_or_best(runs(random=[50, 52, 54]), runs(random=[50, 51]))["n"].unique().tolist() == [2]
