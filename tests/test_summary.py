"""The end of a run in plain text."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from infomotion_lib.errors import StageError
from infomotion_lib.paths import run_paths
from infomotion_lib.provenance import read_run_card, start_stage, write_csv, write_json
from infomotion_lib.reporting.summary import summary, table1_text

COLUMNS = ["source", "method", "graph", "vpc", "metric", "mean", "sd", "n"]
TABLE = pd.DataFrame(
    [
        ("real", "whole", "", 0, "hard_accuracy", 75.04, 1.2, 5),
        ("real", "whole", "", 0, "soft_accuracy", 80.0, 1.0, 5),
        ("real", "infomotion", "knn", 5, "hard_accuracy", 43.8, 8.0, 5),
        ("real", "infomotion", "knn", 5, "mae", 11.0, 1.0, 5),
        ("real", "infomotion", "knn", 10, "hard_accuracy", 48.5, 0.0, 1),
    ],
    columns=COLUMNS,
)


def test_table_1_has_a_column_a_size_and_says_what_the_numbers_are() -> None:
    lines = table1_text(TABLE, title="Table 1 of profile phantom").splitlines()
    assert lines[0] == "Table 1 of profile phantom"
    assert lines[1].split("  ")[1:] != []
    assert [word for word in ("all videos", "VPC 5", "VPC 10") if word in lines[1]] == [
        "all videos",
        "VPC 5",
        "VPC 10",
    ]
    assert "75.0 ± 1.2 (80.0)" in lines[2]
    assert "InfoMotion (knn)" in lines[3]
    assert "43.8 ± 8.0" in lines[3]
    assert lines[3].endswith("48.5"), "one run has no spread"
    assert "mean ± population sd over 1/5 runs" in lines[-1]


def test_summary_shows_constants_times_and_the_book(tmp_path: Path) -> None:
    paths = run_paths("phantom", tmp_path)
    folder = paths.stage("evaluation")
    start_stage("evaluation", folder, parameters={}).finish([])
    write_csv(TABLE, folder / "table1.csv")
    constants = pd.DataFrame(
        {"predictor": ["always normal"], "hard_accuracy": [48.0], "soft_accuracy": [49.5]}
    )
    write_csv(constants, folder / "constants.csv")
    card = folder / "run_card.json"
    write_json(read_run_card(folder) | {"wall_seconds": 1.0, "stage_seconds": 61.5}, card)
    text = summary(paths, ["data", "evaluation"], book=Path("book/index.html"))
    assert re.search(r"Always “normal” +48\.0 \(49\.5\)", text)
    assert "04_evaluation     61.5 s" in text
    assert "several runs" not in text and text.endswith("The book: book/index.html")
    write_json(read_run_card(folder) | {"continued": True}, card)
    assert "in several runs, added up" in summary(paths, ["data", "evaluation"])


def test_summary_of_an_unfinished_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="No finished stage"):
        summary(run_paths("phantom", tmp_path), ["data"])
