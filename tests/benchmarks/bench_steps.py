"""Where a training step of the main job goes: the networks of ``phantom``, one step of each, by kind of kernel.

Run it with ``python tests/benchmarks/bench_steps.py OUT.csv`` on a quiet machine, two minutes. Every case has a
process of its own, in portable arithmetic; ``plain`` is the way before: linear layers by MKL. The two ways take
turns, round after round, and a ratio is the median over rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pandas as pd

from infomotion_lib import arithmetic
from infomotion_lib.machine import processor
from infomotion_lib.provenance import write_csv

KINDS = {
    "convolution, backward": ("convolution_backward",),
    "convolution, forward": ("mkldnn_convolution",),
    "matrix products": ("mm", "addmm", "bmm", "baddbmm"),
    "normalisation": ("batch_norm", "layer_norm", "group_norm"),
}
NETWORKS = {"motion network": 2, "Latte": 2, "EF regressor": 1}
"""Threads that each is trained with."""
ROUNDS, STEPS = 5, 6


def motion_network() -> Callable[[], None]:
    """A step on eight triplets of 112 pixels."""
    import torch

    from infomotion_lib.representations.ifa.losses import interpolation_loss
    from infomotion_lib.representations.ifa.training import new_interpolator

    network = new_interpolator(8, (2, 2, 2, 2, 2), seed=0, refine=False).train()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stub
    first, middle, last = torch.rand(3, 8, 1, 112, 112)
    return _step(
        network,
        lambda: interpolation_loss(network(first, last), middle, loss="infomotion", laplacian_weight=0.5),
    )


def latte() -> Callable[[], None]:
    """A step on eight clips of 16 latent frames."""
    import torch

    from infomotion_lib.generators.latte.network import latte as build

    network = build("cpu/2", latent_side=8, frames=16).train()
    clips, when, label = torch.randn(8, 16, 4, 8, 8), torch.arange(8) * 100, torch.arange(8) % 5
    return _step(network, lambda: (network(clips, when, label) - clips).square().mean())


def regressor() -> Callable[[], None]:
    """A step on eight clips of 12 frames and 28 pixels."""
    import torch

    from infomotion_lib.regressor.model import build_regressor

    network = build_regressor("mini_r3d").train()
    clips = torch.rand(8, 2, 12, 28, 28).contiguous(memory_format=torch.channels_last_3d)
    return _step(network, lambda: network(clips).square().mean())


CASES = dict(zip(NETWORKS, (motion_network, latte, regressor), strict=True))


def _step(network, loss) -> Callable[[], None]:  # type: ignore[no-untyped-def]  # torch is imported in the child alone
    import torch

    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        loss().backward()
        optimiser.step()

    return step


def measured(name: str) -> list[dict[str, object]]:
    """A row for each way of one network."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    torch.manual_seed(0)
    steps = {way: CASES[name]() for way in ("plain", "now")}
    held = {"plain": mock.patch.dict(os.environ), "now": mock.patch.dict(os.environ)}
    milliseconds: dict[str, list[float]] = {way: [] for way in steps}
    shares: dict[str, dict[str, float]] = {}

    def run(way: str, times: int) -> None:
        with held[way]:
            if way == "plain":
                os.environ.pop("MKL_CBWR")  # our linear layers ask for it; MKL read it when it was loaded
            for _ in range(times):
                steps[way]()

    for way in steps:
        run(way, 2)
        with profile(activities=[ProfilerActivity.CPU]) as seen:
            run(way, 3)
        own = {event.key.removeprefix("aten::"): event.self_cpu_time_total for event in seen.key_averages()}
        whole = sum(own.values())
        shares[way] = {
            kind: sum(
                time for key, time in own.items() if key in names or any(n in key for n in names if "_" in n)
            )
            / whole
            for kind, names in KINDS.items()
        }
    for _ in range(ROUNDS):
        for way in steps:
            began = time.perf_counter()
            run(way, STEPS)
            milliseconds[way].append((time.perf_counter() - began) / STEPS * 1e3)
    faster = statistics.median(a / b for a, b in zip(milliseconds["plain"], milliseconds["now"], strict=True))
    return [
        {
            "network": name,
            "threads": torch.get_num_threads(),
            "way": way,
            "ms_per_step": round(statistics.median(milliseconds[way]), 1),
            "times_faster": round(faster, 2) if way == "now" else 1.0,
            **{kind: round(100 * share, 1) for kind, share in shares[way].items()},
            "other": round(100 * (1 - sum(shares[way].values())), 1),
            "machine": processor(),
        }
        for way in steps
    ]


def main() -> None:
    """Write the table and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--one", choices=NETWORKS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measured(arguments.one)))
        return
    rows: list[dict[str, object]] = []
    for name, threads in NETWORKS.items():
        held = arithmetic.variables("portable") | dict.fromkeys(
            ("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads)
        )
        command = [sys.executable, __file__, str(arguments.out), "--one", name]
        environment = {**os.environ, **arithmetic.PASSIVE, **held}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        rows += json.loads(done.stdout.splitlines()[-1])
    table = pd.DataFrame(rows)
    write_csv(table, arguments.out)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
