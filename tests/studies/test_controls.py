"""Controls take away exactly what they are named after."""

from __future__ import annotations

import numpy as np
import pytest

from infomotion_lib.classes import ef_class
from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.intervals import rank_correlation
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.studies.controls import (
    PREDICTORS,
    divide,
    frozen,
    shuffled,
    split_controls,
    summarise_controls,
)
from infomotion_lib.studies.zero_shot import train_on_phantom, zero_shot, zero_shot_answers

QUICK = EvaluationParameters(
    clip_frames=8, clip_period=1, clip_size=16, batch_size=4, steps_whole=3, test_clips=1
)


def clips(count: int) -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 255, (count, 16, 16, 16)).astype(np.uint8))


def test_splits_divide_every_class_and_never_overlap() -> None:
    ef = np.array([20.0] * 10 + [45.0] * 20 + [60.0] * 7 + [80.0])
    train, test = divide(ef, seed=3)
    assert sorted([*train, *test]) == list(range(len(ef)))
    assert np.bincount(ef_class(ef[test]), minlength=5).tolist() == [3, 0, 6, 2, 0]
    assert not np.array_equal(test, divide(ef, seed=4)[1])


def test_shuffling_keeps_frames_and_freezing_keeps_the_first() -> None:
    given = clips(3)
    for before, after in zip(given, shuffled(given, seed=1), strict=True):
        assert not np.array_equal(before, after)
        assert sorted(frame.tobytes() for frame in before) == sorted(frame.tobytes() for frame in after)
    assert all((clip == before[0]).all() for clip, before in zip(frozen(given), given, strict=True))


def test_every_split_has_every_control() -> None:
    ef = np.linspace(22, 78, 30)
    table = split_controls(clips(30), ef, ef + 5, parameters=QUICK, splits=2)
    assert table.groupby("split")["predictor"].apply(list).tolist() == [list(PREDICTORS)] * 2
    exact = table[table["predictor"] == "requested EF"]
    assert exact["mae"].to_numpy() == pytest.approx(0, abs=1e-9)
    assert exact["spearman"].to_numpy() == pytest.approx(1)
    assert table.loc[table["predictor"] == "constant", "spearman"].isna().all()
    summary = summarise_controls(table).set_index("predictor")
    assert summary.index.tolist() == list(PREDICTORS)
    assert summary.loc["requested EF", "regressor_nearer"] == 0
    assert (summary["splits"] == 2).all()
    with pytest.raises(DataError, match="30 clips came with 29 labels"):
        split_controls(clips(30), ef[1:], ef, parameters=QUICK)


def test_zero_shot_reports_every_control_against_both_targets() -> None:
    fitted = train_on_phantom(QUICK, clips=6, steps=2)
    assert fitted.record["n_train"] == 6
    targets = np.linspace(20, 80, 12)
    table = zero_shot(fitted, clips(12), targets, targets[::-1].copy(), samples=50)
    assert table["clips"].tolist() == [name for name in zero_shot_answers(fitted, clips(2)) for _ in range(2)]
    first = table.iloc[0]
    assert first["ci_low"] <= first["spearman"] <= first["ci_high"]
    assert table["spearman"].iloc[0] == pytest.approx(-table["spearman"].iloc[1])
    assert table["constant_mae"].iloc[0] == pytest.approx(np.abs(targets - 50).mean())


def test_rank_correlation_of_a_constant_is_not_a_number() -> None:
    assert np.isnan(rank_correlation(np.ones(5), np.arange(5.0)))
    assert rank_correlation(np.arange(5.0) ** 3, np.arange(5.0)) == pytest.approx(1)
