"""Videos per second from AVI on disk to motion vector, beside the published network used plainly and the limit
set by the arithmetic.

``python tests/benchmarks/bench_extraction.py --weights TRAINED.safetensors`` draws hearts, runs every case and
writes ``book/results/studies/extraction.csv``, which the authors' guide shows. A case that the file has is not
run again; ``--again`` runs all. ONNX Runtime is tried where it is installed
(``pip install --no-deps --target FOLDER onnxruntime``, then ``PYTHONPATH=FOLDER``).

The ways of one case run in turn, round after round, in the same processes. CPU seconds count every thread and
process of a case; a ratio is the median over rounds of the ratio within a round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from bench_ifa import DEPTHS
from extraction_ways import (
    BF16,
    OURS,
    PLAIN,
    TRIED,
    closeness,
    counted,
    environment,
    missing_package,
    peak,
    way,
)

from infomotion_lib import machine
from infomotion_lib.arithmetic import PASSIVE, PORTABLE, Arithmetic, bf16_obstacle, obstacle, variables
from infomotion_lib.data.records import read_dataset
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.paths import BOOK
from infomotion_lib.phantom.dataset import make_dataset
from infomotion_lib.phantom.plan import PhantomRequest, video_counts
from infomotion_lib.processes import die_with_parent
from infomotion_lib.provenance import write_csv
from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.pooling import CPU_VIDEOS
from infomotion_lib.representations.ifa.training import new_interpolator
from infomotion_lib.representations.ifa.triplets import attach_paths

OUT = BOOK / "results" / "studies" / "extraction.csv"
VIDEOS = {8: 60, 16: 24, 32: 12}
"""Videos by width, over all classes; the order of distances is judged where the network is trained."""
PER_CLASS, SIDE, LENGTH = 12, 112, 160
"""Of the drawn hearts; a clip of EchoNet-Dynamic has about as many frames."""
KEY = ["width", "arithmetic", "processes", "way"]
GAIN, EQUAL, ORDER = 1.3, 1e-4, 0.9999
"""A way is worth its place from so many times our speed on, with vectors equal to this share, or distances in the
same order.
"""
TRAINED_WIDTH, COMPILED_WIDTH = 8, 8


class Gate(Protocol):
    """Where processes wait for each other."""

    def wait(self) -> object: ...


@dataclass(frozen=True)
class Task:
    """What one process of a case does."""

    width: int
    weights: str
    names: tuple[str, ...]
    rows: pd.DataFrame
    repeats: int
    threads: int
    side: int = SIDE


_gate: Gate | None = None


def begin(gate: Gate) -> None:
    """First thing in a process of a case."""
    global _gate
    die_with_parent()
    _gate = gate


def network_of(width: int, weights: str) -> InterFrameInterpolator:
    """The trained network, or one of this width with random weights."""
    if weights:
        return load_ema_vfi(weights)
    return new_interpolator(width, DEPTHS[width], seed=0, refine=False).eval()


def measure(task: Task) -> dict[str, Any]:
    """By way: its ``rounds`` (wall and CPU seconds), ``vectors`` and ``setup`` (CPU seconds); GFLOP, and the peak."""
    network = network_of(task.width, task.weights)
    ways, found = {}, {}
    for name in task.names:
        started = time.process_time()
        ways[name] = way(name, network, side=task.side, threads=task.threads)
        setup = time.process_time() - started
        ways[name](task.rows.head(8))
        found[name] = {"rounds": [], "setup": setup}
    for _ in range(task.repeats):
        for name, run in ways.items():
            if _gate is not None:
                _gate.wait()
            begun, started = time.perf_counter(), time.process_time()
            found[name]["vectors"] = run(task.rows)
            found[name]["rounds"].append((time.perf_counter() - begun, time.process_time() - started))
    return {
        "ways": found,
        "gflop": counted(network, task.side),
        "peak": peak(),
        "capability": torch.backends.cpu.get_cpu_capability(),
    }


def case_rows(parts: Sequence[dict[str, Any]], *, videos: int) -> list[dict[str, Any]]:
    """A row per way of what the processes of a case have measured."""
    ways = {name: [part["ways"][name] for part in parts] for name in parts[0]["ways"]}
    wall = {name: [max(r[0] for r in at) for at in _rounds(every)] for name, every in ways.items()}
    cpu = {name: [sum(r[1] for r in at) for at in _rounds(every)] for name, every in ways.items()}
    vectors = {name: np.concatenate([one["vectors"] for one in every]) for name, every in ways.items()}
    fastest = max(part["peak"] for part in parts)
    rows = []
    for name in ways:
        gflop = parts[0]["gflop"][PLAIN if name == PLAIN else OURS]
        each = statistics.median(cpu[name]) / videos
        close = closeness(vectors[name], vectors[PLAIN if name == OURS else OURS])
        gain = _times(cpu[OURS], cpu[name])
        rows.append({
            "way": name, "videos": videos,
            "videos_a_second": videos / statistics.median(wall[name]),
            "cpu_seconds_a_video": each,
            "times_plain": _times(cpu[PLAIN], cpu[name]), "times_ours": gain,
            "gflop_a_video": gflop, "peak_gflop_a_cpu_second": fastest,
            "share_of_limit": gflop / fastest / each if "bfloat16" not in name else np.nan,
            "setup_cpu_seconds": ways[name][0]["setup"], **close,
            "passes": "" if name in (PLAIN, OURS) else _verdict(gain, **close),
            "capability": parts[0]["capability"],
        })  # fmt: skip
    return rows


def _rounds(every: Sequence[dict[str, Any]]) -> list[tuple[tuple[float, float], ...]]:
    return list(zip(*(one["rounds"] for one in every), strict=True))


def _times(slow: Sequence[float], fast: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


def _verdict(gain: float, difference: float, rank_correlation: float) -> str:
    if gain < GAIN:
        return "too small a gain"
    if difference <= EQUAL:
        return "equal"
    return "same order" if rank_correlation >= ORDER else "another order"


def hearts(folder: Path) -> pd.DataFrame:
    """Rows of drawn hearts; what is drawn already is kept."""
    request = PhantomRequest(counts=video_counts(PER_CLASS, 1, (1,) * 5), frames=LENGTH, size=SIDE)
    return indexed(make_dataset(folder, request, workers=os.cpu_count() or 1))


def indexed(folder: Path) -> pd.DataFrame:
    """Rows of the frame index, with paths, of the videos of a data set that have both motions."""
    dataset = read_dataset(folder)
    index = build_frame_index(dataset, source="real", parameters=FrameIndexParameters())
    known = index[index[["diastole_start", "systole_start"]].notna().all(axis=1)]
    return attach_paths(known, {"real": dataset})


def run_case(
    width: int, weights: str, arithmetic: Arithmetic, processes: int, names: tuple[str, ...], rows: pd.DataFrame,
    *, repeats: int,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of one case; its videos are dealt to processes that start in its arithmetic."""
    set_up = PASSIVE | variables(arithmetic, threads=1)
    threads = int(set_up["OMP_NUM_THREADS"])
    dealt = [rows.iloc[number::processes] for number in range(processes)]
    tasks = [Task(width, weights, names, part, repeats, threads) for part in dealt]
    context = get_context("spawn")
    with (
        environment(set_up, without=tuple(PORTABLE)),
        ProcessPoolExecutor(
            processes, mp_context=context, initializer=begin, initargs=(context.Barrier(processes),)
        ) as pool,
    ):
        parts = list(pool.map(measure, tasks))
    here = {
        "processor": machine.in_words(machine.describe()),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "load": round(os.getloadavg()[0], 1),
    }
    case = {"width": width, "arithmetic": arithmetic, "processes": processes, "threads": threads}
    told = {"weights": "trained" if weights else "random"}
    return [case | row | told | here for row in case_rows(parts, videos=len(rows))]


def names_of(
    width: int, arithmetic: Arithmetic, processes: int, *, without: Sequence[str] = ()
) -> tuple[str, ...]:
    """Ways of a case; accelerations are tried in native arithmetic by one process."""
    if arithmetic == "portable" or processes > 1:
        return PLAIN, OURS
    low = () if bf16_obstacle({}) else (BF16,)
    tried = [name for name in TRIED if name not in without and not missing_package(name)]
    return (PLAIN, OURS, *low, *(n for n in tried if n != "torch.compile" or width == COMPILED_WIDTH))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--weights", default="", help=f"trained network of F = {TRAINED_WIDTH}; default: random"
    )
    parser.add_argument("--widths", type=int, nargs="+", choices=sorted(DEPTHS), default=sorted(DEPTHS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--most", type=int, default=max(VIDEOS.values()), help="most videos of a case")
    parser.add_argument("--hearts", type=Path, default=Path("runs/scratch/extraction"), help="drawn here")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--without", nargs="+", choices=TRIED, default=[], help="not tried this time")
    parser.add_argument("--again", action="store_true", help="also the cases that the file has")
    options = parser.parse_args()
    drawn = hearts(options.hearts).sample(frac=1, random_state=0)
    kinds: tuple[Arithmetic, ...] = ("native",) if obstacle() else ("portable", "native")
    for width in options.widths:
        weights = options.weights if width == TRAINED_WIDTH else ""
        videos = min(VIDEOS[width], options.most, len(drawn)) // CPU_VIDEOS * CPU_VIDEOS
        rows = drawn.head(videos).sort_values("file_name")
        for arithmetic in kinds:
            for processes in (1, 2):
                names = names_of(width, arithmetic, processes, without=options.without)
                there = pd.read_csv(options.out) if options.out.is_file() else pd.DataFrame(columns=KEY)
                case = {"width": width, "arithmetic": arithmetic, "processes": processes}
                same = (there[list(case)] == pd.Series(case)).all(axis=1)
                if not options.again and set(names) <= set(there.loc[same, "way"]):
                    continue
                made = run_case(width, weights, arithmetic, processes, names, rows, repeats=options.repeats)
                for row in made:
                    print(json.dumps(row), flush=True)
                kept = there[~(same & there["way"].isin(names))]
                write_csv(
                    pd.concat([kept, pd.DataFrame(made)]) if len(kept) else pd.DataFrame(made), options.out
                )


if __name__ == "__main__":
    main()
