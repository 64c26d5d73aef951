"""Time and memory of a training step of the published Lattes on a GPU, with and without TensorFloat-32.

Run it with ``python tests/benchmarks/bench_latte_gpu.py``; it prints a CSV. Latents are random, 16 frames of
14 x 14. A step is the difference of two trainings of unequal length, so that neither building the network nor
its first kernels count.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd
import torch

from infomotion_lib.generators.latte.diffusion import LatteRecipe, train_latte
from infomotion_lib.training.placement import Placement

CASES = (("S/2", 64, "high"), ("S/2", 128, "high"), ("B/2", 64, "high"), ("S/2", 64, "highest"))
"""Size, clips a step, and torch's precision of matrix products: ``high`` is TensorFloat-32, ``highest`` is
full.
"""
SHORT, LONG = 4, 16


def measure(size: str, batch: int, precision: str) -> dict[str, object]:
    """One row: milliseconds and seen clips of a step, and the most memory that torch held."""
    torch.set_float32_matmul_precision(precision)
    latents, label = torch.randn(200, 16, 4, 14, 14), np.arange(200) % 5

    def training(steps: int) -> float:
        begun = time.monotonic()
        train_latte(
            latents, label, LatteRecipe(size, 14, 16, steps=steps, batch=batch), placement=Placement("cuda")
        )
        torch.cuda.synchronize()
        return time.monotonic() - begun

    torch.cuda.reset_peak_memory_stats()
    training(2)
    step = (training(LONG) - training(SHORT)) / (LONG - SHORT)
    memory = torch.cuda.max_memory_allocated() / 2**30
    return {
        "size": size, "batch": batch, "matmul": precision,
        "ms_a_step": round(1e3 * step, 1), "clips_a_second": round(batch / step), "memory_gib": round(memory, 1),
        "gpu": torch.cuda.get_device_name(),
    }  # fmt: skip


if __name__ == "__main__":
    if not torch.cuda.is_available():
        sys.exit("torch sees no GPU here: nothing to measure.")
    pd.DataFrame([measure(*case) for case in CASES]).to_csv(sys.stdout, index=False)
