"""Selectors on several splits: TEST has no hand in anything, Random is drawn several times, intervals know
that splits share clips.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from infomotion_lib.classes import ef_class
from infomotion_lib.data.records import read_dataset
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.paths import BOOK
from infomotion_lib.studies.controls import divide
from infomotion_lib.studies.open_splits import (
    OpenClips,
    SplitSettings,
    resampled_t,
    run_open_splits,
    split_jobs,
    split_selections,
    summarise_splits,
)
from infomotion_lib.studies.rows import RowFile

QUICK = EvaluationParameters(
    clip_frames=8, clip_size=16, batch_size=4, steps_selected=2, steps_whole=3, test_clips=1, workers=1
)
SETTINGS = SplitSettings(splits=2, seeds=1, draws=2, vpc=1)


@pytest.fixture(scope="module")
def clips(tiny_phantom: Path) -> OpenClips:
    videos = read_dataset(tiny_phantom).usable[["file_name", "path", "ef"]].reset_index(drop=True)
    rng = np.random.default_rng(0)
    motion, appearance = rng.normal(size=(2, len(videos), 6))
    motion[0] = np.nan
    return OpenClips(
        videos.assign(requested_ef=videos["ef"] + 2.0), {"motion": motion, "appearance": appearance}
    )


def test_every_split_selects_from_its_own_train_part(clips: OpenClips) -> None:
    ef = clips.videos["ef"].to_numpy()
    picked = []
    for split in range(2):
        train, test = divide(ef, seed=split)
        chosen = split_selections(clips, train, settings=SETTINGS)
        jobs = split_jobs(clips, chosen, split=split, settings=SETTINGS, parameters=QUICK)
        assert [(job.method, job.graph, job.selection_seed) for job in jobs] == [
            *[
                ("random", "", 0),
                ("random", "", 1),
                ("kmeans", "", 0),
                ("infodist", "knn", 0),
                ("infomotion", "knn", 0),
            ]
        ]
        tested = set(clips.videos["file_name"].iloc[test])
        assert all(not tested & set(job.file_names) for job in jobs)
        assert all(clips.videos["file_name"][0] not in job.file_names for job in jobs), (
            "no vector, no candidate"
        )
        assert all(len(job.file_names) == len(np.unique(ef_class(np.array(job.ef)))) for job in jobs), (
            "one of each class"
        )
        picked.append([job.file_names for job in jobs])
    assert picked[0] != picked[1] and picked[0][0] != picked[0][1]


def test_the_study_ends_with_rows_of_networks_and_controls_and_resumes(
    clips: OpenClips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = run_open_splits(clips, tmp_path, parameters=QUICK, settings=SETTINGS)
    runs = pd.read_csv(tmp_path / "open_splits_runs.csv", keep_default_na=False)
    assert runs.groupby("method").size().to_dict() == {
        "random": 4,
        "kmeans": 2,
        "infodist": 2,
        "infomotion": 2,
    }
    assert set(runs.loc[runs["method"].isin(["random", "kmeans"]), "graph_flag"]) == {""}, "no graph, no flag"
    controls = pd.read_csv(tmp_path / "open_splits_controls.csv")
    assert controls["split"].nunique() == 2 and {"regressor", "shuffled frames", "random weights"} <= set(
        controls["predictor"]
    )
    hard = summary[summary["metric"] == "hard_accuracy"].set_index("method")
    gap = runs.pivot_table(index="pool", columns="method", values="hard_accuracy")
    assert hard.loc["kmeans", "difference"] == pytest.approx((gap["kmeans"] - gap["random"]).mean())
    assert np.isnan(hard.loc["random", "difference"])
    for trained in (
        "regressor.grid.train_regressor",
        "regressor.training.train_regressor",
    ):  # nothing may be trained again
        monkeypatch.setattr(f"infomotion_lib.{trained}", None)
    again = run_open_splits(clips, tmp_path, parameters=QUICK, settings=SETTINGS, controls=controls)
    pd.testing.assert_frame_equal(again, summary)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "open_splits_controls.csv"), controls)
    again = run_open_splits(clips, tmp_path, parameters=QUICK, settings=SETTINGS)
    pd.testing.assert_frame_equal(again, summary)


def test_another_optimiser_is_another_row_and_the_first_are_kept(clips: OpenClips, tmp_path: Path) -> None:
    few = SplitSettings(methods=("random",), splits=2, seeds=1, draws=1, vpc=1)
    first = run_open_splits(clips, tmp_path, parameters=QUICK, settings=few)
    files = [RowFile(tmp_path / name) for name in ("networks.jsonl", "controls.jsonl")]
    rows = [file.rows() for file in files]
    assert [len(part) for part in rows] == [2, 2]
    sgd = QUICK.model_copy(update={"optimiser": "sgd"})
    run_open_splits(clips, tmp_path, parameters=sgd, settings=few)
    for file, before in zip(files, rows, strict=True):
        assert file.rows()[:2] == before and len(file.rows()) == 4
        old, new = ({row["identity"] for row in part} for part in (before, file.rows()[2:]))
        assert not old & new
    again = run_open_splits(clips, tmp_path, parameters=QUICK, settings=few)
    pd.testing.assert_frame_equal(again, first)
    assert [len(file.rows()) for file in files] == [4, 4], "nothing was trained again"


def test_the_interval_by_hand() -> None:
    found = resampled_t(np.array([1.0, 2.0, 3.0]), test_share=0.5)
    error = np.sqrt(1 / 3 + 0.5)  # the sample sd is 1
    assert found["difference"] == 2 and found["ci_high"] - 2 == pytest.approx(stats.t.ppf(0.975, 2) * error)
    assert found["p_value"] == pytest.approx(2 * stats.t.sf(2 / error, 2))
    assert np.isnan(resampled_t(np.array([1.0, 1.0]), test_share=0.5)["p_value"])


def test_fewer_errors_are_better() -> None:
    table = pd.DataFrame(
        [
            {
                "method": method,
                "pool": split,
                "hard_accuracy": 50.0,
                "soft_accuracy": 50.0,
                "balanced_accuracy": 50.0,
                "mae": mae + split * gain,
                "graph_flag": flag,
            }
            for method, mae, gain in (("random", 9.0, 0.0), ("kmeans", 8.0, 0.1))
            for split, flag in enumerate(
                ("collapsed+shattered", "", "collapsed") if method == "kmeans" else ("", "", "")
            )
        ]
    )
    found = summarise_splits(table, test_share=0.4).set_index(["method", "metric"])
    assert found.loc[("kmeans", "mae"), "splits_better"] == 3 and found.loc[
        ("kmeans", "mae"), "difference"
    ] == pytest.approx(-0.9)
    assert found.loc[("kmeans", "mae"), "n_comparisons"] == 1
    assert found.loc[(["kmeans", "random"], "mae"), "graph_flag"].tolist() == ["collapsed+shattered", ""], (
        "flags of any split"
    )


def test_the_frozen_summary_is_that_of_the_frozen_rows() -> None:
    folder = BOOK / "results" / "studies"
    runs = pd.read_csv(folder / "open_splits_runs.csv", keep_default_na=False)
    controls = pd.read_csv(folder / "open_splits_controls.csv")
    assert (
        runs.groupby("pool").size().eq(10).all()
        and runs["pool"].nunique() == controls["split"].nunique() == 5
    )
    sizes = controls[["n_test", "n_train"]].drop_duplicates()
    again = summarise_splits(runs, test_share=float((sizes["n_test"] / sizes["n_train"]).iloc[0]))
    frozen = pd.read_csv(folder / "open_splits_summary.csv").fillna({"graph_flag": ""})
    pd.testing.assert_frame_equal(again, frozen, check_dtype=False, rtol=1e-6)
