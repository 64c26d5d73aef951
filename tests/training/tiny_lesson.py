"""A lesson of a second for the tests of processes: a normalised network that learns sums of pixels."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from infomotion_lib.errors import StageError
from infomotion_lib.training.lesson import Lesson, averaging

STEPS, BATCH = 6, 8


def network() -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(144, 8),
            nn.Linear(8, 1),
        )


class Error(nn.Module):
    def __init__(self, taught: nn.Module) -> None:
        super().__init__()
        self.taught = taught

    def forward(self, pixels: Tensor, target: Tensor) -> Tensor:
        return nn.functional.mse_loss(self.taught(pixels)[:, 0], target)


def drawn(stop_at: int, step: int, device: torch.device) -> tuple[Tensor, Tensor]:
    if step == stop_at:
        raise StageError(f"Stopped before step {step}.", remedy="Go on.")
    pixels = torch.randn(BATCH, 1, 8, 8, generator=torch.Generator().manual_seed(step))
    return pixels.to(device), pixels.sum((1, 2, 3)).to(device)


def lesson(checkpoint: Path | None, *, stop_at: int = -1, batch: int = BATCH) -> Lesson:
    taught = network()
    return Lesson(
        label="tiny network",
        network=taught,
        loss=Error(taught),
        draw=partial(drawn, stop_at),
        steps=STEPS,
        batch=batch,
        optimiser=partial(torch.optim.AdamW, lr=1e-2, fused=True),
        schedule=partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=STEPS),
        clip=1.0,
        averaging=averaging,
        checkpoint=checkpoint,
        every=1,
    )
