"""The whole network: two frames in, the frame between them out, and the motion features on the way.

Numerically the published EMA-VFI (Zhang et al., "Extracting Motion and Appearance via Inter-Frame Attention
for Efficient Video Frame Interpolation", CVPR 2023), with its parameter names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from infomotion_lib.errors import ParameterError
from infomotion_lib.representations.ifa.attention import HEAD_WIDTH
from infomotion_lib.representations.ifa.backbone import Backbone, Features
from infomotion_lib.representations.ifa.flow import FlowHead, blend, warp
from infomotion_lib.representations.ifa.refine import RefinementUNet, warp_appearance
from infomotion_lib.representations.ifa.sizes import size_refusal


class Interpolation(NamedTuple):
    """What the network makes of B frame pairs; the first three hold the coarse (1/16), then the fine (1/8)
    stage.

    Attributes
    ----------
    flow : tuple of Tensor
        ``(B, 4, H, W)`` a stage, pixels: from the wanted time to frame 0 (x, y), then to frame 1.
    mask : tuple of Tensor
        ``(B, 1, H, W)`` a stage, in (0, 1): share of the warped frame 0.
    merged : tuple of Tensor
        ``(B, C, H, W)`` a stage: both frames warped and blended.
    prediction : Tensor
        ``(B, C, H, W)`` in [0, 1]: the last blend, corrected by the U-Net where there is one.
    """

    flow: tuple[Tensor, ...]
    mask: tuple[Tensor, ...]
    merged: tuple[Tensor, ...]
    prediction: Tensor


class InterFrameInterpolator(nn.Module):
    """EMA-VFI of any width.

    Parameters
    ----------
    width : int
        F, a multiple of 4: 32 base (the paper), 16 small, 8 for CPUs.
    depths : sequence of int
        Convolutions of three fine scales and blocks of two coarse ones; base (2, 2, 2, 4, 4).
    window : int
        Side of an attention window, tokens.
    refine : bool
        Build the refinement U-Net; without it the prediction is the last blend of warps.

    Raises
    ------
    ParameterError
        If the channels of a scale do not divide into heads and blocks.
    """

    def __init__(
        self,
        width: int = 32,
        depths: Sequence[int] = (2, 2, 2, 4, 4),
        *,
        window: int = 7,
        refine: bool = True,
    ) -> None:
        super().__init__()
        self.width, self.depths, self.window = width, tuple(depths), window
        _refuse_bad_size(width, self.depths)
        f = width
        self.feature_bone = Backbone(f, self.depths, window=window)
        self.block = nn.ModuleList(
            [
                FlowHead(16, feature_channels=4 * 16 * f, picture_channels=6, hidden=4 * f),
                FlowHead(8, feature_channels=4 * 8 * f, picture_channels=17, hidden=4 * f),
            ]
        )
        self.unet = RefinementUNet(f) if refine else None

    @property
    def motion_size(self) -> int:
        """Channels of both motion maps together: 24 F."""
        return 24 * self.width

    def features(self, frame0: Tensor, frame1: Tensor) -> Features:
        """Appearance and motion maps of each pair, both directions.

        Parameters
        ----------
        frame0, frame1 : Tensor
            ``(B, 3, H, W)`` in [0, 1], or ``(B, 1, H, W)`` grey; sides multiples of 16.

        Raises
        ------
        ParameterError
            If the frames differ in shape or a side is no multiple of 16.
        """
        check_frames(frame0, frame1)
        features: Features = self.feature_bone(as_colour(frame0), as_colour(frame1))
        return features

    def forward(self, frame0: Tensor, frame1: Tensor, timestep: float = 0.5) -> Interpolation:
        """The frame at ``timestep`` between two frames, and how it came about.

        Grey frames ``(B, 1, H, W)`` count as three equal channels; flow, mask and blends are then those of
        the colour frames at a third of the cost. The U-Net's correction has three channels all the same.

        Parameters
        ----------
        frame0, frame1 : Tensor
            ``(B, 3, H, W)`` in [0, 1], or ``(B, 1, H, W)`` grey; sides multiples of 16.
        timestep : float
            0 is frame 0, 1 is frame 1.
        """
        return self.interpolate(self.features(frame0, frame1), frame0, frame1, timestep=timestep)

    def interpolate(
        self, features: Features, frame0: Tensor, frame1: Tensor, *, timestep: float = 0.5
    ) -> Interpolation:
        """Interpolation of frames whose features are known."""
        flows: list[Tensor] = []
        masks: list[Tensor] = []
        merged: list[Tensor] = []
        flow = mask = None
        images = torch.stack([frame0, frame1], dim=1)  # (B, 2, C, H, W)
        for head, motion, appearance in zip(
            self.block, features.motion[::-1], features.appearance[:-3:-1], strict=True
        ):
            forth, back = motion.chunk(2)
            maps = torch.cat([timestep * forth, (1 - timestep) * back, *appearance.chunk(2)], dim=1)
            d_flow, d_mask = head(maps, images, mask, flow)
            flow, mask = (d_flow, d_mask) if flow is None or mask is None else (flow + d_flow, mask + d_mask)
            warped = warp(frame0, flow[:, :2]), warp(frame1, flow[:, 2:])
            images = torch.stack([frame0, frame1, *warped], dim=1)
            flows.append(flow)
            masks.append(torch.sigmoid(mask))
            merged.append(blend(warped, mask))
        prediction = merged[-1]
        if self.unet is not None and flow is not None and mask is not None:
            pictures = torch.cat([*(as_colour(image) for image in images.unbind(1)), mask, flow], dim=1)
            prediction = prediction + self.unet(pictures, warp_appearance(features.appearance, flow))
        return Interpolation(tuple(flows), tuple(masks), tuple(merged), prediction.clamp(0, 1))


def as_colour(frames: Tensor) -> Tensor:
    """Frames ``(B, 3, H, W)``; grey ones ``(B, 1, H, W)`` repeated."""
    return frames.expand(-1, 3, -1, -1) if frames.shape[1] == 1 else frames


def check_frames(frame0: Tensor, frame1: Tensor) -> None:
    """Refuse frame batches that the network cannot take.

    Raises
    ------
    ParameterError
        If the shapes differ, are not ``(B, 3 or 1, H, W)``, or a side is no multiple of 16.
    """
    if frame0.shape != frame1.shape or frame0.dim() != 4 or frame0.shape[1] not in (1, 3):
        raise ParameterError(
            f"Frames of shapes {tuple(frame0.shape)} and {tuple(frame1.shape)} are no pair.",
            remedy="Give two batches (B, 3, H, W), or (B, 1, H, W) for grey frames, of one shape.",
        )
    if refusal := size_refusal(*frame0.shape[-2:]):
        raise refusal


def _refuse_bad_size(width: int, depths: tuple[int, ...]) -> None:
    remedy = "Take a width that is a multiple of 4 and five depths of 1, 2 or 4."
    if len(depths) != 5 or min(depths) < 1 or width < 4:
        raise ParameterError(f"No network of width {width} and depths {depths}.", remedy=remedy)
    for scale, depth in ((8, depths[3]), (16, depths[4])):
        channels = scale * width
        if channels % HEAD_WIDTH or channels % (depth * (channels // HEAD_WIDTH)):
            raise ParameterError(
                f"The {channels} channels at 1/{scale} do not divide into heads of {HEAD_WIDTH} and {depth}"
                " blocks.",
                remedy=remedy,
            )
