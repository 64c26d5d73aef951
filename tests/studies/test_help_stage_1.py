"""Stage 1 on one tiny pool of a pilot seed: every arm has its rows, a cut study goes on, nobody looks before the
end.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.errors import DataError
from infomotion_lib.studies.help import stage_1
from infomotion_lib.studies.help.gate import ROWS_FILE as GATE_FILE
from infomotion_lib.studies.help.pilot import FIRST_SEED, pilot_registration
from infomotion_lib.studies.help.published import publish_rows, read_rows, rows_in, take_up
from infomotion_lib.studies.help.registration import REGISTERED, Registration, registration
from infomotion_lib.studies.help.said import so_far
from infomotion_lib.studies.help.worlds import draw_world, shown_frames, shown_key_frames
from infomotion_lib.studies.rows import RowFile


def one_pool(folder: Path) -> Registration:
    """A pilot of one world and one pool, whose stage 0 is made up: no network of it is trained."""
    content = json.loads((folder / "registration.json").read_bytes())
    content["worlds"] = {"broken_clips": content["worlds"]["broken_clips"]}
    content["stage_1"] |= {"pools": 1, "sub_pools": 2}
    path = folder / "one.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    registered = registration(path)
    file = RowFile(folder / GATE_FILE)
    file.repair()
    for pool in content["stage_0"]["seeds"]:
        for arm, right in (("random", 40.0), ("oracle", 50.0 + pool % 2)):
            row = {"stage": 0, "world": "broken_clips", "pool": pool, "arm": arm, "draw": 0}
            file.append({"identity": "x", "registration": registered.hash, "hard_accuracy": right} | row)
    return registered


def test_a_stage_of_one_pool(tmp_path: Path) -> None:
    pilot_registration(tmp_path)
    registered = one_pool(tmp_path)
    assert stage_1.worlds_that_entered(tmp_path, registered) == ["broken_clips"]
    rows = stage_1.run_stage_1(tmp_path, registered=registered)
    sets = registered.content["stage_1"]["sets"]
    assert rows.groupby("arm")["draw"].nunique().to_dict() == sets
    assert set(rows["registration"]) == {registered.hash}
    filtered = rows["arm"].isin(["agree_infomotion", "filter_random", "oracle"])
    assert (rows.loc[filtered, "labels"] > 0).all() and (rows.loc[~filtered, "labels"] == 0).all()
    assert (rows.loc[rows["arm"] == "oracle", "bad"] == 0).all()
    assert (rows[["coverage_motion", "diversity_appearance"]] > 0).all(axis=None)
    lines = list(so_far(tmp_path, registered))
    assert lines[-1].startswith("broken clips: ")

    file = tmp_path / stage_1.ROWS_FILE
    whole = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(whole[:-1]), encoding="utf-8")
    assert "after the last of them" in list(so_far(tmp_path, registered))[-1], "nobody looks before the end"
    again = stage_1.run_stage_1(tmp_path, registered=registered)
    clock = [name for name in rows if name.startswith("seconds")]
    assert again.drop(columns=clock).equals(rows.drop(columns=clock))

    book = tmp_path / "book"
    publish_rows(tmp_path, registered, to=book)
    kept = ["world", "pool", "arm", "draw", "videos", "hard_accuracy"]
    published = read_rows(1, registered, folder=book)[kept]
    pd.testing.assert_frame_equal(
        published, rows[kept].sort_values(kept[:4], ignore_index=True), check_dtype=False
    )
    elsewhere = tmp_path / "elsewhere"
    assert take_up(elsewhere, registered, published=book) == len(rows) + len(rows_in(tmp_path, 0, registered))
    assert take_up(elsewhere, registered, published=book) == 0
    by_place = rows.sort_values(kept[:4], ignore_index=True)
    there = rows_in(elsewhere, 1, registered).drop(columns=clock)
    pd.testing.assert_frame_equal(there, by_place.drop(columns=clock), check_dtype=False)
    with pytest.raises(DataError, match="another registration"):
        read_rows(1, registration(REGISTERED), folder=book)
    with pytest.raises(DataError, match="other networks: "):
        stage_1.check_networks([{"networks": "elsewhere"}], "here")


def test_stage_1_waits_for_the_gate(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="pools of stage 0 are not finished"):
        stage_1.run_stage_1(tmp_path, registered=pilot_registration(tmp_path))


def test_a_pilot_is_not_the_study(tmp_path: Path) -> None:
    pilot, registered = pilot_registration(tmp_path), registration()
    assert pilot.hash != registered.hash and pilot.content["name"].endswith("-pilot")
    stages = [registered.content["stage_0"]["seeds"], pilot.content["stage_0"]["seeds"]]
    ranges = [
        range(content["first_seed"], content["first_seed"] + content["pools"])
        for content in (registered.content["stage_1"], pilot.content["stage_1"])
    ]
    assert not {*stages[0], *ranges[0]} & {*stages[1], *ranges[1]} and min(stages[1]) == FIRST_SEED


def test_key_frames_show_the_faults(tmp_path: Path) -> None:
    """A frozen clip has equal end frames; after a jump another heart is seen; a copy has its original's
    frames.
    """
    pilot = pilot_registration(tmp_path)
    faults = registration().contaminations("broken_clips") + registration().contaminations("near_copies")
    pool = draw_world(pilot.parameters, faults, seed=FIRST_SEED + 50)
    frames = shown_key_frames(pool, pilot.parameters)
    for video, ends in zip(pool.videos, frames.ends, strict=True):
        if "frozen" in video.faults:
            assert (ends == ends[0]).all()
    jumping = next(video for video in pool.videos if video.after is not None)
    before, after = shown_frames(jumping, [jumping.jump - 1, jumping.jump], size=64)
    assert np.abs(before.astype(int) - after).mean() > 2
    copy = next(row for row, video in enumerate(pool.videos) if video.original >= 0)
    assert pool.frames[copy] == pool.frames[pool.videos[copy].original]
