"""MCDM on the smoke profile: from the vectors of stage 02 to a pool, and what of the motion is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from finished_run import FinishedRun

from infomotion_lib.data.video import read_clip
from infomotion_lib.data.videos import open_sources
from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.generators.mcdm import kept
from infomotion_lib.generators.parameters import PoolParameters
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.generators.stage import MadePool, make_pool, open_lessons, pool_inputs
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.reporting.figures import mcdm as figures
from infomotion_lib.reporting.style import alt_text
from infomotion_lib.stage_table import pool_stage

STAGE = pool_stage("mcdm")
VALUES = read_profile("smoke") | {"pool_per_class": 1, "mcdm_check_clips": 2}


@pytest.fixture(scope="module")
def parameters() -> PoolParameters:
    chosen = stage_parameters(STAGE, VALUES)
    assert isinstance(chosen, PoolParameters)
    return chosen


@pytest.fixture(scope="module")
def paths(smoke_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> RunPaths:
    finished = smoke_run.paths
    return RunPaths(finished.profile, finished.root, ((STAGE, tmp_path_factory.mktemp("mcdm")),))


@pytest.fixture(scope="module")
def made(paths: RunPaths, parameters: PoolParameters) -> MadePool:
    lessons = open_lessons(open_sources(parameters, paths), parameters=parameters, paths=paths)
    return make_pool(lessons, folder=paths.stage(STAGE), parameters=parameters, device="cpu")


def test_it_draws_hearts_moved_by_train_videos(
    made: MadePool, paths: RunPaths, parameters: PoolParameters
) -> None:
    index = read_frame_index(paths.frame_index)
    train = index[(index["source"] == "real") & (index["split"] == "TRAIN")]
    ef = {f"real/{row.file_name}": row.ef for row in train.itertuples()}
    donors = made.manifest.set_index("motion_donor")["requested_ef"]
    assert len(donors) == 5 and set(donors.index) <= set(ef), "no VAL or TEST video lends its motion"
    assert donors.tolist() == pytest.approx([ef[name] for name in donors.index])
    shapes = {read_clip(path).shape for path in (made.folder / "Videos").glob("*.avi")}
    assert shapes == {(parameters.latte_frames, 112, 112)}
    read = {path.name for path in pool_inputs(paths, parameters)}
    assert {"frame_index.csv", "motion_features.npz"} <= read
    assert all(path.is_file() for path in pool_inputs(paths, parameters))


def test_what_is_kept_of_the_motion_is_on_its_card(made: MadePool, paths: RunPaths) -> None:
    facts = made.notes["motion_kept"]
    assert list(facts) == [kept.BEFORE, kept.AFTER, kept.REAL]
    real = facts[kept.REAL]
    assert real["with a vector"] == 2 and real["own donor"] > 0.5 > real["other donors"]
    table = pd.read_csv(paths.stage(STAGE) / "motion_kept.csv")
    assert list(table) == list(kept.COLUMNS) and len(table) == 6
    assert all((paths.stage(STAGE) / name).is_file() for name in GENERATORS["mcdm"].files)


def test_its_notebook_shows_the_table_and_a_figure(
    made: MadePool, parameters: PoolParameters, tmp_path: Path
) -> None:
    shown = figures.show(made.fitted, None, folder=tmp_path, parameters=parameters, data="Klinik A, 2024")
    assert alt_text(tmp_path / "motion_kept.svg").startswith("Klinik A, 2024: ")
    assert kept.REAL in shown.to_text() and "not de-identified" in shown.to_html()
    assert (tmp_path / "motion_kept.svg").is_file()
    assert np.isfinite(made.notes["val_loss"]["right motion"])
