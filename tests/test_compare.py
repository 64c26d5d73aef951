"""A run beside the frozen results of its profile."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from infomotion_lib.errors import StageError
from infomotion_lib.paths import run_paths
from infomotion_lib.provenance import processor, read_run_card, start_stage, write_csv
from infomotion_lib.reporting.compare import comparison_text
from infomotion_lib.reporting.results import Results

COLUMNS = ["source", "method", "graph", "vpc", "metric", "mean", "sd", "n"]


def run_in(folder: Path, *, mean: float, data: str) -> Results:
    paths = run_paths("phantom", folder)
    run = start_stage("data", paths.data, parameters={})
    (paths.data / "FileList.csv").write_text(data, encoding="utf-8")
    run.finish([paths.data / "FileList.csv"])
    table = pd.DataFrame(
        [
            ("real", "whole", "", 0, "hard_accuracy", 75.0, 1.0, 5),
            ("real", "infomotion", "knn", 5, "hard_accuracy", mean, 2.0, 5),
            ("real", "infomotion", "knn", 5, "mae", 9.0, 1.0, 5),
        ],
        columns=COLUMNS,
    )
    evaluation = start_stage("evaluation", paths.stage("evaluation"), parameters={})
    evaluation.finish([write_csv(table, paths.stage("evaluation") / "table1.csv")])
    return Results("phantom", paths.root)


def test_cells_meet_by_name_and_equal_files_are_counted(tmp_path: Path) -> None:
    frozen = run_in(tmp_path / "frozen", mean=48.5, data="same")
    own = run_in(tmp_path / "own", mean=51.0, data="same")
    text, cells = comparison_text(frozen, own)
    assert cells["difference"].tolist() == [0.0, 2.5], "one row a cell, hard accuracy alone"
    assert "48.5 ± 2.0" in text
    assert "+2.5" in text
    assert "data 1 of 1, evaluation 0 of 1" in text


def test_other_data_are_seen(tmp_path: Path) -> None:
    text, _ = comparison_text(run_in(tmp_path / "a", mean=1.0, data="one"), run_in(tmp_path / "b", mean=1.0, data="two"))
    assert "data 0 of 1, evaluation 1 of 1" in text


def test_a_side_without_table_1_is_named(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="There is no Table 1") as caught:
        comparison_text(run_in(tmp_path, mean=1.0, data=""), Results("phantom", tmp_path / "nowhere"))
    assert "nowhere" in str(caught.value)
    assert "make reproduce" in str(caught.value)


def test_run_cards_name_the_processor(tmp_path: Path) -> None:
    start_stage("data", tmp_path, parameters={}).finish([])
    assert read_run_card(tmp_path)["processor"] == processor() != ""
