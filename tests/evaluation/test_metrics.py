"""Metrics on values worked out by hand, class edges, and predictions that are no numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.metrics import (
    METRICS,
    confusion,
    constant_predictors,
    hard_correct,
    recalls,
    score,
    soft_correct,
    soft_curve,
)

EF = st.floats(0, 100)


def test_scores_by_hand() -> None:
    found = score([20, 35, 45, 60, 80, 60], [25, 41, 45, 71, 80, 65], tolerance=1)
    assert found["hard_accuracy"] == pytest.approx(100 * 4 / 6)
    assert found["soft_accuracy"] == pytest.approx(100 * 4 / 6)  # 41 < 40 + 1 is false, and so is 71 < 70 + 1
    assert found["balanced_accuracy"] == pytest.approx(100 * (1 + 0 + 1 + 0.5 + 1) / 5)
    assert found["mae"] == pytest.approx((5 + 6 + 0 + 11 + 0 + 5) / 6)
    assert found["rmse"] == pytest.approx(np.sqrt((25 + 36 + 121 + 25) / 6))
    assert found["r2"] == pytest.approx(1 - 207 / np.square(np.array([20, 35, 45, 60, 80, 60]) - 50).sum())
    assert set(found) == {*METRICS, "n_invalid"}


@pytest.mark.parametrize(
    ("truth", "guess", "soft"),
    [(50, 49.0, True), (50, 48.99, False), (49, 50.99, True), (49, 51.0, False), (70, 70.9, True)],
)
def test_soft_boundary_at_one_point(truth: float, guess: float, soft: bool) -> None:
    assert soft_correct([truth], [guess], tolerance=1).tolist() == [soft]


def test_edges_belong_to_the_class_above_except_seventy() -> None:
    assert hard_correct([30, 40, 50, 70, 70.1], [35, 45, 60, 55, 75]).all()
    assert not hard_correct([30, 40, 50, 70], [29.9, 39.9, 49.9, 70.1]).any()


@given(st.lists(st.tuples(EF, EF), min_size=1, max_size=30))
def test_soft_accuracy_starts_at_hard_and_never_falls(pairs: list[tuple[float, float]]) -> None:
    truth, guess = np.array(pairs).T
    curve = soft_curve(truth, guess)
    assert curve[0] == pytest.approx(100 * hard_correct(truth, guess).mean())
    assert (np.diff(curve) >= 0).all()


@given(st.lists(st.tuples(EF, EF), min_size=1, max_size=30))
def test_confusion_holds_every_video_once(pairs: list[tuple[float, float]]) -> None:
    truth, guess = np.array(pairs).T
    table = confusion(truth, guess)
    assert table.sum() == len(pairs)
    assert table.diagonal().sum() == hard_correct(truth, guess).sum()


def test_predictions_that_are_no_numbers_are_wrong_and_counted() -> None:
    found = score([20, 60, 60, 80], [np.nan, np.inf, 60, -np.inf])
    assert found["hard_accuracy"] == 25
    assert found["n_invalid"] == 3
    assert found["mae"] == 0
    assert confusion([20, 60], [np.nan, np.inf])[:, -1].tolist() == [1, 0, 0, 1, 0]
    assert np.isnan(score([20, 60], [np.nan, np.nan])["mae"])


@pytest.mark.parametrize(("truth", "guess"), [(80, np.inf), (20, -np.inf), (60, np.nan)])
def test_infinite_predictions_fall_into_no_class(truth: float, guess: float) -> None:
    assert not hard_correct([truth], [guess]).any()
    assert soft_curve([truth], [guess]).tolist() == [0.0] * 6
    assert confusion([truth], [guess])[:, :-1].sum() == 0 and np.nansum(recalls([truth], [guess])) == 0
    found = score([truth, 60], [guess, 61])
    assert (found["hard_accuracy"], found["mae"], found["rmse"], found["n_invalid"]) == (50, 1, 1, 1)


def test_absent_classes_do_not_enter_the_balanced_accuracy() -> None:
    assert np.isnan(recalls([60, 60], [60, 20])[[0, 1, 2, 4]]).all()
    assert score([60, 60], [60, 20])["balanced_accuracy"] == 50


def test_constants_come_from_train_alone() -> None:
    table = constant_predictors([60, 60, 60, 20], [20, 20, 60]).set_index("predictor")
    assert table.loc["TRAIN mean", "constant"] == 50
    assert table.loc["always normal", "hard_accuracy"] == pytest.approx(100 / 3)
    assert 49 <= table.loc["soft-optimal constant", "constant"] < 71
    assert table.loc["soft-optimal constant", "soft_accuracy"] == pytest.approx(100 / 3)


def test_bad_input_is_refused() -> None:
    for truth, guess in (([], []), ([50], [50, 60]), ([np.nan], [50])):
        with pytest.raises(DataError):
            score(truth, guess)
