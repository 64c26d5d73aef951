"""From features to flow: heads that predict two flows and a blending mask, and the warp that applies them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from infomotion_lib.representations.ifa.layers import conv_prelu, resize


def warp(images: Tensor, flow: Tensor) -> Tensor:
    """Images ``(B, C, H, W)`` whose pixel p is the input's at p + flow(p): bilinear, border values outside.

    Parameters
    ----------
    images : Tensor
        ``(B, C, H, W)``.
    flow : Tensor
        ``(B, 2, H, W)``: x then y, pixels.
    """
    height, width = images.shape[-2:]
    with torch.autocast(images.device.type, enabled=False):
        x = torch.linspace(-1, 1, width, device=flow.device) + flow[:, 0].float() * (2 / max(width - 1, 1))
        y = torch.linspace(-1, 1, height, device=flow.device)[:, None] + flow[:, 1].float() * (
            2 / max(height - 1, 1)
        )
        grid = torch.stack([x, y], dim=-1)
        return F.grid_sample(images.float(), grid, mode="bilinear", padding_mode="border", align_corners=True)


class FlowHead(nn.Module):
    """Flow and mask residual from the features of one scale and the pictures so far.

    The features, at 1/scale, are brought to 4/scale by two pixel shuffles and joined with the pictures at
    that size; three convolutions follow, and their output is enlarged to the frame.

    Parameters
    ----------
    scale : int
        The features lie at 1/scale: 16 or 8.
    feature_channels : int
        Their channels.
    picture_channels : int
        Channels of images, mask and flow together.
    hidden : int
        Channels between the convolutions.
    """

    def __init__(self, scale: int, *, feature_channels: int, picture_channels: int, hidden: int) -> None:
        super().__init__()
        self.enlarge = scale // 4
        self.upsample = nn.Sequential(nn.PixelShuffle(2), nn.PixelShuffle(2))
        inputs = feature_channels // 16 + picture_channels
        self.conv = nn.Sequential(
            conv_prelu(inputs, hidden), conv_prelu(hidden, hidden), conv_prelu(hidden, 5)
        )

    def forward(
        self, features: Tensor, images: Tensor, mask: Tensor | None = None, flow: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Flow ``(B, 4, H, W)`` in pixels (to frame 0, to frame 1; x, y each) and mask logit ``(B, 1, H,
        W)``.

        Parameters
        ----------
        features : Tensor
            ``(B, feature_channels, H/scale, W/scale)``.
        images : Tensor
            ``(B, K, C, H, W)``: frames and their warps; one channel stands for three equal ones.
        mask, flow : Tensor, optional
            ``(B, 1, H, W)`` and ``(B, 4, H, W)`` of the stage before.
        """
        shrink = 1 / self.enlarge
        small = resize(images.flatten(1, 2), shrink)
        if images.shape[2] == 1:
            small = small.repeat_interleave(3, dim=1)
        parts = [self.upsample(features), small]
        if mask is not None and flow is not None:
            parts += [resize(mask, shrink), resize(flow, shrink) * shrink]
        out = resize(self.conv(torch.cat(parts, dim=1)), self.enlarge)
        return out[:, :4] * self.enlarge, out[:, 4:5]


def blend(warped: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
    """Picture between two warped ones: s w0 + (1 - s) w1 with s the sigmoid of the mask."""
    share = torch.sigmoid(mask)
    return warped[0] * share + warped[1] * (1 - share)
