"""The paper profile, every line of it: full network sizes for a few steps, on phantoms that pose as the gated
data sets.
"""

from __future__ import annotations

import pandas as pd
import pytest
from finished_run import infomotion

from infomotion_lib.parameters import STAGES, read_profile
from infomotion_lib.paths import RunPaths, run_paths
from infomotion_lib.phantom.dataset import make_dataset
from infomotion_lib.provenance import read_run_card
from infomotion_lib.stage_table import TABLE

FEW_STEPS = {
    "ifa_steps": 2,
    "ifa_warmup_steps": 1,
    "ifa_batch_size": 1,
    "appearance_steps": 1,
    "steps_selected": 1,
    "steps_whole": 1,
    "batch_size": 1,
    "clip_frames": 8,
    "test_clips": 1,
    "infomap_trials": 2,
    "health_resamples": 1,
    "bootstrap_samples": 50,
    "n_runs": 1,
    "vpc": [1],
    "methods": ["random", "infomotion"],
    "workers": 2,
    "device": "cpu",
    "autoencoder": "small",
    "autoencoder_steps": 1,
    "autoencoder_batch_size": 1,
    "latte_windows": 1,
    "latte_frames": 8,
    "latte_fps": 8.35,
    "latte_steps": 1,
    "latte_batch_size": 1,
    "pool_per_class": 1,
    "pool_methods": ["infomotion"],
    "steps_pool": 1,
    "sampling_steps": 1,
    "fidelity_resamples": 2,
}
FULL_SIZE = (
    "ifa_width",
    "ifa_depths",
    "ifa_refine",
    "appearance_size",
    "regressor",
    "clip_period",
    "clip_size",
    "pooling",
    "latte_size",
    "latte_side",
)
LIMIT = 2


@pytest.fixture(scope="module")
def paper_run(tmp_path_factory: pytest.TempPathFactory) -> RunPaths:
    folder = tmp_path_factory.mktemp("paper")
    sizes = {"train_per_class": 4, "val_per_class": 1, "test_counts": (1, 1, 1, 1, 1), "progress": False}
    make_dataset(folder / "real/EchoNet-Dynamic", frames=80, seed=5, role="real", **sizes)
    make_dataset(folder / "real/EchoNet-Synthetic", frames=64, seed=6, role="synthetic", **sizes)
    overrides = {"runs_dir": folder / "runs", "data_root": folder / "real", **FEW_STEPS}
    words = [word for name, value in overrides.items() for word in ("-p", f"{name}={value}")]
    infomotion("run", "all", "--profile", "paper", "--limit", str(LIMIT), *words)
    return run_paths("paper", folder / "runs")


@pytest.mark.parametrize("stage", list(STAGES))
def test_every_stage_ran_at_the_papers_sizes(paper_run: RunPaths, stage: str) -> None:
    card = read_run_card(paper_run.stage(stage))
    profile = read_profile("paper")
    assert card["parameters"]["limit"] == LIMIT
    assert card["parameters"]["real_data"] == "echonet-dynamic"
    for name in FULL_SIZE:
        if name in card["parameters"]:
            assert card["parameters"][name] == profile[name], name
    for name, value in FEW_STEPS.items():
        assert card["parameters"].get(name, value) == value, name


def test_the_real_data_stay_where_they_are(paper_run: RunPaths) -> None:
    assert not [file for file in paper_run.data.rglob("*.avi")]
    assert "EchoNet-Dynamic/FileList.csv" in read_run_card(paper_run.data)["outputs"]


def test_the_malformed_synthetic_list_is_read_and_relabelled(paper_run: RunPaths) -> None:
    labels = pd.read_csv(paper_run.stage("labels") / "labels.csv")
    assert len(labels) == LIMIT * 5
    assert labels["ef"].between(0, 100).all()
    index = pd.read_csv(paper_run.stage("frame_index") / "frame_index.csv")
    synthetic = index[index["source"] == "synthetic"]
    assert set(synthetic["n_frames"]) == {64}, "the list says a batch size; the file is right"
    assert set(synthetic["phase_source"]) <= {"detected", "none"}
    merged = synthetic.merge(labels, on="file_name", suffixes=("", "_label"))
    assert (merged["ef"] - merged["ef_label"]).abs().max() < 1e-6


def test_limit_takes_the_first_of_each_class_and_split(paper_run: RunPaths) -> None:
    index = pd.read_csv(paper_run.stage("frame_index") / "frame_index.csv")
    real = index[index["source"] == "real"]
    assert real.groupby(["split", "class_name"]).size().max() == LIMIT
    assert len(real) == 5 * (LIMIT + 1 + 1)


def test_motion_vectors_have_the_papers_length(paper_run: RunPaths) -> None:
    import numpy as np

    with np.load(paper_run.stage("ifa_training") / "motion_features.npz") as features:
        assert features["features"].shape[1] == 3072
        assert np.isfinite(features["features"]).all()


def test_table_1_has_a_row_for_every_cell(paper_run: RunPaths) -> None:
    table = pd.read_csv(paper_run.stage("evaluation") / "table1.csv", keep_default_na=False)
    assert set(table["source"]) == {"real", "synthetic"}
    assert {"whole", "random", "infomotion"} <= set(table["method"])
    for name in TABLE["evaluation"].outputs:
        assert (paper_run.stage("evaluation") / name).is_file()
