"""The hardness study: independent pools, resumable, the same rows whatever the workers."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.regressor import training
from infomotion_lib.studies import hardness, open_splits
from infomotion_lib.studies.hardness import (
    ROWS_FILE,
    HardnessSettings,
    pool_rows,
    run_hardness,
    summarise_hardness,
)

TINY = HardnessSettings(
    train_per_class=2,
    test_per_class=2,
    draws=2,
    vpc=1,
    render_size=28,
    frames=48,
    steps_selected=2,
    steps_whole=2,
)
NETWORK = EvaluationParameters(clip_frames=8, clip_size=16, batch_size=4)


def test_a_pool_has_every_draw_and_every_machine() -> None:
    rows = pd.DataFrame(pool_rows(0, TINY, NETWORK))
    overall = rows[rows["machine"] == ""]
    assert overall["set"].tolist() == ["random", "random", "whole"]
    assert overall["n_train"].tolist() == [5, 5, 10]
    assert (overall["n_test"] == 10).all()
    by_machine = rows[rows["machine"] != ""]
    assert (by_machine.groupby(["set", "draw"])["n_test"].sum() == 10).all()
    weighted = (by_machine["hard_accuracy"] * by_machine["n_test"]).groupby(
        [by_machine["set"], by_machine["draw"]]
    ).sum() / 10
    assert weighted["whole", 0] == pytest.approx(overall["hard_accuracy"].iloc[2])


def test_pools_are_independent_and_repeatable() -> None:
    first, again, other = (
        [heart.tobytes() for heart in hardness._draw(pool, "TEST", TINY, NETWORK)[0]] for pool in (0, 0, 1)
    )
    assert first == again
    assert not set(first) & set(other)
    assert not set(first) & {clip.tobytes() for clip in hardness._draw(0, "TRAIN", TINY, NETWORK)[0]}


def test_a_stopped_study_goes_on_with_the_missing_pools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_hardness(tmp_path / "whole", pools=2, settings=TINY, workers=1, parameters=NETWORK)
    run_hardness(tmp_path / "parts", pools=1, settings=TINY, workers=1, parameters=NETWORK)
    with (tmp_path / "parts" / ROWS_FILE).open("a") as stream:
        stream.write('{"settings": "cut')
    ran: list[int] = []
    real = hardness.pool_rows
    monkeypatch.setattr(
        hardness,
        "pool_rows",
        lambda pool, settings, parameters: ran.append(pool) or real(pool, settings, parameters),
    )
    resumed = run_hardness(tmp_path / "parts", pools=2, settings=TINY, workers=1, parameters=NETWORK)
    assert ran == [1]
    pd.testing.assert_frame_equal(resumed, whole)
    assert (tmp_path / "parts" / "hardness_runs.csv").read_bytes() == (
        tmp_path / "whole" / "hardness_runs.csv"
    ).read_bytes()
    with pytest.raises(DataError, match="other settings"):
        run_hardness(tmp_path / "parts", pools=2, settings=HardnessSettings(), workers=1, parameters=NETWORK)


def test_rows_of_another_optimiser_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def row(
        pool: int, settings: HardnessSettings, parameters: EvaluationParameters
    ) -> list[dict[str, object]]:
        sets = [
            {"set": name, "hard_accuracy": 50.0, "soft_accuracy": 50.0, "mae": 9.0}
            for name in ("random", "whole")
        ]
        return [{"pool": pool, "draw": 0, "n_train": 5, "machine": "", **one} for one in sets]

    monkeypatch.setattr(hardness, "pool_rows", row)
    run_hardness(tmp_path, pools=1, settings=TINY, workers=1, parameters=NETWORK)
    with pytest.raises(DataError, match="other settings"):
        run_hardness(
            tmp_path,
            pools=2,
            settings=TINY,
            workers=1,
            parameters=NETWORK.model_copy(update={"optimiser": "sgd"}),
        )


@pytest.mark.parametrize("study", [hardness, open_splits])
def test_all_that_decides_a_training_names_the_rows(study: ModuleType) -> None:
    assert {*training._SCHEDULE, "batch_size", "clip_period"} <= set(study.NETWORK_PARAMETERS)


def test_the_gap_is_taken_within_pools() -> None:
    rows = []
    for pool, base in enumerate((30.0, 60.0)):
        for name, draw, value in (("random", 0, base), ("random", 1, base + 2), ("whole", 0, base + 21)):
            key = {"pool": pool, "set": name, "draw": draw, "machine": ""}
            rows.append({**key, "hard_accuracy": value, "soft_accuracy": value, "mae": 100 - value})
            rows.append({**key, "machine": "dark", "hard_accuracy": value - 10})
    table = summarise_hardness(pd.DataFrame(rows), samples=200).set_index(["set", "machine", "metric"])
    gap = table.loc[("gap", "", "hard_accuracy")]
    assert gap[["mean", "sd", "ci_low", "ci_high"]].tolist() == [20, 0, 20, 20]
    assert table.loc[("gap", "", "mae"), "mean"] == -20
    assert table.loc[("random", "dark", "hard_accuracy"), ["mean", "n", "pools"]].tolist() == [36, 4, 2]
    assert np.isfinite(table["ci_low"]).all()
