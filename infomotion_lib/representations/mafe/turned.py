"""The vector of MAFE: one pair of frames and the same pair upside down, in the published order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from infomotion_lib.representations.ends import Ends
from infomotion_lib.representations.ifa.backbone import Features
from infomotion_lib.representations.ifa.features import Reading, ends_at

MOTION = {"emptying": "systole", "filling": "diastole"}


def turned_reading(pair: str) -> Reading:
    """Reading of the first and last frame of the motion ``pair``, as they are and turned by 180 degrees."""
    columns = (f"{MOTION[pair]}_start", f"{MOTION[pair]}_end")
    return Reading(f"-turned-{pair}", columns, 2, partial(turned_ends, columns=columns), published_order)


def turned_ends(row: Mapping[str, Any], *, columns: tuple[str, str]) -> Ends | str:
    """Two frames of a video and the same two turned, with their two pairs; or the status of a video that has
    none.
    """
    ends = ends_at(row, [int(row[column]) for column in columns], np.array([[0, 1]]))
    if isinstance(ends, str):
        return ends
    return Ends(np.concatenate([ends.frames, ends.frames[:, ::-1, ::-1]]), np.array([[0, 1], [2, 3]]))


def published_order(vectors: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Vectors (N, 96 F) by direction, turned or not, scale, channel; from scale, turned or not, direction,
    channel.
    """
    fine, coarse = np.split(vectors, [4 * 8 * width], axis=1)
    scales = [part.reshape(len(vectors), 2, 2, -1) for part in (fine, coarse)]
    return np.concatenate(scales, axis=-1).transpose(0, 2, 1, 3).reshape(len(vectors), -1)


def pooled_appearance(features: Features) -> Tensor:
    """Mean over the picture of both attended appearance maps, (2B, 24 F): first frames, then last ones."""
    return torch.cat([maps.mean(dim=(2, 3)) for maps in features.appearance[-2:]], dim=1)
