"""Representations that learn nothing: dense flow, the untrained network and the phantom's own factors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.data.records import read_dataset
from infomotion_lib.errors import DataError
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.provenance import write_json
from infomotion_lib.representations import extract
from infomotion_lib.representations.flow.dense import DenseFlow
from infomotion_lib.representations.flow.farneback import PAIR_SIZE, dense_flow
from infomotion_lib.representations.ifa.features import extract_features
from infomotion_lib.representations.ifa.training import new_interpolator
from infomotion_lib.representations.ifa.triplets import attach_paths
from infomotion_lib.representations.stage import fit_representations, load_representations
from infomotion_lib.representations.truth.factors import CYCLE_UNIT, EF_UNIT, FACTORS, NO_TRUTH, Truth
from infomotion_lib.stage_table import RUN_CARD

NAMES = ("dense_flow", "motion_untrained", "truth")


@pytest.fixture(scope="module")
def rows(tiny_phantom: Path) -> pd.DataFrame:
    dataset = read_dataset(tiny_phantom)
    index = build_frame_index(dataset, source="real", parameters=FrameIndexParameters())
    return attach_paths(index[index["class_name"].isin(["severe", "normal"])], {"real": dataset})


def test_they_go_through_stage_02(rows: pd.DataFrame, tmp_path: Path) -> None:
    values = {"representations": NAMES, "ifa_width": 4, "workers": 1}
    parameters = stage_parameters("ifa_training", values)
    made = fit_representations(rows, teacher="real", folder=tmp_path, parameters=parameters)
    assert {name: table.size for name, table in made.vectors.items()} == {
        "dense_flow": 2 * PAIR_SIZE,
        "motion_untrained": 384,
        "truth": len(FACTORS),
    }
    assert all(len(table) == len(rows) and not len(table.missing) for table in made.vectors.values())
    again = load_representations(NAMES, tmp_path, parameters=parameters, device="cpu")
    assert set(again) == {"dense_flow", "motion_untrained"}, "a generated pool has no true factors"
    for name, fitted in again.items():
        same = fitted.vectors(rows.iloc[:2], workers=1)
        whole = made.vectors[name]
        assert np.array_equal(same.features, whole.features[whole.rows_of(rows.iloc[:2])]), name
    plain = extract_features(new_interpolator(4, (2, 2, 2, 2, 2), seed=0, refine=False), rows, out=None)
    assert np.array_equal(plain.features, made.vectors["motion_untrained"].features)


def test_every_kind_can_be_applied_to_other_videos(rows: pd.DataFrame, tmp_path: Path) -> None:
    names = ("motion", "appearance", *NAMES)
    values = {"representations": names, "ifa_width": 4, "ifa_steps": 0, "appearance_steps": 0, "workers": 1}
    parameters = stage_parameters("ifa_training", values)
    made = fit_representations(rows, teacher="real", folder=tmp_path, parameters=parameters)
    empty: dict[str, str] = {}
    card = {"stage": "ifa_training", "git": empty, "inputs": empty, "outputs": empty}
    write_json(card | {"parameters": parameters.model_dump()}, tmp_path / RUN_CARD)
    for name in names:
        again = extract(name, rows, folder=tmp_path, device="cpu")
        assert np.array_equal(again.features, made.vectors[name].features), name


def test_flow_sees_which_way_a_picture_moves() -> None:
    y, x = np.mgrid[:112, :112]
    first = np.uint8(120 + 60 * np.sin(x / 5) * np.cos(y / 7))
    moved = np.roll(first, (1, 2), axis=(0, 1))
    inside = dense_flow(first, moved)[20:-20, 20:-20]
    assert np.median(inside[..., 0]) == pytest.approx(2, abs=0.3)
    assert np.median(inside[..., 1]) == pytest.approx(1, abs=0.3)


def test_a_video_without_phases_is_listed(rows: pd.DataFrame) -> None:
    blind = rows.copy()
    first = blind.index[0]
    ends = [name for name in blind if str(name).endswith(("_start", "_end"))]
    blind.loc[first, ends] = pd.NA
    blind.loc[first, "status"] = "no_phases"
    table = DenseFlow().vectors(blind, workers=1)
    assert table.missing["file_name"].tolist() == [blind.loc[first, "file_name"]]
    assert table.missing["status"].tolist() == ["no_phases"]


def test_half_a_beat_has_the_flow_of_its_pair(rows: pd.DataFrame) -> None:
    filling = [f"diastole_{part}" for part in ("start", "mid", "end")]
    whole = DenseFlow().vectors(rows, workers=1)
    half = DenseFlow(1).vectors(rows.assign(**dict.fromkeys(filling, pd.NA)), workers=1)
    with pytest.raises(DataError, match="2 motions per video"):
        DenseFlow(1).vectors(rows, workers=1)
    assert half.size == PAIR_SIZE and np.array_equal(half.features, whole.features[:, PAIR_SIZE:])


def test_the_oracle_knows_what_was_drawn(rows: pd.DataFrame, tiny_phantom: Path, tmp_path: Path) -> None:
    table = Truth().vectors(rows, workers=1)
    truth = pd.read_csv(tiny_phantom / "phantom_truth.csv").set_index("FileName").loc[table.file_name]
    assert table.features[:, 0] * EF_UNIT == pytest.approx(truth["EF"].to_numpy(), rel=1e-5)
    assert table.features[:, 1] * CYCLE_UNIT == pytest.approx(truth["cycle"].to_numpy())
    styles = [FACTORS[2:][number] for number in table.features[:, 2:].argmax(axis=1)]
    assert styles == truth["machine"].tolist() and (table.features[:, 2:].sum(axis=1) == 1).all()
    stranger = rows.iloc[:1].assign(path=str(tmp_path / "Videos" / "a.avi"), file_name="zz")
    mixed = Truth().vectors(pd.concat([rows, stranger]), workers=1)
    assert mixed.missing["status"].tolist() == [NO_TRUTH]
    with pytest.raises(DataError, match=r"drawn by the phantom[\s\S]*Leave truth out"):
        Truth().vectors(stranger, workers=1)
