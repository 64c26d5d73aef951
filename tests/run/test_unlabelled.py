"""Videos whose EF nobody knows: one class of all, and no stage that learns from EF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.data.records import read_dataset
from infomotion_lib.errors import ParameterError
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.parameters import read_profile
from infomotion_lib.representations.vectors import Vectors
from infomotion_lib.run import cli
from infomotion_lib.run.unlabelled import require_labels
from infomotion_lib.selection.parameters import SelectionParameters
from infomotion_lib.selection.stage import run_selection

UNLABELLED = {**read_profile("own"), "classes": "none", "representations": ["motion"]}


def test_one_graph_of_all_train_videos_gives_the_budget_in_all(tiny_phantom: Path) -> None:
    dataset = read_dataset(tiny_phantom)
    dataset.videos["ef"] = np.nan
    parameters = FrameIndexParameters(classes="none", real_data="own", synthetic_data="none")
    index = build_frame_index(dataset, source="real", parameters=parameters, progress=False)
    assert set(index["class_name"]) == {"all"} and index["ef"].isna().all()
    names = index["file_name"].to_numpy(str)
    rng = np.random.default_rng(0)
    vectors = {
        name: Vectors(
            np.full(len(names), "real"), names, np.float32(rng.normal(size=(len(names), 4))), pd.DataFrame()
        )
        for name in ("motion", "appearance")
    }
    wanted = SelectionParameters(vpc=(7,), n_runs=1, graphs=("knn",), health_resamples=1, infomap_trials=2)
    tables = run_selection(index, vectors, parameters=wanted)
    train = set(index.loc[index["split"] == "TRAIN", "file_name"])
    for _, picks in tables.selections.groupby("method"):
        assert len(picks) == 7 and set(picks["file_name"]) < train
    assert set(tables.graph_report["nodes"]) == {len(train)} == {20}
    assert set(tables.graph_report["class_name"]) == set(tables.selections["class_name"]) == {"all"}


@pytest.mark.parametrize(
    ("changes", "last", "words"),
    [
        ({}, "all", "stage 04 evaluation learns from EF"),
        ({}, "ablation", "stage 06 ablation learns from EF"),
        ({"synthetic_data": "echonet-synthetic"}, "graph_selection", "relabelling synthetic videos"),
        (
            {"methods": ["infodist"]},
            "graph_selection",
            "infodist looks at appearance vectors, learnt from EF",
        ),
        ({"representations": ["motion", "appearance"]}, "graph_selection", "appearance vectors are learnt"),
        (
            {"methods": ["random", "ef_stratified"]},
            "graph_selection",
            "the selector ef_stratified looks at EF",
        ),
    ],
)
def test_what_learns_from_ef_is_refused_at_once(changes: dict, last: str, words: str) -> None:
    require_labels(UNLABELLED, last="graph_selection")
    require_labels({**UNLABELLED, **changes, "classes": "ef"}, last=last)
    with pytest.raises(ParameterError, match=words):
        require_labels({**UNLABELLED, **changes}, last=last)


def test_the_command_wants_a_list_or_no_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path / "chosen")]
    assert cli.main(["distill", str(tmp_path), *out]) == 2
    assert "--no-classes selects from all videos at once" in capsys.readouterr().err
    assert cli.main(["distill", str(tmp_path), *out, "--no-classes", "--column", "file=a"]) == 2
    assert "Give --labels" in capsys.readouterr().err
    assert cli.main(["distill", str(tmp_path), *out, "--no-classes", "--method", "herding_ef"]) == 2
    assert "herding_ef looks at EF" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
