"""Networks of the chain by name of their size: diffusers' and MONAI's own classes with the published
configurations.
"""

from __future__ import annotations

from dataclasses import dataclass

from diffusers import AutoencoderKL, UNet2DModel, UNetSpatioTemporalConditionModel

from infomotion_lib.errors import ParameterError, did_you_mean

LATENT_CHANNELS = 4
CHANNELS_PER_HEAD = 16


@dataclass(frozen=True)
class ChainSize:
    """Widths of the networks.

    Attributes
    ----------
    unet : tuple of int
        Channels of each level of both U-Nets, multiples of 32.
    unet_layers : int
        Residual blocks of each level.
    autoencoder : tuple of int
        Channels of its four scales, multiples of 32.
    autoencoder_layers : int
        Residual blocks of each scale.
    """

    unet: tuple[int, ...]
    unet_layers: int
    autoencoder: tuple[int, ...]
    autoencoder_layers: int


SIZES = {
    "small": ChainSize((32, 64), 1, (32, 64, 64, 128), 1),
    "published": ChainSize((128, 256, 256, 512), 2, (128, 256, 256, 512), 2),
}
"""``published``: 62.4 M parameters (autoencoder), 73.5 M (hearts), 143.8 M (videos told an EF), 189.4 M
(videos told a motion vector of 3072 numbers).
"""


def chain_size(name: str) -> ChainSize:
    """Size of that name.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if name not in SIZES:
        raise ParameterError(f"Unknown size of the chain: {name}", remedy=did_you_mean(name, SIZES))
    return SIZES[name]


def video_unet(size: ChainSize, *, condition: int = 1) -> UNetSpatioTemporalConditionModel:
    """Untrained U-Net of latent videos; its input is eight channels, noisy clip before reference frame.

    Parameters
    ----------
    condition : int
        Width of the condition's token: 1 for an EF, that of a motion vector otherwise.
    """
    levels = len(size.unet)
    return UNetSpatioTemporalConditionModel(
        in_channels=2 * LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        down_block_types=("CrossAttnDownBlockSpatioTemporal",) * (levels - 1) + ("DownBlockSpatioTemporal",),
        up_block_types=("UpBlockSpatioTemporal",) + ("CrossAttnUpBlockSpatioTemporal",) * (levels - 1),
        block_out_channels=size.unet,
        layers_per_block=size.unet_layers,
        num_attention_heads=tuple(width // CHANNELS_PER_HEAD for width in size.unet),
        cross_attention_dim=condition,
        addition_time_embed_dim=1,
        projection_class_embeddings_input_dim=1,
        transformer_layers_per_block=1,
    )


def heart_unet(size: ChainSize) -> UNet2DModel:
    """Untrained U-Net of single latent frames, without any condition."""
    levels = len(size.unet)
    return UNet2DModel(
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        down_block_types=("AttnDownBlock2D",) * (levels - 1) + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("AttnUpBlock2D",) * (levels - 1),
        block_out_channels=size.unet,
        layers_per_block=size.unet_layers,
        downsample_type="resnet",  # the default, conv, gives 3.1 M parameters fewer
        upsample_type="resnet",
        attention_head_dim=8,
        norm_eps=1e-5,
    )


def chain_autoencoder(size: ChainSize) -> AutoencoderKL:
    """Untrained autoencoder of three-channel frames, latents (4, S/8, S/8)."""
    scales = len(size.autoencoder)
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        block_out_channels=size.autoencoder,
        layers_per_block=size.autoencoder_layers,
        down_block_types=("DownEncoderBlock2D",) * scales,
        up_block_types=("UpDecoderBlock2D",) * scales,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=32,
        scaling_factor=0.18215,
    )
