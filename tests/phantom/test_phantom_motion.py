"""The true flow of a drawn heart carries its tracings from frame to frame, and back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from infomotion_lib.phantom.geometry import tracing
from infomotion_lib.phantom.motion import carried, true_flow
from infomotion_lib.phantom.nuisance import Heart
from infomotion_lib.phantom.rendering import render
from infomotion_lib.phantom.sampling import sample_heart


def heart_of(seed: int, ef: float) -> tuple[Heart, int, int]:
    """A heart with an ED frame and the frame midway to ES."""
    heart = sample_heart(np.random.default_rng(seed), ef)
    ed = -heart.start % heart.cycle
    return heart, ed, ed + heart.cycle // 6


def sampled(maps: NDArray[np.float32], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bilinear values (N, C) of maps (C, H, W) at points (N, 2), x then y."""
    low = np.floor(points).astype(int)
    (fx, fy), (x, y) = (points - low).T, low.T
    rows = [(y, x, (1 - fx) * (1 - fy)), (y, x + 1, fx * (1 - fy))]
    rows += [(y + 1, x, (1 - fx) * fy), (y + 1, x + 1, fx * fy)]
    return sum(maps[:, row, column] * weight for row, column, weight in rows).T


@pytest.mark.parametrize("seed, ef", [(0, 25.0), (1, 60.0), (8, 45.0)])
def test_it_carries_tracings(seed: int, ef: float) -> None:
    heart, ed, middle = heart_of(seed, ef)
    before, after = tracing(heart, middle), tracing(heart, ed)
    points = np.concatenate([before[:, :2], before[:, 2:]])
    wanted = np.concatenate([after[:, :2], after[:, 2:]])
    assert np.abs(wanted - points).max() > 2, "something moves"
    columns, rows = carried(heart, *points.T[:, None], first=middle, second=ed)
    assert np.abs(np.stack([columns[0], rows[0]], axis=1) - wanted).max() < 1e-3
    assert np.abs(points + sampled(true_flow(heart, middle, ed), points) - wanted).max() < 0.2


def test_there_and_back() -> None:
    heart, ed, middle = heart_of(2, 55.0)
    assert not true_flow(heart, ed, ed)[:, 20:90, 40:70].round(3).any()
    forth, back = true_flow(heart, middle, ed), true_flow(heart, ed, middle)
    y, x = np.mgrid[30:80:5, 46:66:5]
    points = np.stack([x.ravel(), y.ravel()], axis=1).astype(float)
    there = points + sampled(forth, points)
    assert np.abs(there + sampled(back, there) - points).max() < 0.2


def test_it_explains_the_picture() -> None:
    heart, ed, middle = heart_of(0, 55.0)
    end, now = render(heart, [ed, middle]).astype(float)
    flow = true_flow(heart, middle, ed)
    y, x = np.mgrid[:112, :112]
    points = np.clip(np.stack([x, y], axis=-1) + flow.transpose(1, 2, 0), 0, 110.9).reshape(-1, 2)
    warped = sampled(end[None].astype(np.float32), points).reshape(112, 112)
    assert np.square(warped - now).mean() < 0.7 * np.square(end - now).mean()


def test_nothing_moves_outside_the_sector() -> None:
    heart, ed, middle = heart_of(0, 55.0)
    flow = true_flow(heart, middle, ed, size=56)
    assert flow.shape == (2, 56, 56) and not flow[:, 0, 0].any() and not flow[:, -1, -1].any()
    whole = true_flow(heart, middle, ed)
    blocks = whole.reshape(2, 56, 2, 56, 2).mean(axis=(2, 4)) / 2
    assert np.abs(blocks - flow)[:, 20:40, 20:36].max() < 0.1, "pixels of half the size are half as many"
