"""Linear layers whose products run at full speed in portable arithmetic.

``MKL_CBWR=COMPATIBLE`` holds MKL to its common branch, which is two to three times slower than AVX2. A linear
layer over tokens is a convolution with a kernel of one pixel, and oneDNN computes that with AVX2 on every
maker's processors: the same numbers up to their last digits, in half to a third of the time for wide layers.
"""

from __future__ import annotations

import os

import torch
from torch import Tensor, nn
from torch.nn import functional

IMAGES = 16
"""The tokens become this many images: with fewer, torch gives the work of one thread back to MKL."""
LEAST_ROWS = 512
"""Fewer tokens than these gain nothing."""


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``x weight^T + bias`` over the last axis, as :func:`torch.nn.functional.linear`.

    Parameters
    ----------
    x : Tensor, shape (..., K)
    weight : Tensor, shape (N, K)
    bias : Tensor, shape (N,), optional

    Returns
    -------
    Tensor, shape (..., N)
    """
    if not _by_convolution(x):
        return functional.linear(x, weight, bias)
    maps = x.reshape(IMAGES, 1, -1, x.shape[-1]).permute(0, 3, 1, 2)  # (16, K, 1, tokens), channels last
    out: Tensor = functional.conv2d(maps, weight[:, :, None, None], bias)
    return out.permute(0, 2, 3, 1).reshape(*x.shape[:-1], len(weight))


class Linear(nn.Linear):
    """:class:`torch.nn.Linear` by :func:`linear`; the same names in a state dict."""

    def forward(self, input: Tensor) -> Tensor:
        """Products over the last axis."""
        return linear(input, self.weight, self.bias)


def _by_convolution(x: Tensor) -> bool:
    """Whether MKL is held back and there is enough for oneDNN to do."""
    rows = x.shape[:-1].numel()
    return (
        os.environ.get("MKL_CBWR") == "COMPATIBLE"
        and rows >= LEAST_ROWS
        and rows % IMAGES == 0
        and x.device.type == "cpu"
        and x.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
    )
