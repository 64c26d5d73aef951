"""The study of the privacy filter: a row per pool and kind, from hearts that the filter has not seen."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from infomotion_lib.generators.privacy.planted import CHANGES
from infomotion_lib.generators.privacy.record import OTHERS
from infomotion_lib.studies import privacy
from infomotion_lib.studies.privacy import DROPPED, ROC, curves, run_privacy_study

VALUES = {
    "phantom_train_per_class": 2,
    "phantom_val_per_class": 1,
    "phantom_test_counts": [1, 1, 1, 1, 1],
    "phantom_frames": 48,
    "phantom_size": 32,
    "latte_frames": 8,
    "privacy_side": 32,
    "privacy_steps": 2,
}


def test_a_row_per_pool_and_kind_and_a_second_call_draws_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = run_privacy_study(tmp_path, values=VALUES, pools=1)
    assert table["kind"].tolist() == [*CHANGES, OTHERS] and set(table["seed"]) == {privacy.FIRST_SEED}
    assert table[["train", "val", "test"]].iloc[0].tolist() == [10, 5, 5]
    others = table[table["kind"] == OTHERS].iloc[0]
    assert others["n"] == 2 * 5, "two clips of each TEST video, none of VAL"
    assert table.loc[table["kind"] == "copies", "auc"].item() == 1
    monkeypatch.setattr(privacy, "pool_of_task", None)
    pd.testing.assert_frame_equal(run_privacy_study(tmp_path, values=VALUES, pools=1), table)
    roc = pd.read_csv(tmp_path / ROC)
    assert len(roc) == len(CHANGES) * len(DROPPED)
    assert roc.groupby("kind")["caught"].apply(lambda caught: caught.is_monotonic_increasing).all()


def test_a_curve_counts_copies_above_a_share_of_others() -> None:
    others = [step / 40 for step in range(40)]
    hearts = pd.DataFrame(
        {"kind": ["copies", "copies", *[OTHERS] * 40], "closest": [2.0, others[-3], *others]}
    )
    caught = dict(zip(DROPPED, curves(hearts)["copies"], strict=True))
    assert caught[0] == 0.5, "one copy lies above every other heart"
    assert (caught[0.05], caught[0.1], caught[1]) == (0.5, 1, 1), (
        "the other copy ties with the third of forty"
    )
