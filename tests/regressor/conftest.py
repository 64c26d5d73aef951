"""Tiny moving discs whose amplitude is their EF, and parameters small enough for a unit test."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from infomotion_lib.evaluation.parameters import EvaluationParameters

SIDE = 16


def disc(ef: float, *, frames: int, seed: int) -> NDArray[np.uint8]:
    """Clip (frames, 16, 16) of a dark disc that shrinks and grows with amplitude ``ef`` on a noisy ground."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    phase = rng.uniform(0, 6)
    radius = 6.5 * np.sqrt(1 - ef / 100 * (0.5 + 0.5 * np.sin(2 * np.pi * np.arange(frames) / 8 + phase)))
    clip = np.where(np.hypot(x, y) < radius[:, None, None], 30, 160) + rng.integers(
        -15, 15, (frames, SIDE, SIDE)
    )
    return clip.astype(np.uint8)


@pytest.fixture(scope="session")
def discs() -> tuple[list[NDArray[np.uint8]], NDArray[np.float64]]:
    ef = np.random.default_rng(0).uniform(15, 80, 40)
    return [disc(value, frames=20 + index % 3, seed=index) for index, value in enumerate(ef)], ef


@pytest.fixture
def quick() -> EvaluationParameters:
    return EvaluationParameters(
        clip_frames=8,
        clip_period=1,
        clip_size=SIDE,
        batch_size=4,
        steps_selected=6,
        steps_whole=12,
        test_clips=2,
        workers=1,
    )
