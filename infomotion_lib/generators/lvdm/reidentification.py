"""The network that tells whether two latent frames are of one video: the privacy filter compares its
features.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from monai.networks.nets.resnet import ResNet, ResNetBottleneck
from torch import Tensor, nn

from infomotion_lib.generators.spacetime.networks import LATENT_CHANNELS

FEATURES = 128
BLOCKS, WIDTHS = [3, 4, 6, 3], [64, 128, 256, 512]


class Reidentification(nn.Module):
    """A ResNet-50 of latent frames; two frames are compared by the difference of their features.

    Names of parameters are torchvision's under ``model.``, with ``fc_end`` beside them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.model = ResNet(
            ResNetBottleneck,
            BLOCKS,
            WIDTHS,
            spatial_dims=2,
            n_input_channels=LATENT_CHANNELS,
            conv1_t_size=7,
            conv1_t_stride=2,
            num_classes=FEATURES,
            bias_downsample=False,
        )
        self.fc_end = nn.Linear(FEATURES, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Features (N, 128), 0 to 1, of latent frames (N, 4, S, S) scaled to [-1, 1]."""
        return torch.sigmoid(self.model(frames))

    def same_video(self, first: Tensor, second: Tensor) -> Tensor:
        """Logits (N,) that pairs of features, (N, 128) each, are of one video."""
        return self.fc_end((first - second).abs())[:, 0]


def scaled(latents: Tensor) -> Tensor:
    """Latents of any shape, their smallest value at -1 and the largest at 1; zeros if all are equal."""
    low, high = latents.aminmax()
    if low == high:
        return torch.zeros_like(latents)
    return (latents - low) / (high - low) * 2 - 1


def real_frames(videos: Sequence[Tensor]) -> Tensor:
    """First frames (N, 4, S, S) of latent videos (T, 4, S, S), each scaled by all frames of its video."""
    return torch.stack([scaled(video)[0] for video in videos])


def synthetic_frames(latents: Tensor) -> Tensor:
    """Latent frames (N, 4, S, S), scaled by the whole set, as the published filter does: a frame's features
    depend on the others that were drawn.
    """
    return scaled(latents)
