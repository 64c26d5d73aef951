"""The backbone of EMA-VFI: three convolution scales per frame, then two scales where the frames look at each
other.

Parameter names are those of the published network, so that its checkpoints load by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from infomotion_lib.representations.ifa.attention import HEAD_WIDTH, InterFrameBlock
from infomotion_lib.representations.ifa.layers import ChannelPReLU, conv_prelu


class Features(NamedTuple):
    """Feature maps of a batch of B frame pairs; rows 0..B-1 look from frame 0 to frame 1, rows B..2B-1 the
    other way.

    Attributes
    ----------
    appearance : tuple of Tensor
        Five maps ``(2B, F, H, W)``, ``(2B, 2F, H/2, W/2)``, ... ``(2B, 16F, H/16, W/16)``.
    motion : tuple of Tensor
        ``(2B, 8F, H/8, W/8)`` and ``(2B, 16F, H/16, W/16)``.
    """

    appearance: tuple[Tensor, ...]
    motion: tuple[Tensor, ...]


class ConvStage(nn.Module):
    """3 x 3 convolutions with PReLU at one scale."""

    def __init__(self, inputs: int, outputs: int, *, depth: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for k in range(depth):
            layers += [nn.Conv2d(inputs if k == 0 else outputs, outputs, 3, padding=1), ChannelPReLU(outputs)]
        self.conv = nn.Sequential(*layers)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps ``(B, outputs, H, W)`` from ``(B, inputs, H, W)``."""
        return cast(Tensor, self.conv(maps))


class CrossScaleEmbedding(nn.Module):
    """Tokens at 1/8 from the maps at 1/4, 1/2 and 1/1, the finer ones through several dilations (1, 2 and 4
    convolutions).
    """

    def __init__(self, width: int, *, outputs: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(
                width * 2 ** (2 - k), width, 3, stride=2 ** (k + 1), padding=dilation, dilation=dilation
            )
            for k in range(3)
            for dilation in range(1, 2**k + 1)
        )
        self.proj = nn.Conv2d(7 * width, outputs, 1)
        self.norm = nn.LayerNorm(outputs)

    def forward(self, scales: Sequence[Tensor]) -> Tensor:
        """Tokens ``(B, H/8, W/8, outputs)`` from the maps at 1/1, 1/2 and 1/4."""
        sources = (scales[2], scales[1], scales[1], scales[0], scales[0], scales[0], scales[0])
        maps = torch.cat([layer(source) for layer, source in zip(self.layers, sources, strict=True)], dim=1)
        return cast(Tensor, self.norm(self.proj(maps).permute(0, 2, 3, 1)))


class HalvingEmbedding(nn.Module):
    """Tokens at half the scale, by one 3 x 3 convolution of stride 2."""

    def __init__(self, inputs: int, *, outputs: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.norm = nn.LayerNorm(outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens ``(B, H/2, W/2, outputs)`` from ``(B, H, W, inputs)``."""
        return cast(Tensor, self.norm(self.proj(tokens.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)))


class Backbone(nn.Module):
    """Pair of frames to appearance and motion maps (``feature_bone`` of the published network).

    Parameters
    ----------
    width : int
        F: channels at full scale; doubles at each of the five scales.
    depths : sequence of int
        Convolutions of the three fine scales, blocks of the two coarse ones.
    window : int
        Side of an attention window, tokens.
    """

    def __init__(self, width: int, depths: Sequence[int], *, window: int) -> None:
        super().__init__()
        f = width
        self.block1 = ConvStage(3, f, depth=depths[0])
        self.patch_embed2 = conv_prelu(f, 2 * f, stride=2)
        self.block2 = ConvStage(2 * f, 2 * f, depth=depths[1])
        self.patch_embed3 = conv_prelu(2 * f, 4 * f, stride=2)
        self.block3 = ConvStage(4 * f, 4 * f, depth=depths[2])
        self.patch_embed4 = CrossScaleEmbedding(f, outputs=8 * f)
        self.block4 = _blocks(8 * f, depths[3], window=window)
        self.norm4 = nn.LayerNorm(8 * f, eps=1e-6)
        self.patch_embed5 = HalvingEmbedding(8 * f, outputs=16 * f)
        self.block5 = _blocks(16 * f, depths[4], window=window)
        self.norm5 = nn.LayerNorm(16 * f, eps=1e-6)
        self.apply(_initialise)

    def encode(self, frames: Tensor) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
        """The part that sees one frame at a time: maps at 1/1, 1/2, 1/4, and tokens ``(B, H/8, W/8, 8F)``.

        Parameters
        ----------
        frames : Tensor
            ``(B, 3, H, W)`` in [0, 1].
        """
        full = self.block1(frames)
        half = self.block2(self.patch_embed2(full))
        quarter = self.block3(self.patch_embed3(half))
        return (full, half, quarter), self.patch_embed4((full, half, quarter))

    def forward(self, frame0: Tensor, frame1: Tensor) -> Features:
        """Features of each pair ``(B, 3, H, W)``, both directions."""
        scales, tokens = self.encode(torch.cat([frame0, frame1]))
        eighth, motion8 = _walk(self.block4, tokens)
        eighth = self.norm4(eighth)
        sixteenth, motion16 = _walk(self.block5, self.patch_embed5(eighth))
        sixteenth = self.norm5(sixteenth)
        return Features(
            (*scales, eighth.permute(0, 3, 1, 2), sixteenth.permute(0, 3, 1, 2)), (motion8, motion16)
        )


def _blocks(channels: int, depth: int, *, window: int) -> nn.ModuleList:
    return nn.ModuleList(
        InterFrameBlock(
            channels,
            channels // depth,
            heads=channels // HEAD_WIDTH,
            window=window,
            shift=window // 2 if k % 2 else 0,
        )
        for k in range(depth)
    )


def _walk(blocks: nn.ModuleList, tokens: Tensor) -> tuple[Tensor, Tensor]:
    motions = []
    for block in blocks:
        tokens, motion = block(tokens)
        motions.append(motion)
    return tokens, torch.cat(motions, dim=-1).permute(0, 3, 1, 2)


def _initialise(module: nn.Module) -> None:
    """Published start: linear weights from a normal of sd 0.02 cut at +-2, convolutions by fan-out, biases
    zero.
    """
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Conv2d):
        fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=(2.0 / fan_out) ** 0.5)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
