"""The sweep of DISCOVR: a row per setting from VAL alone, and nothing is trained twice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from infomotion_lib.data.videos import open_source, write_videos
from infomotion_lib.errors import DataError
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.paths import RunPaths, run_paths
from infomotion_lib.provenance import start_stage, write_csv
from infomotion_lib.representations.discovr import video
from infomotion_lib.representations.discovr.parameters import DiscovrParameters
from infomotion_lib.studies.discovr_sweep import SETTINGS, TABLE, UNTRAINED, Setting, run_discovr_sweep

VALUES = {"synthetic_data": "none", "discovr_size": "tiny", "discovr_steps": 2, "discovr_batch_size": 4}
TWO = (Setting("low rate", {"discovr_learning_rate": 1e-4}), Setting(UNTRAINED, {"discovr_steps": 0}))


@pytest.fixture
def indexed(tiny_phantom: Path, tmp_path: Path) -> RunPaths:
    """A run whose stage 01 has finished."""
    paths = run_paths("tiny", tmp_path)
    paths.data.mkdir(parents=True)
    (paths.data / "phantom").symlink_to(tiny_phantom)
    data = open_source("phantom", data_dir=paths.data)
    write_videos({"real": data}, paths.videos)
    stage = start_stage("frame_index", paths.stage("frame_index"), parameters={}, inputs=[])
    stage.finish(
        [
            write_csv(
                build_frame_index(data, source="real", parameters=FrameIndexParameters()), paths.frame_index
            )
        ]
    )
    return paths


def test_a_row_per_setting_and_a_second_call_trains_nothing(
    indexed: RunPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    table = run_discovr_sweep(indexed, out, values=VALUES, settings=TWO)
    assert table["setting"].tolist() == ["low rate", UNTRAINED]
    assert table["learning_rate"].iloc[0] == 1e-4 and table["steps"].tolist() == [2, 0]
    assert (table["train"] == 20).all() and (table["val"] == 5).all(), "no TEST video"
    assert table[["ridge_r2", "knn_purity"]].notna().all().all() and (table["knn_chance"] == 0.2).all()
    monkeypatch.setattr(video, "fit", None)
    again = run_discovr_sweep(indexed, out, values=VALUES, settings=TWO)
    pd.testing.assert_frame_equal(again, table)
    assert (out / TABLE).is_file()


def test_without_val_it_is_refused(indexed: RunPaths, tmp_path: Path) -> None:
    index = pd.read_csv(indexed.frame_index, dtype={"file_name": str})
    write_csv(index[index["split"] != "VAL"], indexed.frame_index)
    with pytest.raises(DataError, match="0 VAL"):
        run_discovr_sweep(indexed, tmp_path / "out", values=VALUES, settings=TWO)


def test_two_parameters_are_changed_one_at_a_time_beside_random_weights() -> None:
    first, *others = [setting.changed for setting in SETTINGS if setting.name != UNTRAINED]
    moved = [[name for name in first if changed[name] != first[name]] for changed in others]
    assert sorted(moved) == [["discovr_learning_rate"], ["discovr_momentum"]]
    default = DiscovrParameters()
    assert first == {name: getattr(default, name) for name in first}, "the default is among them"
