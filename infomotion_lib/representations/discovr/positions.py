"""Fixed sinusoid positions of tokens in a row."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def sinusoids(count: int, width: int, *, first: int = 0) -> NDArray[np.float32]:
    """Positions ``first, first + 1, ...`` as (count, width): with the angle ``p / 10000^(2 floor(j / 2) /
    width)``, its sine for even j and its cosine for odd j.
    """
    place = np.arange(first, first + count, dtype=np.float64)[:, None]
    column = np.arange(width)
    angle = place / np.power(10000.0, 2 * (column // 2) / width)
    return np.where(column % 2 == 0, np.sin(angle), np.cos(angle)).astype(np.float32)


def encoder_table(count: int, width: int) -> Tensor:
    """Positions of an encoder, (1, 1 + count, width), on the CPU: the CLS token has none, patches count from
    0.
    """
    cls = np.zeros((1, width), dtype=np.float32)
    return torch.from_numpy(np.concatenate([cls, sinusoids(count, width)])[None])


def decoder_table(count: int, width: int) -> Tensor:
    """Positions of the decoder, (1, count, width), on the CPU: patches count from 1."""
    return torch.from_numpy(sinusoids(count, width, first=1)[None])
