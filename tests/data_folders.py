"""A small folder in EchoNet-Dynamic's layout, made without the phantom, so that the readers are tested on
their own.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from infomotion_lib.data.video import probe, write_clip

FRAMES, SIZE, VIDEOS = 24, 112, 40
SPLIT_SIZES = {"TRAIN": 30, "VAL": 4, "TEST": 6}


def textured_clip(seed: int, *, frames: int = FRAMES, height: int = SIZE, width: int = SIZE) -> np.ndarray:
    """Smooth moving texture, uint8 (T, H, W): compresses like a picture and differs in every frame."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / 16
    phase = rng.uniform(0, 6, 3)
    waves = [
        np.sin(x + phase[0] + t / 3) + np.cos(y + phase[1] - t / 4) + np.sin((x + y) / 2 + phase[2])
        for t in range(frames)
    ]
    return np.uint8(np.clip(127 + 40 * np.stack(waves), 0, 255))


def traced_rows(
    name: str, frame: int, radius: float, *, rows: int = 21
) -> list[tuple[str, float, float, float, float, int]]:
    """Rows of one traced frame: a long axis and ``rows - 1`` chords of an ellipse-like ventricle."""
    depth = np.linspace(0.05, 0.95, rows - 1)
    half = radius * np.sin(np.pi * depth)
    chords = [
        (name, 56 - h, 10 + 80 * d, 56 + h, 10 + 80 * d, frame) for h, d in zip(half, depth, strict=True)
    ]
    return [(name, 56.0, 10.0, 56.0, 90.0, frame), *chords]


@dataclass
class EchoFolder:
    """A data set folder whose tables can be edited and written again."""

    root: Path
    file_list: pd.DataFrame
    tracings: pd.DataFrame

    def write(self) -> Path:
        """The folder, its two tables written as they now are."""
        self.file_list.to_csv(self.root / "FileList.csv", index=False)
        self.tracings.to_csv(self.root / "VolumeTracings.csv", index=False)
        return self.root

    def video(self, number: int) -> Path:
        """AVI file of one row."""
        return self.root / "Videos" / f"{self.file_list['FileName'].iloc[number]}.avi"

    def traced(self, number: int) -> pd.Series:
        """Which rows of the tracings belong to one video."""
        return self.tracings["FileName"] == f"{self.file_list['FileName'].iloc[number]}.avi"


def make_folder(root: Path, clips: list[Path], *, n: int = VIDEOS, linked: bool = False) -> EchoFolder:
    """Folder of ``n`` videos that are copies of, or links inside the folder to, a few clips; ED is traced
    before ES.
    """
    (root / "Videos").mkdir(parents=True)
    names = [f"0X{number:06X}AF" for number in range(n)]
    if linked:
        (root / "clips").mkdir()
        for clip in clips:
            shutil.copy(clip, root / "clips" / clip.name)
    for number, name in enumerate(names):
        target = root / "Videos" / f"{name}.avi"
        clip = clips[number % len(clips)]
        if linked:
            target.symlink_to(Path("..") / "clips" / clip.name)
        else:
            shutil.copy(clip, target)
    splits = [split for split, size in SPLIT_SIZES.items() for _ in range(size * n // VIDEOS)]
    ef = np.resize([25.0, 35.0, 45.0, 60.0, 75.0], n)
    geometry = {
        "ESV": 40.0,
        "EDV": 100.0,
        "FrameHeight": SIZE,
        "FrameWidth": SIZE,
        "FPS": 50,
        "NumberOfFrames": FRAMES,
    }
    file_list = pd.DataFrame({"FileName": names, "EF": ef, **geometry, "Split": splits})
    rows = [
        row
        for name in names
        for frame, radius in ((5, 25.0), (15, 18.0))
        for row in traced_rows(f"{name}.avi", frame, radius)
    ]
    folder = EchoFolder(
        root, file_list, pd.DataFrame(rows, columns=["FileName", "X1", "Y1", "X2", "Y2", "Frame"])
    )
    folder.write()
    return folder


VIDEO_FAULTS = (
    *(
        "missing",
        "empty_file",
        "truncated",
        "unreadable",
        "one_frame",
        "too_short",
        "no_frame_rate",
        "odd_size",
        "ef_out_of_range",
    ),
)
UNUSED_TRACINGS = (
    "no_tracings",
    "one_traced_frame",
    "frame_outside_clip",
    "too_few_tracing_rows",
    "unreadable_tracing",
)
USED_TRACINGS = ("odd_tracing_rows", "overlapping_tracings")


def faulty(folder: EchoFolder, fault: str) -> None:
    """The first video of ``folder`` gets one fault."""
    video, traced = folder.video(0), folder.traced(0)
    content = video.read_bytes()
    table = folder.tracings
    match fault:
        case "missing":
            video.unlink()
        case "empty_file":
            video.write_bytes(b"")
        case "truncated":
            video.write_bytes(content[: len(content) // 2])
        case "unreadable":
            video.write_bytes(b"<html>not a video</html>" * 20)
        case "one_frame":
            write_clip(video, textured_clip(0, frames=1), fps=50)
        case "too_short":
            write_clip(video, textured_clip(0, frames=7), fps=50)
        case "no_frame_rate":
            at = content.index(b"strh") + 8 + 24  # of the stream's header, its rate
            video.write_bytes(content[:at] + b"\0\0\0\0" + content[at + 4 :])
        case "odd_size":
            write_clip(video, textured_clip(0, height=96), fps=50)
        case "ef_out_of_range":
            folder.file_list.loc[0, "EF"] = 160.0
        case "no_tracings":
            folder.tracings = table[~traced]
        case "one_traced_frame":
            folder.tracings = table[~(traced & (table["Frame"] == 5))]
        case "frame_outside_clip":
            folder.tracings.loc[traced & (table["Frame"] == 15), "Frame"] = FRAMES
        case "too_few_tracing_rows":
            folder.tracings = table.drop(index=table.index[traced][3:21])
        case "unreadable_tracing":
            folder.tracings = table.astype({"X1": object})
            folder.tracings.loc[3, "X1"] = "x"
        case "odd_tracing_rows":
            folder.tracings = table.drop(index=table.index[traced][8])
        case "three_traced_frames":
            extra = pd.DataFrame(
                traced_rows(f"{folder.file_list['FileName'].iloc[0]}.avi", 20, 9.0), columns=table.columns
            )
            folder.tracings = pd.concat([table, extra])
        case "overlapping_tracings":
            again = pd.DataFrame(
                traced_rows(f"{folder.file_list['FileName'].iloc[0]}.avi", 5, 9.0), columns=table.columns
            )
            folder.tracings = pd.concat([table, again])
    folder.write()


FULL_SPLITS = {"TRAIN": 7465, "VAL": 1288, "TEST": 1277}
DEFECTS = {
    "no_tracings": 6,
    "stray_tracing": 1,
    "odd_size": 3,
    "overlapping_tracings": 9,
    "listed_size_differs": 9,
    "es_first": 40,
}
"""Known defects of the full-size stand-in; the kinds are those of EchoNet-Dynamic, the numbers partly ours.
"""


def make_full_size(root: Path, clips: list[Path], odd: Path) -> Path:
    """Folder of EchoNet-Dynamic's size, 10,030 rows and every tracing, with its known defects; the videos are
    links to a few clips.

    Parameters
    ----------
    clips : list of Path
        The usual clips, of one size.
    odd : Path
        A clip of another size.
    """
    (root / "Videos").mkdir(parents=True)
    (root / "clips").mkdir()
    for clip in [*clips, odd]:
        shutil.copy(clip, root / "clips" / clip.name)
    splits = np.repeat(list(FULL_SPLITS), list(FULL_SPLITS.values()))
    names = np.array([f"0X{number:016X}" for number in range(len(splits))])
    untraced, odd_sized, overlapping, reversed_order = np.split(np.arange(0, 58 * 150, 150), [6, 9, 18])
    for number, name in enumerate(names):
        clip = odd if number in odd_sized else clips[number % len(clips)]
        (root / "Videos" / f"{name}.avi").symlink_to(Path("..") / "clips" / clip.name)
    ef = np.random.default_rng(0).uniform(15, 80, len(names))
    info = probe(clips[0])
    size = {"FrameHeight": info.height, "FrameWidth": info.width, "FPS": 50, "NumberOfFrames": info.n_frames}
    geometry = {"ESV": 40, "EDV": 90, **size}
    table = pd.DataFrame({"FileName": names, "EF": ef, **geometry, "Split": splits})
    table.loc[untraced, ["FrameHeight", "FrameWidth"]] = [768, 1024]
    table.to_csv(root / "FileList.csv", index=False)
    large, small, again, small_first, large_later = (
        [",".join(map(str, row[1:])) for row in traced_rows("", frame, radius)]
        for frame, radius in ((5, 25.0), (15, 18.0), (15, 17.0), (5, 18.0), (15, 25.0))
    )
    usual = large + small
    kinds = {
        **dict.fromkeys(reversed_order, small_first + large_later),
        **dict.fromkeys(overlapping, usual + again),
    }
    traced = [
        (f"{name}.avi", kinds.get(number, usual))
        for number, name in enumerate(names)
        if number not in untraced
    ]
    traced.append(("0XSTRAY.avi", usual))
    lines = [f"{name},{rest}\n" for name, rows in traced for rest in rows]
    (root / "VolumeTracings.csv").write_text(
        "FileName,X1,Y1,X2,Y2,Frame\n" + "".join(lines), encoding="utf-8"
    )
    return root
