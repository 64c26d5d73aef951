"""The paper profile's first stages, on phantoms that pose as the gated data sets.

Its networks take their steps at full size in the tests of their rooms
(``representations/test_ifa_features.py``, ``regressor/test_training.py``, ``generators/test_full_size.py``);
every stage of this profile, to Table 1 and the ablation, runs in ``drills/drill_paper.py``.
"""

from __future__ import annotations

import pandas as pd
import pytest
from paper_run import check_sizes, run_paper

from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_run_card

FIRST = ("data", "labels", "frame_index")
LIMIT = 1


@pytest.fixture(scope="module")
def paper_run(tmp_path_factory: pytest.TempPathFactory) -> RunPaths:
    return run_paper(tmp_path_factory.mktemp("paper"), FIRST, command=False, limit=LIMIT)


@pytest.mark.parametrize("stage", FIRST)
def test_every_stage_ran_at_the_papers_sizes(paper_run: RunPaths, stage: str) -> None:
    check_sizes(paper_run, stage, limit=LIMIT)


def test_the_real_data_stay_where_they_are(paper_run: RunPaths) -> None:
    assert not [file for file in paper_run.data.rglob("*.avi")]
    assert "EchoNet-Dynamic/FileList.csv" in read_run_card(paper_run.data)["outputs"]


def test_the_malformed_synthetic_list_is_read_and_relabelled(paper_run: RunPaths) -> None:
    labels = pd.read_csv(paper_run.labels)
    assert len(labels) == LIMIT * 5
    assert labels["ef"].between(0, 100).all()
    index = pd.read_csv(paper_run.frame_index)
    synthetic = index[index["source"] == "synthetic"]
    assert set(synthetic["n_frames"]) == {64}, "the list says a batch size; the file is right"
    assert set(synthetic["phase_source"]) <= {"detected", "none"}
    merged = synthetic.merge(labels, on="file_name", suffixes=("", "_label"))
    assert (merged["ef"] - merged["ef_label"]).abs().max() < 1e-6


def test_limit_takes_the_first_of_each_class_and_split(paper_run: RunPaths) -> None:
    index = pd.read_csv(paper_run.frame_index)
    real = index[index["source"] == "real"]
    assert real.groupby(["split", "class_name"]).size().max() == LIMIT
    assert len(real) == 5 * (LIMIT + 1 + 1)
