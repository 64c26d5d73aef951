"""The published selections are those of the frozen tables, and their hashes those of videos made again."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from phantom_requests import request_of

from infomotion_lib.data.echodiffusion import FPS, read_gif
from infomotion_lib.data.manifests import may_redistribute
from infomotion_lib.data.video import write_clip
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.paths import BOOK, MANIFESTS
from infomotion_lib.phantom.plan import plan_videos
from infomotion_lib.phantom.rendering import render
from infomotion_lib.provenance import sha256

FOLDER = MANIFESTS / "selections"
CELL = ["source", "method", "graph", "vpc", "class_name", "file_name"]


def published(profile: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{profile}.csv", keep_default_na=False)


@pytest.mark.parametrize("profile", sorted(path.stem for path in FOLDER.glob("*.csv")))
def test_they_are_the_frozen_selections(profile: str) -> None:
    frozen = pd.read_csv(
        BOOK / "results" / profile / "03_graph_selection" / "selections.csv", keep_default_na=False
    )
    seeds = frozen.groupby(CELL)["selection_seed"].agg(lambda own: " ".join(map(str, sorted(own))))
    ours = published(profile).set_index(CELL)["selection_seeds"].sort_index()
    pd.testing.assert_series_equal(ours, seeds.sort_index(), check_names=False)
    used = stage_parameters("data", read_profile(profile))
    assert all(may_redistribute(name) for name in (used.real_data, used.synthetic_data) if name != "none")


@pytest.mark.parametrize(("source", "role"), [("real", "real"), ("synthetic", "synthetic")])
def test_a_phantom_drawn_again_has_the_published_hash(source: str, role: str, tmp_path: Path) -> None:
    table = (
        published("phantom")
        .query("source == @source")
        .drop_duplicates("file_name")
        .set_index("file_name")["sha256"]
    )
    request = request_of("phantom", source)
    assert request is not None and request.role == role
    planned = {video.file_name: video for video in plan_videos(request)}
    assert set(table.index) <= {name for name, video in planned.items() if video.split == "TRAIN"}
    for name in table.index[[0, -1]]:
        clip = render(planned[name].heart, np.arange(request.frames), size=request.size)
        assert sha256(write_clip(tmp_path / f"{name}.avi", clip, fps=request.fps)) == table[name]


def test_an_open_clip_converted_again_has_the_published_hash(tmp_path: Path) -> None:
    upstream = sorted(
        Path(os.environ.get("INFOMOTION_MIRROR", "")).glob("echodiffusion/counterfactual/*.gif")
    )
    if not upstream:
        pytest.skip("INFOMOTION_MIRROR holds no open clips")
    table = published("open").drop_duplicates("file_name").set_index("file_name")["sha256"]
    for name in table.index[[0, -1]]:
        clip = read_gif(upstream[int(name.removeprefix("echodiffusion_"))])
        assert sha256(write_clip(tmp_path / f"{name}.avi", clip, fps=FPS)) == table[name]
