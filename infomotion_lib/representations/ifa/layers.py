"""Layers of the published network in a form that a CPU runs fast: same functions, same parameters, same
names.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ChannelPReLU(nn.PReLU):
    """PReLU with one slope per channel: x where positive, slope times x elsewhere.

    On a CPU, channels-last maps are treated as rows of W * C numbers: torch's own kernel walks them C at a
    time, and its backward pass takes a mispredicted branch per number. Values and gradients are the same.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Maps ``(B, C, H, W)`` from maps of the same shape."""
        if input.device.type != "cpu" or not input.is_contiguous(memory_format=torch.channels_last):
            return F.prelu(input, self.weight)
        batch, channels, height, width = input.shape
        rows = input.permute(0, 2, 3, 1).reshape(batch * height, width * channels)
        slopes = self.weight.to(input.dtype).repeat(width)
        out: Tensor = _RowPReLU.apply(rows, slopes) if torch.is_grad_enabled() else torch.prelu(rows, slopes)
        return out.view(batch, height, width, channels).permute(0, 3, 1, 2)


class _RowPReLU(torch.autograd.Function):
    """PReLU of ``(rows, columns)`` with one slope per column."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, slope: Tensor) -> Tensor:
        ctx.save_for_backward(rows, slope)
        return torch.prelu(rows, slope)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        rows, slope = ctx.saved_tensors
        positive = torch.ops.aten.threshold_backward(grad, rows, 0)  # the gradient where rows > 0, else 0
        negative = grad - positive
        of_slope = (negative * rows).sum(dim=0)
        return negative.mul_(slope).add_(positive), of_slope


def conv_prelu(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    """3 x 3 convolution and PReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1), ChannelPReLU(outputs))


def resize(maps: Tensor, factor: float) -> Tensor:
    """Maps ``(B, C, factor H, factor W)``, bilinear."""
    return (
        maps
        if factor == 1
        else F.interpolate(maps, scale_factor=factor, mode="bilinear", align_corners=False)
    )
