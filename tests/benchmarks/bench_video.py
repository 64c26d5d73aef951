"""Times of reading and writing clips and of checking a data set of EchoNet-Dynamic's size; run it by hand.

``python tests/benchmarks/bench_video.py`` prints a table. The stand-in has 10,030 rows, every tracing, the
known defects, and links to five clips.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from data_folders import make_full_size

from infomotion_lib.data.check import check_dataset
from infomotion_lib.data.video import probe, read_clip, read_frames, resize_clip, write_clip

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
        clips = [
            write_clip(Path(folder) / f"{number}.avi", smooth_clip(number, FRAMES), fps=50)
            for number in range(5)
        ]
        odd = write_clip(Path(folder) / "odd.avi", smooth_clip(9, FRAMES)[:, :96], fps=50)
        standin = make_full_size(Path(folder) / "EchoNet-Dynamic", clips, odd)
        started = time.perf_counter()
        report = check_dataset(standin)
        seconds, memory = (
            time.perf_counter() - started,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        )
        out.write(f"{'check of 10,030 videos':<28}{seconds:10.1f} s, {memory:.2f} GB at most\n{report}\n")


if __name__ == "__main__":
    main()
