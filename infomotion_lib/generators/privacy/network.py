"""The network that tells whether two frames are of one video: the privacy filter compares its features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from monai.networks.nets.resnet import ResNet, ResNetBlock, ResNetBottleneck
from torch import Tensor, nn

from infomotion_lib.errors import ParameterError, did_you_mean

FEATURES = 128
LATENT_CHANNELS = 4


@dataclass(frozen=True)
class ReidentificationSize:
    """Shape of the ResNet.

    Attributes
    ----------
    block : type
        MONAI's residual block.
    blocks, widths : tuple of int
        Blocks of each of four stages, and their channels.
    """

    block: type
    blocks: tuple[int, ...]
    widths: tuple[int, ...]


SIZES = {
    "small": ReidentificationSize(ResNetBlock, (1, 1, 1, 1), (16, 32, 64, 128)),
    "published": ReidentificationSize(ResNetBottleneck, (3, 4, 6, 3), (64, 128, 256, 512)),
}
"""``published``: a ResNet-50, 23.8 M parameters; ``small``: 0.3 M, for a CPU."""


class Reidentification(nn.Module):
    """A ResNet of single frames; two frames are compared by the difference of their features.

    Names of parameters are torchvision's under ``model.``, with ``fc_end`` beside them.

    Parameters
    ----------
    size : str
        Key of :data:`SIZES`.
    channels : int
        Of a frame: 4 for latent frames, 1 for grey ones.

    Raises
    ------
    ParameterError
        If there is no such size.
    """

    def __init__(self, size: str = "published", *, channels: int = LATENT_CHANNELS) -> None:
        super().__init__()
        if size not in SIZES:
            raise ParameterError(
                f"Unknown size of the re-identification network: {size}", remedy=did_you_mean(size, SIZES)
            )
        shape = SIZES[size]
        self.model = ResNet(
            shape.block,
            list(shape.blocks),
            list(shape.widths),
            spatial_dims=2,
            n_input_channels=channels,
            conv1_t_size=7,
            conv1_t_stride=2,
            num_classes=FEATURES,
            bias_downsample=False,
        )
        self.fc_end = nn.Linear(FEATURES, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Features (N, 128), 0 to 1, of frames (N, C, S, S) scaled to [-1, 1]."""
        return torch.sigmoid(self.model(frames))

    def same_video(self, first: Tensor, second: Tensor) -> Tensor:
        """Logits (N,) that pairs of features, (N, 128) each, are of one video."""
        return self.fc_end((first - second).abs())[:, 0]


def scaled(frames: Tensor) -> Tensor:
    """Frames of any shape, their smallest value at -1 and the largest at 1; zeros if all are equal."""
    low, high = frames.aminmax()
    if low == high:
        return torch.zeros_like(frames)
    return (frames - low) / (high - low) * 2 - 1


def real_frames(videos: Sequence[Tensor]) -> Tensor:
    """First frames (N, C, S, S) of videos (T, C, S, S), each scaled by all frames of its video."""
    return torch.stack([scaled(video)[0] for video in videos])


def synthetic_frames(frames: Tensor) -> Tensor:
    """Frames (N, C, S, S), scaled by the whole set, as the published filter does: a frame's features depend
    on the others that were drawn.
    """
    return scaled(frames)
