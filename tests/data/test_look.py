"""Videos that can be used and look wrong are named by kind; a good folder is silent."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from data_folders import EchoFolder, make_folder, textured_clip

from infomotion_lib.data import look
from infomotion_lib.data.check import report
from infomotion_lib.data.look import ODDITIES, odd_videos
from infomotion_lib.data.records import read_dataset
from infomotion_lib.data.video import write_clip

N = 20


@pytest.fixture
def folder(tmp_path: Path) -> EchoFolder:
    """20 videos, no two alike."""
    clips = [
        write_clip(tmp_path / f"{seed}.avi", textured_clip(seed, height=32, width=32), fps=50)
        for seed in range(N)
    ]
    return make_folder(tmp_path / "EchoNet-Dynamic", clips, n=N)


def found(folder: EchoFolder) -> dict[str, set[str]]:
    odd = odd_videos(read_dataset(folder.root, max_unusable=1.0))
    assert set(odd["kind"]) <= set(ODDITIES)
    return {kind: set(rows["file_name"]) for kind, rows in odd.groupby("kind")}


def test_a_good_folder_is_silent(folder: EchoFolder) -> None:
    assert found(folder) == {}


def test_phantoms_are_not_odd(tiny_phantom: Path) -> None:
    assert odd_videos(read_dataset(tiny_phantom)).empty


def test_each_kind_is_found(folder: EchoFolder) -> None:
    names = folder.file_list["FileName"].tolist()
    clip = textured_clip(99, height=32, width=32)
    noise = np.random.default_rng(0).integers(0, 2, clip.shape, dtype=np.uint8)
    small = np.zeros_like(clip)
    small[:, 10:22, 10:22] = clip[:, ::2, ::2][:, :12, :12]
    frozen, black, doubled = clip.copy(), clip.copy(), np.repeat(clip[::2], 2, axis=0)
    frozen[9:15], black[4:6] = frozen[9], 0
    shutil.copy(folder.video(0), folder.video(1))
    shutil.copy(folder.video(2), folder.video(N - 1))
    clips = {3: clip[:1].repeat(24, 0), 4: clip // 16 + noise, 5: frozen, 6: doubled, 7: black, 8: small}
    for number, frames in clips.items():
        write_clip(folder.video(number), frames, fps=50)
    write_clip(folder.video(9), clip, fps=200)
    expected = {
        "same_frames": {0, 1},
        "same_across_splits": {2, N - 1},
        "still": {3},
        "near_black": {4},
        "repeated_frames": {5, 6},
        "black_frames": {7},
        "odd_scale": {8},
        "odd_rate": {9},
    }
    seen = found(folder)
    assert seen == {kind: {names[number] for number in numbers} for kind, numbers in expected.items()}


def test_a_copy_in_another_container_is_the_same(folder: EchoFolder) -> None:
    """The frames count, not the bytes of the file."""
    content = folder.video(0).read_bytes()
    folder.video(1).write_bytes(content + b"JUNK" + (8).to_bytes(4, "little") + bytes(8))
    assert set(found(folder)) == {"same_frames"}


def test_large_sets_are_looked_through_in_part(folder: EchoFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = textured_clip(7, height=32, width=32)
    frozen[9:15] = frozen[9]
    write_clip(folder.video(6), frozen, fps=50)
    monkeypatch.setattr(look, "LOOKED_THROUGH", 2)
    dataset = read_dataset(folder.root)
    assert odd_videos(dataset).empty
    assert odd_videos(dataset, thorough=True)["kind"].tolist() == ["repeated_frames"]


def test_the_report_names_the_first_and_lists_all(folder: EchoFolder) -> None:
    from dataclasses import replace

    for number in range(4):
        write_clip(folder.video(number), textured_clip(0, height=32, width=32)[:1].repeat(24, 0), fps=75)
    dataset = read_dataset(folder.root)
    names = folder.file_list["FileName"].tolist()
    shown = replace(report(dataset), odd=odd_videos(dataset))
    text, listing = shown.summary(), shown.listing()
    assert "4 same_frames" in text and f"first: {names[0]} (as {names[1]} (TRAIN))" in text
    assert "4 listed_rate_differs" in text and f"listed_rate_differs: {', '.join(names[:3])}" in text
    assert f"{names[3]}  listed_rate_differs" in listing and f"{names[3]}  still" in listing


def test_sizes_are_counted(folder: EchoFolder) -> None:
    write_clip(folder.video(0), textured_clip(0, height=48, width=32), fps=50)
    assert "sizes    32 x 32 (19), 32 x 48 (1)" in report(read_dataset(folder.root)).summary()
