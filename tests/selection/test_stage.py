"""Stage 03 as a whole: who may be chosen, what the tables hold, what is said about shortfalls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.errors import DataError
from infomotion_lib.provenance import write_npz
from infomotion_lib.representations.vectors import Vectors, read_features
from infomotion_lib.selection.candidates import find_candidates
from infomotion_lib.selection.parameters import SelectionParameters
from infomotion_lib.selection.registry import SELECTORS
from infomotion_lib.selection.stage import (
    COMMUNITY_COLUMNS,
    REPORT_COLUMNS,
    SELECTION_COLUMNS,
    SelectionTables,
    run_selection,
)

METHODS = tuple(name for name in SELECTORS if not SELECTORS[name].needs_judge)

Upstream = tuple[pd.DataFrame, Vectors, Vectors]
PARAMETERS = SelectionParameters(methods=METHODS, vpc=(2, 3), n_runs=2, infomap_trials=1, health_resamples=1)


def run(upstream: Upstream, **changes: object) -> SelectionTables:
    index, motion, appearance = upstream
    vectors = {"motion": motion, "appearance": appearance}
    return run_selection(index, vectors, parameters=PARAMETERS.model_copy(update=changes))


def test_tables_have_the_promised_columns_and_rows(upstream: Upstream) -> None:
    tables = run(upstream)
    assert tuple(tables.graph_report.columns) == REPORT_COLUMNS
    assert tuple(tables.communities.columns) == COMMUNITY_COLUMNS
    assert tuple(tables.selections.columns) == SELECTION_COLUMNS
    assert len(tables.graph_report) == 2 * 2 * 3 * 5  # sources, features, recipes, classes
    assert len(tables.communities) == 2 * 2 * 3 * 40
    counts = tables.selections.pivot_table(
        "file_name", ["source", "method", "selection_seed"], "vpc", aggfunc="count"
    )
    assert len(counts) == 2 * len(METHODS) * 2
    assert (counts[2] == 10).all() and (counts[3] == 15).all()
    assert set(tables.files()) == {"graph_report.csv", "communities.csv", "selections.csv", "shortfalls.csv"}


def test_only_train_videos_of_the_source_are_chosen(upstream: Upstream) -> None:
    tables = run(upstream)
    for table in (tables.selections, tables.communities):
        assert (
            table["file_name"]
            .str.startswith(tuple(f"{source}_TRAIN" for source in ("real", "synthetic")))
            .all()
        )
        assert (table["file_name"].str.split("_").str[0] == table["source"]).all()


def test_moving_test_videos_changes_nothing(upstream: Upstream) -> None:
    index, motion, appearance = upstream
    held_out = index["split"] != "TRAIN"
    wild = Vectors(
        motion.source, motion.file_name, np.where(held_out.to_numpy()[:, None], 1e6, motion.features)
    )
    pd.testing.assert_frame_equal(run(upstream).selections, run((index, wild, appearance)).selections)
    without = index[~held_out].reset_index(drop=True)
    pd.testing.assert_frame_equal(run(upstream).selections, run((without, motion, appearance)).selections)


def test_random_methods_draw_again_and_the_others_repeat(upstream: Upstream) -> None:
    picks = run(upstream).selections
    for (_, method, _), own in picks.groupby(["source", "method", "vpc"]):
        first, second = (own.loc[own["selection_seed"] == seed, "file_name"].tolist() for seed in (0, 1))
        assert (first == second) != SELECTORS[str(method)].draws, method


def test_unusable_videos_are_no_candidates(upstream: Upstream) -> None:
    index, motion, appearance = upstream
    index.loc[index["file_name"] == "real_TRAIN_mild_0", "systole_start"] = np.nan
    index.loc[index["file_name"] == "real_TRAIN_mild_1", ["ef", "class_name"]] = [np.nan, ""]
    pool = find_candidates(index, {"motion": motion, "appearance": appearance}, source="real")
    assert len(pool.file_names) == 38 and (pool.classes == "mild").sum() == 6
    assert repr(pool) == "Candidates(real: severe 8, moderate 8, mild 6, normal 8, hyperdynamic 8)"


def test_videos_without_features_are_reported(upstream: Upstream) -> None:
    index, motion, appearance = upstream
    keep = motion.file_name != "real_TRAIN_normal_3"
    tables = run(
        (index, Vectors(motion.source[keep], motion.file_name[keep], motion.features[keep]), appearance)
    )
    lost = tables.shortfalls[tables.shortfalls["kind"] == "no_features"]
    assert lost[["source", "class_name", "wanted", "candidates"]].to_numpy().tolist() == [
        ["real", "normal", 8, 7]
    ]
    assert "real_TRAIN_normal_3" not in set(tables.selections["file_name"])


def test_shortfalls_name_class_and_method(upstream: Upstream) -> None:
    index, motion, appearance = upstream
    drop = (index["source"] == "real") & (index["class_name"] == "severe") & (index["split"] == "TRAIN")
    short = run(
        (index[~drop], motion, appearance), vpc=(3,), methods=("random", "infomotion"), graphs=("literal",)
    ).shortfalls
    empty = short[short["kind"] == "empty_class"]
    assert empty[["source", "method", "class_name", "chosen"]].to_numpy().tolist() == [
        ["real", "random", "severe", 0],
        ["real", "infomotion", "severe", 0],
    ]


def test_flags_travel_into_selections(upstream: Upstream) -> None:
    tables = run(upstream, selection_graph="literal", methods=("random", "infomotion"))
    picks = tables.selections
    assert set(picks.loc[picks["method"] == "infomotion", "graph_flag"]) == {"collapsed"}
    assert set(picks.loc[picks["method"] == "infomotion", "graph"]) == {"literal"}
    assert (
        set(picks.loc[picks["method"] == "random", "graph_flag"])
        == {""}
        == set(picks.loc[picks["method"] == "random", "graph"])
    )


def test_the_report_says_what_collapsed(upstream: Upstream) -> None:
    report = run(upstream).graph_report
    literal = report[report["graph"] == "literal"]
    assert set(literal["flag"]) == {"collapsed"} and (literal["communities"] == 1).all()
    assert literal["stability"].isna().all()
    assert (report["savings"] >= 0).all() and (report["null_communities"] >= 1).all()


def test_same_input_same_tables(upstream: Upstream) -> None:
    first, again = run(upstream), run(upstream)
    for name, table in first.files().items():
        pd.testing.assert_frame_equal(table, again.files()[name])


def test_an_empty_pool_says_where_to_look(upstream: Upstream) -> None:
    index, motion, appearance = upstream
    with pytest.raises(DataError, match=r"'real' can be selected: 0 usable TRAIN[\s\S]*status_counts"):
        run((index[index["split"] != "TRAIN"], motion, appearance))
    with pytest.raises(DataError, match="no column split"):
        run((index.drop(columns="split"), motion, appearance))


def test_feature_files(upstream: Upstream, tmp_path: Path) -> None:
    motion = upstream[1]
    arrays = {"source": motion.source, "file_name": motion.file_name, "features": motion.features}
    path = write_npz(tmp_path / "motion.npz", arrays)
    read = read_features(path)
    np.testing.assert_array_equal(read.features, motion.features)
    assert repr(read) == "Vectors(100 videos x 12, 0 missing)"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=r"motion\.npz"):
        read_features(path)
    with pytest.raises(DataError, match=r"absent\.npz"):
        read_features(tmp_path / "absent.npz")
    bent = write_npz(tmp_path / "bent.npz", arrays | {"source": motion.source[:3]})
    with pytest.raises(DataError, match="do not fit together"):
        read_features(bent)


def test_the_room_needs_no_torch() -> None:
    code = (
        "import sys, infomotion_lib.selection.stage; print([m for m in ('torch', 'matplotlib', 'monai') if m in"
        " sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def test_class_order_is_the_clinical_one(upstream: Upstream) -> None:
    picks = run(upstream, methods=("random",), vpc=(1,), n_runs=1).selections
    assert picks.loc[picks["source"] == "real", "class_name"].tolist() == list(CLASS_NAMES)
