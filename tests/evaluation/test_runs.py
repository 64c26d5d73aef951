"""From selections to jobs to scores: TRAIN trains, TEST reports, and every run is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.data.records import read_dataset
from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.evaluation.runs import (
    confusion_table,
    machine_accuracy,
    open_labelled_videos,
    plan_runs,
    score_runs,
    starting_weights,
    tolerance_table,
    with_flags,
)
from infomotion_lib.keys import RUN
from infomotion_lib.regressor.grid import run_grid

QUICK = EvaluationParameters(
    clip_frames=8,
    clip_size=16,
    batch_size=4,
    steps_selected=2,
    steps_whole=3,
    workers=1,
)


def predictions(values: dict[tuple[str, int], list[float]]) -> pd.DataFrame:
    rows = []
    for (method, seed), guesses in values.items():
        for index, (ef, guess) in enumerate(zip([20.0, 60.0, 60.0, 75.0], guesses, strict=True)):
            rows.append(("real", method, "", 5, 0, seed, seed, 25, f"v{index}", ef, guess))
    return pd.DataFrame(rows, columns=[*RUN, "n_train", "file_name", "ef", "prediction"])


def test_scores_are_those_of_each_run() -> None:
    runs = score_runs(
        predictions({("random", 1): [20, 60, 60, 75], ("random", 0): [20, 20, 60.0, np.nan]}), tolerance=1.0
    )
    assert runs["training_seed"].tolist() == [1, 0]
    assert runs["hard_accuracy"].tolist() == [100.0, 50.0]
    assert runs["n_invalid"].tolist() == [0, 1]
    assert (runs["n_train"] == 25).all()


def test_tolerance_table_starts_at_hard_accuracy() -> None:
    table = tolerance_table(predictions({("random", 0): [31, 49, 60, 75], ("random", 1): [20, 49.5, 60, 69]}))
    mean = table.set_index("tolerance")["mean"]
    assert mean.loc[0] == 50  # by hand: two of four in each run
    assert mean.loc[2] == 100
    assert table["n"].tolist() == [2] * 6
    assert table.loc[1, ["ci_low", "ci_high"]].tolist() == [75, 100]  # 31 is more than one point off
    spread = tolerance_table(
        predictions({("random", 0): [20, 60, 60, 75], ("random", 1): [20, 60, 60, 60]}), tolerances=(0,)
    ).iloc[0]
    assert (spread["mean"], spread["sd"], spread["ci_low"], spread["ci_high"]) == (87.5, 12.5, 75, 100)


def test_confusions_are_counted_over_all_runs_of_a_cell() -> None:
    table = confusion_table(
        predictions({("random", 0): [31, 49, 60, 75], ("random", 1): [20, np.nan, 60, 69]})
    )
    assert table["class_name"].tolist() == list(CLASS_NAMES) and table["answers"].tolist() == [2, 0, 0, 4, 2]
    found = table.set_index("class_name")
    assert found.loc["severe", ["severe", "moderate", "invalid"]].tolist() == [1, 1, 0]
    assert found.loc["normal", ["mild", "normal", "invalid"]].tolist() == [1, 2, 1]
    assert found.loc["hyperdynamic", ["normal", "hyperdynamic"]].tolist() == [1, 1]
    assert (table[[*CLASS_NAMES, "invalid"]].sum(axis=1) == table["answers"]).all()


def test_machine_accuracy_splits_the_test_videos() -> None:
    machines = pd.Series({"v0": "dark", "v1": "standard", "v2": "standard", "v3": "dark"})
    table = machine_accuracy(
        predictions({("random", 0): [20, 60, 20, 20], ("random", 1): [20, 60, 60, 20]}), machines, samples=50
    )
    found = table.set_index("machine")
    assert found["n_videos"].to_dict() == {"dark": 2, "standard": 2}
    assert found["mean"].to_dict() == {"dark": 50.0, "standard": 75.0}
    assert found.loc["standard", "sd"] == 25


def test_an_unhealthy_graph_marks_its_rows() -> None:
    cell = {"source": "real", "method": "infomotion", "graph": "literal", "vpc": 5}
    selections = pd.DataFrame(
        [{**cell, "graph_flag": flag} for flag in ("healthy", "collapsed", "collapsed", "shattered")]
    )
    marked = with_flags(pd.DataFrame([cell, {**cell, "method": "random", "graph": ""}]), selections)
    assert marked["graph_flag"].tolist() == ["collapsed+shattered", ""]


@pytest.fixture
def index(tiny_phantom: Path) -> pd.DataFrame:
    from infomotion_lib.classes import class_name

    videos = read_dataset(tiny_phantom).usable
    return videos[["file_name", "split", "ef", "fps"]].assign(
        source="real", class_name=class_name(videos["ef"].to_numpy())
    )


@pytest.fixture
def selections(index: pd.DataFrame) -> pd.DataFrame:
    train = index[index["split"] == "TRAIN"]
    parts = []
    for method, graph, flag in (("random", "", ""), ("infomotion", "knn", "healthy")):
        for seed in range(2):
            picked = train.groupby("class_name", sort=False).nth([seed, seed + 1])
            parts.append(
                picked[["source", "class_name", "file_name"]].assign(
                    method=method, graph=graph, vpc=2, selection_seed=seed, graph_flag=flag
                )
            )
    return pd.concat(parts, ignore_index=True)


def test_jobs_cover_table_1_and_keep_test_out(
    tiny_phantom: Path, index: pd.DataFrame, selections: pd.DataFrame, tmp_path: Path
) -> None:
    labelled = open_labelled_videos(
        {"real": read_dataset(tiny_phantom)}, index, folder=tmp_path / "clips", parameters=QUICK
    )
    assert set(labelled.videos["split"]) == {"TRAIN", "TEST"} and labelled.val is None, "VAL is not touched"
    assert labelled.test_source == "real"
    jobs = plan_runs(labelled, selections, parameters=QUICK)
    assert [(job.method, job.graph, job.vpc, job.training_seed) for job in jobs] == [
        *[("whole", "", 0, 0), ("whole", "", 0, 1)],
        *[
            ("random", "", 2, 0),
            ("random", "", 2, 1),
            ("infomotion", "knn", 2, 0),
            ("infomotion", "knn", 2, 1),
        ],
    ]
    train, test = set(labelled.part("real", "TRAIN")["file_name"]), set(labelled.test.file_names)
    assert not train & test
    assert all(set(job.file_names) <= train for job in jobs)
    assert [job.steps for job in jobs] == [3, 3, 2, 2, 2, 2]
    assert len(jobs[0].file_names) == len(train) == 20
    labels = index.set_index("file_name")["ef"]
    assert list(jobs[2].ef) == labels.loc[list(jobs[2].file_names)].tolist()
    table = run_grid(jobs, stores=labelled.stores, test=labelled.test, parameters=QUICK, folder=tmp_path)
    runs = score_runs(table, tolerance=1.0)
    assert len(runs) == len(jobs)
    assert runs["n_train"].tolist() == [20, 20, 10, 10, 10, 10]


def test_val_is_opened_only_to_choose_weights_by_it(
    tiny_phantom: Path, index: pd.DataFrame, tmp_path: Path
) -> None:
    by_val = QUICK.model_copy(update={"checkpoint": "val"})
    labelled = open_labelled_videos(
        {"real": read_dataset(tiny_phantom)}, index, folder=tmp_path, parameters=by_val
    )
    assert labelled.val is not None
    assert set(labelled.val.file_names) == set(index.loc[index["split"] == "VAL", "file_name"])
    assert not set(labelled.val.file_names) & {
        *labelled.test.file_names,
        *labelled.part("real", "TRAIN")["file_name"],
    }
    with pytest.raises(DataError, match="no labelled, usable VAL video"):
        open_labelled_videos(
            {"real": read_dataset(tiny_phantom)},
            index[index["split"] != "VAL"],
            folder=tmp_path,
            parameters=by_val,
        )


def test_what_the_selections_lack_is_named(
    tiny_phantom: Path, index: pd.DataFrame, selections: pd.DataFrame, tmp_path: Path
) -> None:
    labelled = open_labelled_videos(
        {"real": read_dataset(tiny_phantom)}, index, folder=tmp_path, parameters=QUICK
    )
    gone = (selections["method"] == "infomotion") & (selections["selection_seed"] == 1)
    with pytest.raises(DataError, match="real, infomotion, 2 videos per class, seed 1"):
        plan_runs(labelled, selections[~gone], parameters=QUICK)
    with pytest.raises(DataError, match="holds no selection"):
        plan_runs(labelled, selections[:0], parameters=QUICK)
    test_video = index.loc[index["split"] == "TEST", "file_name"].iloc[0]
    with pytest.raises(DataError, match="no labelled TRAIN video"):
        plan_runs(labelled, selections.assign(file_name=test_video), parameters=QUICK)
    with pytest.raises(DataError, match="TRAIN"):
        open_labelled_videos(
            {"real": read_dataset(tiny_phantom)}, index.assign(ef=np.nan), folder=tmp_path, parameters=QUICK
        )


def test_weights_trained_on_ef_start_no_network(tmp_path: Path) -> None:
    import torch

    from infomotion_lib.regressor.model import build_regressor

    for outputs, name in ((1, "ef.pt"), (400, "kinetics.pt")):
        torch.save(build_regressor("mini_r3d", out_features=outputs).state_dict(), tmp_path / name)
    assert starting_weights(QUICK) is None
    assert starting_weights(QUICK.model_copy(update={"regressor_weights": str(tmp_path / "ef.pt")})) is None
    assert (
        starting_weights(QUICK.model_copy(update={"regressor_weights": str(tmp_path / "kinetics.pt")}))
        is not None
    )
