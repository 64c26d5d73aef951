"""The video ResNet family: clip in, one number (ejection fraction) out.

Tran et al., "A Closer Look at Spatiotemporal Convolutions for Action Recognition" (CVPR 2018). ``r3d_18`` and
``r2plus1d_18`` carry torchvision's module names, so its state dicts, and EchoNet-Dynamic's, load by name.
``mini_r3d`` is the narrow, short member that trains on a processor in seconds; ``tiny_r3d`` has half its
frames after the stem.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from infomotion_lib.errors import ParameterError, did_you_mean


@dataclass(frozen=True)
class Architecture:
    """What tells one member of the family from another.

    Attributes
    ----------
    widths : tuple of int
        Channels of each stage; every stage after the first halves time, height and width.
    blocks : tuple of int
        Residual blocks of each stage.
    factored : bool
        (2+1)D convolutions: space first, then time.
    in_channels : int
        Channels the network is given when the caller does not say.
    wide_stem : bool
        7 x 7 stem of the 18-layer members; 3 x 3 for clips a few dozen pixels wide.
    stem_frames, stem_stride : int
        Frames that the stem sees at once, and from one look to the next; of the unfactored members.
    """

    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    factored: bool
    in_channels: int
    wide_stem: bool = True
    stem_frames: int = 3
    stem_stride: int = 1


ARCHITECTURES = {
    "r3d_18": Architecture((64, 128, 256, 512), (2, 2, 2, 2), factored=False, in_channels=3),
    "r2plus1d_18": Architecture((64, 128, 256, 512), (2, 2, 2, 2), factored=True, in_channels=3),
    "mini_r3d": Architecture((8, 16, 32), (1, 1, 1), factored=False, in_channels=2, wide_stem=False),
    "tiny_r3d": Architecture(
        (8, 16, 32), (1, 1, 1), factored=False, in_channels=2, wide_stem=False, stem_frames=5, stem_stride=2
    ),
}
"""Known networks by name: 33.2 M, 31.3 M, 57 k and 57 k parameters with one output."""


def middle_width(in_channels: int, out_channels: int) -> int:
    """Channels between the two halves of a (2+1)D convolution, so that it has as many weights as the 3-D one.

    >>> middle_width(64, 64), middle_width(64, 128)
    (144, 230)
    """
    return (in_channels * out_channels * 27) // (in_channels * 9 + 3 * out_channels)


def _convolution(in_channels: int, out_channels: int, stride: int, factored: bool, middle: int) -> nn.Module:
    if not factored:
        return nn.Conv3d(in_channels, out_channels, 3, stride, 1, bias=False)
    return nn.Sequential(
        nn.Conv3d(in_channels, middle, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False),
        nn.BatchNorm3d(middle),
        nn.ReLU(inplace=True),
        nn.Conv3d(middle, out_channels, (3, 1, 1), (stride, 1, 1), (1, 0, 0), bias=False),
    )


class ResidualBlock(nn.Module):
    """Two convolutions around a short cut: ``relu(conv2(conv1(x)) + short_cut(x))``."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, *, factored: bool) -> None:
        super().__init__()
        middle = middle_width(in_channels, out_channels)
        self.conv1 = nn.Sequential(
            _convolution(in_channels, out_channels, stride, factored, middle),
            nn.BatchNorm3d(out_channels),
            nn.ReLU(inplace=True),
        )
        self.conv2 = nn.Sequential(
            _convolution(out_channels, out_channels, 1, factored, middle), nn.BatchNorm3d(out_channels)
        )
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv3d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm3d(out_channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, C', T', H', W')."""
        short_cut = x if self.downsample is None else self.downsample(x)
        result: Tensor = self.relu(self.conv2(self.conv1(x)) + short_cut)
        return result


def _stem(architecture: Architecture, in_channels: int) -> nn.Sequential:
    width = architecture.widths[0]
    if architecture.factored:
        return nn.Sequential(
            nn.Conv3d(in_channels, 45, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False),
            nn.BatchNorm3d(45),
            nn.ReLU(inplace=True),
            nn.Conv3d(45, width, (3, 1, 1), 1, (1, 0, 0), bias=False),
            nn.BatchNorm3d(width),
            nn.ReLU(inplace=True),
        )
    side, frames = 7 if architecture.wide_stem else 3, architecture.stem_frames
    convolution = nn.Conv3d(
        in_channels,
        width,
        (frames, side, side),
        (architecture.stem_stride, 2, 2),
        (frames // 2, side // 2, side // 2),
        bias=False,
    )
    return nn.Sequential(convolution, nn.BatchNorm3d(width), nn.ReLU(inplace=True))


class VideoResNet(nn.Module):
    """One member of the family.

    Parameters
    ----------
    architecture : Architecture
        Widths, depths and kind of convolution.
    in_channels : int
        Channels of a clip.
    out_features : int
        Outputs of the head: 1 for ejection fraction, 400 for Kinetics.
    """

    def __init__(self, architecture: Architecture, *, in_channels: int, out_features: int = 1) -> None:
        super().__init__()
        self.architecture = architecture
        self.in_channels = in_channels
        self.stem = _stem(architecture, in_channels)
        self.stages: list[str] = []
        width = architecture.widths[0]
        for index, (out, count) in enumerate(
            zip(architecture.widths, architecture.blocks, strict=True), start=1
        ):
            first = ResidualBlock(width, out, 1 if index == 1 else 2, factored=architecture.factored)
            rest = [ResidualBlock(out, out, 1, factored=architecture.factored) for _ in range(count - 1)]
            self.add_module(f"layer{index}", nn.Sequential(first, *rest))
            self.stages.append(f"layer{index}")
            width = out
        self.avgpool = nn.AdaptiveAvgPool3d(1)
        self.fc = nn.Linear(width, out_features)
        self.apply(_initialise)

    def features(self, clips: Tensor) -> Tensor:
        """Embedding (B, D) of clips (B, C, T, H, W): the pooled vector below the head."""
        if clips.ndim != 5 or clips.shape[1] != self.in_channels:
            raise ParameterError(
                f"The network takes clips (B, {self.in_channels}, T, H, W); it was given"
                f" {tuple(clips.shape)}."
            )
        x = self.stem(clips)
        for name in self.stages:
            x = self.get_submodule(name)(x)  # T, H, W halve at each stage after the first
        result: Tensor = self.avgpool(x).flatten(1)
        return result

    def forward(self, clips: Tensor) -> Tensor:
        """Outputs (B, out_features) of normalised clips (B, C, T, H, W)."""
        result: Tensor = self.fc(self.features(clips))
        return result


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv3d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.01)
        nn.init.zeros_(module.bias)


def build_regressor(name: str, *, in_channels: int | None = None, out_features: int = 1) -> VideoResNet:
    """Network of that name with random weights, in ``channels_last_3d`` memory order (a quarter faster on a
    processor).

    Parameters
    ----------
    name : str
        A key of :data:`ARCHITECTURES`.
    in_channels : int, optional
        Channels of a clip; the architecture's own by default.
    out_features : int
        Outputs of the head.

    Raises
    ------
    ParameterError
        If there is no such network.
    """
    if name not in ARCHITECTURES:
        raise ParameterError(f"Unknown regressor: {name}", remedy=did_you_mean(name, ARCHITECTURES))
    architecture = ARCHITECTURES[name]
    network = VideoResNet(
        architecture, in_channels=in_channels or architecture.in_channels, out_features=out_features
    )
    return network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]  # torch's stub lacks 3-D
