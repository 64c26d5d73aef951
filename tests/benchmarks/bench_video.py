"""Times of reading and writing clips and of checking a data set of EchoNet-Dynamic's size; run it by hand.

``python tests/benchmarks/bench_video.py`` prints a table. The stand-in has 10,030 rows, every tracing, and links to five clips.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from infomotion_lib.data.check import check_dataset
from infomotion_lib.data.video import probe, read_clip, read_frames, resize_clip, write_clip

SPLITS = {"TRAIN": 7465, "VAL": 1288, "TEST": 1277}
FRAMES, SIZE = 175, 112


def milliseconds(action: Callable[[], object], *, repeats: int) -> float:
    """Best of three rounds, milliseconds a call."""
    rounds = []
    for _ in range(3):
        started = time.perf_counter()
        for _ in range(repeats):
            action()
        rounds.append((time.perf_counter() - started) / repeats)
    return 1000 * min(rounds)


def smooth_clip(seed: int, frames: int) -> np.ndarray:
    """Moving texture, uint8 (T, H, W), about as large as an echo clip once compressed."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE] / 12
    speckle = rng.normal(0, 12, (SIZE, SIZE))
    waves = np.stack([np.sin(x + t / 4) + np.cos(y - t / 5) for t in range(frames)])
    return np.uint8(np.clip(110 + 50 * waves + speckle, 0, 255))


def make_standin(root: Path) -> Path:
    """Folder of EchoNet-Dynamic's real size whose videos are links to five clips inside it."""
    (root / "Videos").mkdir(parents=True)
    (root / "clips").mkdir()
    for number in range(5):
        write_clip(root / "clips" / f"{number}.avi", smooth_clip(number, FRAMES), fps=50)
    splits = np.repeat(list(SPLITS), list(SPLITS.values()))
    names = [f"0X{number:016X}" for number in range(len(splits))]
    for number, name in enumerate(names):
        (root / "Videos" / f"{name}.avi").symlink_to(Path("..") / "clips" / f"{number % 5}.avi")
    ef = np.random.default_rng(0).uniform(15, 80, len(names))
    geometry = {"ESV": 40, "EDV": 90, "FrameHeight": SIZE, "FrameWidth": SIZE, "FPS": 50, "NumberOfFrames": FRAMES}
    pd.DataFrame({"FileName": names, "EF": ef, **geometry, "Split": splits}).to_csv(root / "FileList.csv", index=False)
    depth = np.linspace(0.05, 0.95, 20)
    frames = []
    for frame, radius in ((40, 25.0), (62, 18.0)):
        half = radius * np.sin(np.pi * depth)
        axis = [[56.0, 10.0, 56.0, 90.0, frame]]
        chords = np.column_stack([56 - half, 10 + 80 * depth, 56 + half, 10 + 80 * depth, np.full(20, frame)])
        frames += [axis, chords]
    one = np.concatenate(frames)
    rows = pd.DataFrame(np.tile(one, (len(names), 1)), columns=["X1", "Y1", "X2", "Y2", "Frame"]).astype({"Frame": int})
    rows.insert(0, "FileName", np.repeat([f"{name}.avi" for name in names], len(one)))
    rows.to_csv(root / "VolumeTracings.csv", index=False)
    return root


def main() -> None:
    """Print the table."""
    out = sys.stdout
    with tempfile.TemporaryDirectory() as folder:
        clip = smooth_clip(0, FRAMES)
        path = write_clip(Path(folder) / "clip.avi", clip, fps=50)
        out.write(f"clip: {FRAMES} frames of {SIZE} x {SIZE}, {path.stat().st_size / 1e6:.2f} MB\n")
        actions: dict[str, tuple[Callable[[], object], int]] = {
            "write_clip": (lambda: write_clip(path, clip, fps=50), 5),
            "read_clip": (lambda: read_clip(path), 10),
            "read_frames, 3": (lambda: read_frames(path, [10, 80, 160]), 100),
            "probe": (lambda: probe(path), 500),
            "resize_clip to 28": (lambda: resize_clip(clip, 28), 20),
        }
        for label, (action, repeats) in actions.items():
            out.write(f"{label:<28}{milliseconds(action, repeats=repeats):10.3f} ms\n")
        standin = make_standin(Path(folder) / "EchoNet-Dynamic")
        started = time.perf_counter()
        report = check_dataset(standin)
        seconds, memory = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        out.write(f"{'check of 10,030 videos':<28}{seconds:10.1f} s, {memory:.2f} GB at most\n{report}\n")


if __name__ == "__main__":
    main()
