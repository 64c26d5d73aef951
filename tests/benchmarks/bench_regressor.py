"""Seconds a training step of the small regressor, beside a bare loop over cached tensors, and a prediction.

Run ``python tests/benchmarks/bench_regressor.py`` (``--out`` keeps the row, such as
``book/results/studies/speed_regressor.csv``, which the book shows); nothing here is a test. The bare loop is
the least a step can cost: the same network, optimiser and batch size, on one tensor that is ready in memory.
What ours takes on top is cutting, shifting and normalising clips. The two are timed in turn, in process time
on one thread, so that other work on the machine does not enter.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.machine import processor
from infomotion_lib.provenance import write_csv
from infomotion_lib.regressor.inputs import cut, measure
from infomotion_lib.regressor.model import build_regressor
from infomotion_lib.regressor.setup import QUIET
from infomotion_lib.regressor.training import _Course, _start, _train_step, train_regressor


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--regressor", default="mini_r3d")
    parser.add_argument("--size", type=int, default=28)
    parser.add_argument("--out", type=Path, help="also write a row here")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    p = EvaluationParameters.model_validate({"regressor": arguments.regressor, "clip_size": arguments.size})
    videos = list(
        np.random.default_rng(0).integers(0, 255, (25, 64, p.clip_size, p.clip_size)).astype(np.uint8)
    )
    targets = torch.linspace(-1, 1, len(videos))
    normalisation = measure(videos, frames=p.clip_frames, period=p.clip_period)

    network = build_regressor(p.regressor)
    optimiser = torch.optim.AdamW(network.parameters(), lr=p.learning_rate, weight_decay=p.weight_decay)
    clips = cut(videos[: p.batch_size], frames=p.clip_frames, period=p.clip_period, starts=[0] * p.batch_size)
    batch, goal = normalisation.channels(clips, in_channels=network.in_channels), targets[: p.batch_size]
    state = _start(p, seed=0, weights=None, device="cpu")
    course = _Course(videos, targets, normalisation, p, arguments.rounds, p.clip_period, seed=0)
    bare, ours, clock = [], [], []
    for step in range(arguments.rounds):
        begun, started = time.process_time(), time.perf_counter()
        loss = torch.nn.functional.mse_loss(network(batch)[:, 0], goal)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        middle, between = time.process_time(), time.perf_counter()
        _train_step(state, course, step)
        bare.append(middle - begun)
        ours.append(time.process_time() - middle)
        clock.append((between - started, time.perf_counter() - between))
    floor, mine = float(np.median(bare[5:])), float(np.median(ours[5:]))
    size = f"{p.clip_frames} frames x {p.clip_size} px, batch {p.batch_size}"
    print(
        f"{p.regressor}, {sum(weights.numel() for weights in network.parameters()):,} parameters, {size}, one"
        " thread"
    )
    print(
        f"bare loop over a cached tensor  {1e3 * floor:8.2f} ms a step  {1e3 * floor / p.batch_size:6.2f} ms"
        " a clip"
    )
    print(
        f"train_regressor                 {1e3 * mine:8.2f} ms a step  {1e3 * mine / p.batch_size:6.2f} ms a"
        f" clip {mine / floor - 1:+.1%}"
    )

    floor_wall, mine_wall = np.median(clock[5:], axis=0)
    print(
        f"by the clock: {1e3 * floor_wall:.2f} and {1e3 * mine_wall:.2f} ms a step,"
        f" {mine_wall / floor_wall - 1:+.1%}"
    )

    fitted = train_regressor(
        videos, np.linspace(15, 80, len(videos)), parameters=p, seed=0, steps=1, setup=QUIET
    )
    begun = time.process_time()
    for _ in range(5):
        fitted.predict(videos)
    spent = (time.process_time() - begun) / 5 / len(videos)
    print(f"predict, {p.test_clips} clips a video      {1e3 * spent:8.2f} ms a video")

    if arguments.out:
        row = {
            "what": f"training step of {p.regressor}",
            "size": p.batch_size,
            "seconds": mine_wall,
            "cpu_seconds": mine,
        }
        row |= {
            "baseline": "bare loop over a cached tensor",
            "baseline_seconds": floor_wall,
            "baseline_cpu": floor,
        }
        write_csv(pd.DataFrame([row | {"unit": "clips", "processor": processor()}]), arguments.out)


if __name__ == "__main__":
    main()
