"""Farneback's dense optical flow between the frames of a pair, and its means over a grid of cells."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FLOW_GRID = 7
PAIR_SIZE = 2 * FLOW_GRID**2
"""Numbers of one pair: two directions, a mean per cell."""

Floats = NDArray[np.float32]


def dense_flow_features(pairs: NDArray[np.uint8]) -> Floats:
    """Farneback's dense optical flow from first to second frame of each pair in 7 x 7 cells, pixels, (N,
    196).
    """
    vectors = []
    for video in pairs:
        flows = [dense_flow(first, second) for first, second in video]
        vectors.append(
            cell_means(np.concatenate([flow.transpose(2, 0, 1) for flow in flows]), FLOW_GRID).ravel()
        )
    return np.stack(vectors).astype(np.float32)


def dense_flow(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Floats:
    """Farneback's flow (H, W, 2) from the first frame to the second: x then y, pixels."""
    start = np.zeros((*first.shape, 2), dtype=np.float32)
    flow = cv2.calcOpticalFlowFarneback(first, second, start, 0.5, 3, 15, 3, 5, 1.2, 0)
    return np.asarray(flow, dtype=np.float32)


def cell_means(maps: NDArray[np.float32], grid: int) -> Floats:
    """Means (C, grid, grid) of maps (C, H, W) over a grid of cells."""
    height, width = maps.shape[-2:]
    rows, columns = np.linspace(0, height, grid + 1).astype(int), np.linspace(0, width, grid + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(maps, rows[:-1], axis=-2), columns[:-1], axis=-1)
    return np.asarray(sums / (np.diff(rows)[:, None] * np.diff(columns)), dtype=np.float32)
