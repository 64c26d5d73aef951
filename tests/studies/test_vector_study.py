"""The study of vectors: one selector on every fitted kind of vector, on pools that taught none of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.data.records import read_dataset
from infomotion_lib.errors import DataError, StageError
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.json_lines import read_lines
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.provenance import write_json
from infomotion_lib.representations.ifa.triplets import attach_paths
from infomotion_lib.representations.stage import fit_representations
from infomotion_lib.representations.truth.factors import EF_UNIT
from infomotion_lib.run.cli import main
from infomotion_lib.stage_table import RUN_CARD
from infomotion_lib.studies.selectors.arms import ARMS, MAIN
from infomotion_lib.studies.selectors.comparison import compare, pool_differences, scored_sets
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import draw_pool
from infomotion_lib.studies.selectors.rows import publish, read_published
from infomotion_lib.studies.vectors import (
    ARM,
    VectorTask,
    compared_kinds,
    fitted_name,
    pool_vectors,
    run_vector_study,
)

NAMES = ("motion", "dense_flow", "truth")
FITTED = {"representations": NAMES, "ifa_width": 4, "ifa_steps": 0, "workers": 1}
TINY = EvidenceParameters(
    **{"phantom_train_per_class": 3, "phantom_val_per_class": 1, "phantom_test_counts": (1, 1, 1, 1, 1)},  # type: ignore[arg-type]
    **{"phantom_frames": 48, "phantom_size": 64, "infomap_trials": 2, "vpc": (1, 2), "workers": 1},  # type: ignore[arg-type]
    **{"clip_frames": 8, "clip_size": 16, "batch_size": 4, "steps_selected": 1, "test_clips": 1},  # type: ignore[arg-type]
    **{"study_pools": 2, "study_seed": 5, "study_render_size": 28, "study_random_draws": 2},  # type: ignore[arg-type]
    study_training_seeds=1,
)


@pytest.fixture(scope="module")
def stage02(tiny_phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stage 02 of a run on the tiny phantom, whose networks have learnt nothing."""
    folder = tmp_path_factory.mktemp("fitted")
    dataset = read_dataset(tiny_phantom)
    index = build_frame_index(dataset, source="real", parameters=FrameIndexParameters())
    parameters = stage_parameters("ifa_training", FITTED)
    rows = attach_paths(index[index["split"] != "TEST"].groupby("split").head(3), {"real": dataset})
    fit_representations(rows, teacher="real", folder=folder, parameters=parameters)
    empty: dict[str, str] = {}
    card = {"stage": "ifa_training", "git": empty, "inputs": empty, "outputs": empty}
    write_json(card | {"parameters": parameters.model_dump()}, folder / RUN_CARD)
    return folder


@pytest.fixture(scope="module")
def study(stage02: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of two pools."""
    folder = tmp_path_factory.mktemp("vectors") / "study"
    run(folder, stage02)
    return folder


def run(folder: Path, stage02: Path, **options: object) -> object:
    silent = {"published": folder.parent / "book", "say": lambda line: None}
    return run_vector_study(folder, stage02=stage02, parameters=TINY, **silent, **options)  # type: ignore[arg-type]


def test_every_kind_has_a_vector_for_each_candidate_of_a_pool(stage02: Path) -> None:
    pool = draw_pool(TINY, seed=TINY.study_seed, arm=ARMS[MAIN])
    vectors = pool_vectors(VectorTask(stage02, NAMES, TINY, 0, "s", "n"), pool)
    assert {name: table.shape for name, table in vectors.items()} == {
        "motion": (15, 384),
        "dense_flow": (15, 196),
        "truth": (15, 7),
    }
    assert np.allclose(EF_UNIT * vectors["truth"][:, 0], pool.ef, atol=1e-4), "in the order of the pool"


def test_kinds_are_compared_with_random_in_the_same_pools_at_each_budget(study: Path, stage02: Path) -> None:
    tables = run(study, stage02)
    runs = scored_sets(tables, arm=ARM)  # type: ignore[arg-type]
    assert sorted(runs["pool"].unique()) == [0, 1] and sorted(runs["vpc"].unique()) == [1, 2]
    assert set(runs["feature"]) == {"", *NAMES}
    compared = compare(pool_differences(runs), samples=50)
    assert len(compared) == 2 * len(NAMES) and (compared["pools"] == 2).all()
    assert set(compared["comparisons"]) == {int(compared["p"].notna().sum())}


def test_a_study_goes_on_where_it_stopped_and_ends_with_the_same_rows(study: Path, stage02: Path) -> None:
    def rows(folder: Path) -> list[str]:
        lines = read_lines(folder / "rows.jsonl")
        return sorted(str({k: v for k, v in line.items() if k != "seconds"}) for line in lines)

    whole = (study / "rows.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    cut = study.parent / "cut"
    cut.mkdir()
    (cut / "rows.jsonl").write_text("".join(whole[:3]) + whole[3][:20], encoding="utf-8")
    run(cut, stage02, pools=1)
    assert rows(cut) == [row for row in rows(study) if "'pool': 0" in row]


def test_published_rows_come_back(study: Path, stage02: Path) -> None:
    tables = run(study, stage02)
    publish(tables, study.parent / "published")  # type: ignore[arg-type]
    again = read_published(study.parent / "published")
    assert again is not None and len(again.networks) == len(tables.networks)  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(
        compare(pool_differences(scored_sets(again, arm=ARM)), samples=50),
        compare(pool_differences(scored_sets(tables, arm=ARM)), samples=50),  # type: ignore[arg-type]
    )


def test_other_weights_are_other_rows_and_the_teaching_pool_is_refused(stage02: Path, tmp_path: Path) -> None:
    assert compared_kinds(stage02) == NAMES
    assert fitted_name(stage02, NAMES) != fitted_name(stage02, NAMES[1:])
    own = TINY.model_copy(update={"study_seed": TINY.phantom_seed})
    with pytest.raises(DataError, match="taught"):
        run_vector_study(tmp_path, stage02=stage02, parameters=own)
    with pytest.raises(StageError):
        run_vector_study(tmp_path, stage02=tmp_path / "nothing", parameters=TINY)


def test_the_command_says_which_stage_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["study", "vectors", "--runs-dir", str(tmp_path)]) != 0
    assert "02_ifa_training" in capsys.readouterr().err
