"""The evidence study: pools like those on disk, equal sets trained once, slices that may be cut anywhere."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.classes import ef_class
from infomotion_lib.data.videos import open_source
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.frame_table import PAIR_COLUMNS
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.json_lines import read_lines
from infomotion_lib.phantom.nuisance import NUISANCES
from infomotion_lib.run.cli import main
from infomotion_lib.selection.selectors import select
from infomotion_lib.studies.rows import IDENTITY
from infomotion_lib.studies.selectors import study
from infomotion_lib.studies.selectors.arms import ARMS, CONFIGURATIONS, CORE, GRAPH_METHODS, MAIN, WORLDS
from infomotion_lib.studies.selectors.comparison import pool_differences, scored_sets
from infomotion_lib.studies.selectors.feature_networks import FeatureNetworks, open_feature_networks
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import PICTURE, Pool, draw_pool, key_frames, mislabel, plan_pool
from infomotion_lib.studies.selectors.rows import (
    NETWORKS,
    ROWS_FILE,
    Tables,
    pool_identity,
    publish,
    read_published,
)
from infomotion_lib.studies.selectors.sets import choose_sets, plan_tasks
from infomotion_lib.studies.selectors.settings import DECIDING, LATER, settings_of
from infomotion_lib.studies.selectors.study import most_networks, run_study, tables_so_far

SIZES = {
    "phantom_train_per_class": 4,
    "phantom_val_per_class": 1,
    "phantom_test_counts": (2, 2, 2, 2, 2),
    "phantom_frames": 48,
}
IFA = {
    "ifa_width": 4,
    "ifa_depths": (1, 1, 1, 1, 1),
    "ifa_steps": 1,
    "appearance_steps": 1,
    "appearance_size": 32,
    "infomap_trials": 2,
}
NETWORK = {
    "clip_frames": 8,
    "clip_size": 16,
    "batch_size": 4,
    "steps_selected": 1,
    "steps_whole": 2,
    "test_clips": 1,
}
STUDY = {
    "study_pools": 2,
    "study_seed": 0,
    "study_render_size": 28,
    "study_random_draws": 2,
    "study_training_seeds": 2,
}
TINY = EvidenceParameters(**SIZES, **IFA, **NETWORK, **STUDY, vpc=(1, 2), workers=1)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def networks_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teachers")
    open_feature_networks(folder, TINY)
    return folder


@pytest.fixture(scope="module")
def pool() -> Pool:
    return draw_pool(TINY, seed=0, arm=ARMS[MAIN])


@pytest.fixture(scope="module")
def networks(networks_folder: Path) -> FeatureNetworks:
    return open_feature_networks(networks_folder, TINY)


def start(folder: Path, networks_folder: Path) -> Path:
    """Folder of a study whose networks behind the vectors are trained already."""
    folder.mkdir()
    (folder / NETWORKS).symlink_to(networks_folder)
    return folder


def run(folder: Path, tmp_path: Path, **options: object) -> Tables:
    return run_study(folder, parameters=TINY, published=tmp_path / "book", say=lambda line: None, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, networks_folder: Path) -> Path:
    """A finished study of the smallest arm."""
    folder = start(tmp_path_factory.mktemp("whole") / "study", networks_folder)
    run(folder, folder.parent, arm="label_noise")
    return folder


def lines_without_times(folder: Path) -> list[str]:
    return sorted(
        json.dumps({name: value for name, value in line.items() if name != "seconds"})
        for line in read_lines(folder / ROWS_FILE)
    )


def test_a_pool_is_the_data_set_of_its_seed(
    tiny_phantom: Path, pool: Pool, networks: FeatureNetworks
) -> None:
    data = tiny_phantom.parent / "as_data"
    data.mkdir(exist_ok=True)
    link = data / "phantom"
    if not link.exists():
        link.symlink_to(tiny_phantom)
    index = build_frame_index(
        open_source("phantom", data_dir=data),
        source="real",
        parameters=FrameIndexParameters(),
        progress=False,
    )
    train = index[index["split"] == "TRAIN"].reset_index(drop=True)
    assert train["file_name"].tolist() == pool.file_names.tolist()
    np.testing.assert_allclose(train["ef"], pool.ef)
    assert train["class_name"].tolist() == pool.classes.tolist()
    planned = {video.file_name: key_frames(video, TINY) for video in plan_pool(TINY, seed=0, arm=ARMS[MAIN])}
    for row in index.to_dict("records"):
        assert {name: int(row[name]) for name in (*PAIR_COLUMNS, "ed")} == planned[row["file_name"]]

    from infomotion_lib.data.video import read_frames
    from infomotion_lib.representations.appearance.network import embed
    from infomotion_lib.representations.ends import pair_frames
    from infomotion_lib.representations.ifa.features import extract_features
    from infomotion_lib.representations.ifa.triplets import attach_paths

    paths = (
        attach_paths(index, {"real": open_source("phantom", data_dir=data)})
        .set_index("file_name")
        .loc[train["file_name"]]
        .reset_index()
    )
    rows = paths.to_dict("records")
    ends = [read_frames(row["path"], pair_frames(row)[0]) for row in rows]
    looks = np.concatenate([read_frames(row["path"], [row["ed"]]) for row in rows])
    drawn, stored = np.concatenate(pool.ends).astype(float), np.concatenate(ends).astype(float)
    assert np.abs(drawn - stored).mean() < 2  # grey levels: the files are compressed, the pool is not
    from_files = extract_features(networks.network, paths, out=None, device="cpu")
    vectors = networks.vectors(replace(pool, ends=ends, ed_frames=looks))
    np.testing.assert_array_equal(vectors["motion"], from_files.features)
    np.testing.assert_array_equal(vectors["appearance"], embed(networks.appearance, looks))


def test_pools_and_feature_networks_share_no_heart() -> None:
    hearts = [
        {video.heart.seed for video in plan_pool(TINY, seed=seed, arm=ARMS[MAIN])} for seed in (0, 1, 1000)
    ]
    assert not hearts[0] & hearts[1] and not (hearts[0] | hearts[1]) & hearts[2]


def test_the_profile_keeps_its_seeds_apart() -> None:
    from infomotion_lib.parameters import profile_names, read_profile, stage_parameters

    values = stage_parameters("evidence", read_profile("phantom-large")).model_dump()
    study_seeds = set(range(values["study_seed"], values["study_seed"] + 1000))
    others = {
        int(stage_parameters("data", read_profile(name)).model_dump()["phantom_seed"])
        for name in profile_names()
    }
    assert not study_seeds & (others | {seed + 1 for seed in others})


def test_arms_change_what_they_say(pool: Pool) -> None:
    plain = [video.heart for video in plan_pool(TINY, seed=0, arm=ARMS["plain_pictures"])]
    usual = [video.heart for video in plan_pool(TINY, seed=0, arm=ARMS[MAIN])]
    assert {heart.machine for heart in plain} == {"standard"} < {heart.machine for heart in usual}
    assert {tuple(getattr(heart, name) for name in PICTURE) for heart in plain} == {
        tuple(float(np.mean(NUISANCES[name].at(TINY.nuisance_level))) for name in PICTURE)
    }
    assert [heart.ef for heart in plain] == [heart.ef for heart in usual]
    ef, moved = mislabel(pool.ef, share=0.25, seed=3)
    assert moved.sum() == 5 and (ef[~moved] == pool.ef[~moved]).all()
    assert set(np.abs(ef_class(ef[moved]) - ef_class(pool.ef[moved])).tolist()) == {1}
    assert not pool.mislabelled.any()


def test_every_set_is_chosen_by_select_and_equal_sets_are_trained_once(
    pool: Pool, networks: FeatureNetworks
) -> None:
    vectors = networks.vectors(pool)
    sets = choose_sets(pool, vectors, arm=ARMS[MAIN], parameters=TINY)
    table = pd.DataFrame(sets)
    counts = table.groupby(["method", "feature", "graph", "vpc"]).size()
    assert (
        len(counts) == 2 * len(CONFIGURATIONS) + 1
        and counts["random"].tolist() == [2, 2]
        and counts["whole"].tolist() == [1]
    )
    picked = table[(table["method"] == "kcenter") & (table["feature"] == "joint") & (table["vpc"] == 2)].iloc[
        0
    ]
    again = select(vectors["joint"], pool.classes, file_names=pool.file_names, method="kcenter", vpc=2)
    assert set(pool.file_names[[int(row) for row in picked["videos"].split()]]) == set(again.file_names)
    assert (table.loc[table["graph"] != "", ["healthy", "collapsed", "shattered"]].sum(axis=1) == 5).all()
    tasks = plan_tasks(sets, parameters=TINY)
    named = {(task.set_name, task.steps, task.training_seed) for task in tasks}
    assert len(named) == len(tasks) == 2 * (table["set"].nunique() - 1) + 1 < most_networks(MAIN, TINY)
    first = {
        row["set"]
        for row in sets
        if (row["method"], row["feature"], row["graph"]) in {core.key for core in CORE}
    }
    assert {task.set_name for task in tasks[: 2 * len(first)]} == first


def test_equal_steps_are_an_arm(pool: Pool, networks: FeatureNetworks) -> None:
    """The whole set is trained for as many steps as the selected ones, and the settings stay those of the
    rows there are.
    """
    arm = "equal_steps"
    equal = study.parameters_of(arm, TINY)
    sets = choose_sets(pool, networks.vectors(pool), arm=ARMS[arm], parameters=equal)
    tasks = plan_tasks(sets, parameters=equal)
    everything = [task for task in tasks if len(task.rows) == len(pool.ef)]
    assert len(everything) == TINY.study_whole_seeds and {task.steps for task in tasks} == {1}
    assert {row["vpc"] for row in sets} == {0, 1} and len(tasks) <= most_networks(arm, TINY)
    assert study.parameters_of(MAIN, TINY) == TINY and arm not in WORLDS


@pytest.mark.parametrize("feature", GRAPH_METHODS)
def test_infomotion_and_infodist_are_one_algorithm(
    pool: Pool, networks: FeatureNetworks, feature: str
) -> None:
    vectors = networks.vectors(pool)[feature]
    chosen = [
        select(vectors, pool.classes, file_names=pool.file_names, method=name, vpc=2).file_names
        for name in ("infomotion", "infodist")
    ]
    assert chosen[0] == chosen[1]


def test_a_study_cut_anywhere_ends_with_the_same_rows(
    tmp_path: Path, whole: Path, networks_folder: Path
) -> None:
    data = (whole / ROWS_FILE).read_bytes()
    for number, cut in enumerate((60, len(data) // 2)):
        folder = start(tmp_path / str(number), networks_folder)
        (folder / ROWS_FILE).write_bytes(data[:cut])
        run(folder, tmp_path, arm="label_noise")
        assert lines_without_times(folder) == lines_without_times(whole)


def test_workers_do_not_change_the_rows(tmp_path: Path, whole: Path, networks_folder: Path) -> None:
    folder = start(tmp_path / "two", networks_folder)
    parallel = TINY.model_copy(update={"workers": 2})
    run_study(
        folder, parameters=parallel, arm="label_noise", published=tmp_path / "book", say=lambda line: None
    )
    assert lines_without_times(folder) == lines_without_times(whole)


def test_a_slice_begins_no_network_after_its_time(
    tmp_path: Path, whole: Path, networks_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = start(tmp_path / "study", networks_folder)
    real, trained = study.train_and_score, []

    def slow(*arguments: object) -> object:
        trained.append(1)
        if len(trained) == 3:
            monkeypatch.setattr(time, "time", lambda: float("inf"))
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(study, "train_and_score", slow)
    tables = run(folder, tmp_path, arm="label_noise", minutes=10)
    assert len(trained) == len(tables.networks) == 3
    assert tables.finished["complete"].tolist() == [False]
    monkeypatch.undo()
    assert len(run(folder, tmp_path, arm="label_noise", minutes=0).networks) == 3
    run(folder, tmp_path, arm="label_noise")
    assert lines_without_times(folder) == lines_without_times(whole)


def test_published_rows_are_enough_to_go_on(tmp_path: Path, whole: Path, networks_folder: Path) -> None:
    tables = tables_so_far(whole, TINY)
    publish(tables, tmp_path / "book")
    back = read_published(tmp_path / "book")
    assert back is not None
    pd.testing.assert_frame_equal(back.networks, tables.networks, check_dtype=False)
    pd.testing.assert_frame_equal(back.sets, tables.sets, check_dtype=False)
    assert back.feature_networks == tables.feature_networks and back.feature_networks["f4"][
        "sha256"
    ].keys() == {
        "ifa.safetensors",
        "appearance.safetensors",
    }
    before = [file.read_bytes() for file in sorted((tmp_path / "book").iterdir())]
    folder = start(tmp_path / "elsewhere", networks_folder)
    again = run(folder, tmp_path, arm="label_noise")
    publish(again, tmp_path / "book")
    assert [file.read_bytes() for file in sorted((tmp_path / "book").iterdir())] == before
    with pytest.raises(DataError, match="rows that this study has not"):
        publish(replace(again, networks=again.networks.iloc[1:]), tmp_path / "book")


def test_pools_begun_with_other_networks_are_begun_again(
    tmp_path: Path, whole: Path, networks_folder: Path
) -> None:
    lines = read_lines(whole / ROWS_FILE)
    folder = start(tmp_path / "study", networks_folder)
    older = [line | {NETWORKS: "older", IDENTITY: pool_identity(line["settings"], "older")} for line in lines]
    old = [line for line in older if line["pool"] == 0] + [line for line in older if line["pool"] == 1][:3]
    (folder / ROWS_FILE).write_text("".join(json.dumps(line) + "\n" for line in old), encoding="utf-8")
    tables = run(folder, tmp_path, arm="label_noise")
    assert tables.networks.groupby("pool")["teachers"].unique().map(list).tolist() == [
        ["older"],
        [lines[0]["teachers"]],
    ]
    assert tables.finished["complete"].all()
    before = replace(
        tables, networks=tables.networks.assign(teachers="older"), sets=tables.sets.assign(teachers="older")
    )
    publish(before, tmp_path / "book")
    again = run(folder, tmp_path, arm="label_noise")
    pd.testing.assert_frame_equal(again.networks, tables.networks)
    publish(again, tmp_path / "book")


def test_rows_of_other_settings_are_never_mixed_and_kept(
    tmp_path: Path, whole: Path, networks_folder: Path
) -> None:
    folder = start(tmp_path / "study", networks_folder)
    (folder / ROWS_FILE).write_bytes((whole / ROWS_FILE).read_bytes())
    other = TINY.model_copy(update={"steps_selected": 3})
    with pytest.raises(DataError, match="other settings"):
        tables_so_far(folder, other)
    publish(tables_so_far(whole, TINY), tmp_path / "book")
    said: list[str] = []
    changed = run_study(
        folder, parameters=other, arm="label_noise", pools=1, published=tmp_path / "book", say=said.append
    )
    assert set(changed.networks["steps"]) == {3} and "other settings" in said[0]
    with pytest.raises(DataError, match="other settings"):
        publish(changed, tmp_path / "book")
    pd.testing.assert_frame_equal(tables_so_far(folder, TINY).networks, tables_so_far(whole, TINY).networks)
    with pytest.raises(DataError, match="No study has run"):
        tables_so_far(tmp_path / "nowhere", TINY)
    with pytest.raises(ParameterError, match="Did you mean label_noise"):
        run_study(tmp_path / "new", parameters=TINY, arm="label_noises")


def test_rows_of_earlier_versions_are_taken_up(tmp_path: Path, whole: Path, networks_folder: Path) -> None:
    folder = start(tmp_path / "study", networks_folder)
    lines = read_lines(whole / ROWS_FILE)
    unnamed = [{name: value for name, value in line.items() if name != IDENTITY} for line in lines]
    (folder / ROWS_FILE).write_text("".join(json.dumps(line) + "\n" for line in unnamed), encoding="utf-8")
    said: list[str] = []
    tables = run_study(
        folder, parameters=TINY, arm="label_noise", published=tmp_path / "book", say=said.append
    )
    assert not said, "nothing was trained again"
    pd.testing.assert_frame_equal(tables.networks, tables_so_far(whole, TINY).networks)


def test_speed_and_place_are_no_settings() -> None:
    elsewhere = TINY.model_copy(
        update={"workers": 7, "study_pools": 30, "runs_dir": "there", "bootstrap_samples": 1}
    )
    assert settings_of(elsewhere) == settings_of(TINY)
    assert {*DECIDING, *LATER} <= set(EvidenceParameters.model_fields)
    assert settings_of(TINY.model_copy(update={"optimiser": "sgd"})) == settings_of(TINY) | {
        "optimiser": "sgd"
    }


def test_the_rows_of_an_arm_can_be_compared(whole: Path) -> None:
    tables = tables_so_far(whole, TINY)
    runs = scored_sets(tables, arm="label_noise")
    assert runs.groupby("method").size().to_dict() == {
        "random": 8,
        "kmeans": 4,
        "infodist": 4,
        "infomotion": 4,
        "herding_ef": 4,
    }
    assert set(pool_differences(runs)["pool"]) == {0, 1}
    assert scored_sets(tables).empty
    assert tables.constants.groupby("pool").size().tolist() == [5, 5]


def test_the_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "selectors", "--publish", "--runs-dir", str(tmp_path)]) == 2
    assert "No study has run" in capsys.readouterr().err
    assert main(["study", "selectors", "--runs-dir", str(tmp_path), "-p", "vpcs=[5]"]) == 2
    assert "Did you mean vpc" in capsys.readouterr().err


def test_the_study_of_hardness_names_its_successor(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "hardness", "--pools", "3"]) == DataError.exit_code
    assert "infomotion study selectors" in capsys.readouterr().err
