"""Cost of the frame index: a clip through the detector by its parts, a pool on one and two processes,
tracings by the thousand.

Run it with ``python tests/benchmarks/bench_frames.py [--clips 60]``. It prints JSON; nothing here is timed in
the tests.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infomotion_lib.data.records import Dataset
from infomotion_lib.data.video import read_clip, resize_clip, write_clip
from infomotion_lib.frames.accuracy import known_phantoms
from infomotion_lib.frames.detect import detect_phases, read_phases
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.frames.signals import SIDE, clip_signals, single_threaded
from infomotion_lib.frames.tracings import annotated_phases


def milliseconds(run: Callable[[], object], *, repeats: int = 15) -> float:
    """Median wall time of one run."""
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(times), 2)


def parts(file: Path, fps: float) -> dict[str, float]:
    """Milliseconds of each step of one clip."""
    clip = read_clip(file)
    with single_threaded():
        signals = clip_signals(clip)
        return {
            "decode": milliseconds(lambda: read_clip(file)),
            "resize": milliseconds(lambda: resize_clip(clip, SIDE)),
            "signals (with resize)": milliseconds(lambda: clip_signals(clip)),
            "phases of the signals": milliseconds(lambda: read_phases(signals, fps)),
            "whole detector": milliseconds(lambda: detect_phases(clip, fps)),
        }


def pool(folder: Path, clips: int) -> Dataset:
    """Data set of 64-frame phantom clips without tracings."""
    rows = []
    for number, known in enumerate(known_phantoms(clips, seed=7)):
        path = write_clip(folder / f"v{number}.avi", known.clip, fps=known.fps)
        rows.append(
            {"file_name": f"v{number}", "path": str(path), "fps": known.fps, "n_frames": len(known.clip)}
        )
    return Dataset(
        "bench",
        folder,
        "echonet-synthetic",
        pd.DataFrame(rows).assign(split="TRAIN", ef=50.0, status="ok"),
        None,
        {},
    )


def many_tracings(videos: int) -> pd.DataFrame:
    """Tracings of EchoNet-Dynamic's number of videos: two frames of 21 rows each."""
    y = np.linspace(30, 80, 20)
    rows = np.concatenate([[[56.0, 30, 56, 80]], np.stack([46 + 0 * y, y, 66 + 0 * y, y], axis=1)])
    table = pd.DataFrame(np.tile(rows, (2 * videos, 1)), columns=["X1", "Y1", "X2", "Y2"])
    table["X2"] += np.repeat(np.tile([0, 4], videos), 21)
    return table.assign(
        FileName=np.repeat([f"v{n}" for n in range(videos)], 42),
        Frame=np.repeat(np.tile([10, 25], videos), 21),
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clips", type=int, default=60)
    clips = options.parse_args().clips
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        data = pool(Path(name), clips)
        report["one clip of 64 frames, ms"] = parts(Path(data.videos["path"].iloc[0]), 50.0)
        for workers in (1, 2):
            start = time.perf_counter()
            build_frame_index(
                data, source="synthetic", parameters=FrameIndexParameters(), workers=workers, progress=False
            )
            report[f"index of {clips} clips, {workers} processes, s"] = round(time.perf_counter() - start, 2)
    start = time.perf_counter()
    annotated_phases(many_tracings(10_030))
    report["ED and ES of 10,030 traced videos, s"] = round(time.perf_counter() - start, 2)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
