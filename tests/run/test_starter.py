"""What ships with the project: whole, small, described, and enough for a notebook to start from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.data import starter as shipped
from infomotion_lib.errors import DataError
from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.frozen import FROZEN
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.provenance import read_json, sha256
from infomotion_lib.reporting.end_diastole import end_diastolic_frames
from infomotion_lib.representations.stage import read_vectors
from infomotion_lib.run import colab
from infomotion_lib.run.make_starter import compact
from infomotion_lib.run.starter import lay_out, open_starter_latte
from infomotion_lib.selection.candidates import find_candidates
from infomotion_lib.selection.selectors import select
from infomotion_lib.selection.stage import recipe_from

LARGEST = 10_000_000
PARAMETERS = stage_parameters("graph_selection", read_profile("phantom"))


def test_every_file_is_described_and_together_they_are_small() -> None:
    files = {
        path.relative_to(shipped.STARTER).as_posix()
        for path in shipped.STARTER.rglob("*")
        if path.is_file() and path != shipped.MANIFEST
    }
    assert files == set(shipped.files())
    assert sum((shipped.STARTER / name).stat().st_size for name in files) < LARGEST
    about = read_json(shipped.MANIFEST)
    assert "make_starter" in about["command"] and len(about["commit"]) == 40
    for name, facts in shipped.files().items():
        assert sha256(shipped.checked(name)) == facts["sha256"] and facts["made_by"] and facts["from"]


def test_a_file_that_is_not_the_one_described_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "STARTER", tmp_path)
    with pytest.raises(DataError, match="not the file that ships"):
        shipped.checked(shipped.POOLS)


def test_notebook_03_chooses_from_them_what_the_frozen_run_chose(tmp_path: Path) -> None:
    paths = lay_out(tmp_path / "runs")
    index = read_frame_index(paths.frame_index)
    vectors = read_vectors(PARAMETERS.representations, paths.stage("ifa_training"))
    pool = find_candidates(index, vectors, source="real")
    assert len(pool.file_names) == 300 and pool.features["motion"].shape == (300, 768)
    recipe = recipe_from(PARAMETERS, PARAMETERS.selection_graph)
    asked = {"file_names": pool.file_names, "method": "infomotion", "vpc": 5, "graph": recipe}
    chosen = select(pool.features["motion"], pool.classes, **asked).file_names
    frozen = pd.read_csv(
        FROZEN / "phantom" / "03_graph_selection" / "selections.csv", dtype={"file_name": str}
    )
    same = frozen.query("source == 'real' and method == 'infomotion' and vpc == 5 and selection_seed == 0")
    assert len({*chosen} & {*same["file_name"]}) >= 23, "all 25 on the processor of the frozen run"


def test_a_frame_is_drawn_where_its_video_is_not_on_disk(tmp_path: Path) -> None:
    paths = lay_out(tmp_path / "runs")
    rows = read_frame_index(paths.frame_index).query("source == 'real' and split == 'TRAIN'").head(2)
    frames = end_diastolic_frames(rows, parameters=PARAMETERS, paths=paths)
    assert [frame.shape for frame in frames] == [(112, 112)] * 2 and frames[0].std() > 10
    assert end_diastolic_frames(rows.head(0), parameters=PARAMETERS, paths=paths) == []


def test_colab_lays_them_out_and_leaves_a_run_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(colab, "lay_out", lambda: lay_out(tmp_path / "runs"))
    assert colab.start("graph_selection", say=said.append) == []
    (line,) = said
    assert "phantom" in line and "come with the project" in line
    index = tmp_path / "runs" / "phantom" / "01_frame_index" / "frame_index.csv"
    index.write_text("ours")
    lay_out(tmp_path / "runs")
    assert index.read_text() == "ours"


def test_the_latte_that_ships_draws() -> None:
    pytest.importorskip("diffusers")
    latte = open_starter_latte()
    clip = latte.of_class(3, seeds=[1])[0]
    assert clip.shape == (16, 64, 64) and clip.std() > 20
    corners = clip[:, :8, [*range(8), *range(56, 64)]].mean()
    assert corners < 30 < clip[:, 24:40, 24:40].std() + clip[:, 8:56, 16:48].mean(), "dark beside the sector"


def test_a_rotation_keeps_the_distances_of_vectors() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 96)) @ rng.normal(size=(96, 200)) + 3
    pools = [
        {"features": part, "ef": np.arange(30.0), "train": np.ones(30, bool)}
        for part in np.split(features, 2)
    ]
    arrays = compact(pools)
    distances = [
        np.linalg.norm(part[0] - part[1:], axis=1)
        for part in (features[:30], arrays["features_0"].astype(float))
    ]
    ratio = distances[0] / distances[1]
    assert np.allclose(ratio, ratio[0], rtol=5e-3)
