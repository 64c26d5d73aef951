"""Processor time and memory of one step of each network of the paper profile, at its full size.

Run ``python tests/benchmarks/bench_paper_steps.py --out book/results/studies/paper_steps.csv``; the book's page on
cost reads that file. Each step is a process of its own on one thread: the median of a few after a first one, in
process time, so that other work on the machine does not enter, and the most memory that it held. Two batch sizes a
step, so that memory can be carried to the profile's own batch, which few desks could hold.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.generators.autoencoder import build_autoencoder
from infomotion_lib.generators.latte.network import latte
from infomotion_lib.machine import processor
from infomotion_lib.parameters import read_profile
from infomotion_lib.provenance import write_csv
from infomotion_lib.regressor.model import build_regressor
from infomotion_lib.representations.ifa.losses import interpolation_loss
from infomotion_lib.representations.ifa.pooling import MotionPooler
from infomotion_lib.representations.ifa.training import new_interpolator

PAPER = read_profile("paper")
SIDE, LATENT = 112, 14

Step = Callable[[], object]


def trained(network: torch.nn.Module, loss: Callable[[], torch.Tensor]) -> Step:
    """A step of AdamW in channels-last order, as the trainings take it."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=True)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        loss().backward()
        optimiser.step()

    return step


def interpolation(batch: int) -> Step:
    network = new_interpolator(PAPER["ifa_width"], tuple(PAPER["ifa_depths"]), seed=0)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    first, middle, last = torch.rand(3, batch, 1, SIDE, SIDE).unbind()
    return trained(network, lambda: interpolation_loss(network(first, last), middle))


def vectors(batch: int) -> Step:
    network = new_interpolator(PAPER["ifa_width"], tuple(PAPER["ifa_depths"]), seed=0).eval()
    pooler = MotionPooler(network)
    frames = torch.rand(3 * batch, 1, SIDE, SIDE).expand(-1, 3, -1, -1).contiguous()
    pairs = torch.arange(batch)[:, None, None] * 3 + torch.tensor([[0, 1], [1, 2]])
    return torch.inference_mode()(lambda: pooler.vectors(frames, pairs))


def clips(batch: int, channels: int) -> torch.Tensor:
    p = EvaluationParameters.model_validate({name: PAPER[name] for name in ("clip_frames", "clip_size")})
    return torch.rand(batch, channels, p.clip_frames, p.clip_size, p.clip_size)


def regressor(batch: int) -> Step:
    network = build_regressor(PAPER["regressor"])
    seen = clips(batch, network.in_channels)
    return trained(network, lambda: network(seen).square().mean())


def answers(batch: int) -> Step:
    network = build_regressor(PAPER["regressor"]).eval()
    seen = clips(batch, network.in_channels)
    return torch.inference_mode()(lambda: network(seen))


def autoencoder(name: str) -> Callable[[int], Step]:
    def make(batch: int) -> Step:
        network = build_autoencoder(name).to(memory_format=torch.channels_last)
        frames = torch.rand(batch, 1, SIDE, SIDE)

        def loss() -> torch.Tensor:
            latents = network.encode(frames).latent_dist
            return (network.decode(latents.sample()).sample - frames).square().mean() + latents.kl().mean()

        return trained(network, loss)

    return make


def network_of_clips(batch: int) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    frames = PAPER["latte_frames"]
    network = latte(PAPER["latte_size"], latent_side=LATENT, frames=frames, n_classes=5)
    noise, level, label = (
        torch.randn(batch, frames, 4, LATENT, LATENT),
        torch.full((batch,), 500),
        torch.zeros(batch).long(),
    )
    return network, (noise, level, label)


def generator(batch: int) -> Step:
    network, seen = network_of_clips(batch)
    return trained(network, lambda: network(*seen).square().mean())


def drawing(batch: int) -> Step:
    network, seen = network_of_clips(batch)
    network.eval()
    return torch.inference_mode()(lambda: network.guided(*seen, guidance=PAPER["guidance"]))


STEPS: dict[str, tuple[Callable[[int], Step], str, tuple[int, int]]] = {
    "interpolation": (interpolation, "triplets", (2, 4)),
    "vectors": (vectors, "videos", (2, 4)),
    "regressor": (regressor, "clips", (1, 2)),
    "answers": (answers, "clips", (1, 2)),
    "autoencoder_full": (autoencoder("full"), "frames", (1, 2)),
    "autoencoder_small": (autoencoder("small"), "frames", (8, 16)),
    "generator": (generator, "clips", (2, 4)),
    "drawing": (drawing, "clips", (2, 4)),
}
"""By name: how a step is made, what its batch counts, and two batch sizes."""


def measure(name: str, *, repeats: int) -> list[dict[str, object]]:
    """A row per batch size: seconds of a step, and the memory of the process, the small batch first."""
    torch.set_num_threads(1)
    make, unit, batches = STEPS[name]
    rows: list[dict[str, object]] = []
    for batch in batches:
        step = make(batch)
        step()
        clock, spent = [], []
        for _ in range(repeats):
            begun, started = time.perf_counter(), time.process_time()
            step()
            spent.append(time.process_time() - started)
            clock.append(time.perf_counter() - begun)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        rows.append({
            "step": name, "batch": batch, "unit": unit, "seconds": round(float(np.median(clock)), 4),
            "cpu_seconds": round(float(np.median(spent)), 4), "memory_gib": round(memory, 2),
            "processor": processor(),
        })  # fmt: skip
        del step
        gc.collect()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=STEPS, help="the rows of one step, as JSON")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="also write the table here")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, repeats=options.repeats)))
        return
    rows = []
    for name in options.steps:
        words = [sys.executable, __file__, "--only", name, "--repeats", str(options.repeats)]
        printed = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
        print(printed, end="", flush=True)
        rows += json.loads(printed.splitlines()[-1])
    if options.out:
        write_csv(pd.DataFrame(rows), options.out)


if __name__ == "__main__":
    main()
