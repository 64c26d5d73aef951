"""Every stage is foretold from headers: what it will do, what it refuses, and what a run says before it begins."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_folders import EchoFolder, make_folder, textured_clip

from infomotion_lib.data.outside import state_outside
from infomotion_lib.data.video import read_clip, write_clip
from infomotion_lib.errors import DataError, InfoMotionError
from infomotion_lib.frames.outlook import phase_losses
from infomotion_lib.losses import losses
from infomotion_lib.outlook import by_split
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.paths import run_paths
from infomotion_lib.run import cli
from infomotion_lib.run.check import check_for_run
from infomotion_lib.run.outlook import Foretold, foretell, videos_of_run
from infomotion_lib.run.prepare import parameters_of, resolve
from infomotion_lib.run.workflow import run_all

LONG = 48
OWN = {"synthetic_data": "none", "real_data": "echonet-dynamic", "latte_fps": 16.0, "vpc": (2, 3)}


@pytest.fixture
def folder(tmp_path: Path) -> EchoFolder:
    """40 videos that are long enough for every stage."""
    clips = [
        write_clip(tmp_path / f"{seed}.avi", textured_clip(seed, frames=LONG, height=32, width=32), fps=50)
        for seed in range(2)
    ]
    return make_folder(tmp_path / "EchoNet-Dynamic", clips)


def told(folder: EchoFolder, **changes: object) -> Foretold:
    """Outlook of a run on the folder, written as it now is."""
    folder.write()
    values = resolve("smoke", overrides={**OWN, "data_root": str(folder.root.parent), **changes})
    stages = parameters_of(values)
    videos = videos_of_run(stages, run_paths("smoke", folder.root.parent / "runs"))
    assert videos is not None
    return foretell(stages, videos)


def only(folder: EchoFolder, keep: pd.Series) -> None:
    folder.file_list = folder.file_list[keep].reset_index(drop=True)


def splits(*kept: str) -> Callable[[EchoFolder], None]:
    return lambda folder: only(folder, folder.file_list["Split"].isin(kept))


def one_test(folder: EchoFolder) -> None:
    test = folder.file_list["Split"] == "TEST"
    only(folder, ~test | ~test.duplicated())


def no_severe(folder: EchoFolder) -> None:
    only(folder, folder.file_list["EF"] >= 30)


def rewritten(fps: float = 50, height: int = 32, frames: int = LONG) -> Callable[[EchoFolder], None]:
    def change(folder: EchoFolder) -> None:
        clip = textured_clip(0, frames=frames, height=height, width=32)
        made = write_clip(folder.root.parent / "other.avi", clip, fps=fps)
        for number in range(len(folder.file_list)):
            shutil.copy(made, folder.video(number))

    return change


def untraced(folder: EchoFolder) -> None:
    folder.tracings = folder.tracings[:0]


def brief(folder: EchoFolder) -> None:
    rewritten(fps=600)(folder)
    untraced(folder)


@pytest.mark.parametrize(
    ("change", "stopped", "words", "until"),
    [
        (lambda folder: None, "", "", "06"),
        (splits("TRAIN", "TEST"), "ifa_training", "No VAL video shows a motion", "01"),
        (splits("TRAIN", "VAL"), "evaluation", "no labelled, usable TEST video", "03"),
        (splits("VAL", "TEST"), "ifa_training", "No TRAIN video shows a motion", "01"),
        (one_test, "", "", "06"),
        (no_severe, "latte_pool", "No training clip of class: severe", "04"),
        (rewritten(height=40), "ifa_training", "40 x 32 pixels: both sides must be multiples of 16", "01"),
        (rewritten(fps=200), "echosyn_pool", "None of 30 videos lasts for 16 frames", "04"),
        (brief, "frame_index", "No video of the source real has phases", ""),
    ],
)
def test_each_stage_is_foretold(
    folder: EchoFolder, change: Callable[[EchoFolder], None], stopped: str, words: str, until: str
) -> None:
    change(folder)
    foretold = told(folder)
    first = next((name for name in foretold.stages if foretold.stopped(name)), "")
    assert (first, foretold.until()) == (stopped, until)
    assert foretold.ready == (stopped == "")
    if stopped:
        assert words in str(foretold.stages[stopped].refusals[0])
        with pytest.raises(InfoMotionError, match="cannot run") as refused:
            foretold.require()
        assert not until or f"--until {until}" in str(refused.value)
        assert refused.value.exit_code == 2
        if until:
            name = {"01": "frame_index", "03": "graph_selection", "04": "evaluation"}[until]
            foretold.require(name)  # what was offered goes


def test_less_than_was_asked_for_is_said(folder: EchoFolder) -> None:
    one_test(folder)
    folder.file_list["EF"] = 60.0
    stages = told(folder, vpc=[40], generators=["echosyn"]).stages
    remarks = {name: " ".join(outlook.remarks) for name, outlook in stages.items()}
    assert "nothing can be selected of class severe" in remarks["graph_selection"]
    assert "fewer than 40 TRAIN videos to choose from: normal 30" in remarks["graph_selection"]
    assert "every TRAIN video has the same EF, 60" in remarks["graph_selection"]
    assert "a single TEST video" in remarks["evaluation"] and "probed on VAL too" in remarks["ifa_training"]
    assert "40 traced, 0 to be detected" not in stages["frame_index"].work  # 35 are listed now
    assert f"{len(folder.file_list)} traced, 0 to be detected" in stages["frame_index"].work


def test_a_run_is_refused_before_anything_is_written(folder: EchoFolder) -> None:
    splits("TRAIN", "VAL")(folder)
    folder.write()
    runs = folder.root.parent / "runs"
    changes = {**OWN, "data_root": str(folder.root.parent), "runs_dir": str(runs)}
    with pytest.raises(DataError, match="04 evaluation cannot run") as refused:
        run_all("smoke", overrides=changes)
    assert "Nothing has run" in str(refused.value) and not runs.exists()


def test_a_drawn_pool_is_foretold_without_drawing(tmp_path: Path) -> None:
    stages = parameters_of(resolve("smoke", overrides={"phantom_frames": 24}))
    videos = videos_of_run(stages, run_paths("smoke", tmp_path))
    assert videos is not None and by_split(videos[videos["source"] == "real"]) == "30 TRAIN, 5 VAL, 11 TEST"
    assert set(videos.loc[videos["source"] == "synthetic", "split"]) == {"TRAIN"}
    foretold = foretell(stages, videos)
    assert [name for name in foretold.stages if foretold.stopped(name)] == [
        "echosyn_pool",
        "latte_pool",
        "ablation",
    ]
    assert not list(tmp_path.iterdir())


def test_a_limit_counts(folder: EchoFolder) -> None:
    assert "35 videos" not in told(folder).stages["frame_index"].work
    assert told(folder, limit=1).stages["frame_index"].work.startswith("14 videos")  # 5 TRAIN, 4 VAL, 5 TEST


def test_the_command_tells_what_can_run(folder: EchoFolder, capsys: pytest.CaptureFixture[str]) -> None:
    splits("TRAIN", "VAL")(folder)
    folder.write()
    words = ["data", "check", str(folder.root), "-P", "smoke", "-p", "synthetic_data=none"]
    assert cli.main([*words, "-p", "latte_fps=16.0"]) == 1
    printed = capsys.readouterr().out
    assert "Ready" not in printed and "Not ready for the profile smoke" in printed
    assert "`--until 03` leaves what comes after 03 out" in printed
    report = check_for_run(folder.root, profile="smoke", overrides={"synthetic_data": "none"})
    assert report.verdict.startswith("Not ready") and len(report.stages) >= 8


def test_paper_is_not_ready_without_its_second_source(folder: EchoFolder) -> None:
    report = check_for_run(folder.root, overrides={"latte_fps": 16.0})
    assert "Not ready for the profile paper: its synthetic source" in report.summary()
    ready = check_for_run(folder.root, overrides={"latte_fps": 16.0, "synthetic_data": "none"})
    assert "Ready for the profile paper: all stages can run" in ready.summary()


def test_a_linked_folder_is_known_by_the_name_it_was_given(folder: EchoFolder, tmp_path: Path) -> None:
    (tmp_path / "EchoNet-Synthetic").symlink_to(folder.root.replace(folder.root.parent / "set14"))
    asked = check_for_run(tmp_path / "EchoNet-Synthetic").summary()
    assert f"EchoNet-Synthetic at {tmp_path / 'EchoNet-Synthetic'} (echonet-synthetic)" in asked
    assert "REQUESTED" in asked and f"Set INFOMOTION_DATA={tmp_path} " in asked and "set14" not in asked


def test_more_than_a_quarter_lost_stops() -> None:
    lost = pd.DataFrame({"file_name": ["a", "b"], "status": ["no_phase", "blank"]})
    assert losses(lost, 8, of="videos", allowed=False) == ""
    with pytest.raises(DataError, match=r"2 of 7 videos: 1 no_phase; 1 blank[\s\S]*allow_losses=true"):
        losses(lost, 7, of="videos", allowed=False)
    assert losses(lost, 7, of="videos", allowed=True).endswith("First of them: a, b")


def test_videos_without_phases_are_counted_by_reason() -> None:
    index = pd.DataFrame(
        {
            "source": "real",
            "file_name": list("abcdef"),
            "status": ["no_phase", "short_pair", "annotated", "annotated", "missing", "detected"],
            "systole_start": [np.nan, np.nan, 1, 1, np.nan, 2],
        }
    )
    with pytest.raises(DataError, match="2 of 5 real videos have no phases: 1 no_phase; 1 short_pair"):
        phase_losses(index, {"missing"}, allowed=False)
    assert phase_losses(index, {"missing"}, allowed=True)
    assert phase_losses(index[2:4], (), allowed=False) == ""
    with pytest.raises(
        DataError, match=r"No video of the source real has phases\.\n1 no_phase; 1 short_pair"
    ):
        phase_losses(index[:2], (), allowed=True)


def test_losses_are_allowed_by_one_parameter_in_every_stage(folder: EchoFolder) -> None:
    for number in range(12):
        folder.video(number).write_bytes(b"")
    with pytest.raises(DataError, match=r"12 of 40 videos[\s\S]*allow_losses=true"):
        told(folder)
    assert told(folder, allow_losses=True).stages["frame_index"].work.startswith("28 videos")
    assert all(
        stage_parameters(name, {"allow_losses": True}).allow_losses
        for name in ("data", "frame_index", "ablation")
    )


def test_videos_of_a_finished_data_stage_are_not_read_again(
    folder: EchoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infomotion_lib.run import data, outlook

    folder.write()
    changes = {**OWN, "data_root": str(folder.root.parent), "runs_dir": str(folder.root.parent / "runs")}
    stages = parameters_of(resolve("smoke", overrides=changes))
    paths = run_paths("smoke", changes["runs_dir"])
    data.run(stages["data"])
    expected = read_again(stages, paths)
    monkeypatch.setattr(outlook, "read_dataset", lambda *_, **__: pytest.fail("headers were read again"))
    kept = videos_of_run(stages, paths)
    assert kept is not None
    pd.testing.assert_frame_equal(kept[expected.columns], expected, check_dtype=False)
    assert state_outside(stages["data"])
    folder.file_list.loc[0, "EF"] += 1
    folder.write()
    with pytest.raises(pytest.fail.Exception, match="read again"):
        videos_of_run(stages, paths)


def read_again(stages: dict, paths: object) -> pd.DataFrame:
    from infomotion_lib.run import outlook

    listed = outlook._as_listed(stages["data"], paths)
    assert listed is not None
    columns = ["source", "file_name", "split", "ef", "fps", "n_frames", "height", "width", "status", "phases"]
    return listed[columns]


def test_frames_are_the_same_for_check_and_stage(folder: EchoFolder) -> None:
    """What the check says of a size, the network says too."""
    import torch

    from infomotion_lib.errors import ParameterError
    from infomotion_lib.representations.ifa.interpolator import check_frames
    from infomotion_lib.representations.ifa.sizes import size_refusal

    frames = torch.zeros(1, 1, 40, 32)
    with pytest.raises(ParameterError) as refused:
        check_frames(frames, frames)
    assert str(refused.value) == str(size_refusal(40, 32)) and size_refusal(32, 48) is None
    assert read_clip(folder.video(0)).shape == (LONG, 32, 32)
