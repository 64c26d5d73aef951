"""Pixels to scaled latents and back, as the chain does it: eight bits over 128, cut off and not rounded."""

from __future__ import annotations

from diffusers import AutoencoderKL
from torch import Tensor

HALF_RANGE = 128
"""Grey level of 0 at the autoencoder: 255 becomes 127/128."""


def to_input(pixels: Tensor) -> Tensor:
    """Autoencoder input (N, 3, S, S), -1 to just under 1, of frames (N, C, S, S), uint8: the mean of their
    channels, three times.
    """
    return (pixels.float() / HALF_RANGE - 1).mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)


def encode(autoencoder: AutoencoderKL, frames: Tensor, *, noise: Tensor) -> Tensor:
    """Scaled latents (N, 4, S/8, S/8) of autoencoder input (N, 3, S, S): a sample of the posterior by
    standard normal ``noise`` of the latents' shape.
    """
    posterior = autoencoder.encode(frames).latent_dist
    return (posterior.mean + posterior.std * noise) * autoencoder.config["scaling_factor"]


def decode(autoencoder: AutoencoderKL, latents: Tensor) -> Tensor:
    """Decoded frames (N, 3, S, S), about -1 to 1, of scaled latents (N, 4, S/8, S/8)."""
    return autoencoder.decode(latents / autoencoder.config["scaling_factor"]).sample


def to_pixels(decoded: Tensor, *, grey: bool = False) -> Tensor:
    """Frames, uint8, of decoded ones (N, 3, S, S): all channels, or (N, S, S), their mean, with ``grey`` (the
    chain stores hearts grey and videos with three channels).
    """
    shown = decoded.mean(dim=1) if grey else decoded
    return ((shown + 1) * HALF_RANGE).clamp(0, 255).byte()
