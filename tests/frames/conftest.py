"""A beating disc: the simplest clip with phases that are known exactly."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray


def volume(
    frames: NDArray[np.float64], *, cycle: float, first_ed: float, ef: float = 0.6
) -> NDArray[np.float64]:
    """Volume of a heart that contracts for a third of its cycle; 1 at ED, 1 - ef at ES."""
    phase = ((frames - first_ed) / cycle) % 1
    contraction = np.where(
        phase < 1 / 3, np.sin(1.5 * np.pi * phase) ** 2, np.cos(0.75 * np.pi * (phase - 1 / 3)) ** 2
    )
    return 1 - ef * contraction


def beating_disc(
    n_frames: int = 60, *, cycle: float = 30.0, first_ed: float = 8.0, ef: float = 0.6, side: int = 112
) -> NDArray[np.uint8]:
    """Clip (T, side, side) of a dark disc in bright speckled tissue that moves with its edge."""
    texture = np.random.default_rng(0).normal(0, 1, (side, side)).astype(np.float32)
    texture = cv2.GaussianBlur(texture, (0, 0), 1.5)
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    x, y = columns - 0.5 * side, rows - 0.42 * side
    distance = np.hypot(x, y) + 1e-6
    clip = []
    for size in np.sqrt(volume(np.arange(n_frames, dtype=float), cycle=cycle, first_ed=first_ed, ef=ef)):
        radius = 0.2 * side * size
        moved = (
            np.sqrt(np.maximum(distance**2 - radius**2, 0) + (0.2 * side) ** 2) / distance
        )  # tissue keeps its area
        at = (
            (np.float32(0.5 * side) + x * moved).astype(np.float32),
            (np.float32(0.42 * side) + y * moved).astype(np.float32),
        )
        grain = cv2.remap(texture, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        tissue = 130 + 90 * grain / texture.std() * 0.4
        clip.append(np.where(distance < radius, 15, tissue) * (distance < 0.42 * side))
    return np.clip(clip, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def disc() -> Callable[..., NDArray[np.uint8]]:
    return beating_disc
