"""The refinement U-Net: a bounded correction of the blended picture from images, warps, flow and warped
features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from infomotion_lib.representations.ifa.flow import warp
from infomotion_lib.representations.ifa.layers import ChannelPReLU, conv_prelu, resize


class DownStage(nn.Module):
    """Half the scale: a convolution of stride 2 and one of stride 1."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = conv_prelu(inputs, outputs, stride=2)
        self.conv2 = conv_prelu(outputs, outputs)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps ``(B, outputs, H/2, W/2)`` from ``(B, inputs, H, W)``."""
        return cast(Tensor, self.conv2(self.conv1(maps)))


class RefinementUNet(nn.Module):
    """Correction of a blended picture, in (-1, 1).

    Parameters
    ----------
    width : int
        F of the backbone.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        c = 2 * width
        self.down0 = DownStage(17 + c, 2 * c)
        self.down1 = DownStage(4 * c, 4 * c)
        self.down2 = DownStage(8 * c, 8 * c)
        self.down3 = DownStage(16 * c, 16 * c)
        self.up0 = _up(32 * c, 8 * c)
        self.up1 = _up(16 * c, 4 * c)
        self.up2 = _up(8 * c, 2 * c)
        self.up3 = _up(4 * c, c)
        self.conv = nn.Conv2d(c, 3, 3, padding=1)

    def forward(self, pictures: Tensor, warped: Sequence[Tensor]) -> Tensor:
        """Correction ``(B, 3, H, W)``.

        Parameters
        ----------
        pictures : Tensor
            ``(B, 17, H, W)``: two images, two warps, mask logit, flow.
        warped : sequence of Tensor
            Appearance of both frames, warped, at the five scales: ``(B, 2 * channels, ...)`` each.
        """
        s0 = self.down0(torch.cat([pictures, warped[0]], dim=1))
        s1 = self.down1(torch.cat([s0, warped[1]], dim=1))
        s2 = self.down2(torch.cat([s1, warped[2]], dim=1))
        s3 = self.down3(torch.cat([s2, warped[3]], dim=1))
        x = self.up0(torch.cat([s3, warped[4]], dim=1))
        x = self.up1(torch.cat([x, s2], dim=1))
        x = self.up2(torch.cat([x, s1], dim=1))
        x = self.up3(torch.cat([x, s0], dim=1))
        return torch.sigmoid(self.conv(x)) * 2 - 1


def warp_appearance(appearance: Sequence[Tensor], flow: Tensor) -> list[Tensor]:
    """Appearance ``(B, 2 * channels, H/s, W/s)`` of both frames at each scale, moved to the wanted time.

    Parameters
    ----------
    appearance : sequence of Tensor
        Maps ``(2B, channels, H/s, W/s)`` at 1/1, 1/2, ... 1/16.
    flow : Tensor
        ``(B, 4, H, W)``, pixels of the full frame.
    """
    moved = []
    for maps in appearance:
        first, second = maps.chunk(2)
        moved.append(torch.cat([warp(first, flow[:, :2]), warp(second, flow[:, 2:])], dim=1))
        flow = resize(flow, 0.5) * 0.5
    return moved


def _up(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1), ChannelPReLU(outputs))
