"""What the work that a stage keeps depends on: another regressor of the labels trains anew neither the motion
network nor the generator that its vectors move.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from infomotion_lib.frame_table import INDEX_COLUMNS
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import sha256, write_csv, write_json
from infomotion_lib.run.fingerprint import claim_folder, fingerprint
from infomotion_lib.stage_table import RUN_CARD, TABLE

INDEX = pd.DataFrame(
    {
        "source": ["real", "real", "synthetic"],
        "file_name": ["a", "b", "c"],
        "split": ["TRAIN", "TEST", "TRAIN"],
        "ef": [55.0, 20.0, 61.25],
        "class_name": ["normal", "severe", "normal"],
        "systole_end": [9, 12, 15],
    }
).reindex(columns=list(INDEX_COLUMNS))


def finish_stage_01(paths: RunPaths, index: pd.DataFrame) -> None:
    write_csv(index, paths.frame_index)
    close(paths, "frame_index", {"01_frame_index/frame_index.csv": sha256(paths.frame_index)})


def close(paths: RunPaths, stage: str, outputs: dict[str, str]) -> None:
    card = {"stage": stage, "git": {}, "parameters": {}, "inputs": {}, "outputs": outputs}
    write_json(card, paths.stage(stage) / RUN_CARD)


def may_continue(paths: RunPaths, stage: str) -> bool:
    """Whether a stage goes on from what lies in its folder."""
    parameters = stage_parameters(stage, {})
    return claim_folder(paths.stage(stage), fingerprint(TABLE[stage], parameters, paths))


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    """A run of which stages 02 and 03 and the pool of MCDM have been claimed once."""
    paths = RunPaths("smoke", tmp_path)
    for stage in ("data", "frame_index", "ifa_training", "graph_selection", "mcdm_pool"):
        paths.stage(stage).mkdir(parents=True)
        close(paths, stage, {})
    finish_stage_01(paths, INDEX)
    for stage in ("ifa_training", "graph_selection", "mcdm_pool"):
        assert not may_continue(paths, stage) and may_continue(paths, stage)
    return paths


def test_other_labels_of_the_pool_leave_what_was_learnt_from_real_hearts(paths: RunPaths) -> None:
    labels = {"ef": [55.0, 20.0, 33.0], "class_name": ["normal", "severe", "moderate"]}
    finish_stage_01(paths, INDEX.assign(**labels))
    assert may_continue(paths, "ifa_training") and may_continue(paths, "mcdm_pool")
    assert not may_continue(paths, "graph_selection")


@pytest.mark.parametrize(
    "change", [{"ef": [55.5, 20.0, 61.25]}, {"systole_end": [9, 12, 14]}, {"split": ["VAL", "TEST", "TRAIN"]}]
)
def test_other_labels_of_real_hearts_and_other_frames_do_not(
    paths: RunPaths, change: dict[str, list[object]]
) -> None:
    finish_stage_01(paths, INDEX.assign(**change))
    assert not may_continue(paths, "mcdm_pool") and not may_continue(paths, "ifa_training")
