"""An author's own synthetic videos beside the real ones: each under its own name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from infomotion_lib.data.own.description import Description, describe_folder
from infomotion_lib.files import FILE_LIST, VIDEOS
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.provenance import read_run_card
from infomotion_lib.run import data

CALLED = {"own": "Klinik B, 2023", "own-synthetic": "Generator G"}


def test_real_and_synthetic_videos_keep_their_names(tiny_phantom: Path, tmp_path: Path) -> None:
    hearts = pd.read_csv(tiny_phantom / FILE_LIST)
    for name, called in CALLED.items():
        folder = tmp_path / "data" / name
        shutil.copytree(tiny_phantom / VIDEOS, folder / VIDEOS)
        listed = hearts if name == "own" else hearts.assign(Split="TRAIN")
        listed.to_csv(folder / FILE_LIST, index=False)
        describe_folder(folder, Description(called))
    values = {
        "profile": "pool",
        "real_data": "own",
        "synthetic_data": "own-synthetic",
        "data_root": str(tmp_path / "data"),
        "runs_dir": str(tmp_path / "runs"),
        "workers": 1,
    }
    card = data.run(stage_parameters("data", values))
    assert read_run_card(card.parent)["notes"]["called"] == CALLED
    videos = pd.read_csv(card.parent / "videos.csv")
    assert dict(videos["source"].value_counts()) == {"real": len(hearts), "synthetic": len(hearts)}
    assert set(videos.loc[videos["source"] == "synthetic", "split"]) == {"TRAIN"}
    assert (videos["status"] == "ok").all()
