"""Last weights against the best on VAL: the same runs in pairs, and a second study trains nothing again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from infomotion_lib.data.videos import open_source, write_videos
from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.evaluation.runs import open_labelled_videos, plan_runs, score_runs
from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.frozen import FROZEN
from infomotion_lib.keys import RUN
from infomotion_lib.paths import RunPaths, run_paths
from infomotion_lib.provenance import read_json, start_stage, write_csv, write_json
from infomotion_lib.regressor import training
from infomotion_lib.regressor.grid import run_grid
from infomotion_lib.stage_table import RUN_CARD
from infomotion_lib.studies.checkpoint import METRICS, checkpoint_choice, run_checkpoint_study

QUICK = EvaluationParameters(
    **{"synthetic_data": "none", "workers": 1},
    **{
        "clip_frames": 8,
        "clip_size": 16,
        "batch_size": 4,
        "steps_selected": 6,
        "steps_whole": 6,
        "learning_rate": 0.03,
    },
)


def runs(**hard: list[float]) -> pd.DataFrame:
    rows = [
        ("real", method, "", 5, 0, seed, seed, value)
        for method, own in hard.items()
        for seed, value in enumerate(own)
    ]
    table = pd.DataFrame(rows, columns=[*RUN, "hard_accuracy"])
    return table.assign(balanced_accuracy=20.0, mae=100 - table["hard_accuracy"])


@pytest.fixture
def finished(tiny_phantom: Path, tmp_path: Path) -> RunPaths:
    """A run of two random selections whose stage 04 has finished."""
    paths = run_paths("tiny", tmp_path)
    paths.data.mkdir(parents=True)
    (paths.data / "phantom").symlink_to(tiny_phantom)
    data = open_source("phantom", data_dir=paths.data)
    write_videos({"real": data}, paths.videos)
    index = build_frame_index(data, source="real", parameters=FrameIndexParameters(), workers=1)
    write_csv(index, paths.frame_index)
    train = index[index["split"] == "TRAIN"]
    parts = [
        train.groupby("class_name", sort=False).nth([seed]).assign(selection_seed=seed) for seed in range(2)
    ]
    chosen = pd.concat(parts)[["source", "class_name", "file_name", "selection_seed"]]
    chosen = chosen.assign(method="random", graph="", vpc=1, graph_flag="")
    write_csv(chosen, paths.selections)
    folder = paths.stage("evaluation")
    run = start_stage("evaluation", folder, parameters=QUICK.model_dump())
    labelled = open_labelled_videos(
        {"real": data},
        read_frame_index(paths.frame_index),
        folder=folder,
        parameters=QUICK,
    )
    jobs = plan_runs(labelled, chosen, parameters=QUICK)
    answers = run_grid(jobs, stores=labelled.stores, test=labelled.test, parameters=QUICK, folder=folder)
    run.finish([write_csv(score_runs(answers, tolerance=1.0), folder / "runs.csv")])
    return paths


def test_a_study_trains_the_same_networks_and_resumes(
    finished: RunPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "VALIDATE_EVERY", 1)
    summary = run_checkpoint_study(finished, tmp_path / "study", workers=1)
    assert summary[["method", "n"]].drop_duplicates().to_numpy().tolist() == [["whole", 2], ["random", 2]]
    assert (summary["graph_flag"] == "").all() and (summary["difference"] != 0).any()
    best = pd.read_csv(tmp_path / "study" / "checkpoint_runs.csv")
    assert best["n_train"].tolist() == [20, 20, 5, 5]
    monkeypatch.setattr("infomotion_lib.regressor.grid.train_regressor", None)  # nothing may be trained again
    pd.testing.assert_frame_equal(run_checkpoint_study(finished, tmp_path / "study", workers=1), summary)


def test_a_run_by_val_has_nothing_to_compare(finished: RunPaths, tmp_path: Path) -> None:
    card = finished.stage("evaluation") / RUN_CARD
    content = read_json(card)
    write_json(content | {"parameters": content["parameters"] | {"checkpoint": "val"}}, card)
    with pytest.raises(DataError, match="best weights on VAL already"):
        run_checkpoint_study(finished, tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_runs_are_paired_whatever_their_order() -> None:
    last, best = (
        runs(random=[50, 52, 54], kmeans=[60, 61, 62]),
        runs(random=[51, 55, 56], kmeans=[60, 59, 64]),
    )
    found = checkpoint_choice(last, best.iloc[::-1]).set_index(["method", "metric"])
    row = found.loc[("random", "hard_accuracy")]
    assert row[["last", "val", "difference", "n"]].tolist() == [52, 54, 2, 3]
    assert row["p_value"] == pytest.approx(ttest_rel([51, 55, 56], [50, 52, 54]).pvalue)
    assert row["p_holm"] == pytest.approx(2 * row["p_value"]) and row["n_comparisons"] == 2
    assert found.loc[("kmeans", "hard_accuracy"), "difference"] == 0
    assert found.loc[("random", "mae"), "difference"] == -2
    assert np.isnan(found.loc[("random", "balanced_accuracy"), "p_value"]), "no spread, no test"
    assert set(found.index.get_level_values("metric")) == set(METRICS)


def test_rounding_in_a_file_is_no_difference() -> None:
    last, best = runs(random=[100 / 3, 200 / 3, 50]), runs(random=[33.3333333, 66.6666667, 50])
    found = checkpoint_choice(last, best).set_index("metric").loc["hard_accuracy"]
    assert found["difference"] == 0 and np.isnan(found["p_value"]) and found["n_comparisons"] == 0


def test_the_frozen_summary_is_that_of_the_frozen_rows() -> None:
    last, best = (
        pd.read_csv(FROZEN / "studies" / name, keep_default_na=False)
        for name in ("checkpoint_last_runs.csv", "checkpoint_runs.csv")
    )
    frozen = pd.read_csv(
        FROZEN / "studies" / "checkpoint_summary.csv",
        keep_default_na=False,
        na_values={"p_value": [""], "p_holm": [""]},
    )
    again = checkpoint_choice(last, best)
    pd.testing.assert_frame_equal(again, frozen.drop(columns="graph_flag"), check_dtype=False, rtol=1e-6)


def test_runs_without_a_partner_are_no_comparison() -> None:
    assert checkpoint_choice(runs(random=[50, 52, 54]), runs(random=[50, 51]))["n"].unique().tolist() == [2]
