"""Cost of the generators beside plain reference paths: Latte's training step, its sampling with and without
guidance, Fréchet distances.

Run it with ``python tests/benchmarks/bench_generators.py [--size cpu/2] [--repeats 7]``; nothing here is a
test. The variants of a group are run in turn, round after round, in one process and in process time on one
thread, so that other work on the machine slows all of them alike; a ratio is the median over rounds of the
ratio within a round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from bench_ifa import ratio, timed
from numpy.typing import NDArray
from scipy import linalg
from torch import Tensor
from torch.nn import functional

from infomotion_lib.evaluation.fidelity import frechet_distance
from infomotion_lib.generators.latte.diffusion import LatteRecipe, TrainedLatte, sample_latents, train_latte
from infomotion_lib.generators.latte.network import Latte, latte


def awake(size: str, *, side: int, frames: int) -> Latte:
    """A network whose every path carries numbers: adaLN-Zero starts as the zero function."""
    torch.manual_seed(0)
    network = latte(size, latent_side=side, frames=frames)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.02)
    return network


def bench_training(size: str, *, side: int, frames: int, batch: int, repeats: int) -> dict[str, object]:
    """Four steps of ``train_latte``, with and without a checkpoint, beside a bare loop of the same modules
    and sizes on ready tensors.
    """
    steps, label = 4, np.arange(40) % 5
    latents = torch.randn(40, frames, 4, side, side, generator=torch.Generator().manual_seed(0))
    recipe = LatteRecipe(size, side, frames, steps=steps, batch=batch)
    noisy, noise = latents[:batch], torch.randn(batch, frames, 4, side, side)
    timestep, own = torch.randint(1000, (batch,)), torch.from_numpy(label[:batch])

    def bare() -> None:
        network = latte(size, latent_side=side, frames=frames).train()
        optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.0)
        for _ in range(steps):
            loss = functional.mse_loss(network(noisy, timestep, own), noise)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()

    def with_checkpoint() -> None:
        with tempfile.TemporaryDirectory() as folder:
            train_latte(latents, label, recipe, checkpoint=Path(folder) / "latte.pt")

    variants: dict[str, Callable[[], object]] = {
        "bare loop": bare,
        "train_latte": lambda: train_latte(latents, label, recipe),
        "train_latte, one checkpoint": with_checkpoint,
    }
    seconds = timed(variants, repeats=repeats)
    return {
        "ms a step": {
            name: round(1e3 * statistics.median(values) / steps, 1) for name, values in seconds.items()
        },
        "train_latte, times the bare loop": round(ratio(seconds, "train_latte", "bare loop"), 3),
        "with a checkpoint, times the bare loop": round(
            ratio(seconds, "train_latte, one checkpoint", "bare loop"), 3
        ),
    }


def two_passes(
    network: Latte, latents: Tensor, timestep: Tensor, label: Tensor, *, guidance: float
) -> Tensor:
    """The plain way to guide: one pass with the class, one without."""
    conditional = network(latents, timestep, label)
    unconditional = network(latents, timestep, torch.full_like(label, network.null_class))
    return unconditional + guidance * (conditional - unconditional)


def bench_sampling(size: str, *, side: int, frames: int, clips: int, repeats: int) -> dict[str, object]:
    """Milliseconds a clip and denoising step: the conditional model, guided in one batch and in two passes,
    and clip by clip.
    """
    trained = TrainedLatte(awake(size, side=side, frames=frames).eval(), LatteRecipe(size, side, frames), [])
    steps, seeds = 2, list(range(clips))

    def draw(guidance: float) -> Tensor:
        return sample_latents(trained, 1, seeds=seeds, guidance=guidance, sampling_steps=steps)

    def draw_in_two_passes() -> Tensor:
        with mock.patch.object(Latte, "guided", two_passes):
            return draw(2.0)

    def one_by_one() -> Tensor:
        return torch.cat(
            [sample_latents(trained, 1, seeds=[seed], guidance=2.0, sampling_steps=steps) for seed in seeds]
        )

    variants: dict[str, Callable[[], Tensor]] = {
        "guidance 1": lambda: draw(1.0),
        "guidance 2: ours": lambda: draw(2.0),
        "guidance 2, two passes": draw_in_two_passes,
        "guidance 2, clip by clip": one_by_one,
    }
    difference = {name: float((variants[name]() - draw(2.0)).abs().max()) for name in list(variants)[2:]}
    seconds = timed(variants, repeats=repeats)
    return {
        "ms a clip and step": {
            name: round(1e3 * statistics.median(values) / clips / steps, 1)
            for name, values in seconds.items()
        },
        "guided, times guidance 1": round(ratio(seconds, "guidance 2: ours", "guidance 1"), 2),
        "two passes, times ours": round(ratio(seconds, "guidance 2, two passes", "guidance 2: ours"), 2),
        "clip by clip, times ours": round(ratio(seconds, "guidance 2, clip by clip", "guidance 2: ours"), 2),
        "largest difference from ours": {name: f"{value:.1e}" for name, value in difference.items()},
    }


def matrix_root_form(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """The Fréchet distance as it is written: the root of the product of two covariance matrices."""
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(first @ second).real
    return float(np.square(a.mean(0) - b.mean(0)).sum() + np.trace(first + second - 2 * root))


def bench_frechet(n: int, features: int, *, repeats: int) -> dict[str, object]:
    """Milliseconds a distance of two samples (n, features), ours and the matrix root."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=(n, features)), random.normal(0.1, 1.2, size=(n, features))
    variants = {"ours": lambda: frechet_distance(a, b), "matrix root": lambda: matrix_root_form(a, b)}
    relative = abs(variants["matrix root"]() / variants["ours"]() - 1)
    seconds = timed(variants, repeats=repeats)
    return {
        "ms a distance": {
            name: round(1e3 * statistics.median(values), 2) for name, values in seconds.items()
        },
        "ours, times as fast": round(ratio(seconds, "matrix root", "ours"), 1),
        "relative difference": f"{relative:.1e}",
    }


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="cpu/2")
    parser.add_argument("--latent-side", type=int, default=8)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    shape = {"side": options.latent_side, "frames": options.frames, "repeats": options.repeats}
    tables = {
        f"training, {options.size}, batch {options.batch}": bench_training(
            options.size, batch=options.batch, **shape
        ),
        f"sampling, {options.size}, 8 clips": bench_sampling(options.size, clips=8, **shape),
    }
    for n, features in ((60, 512), (75, 32), (1000, 128)):
        tables[f"Fréchet distance, {n} clips, {features} numbers"] = bench_frechet(
            n, features, repeats=options.repeats
        )
    print(json.dumps(tables, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
