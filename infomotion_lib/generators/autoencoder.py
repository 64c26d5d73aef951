"""The autoencoder of latent diffusion: grey frames to small latent maps and back (diffusers'
``AutoencoderKL``).
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from infomotion_lib.errors import CheckpointError, ParameterError, did_you_mean

DOWNSAMPLING = 8
LATENT_CHANNELS = 4
WIDTHS = {"small": (16, 32, 32, 32), "full": (128, 256, 512, 512)}
"""Channels per scale; ``full`` is the Stable Diffusion autoencoder's (112 px to 4 x 14 x 14), ``small`` a
CPU's.
"""
LAYERS = {"small": 1, "full": 2}
WEIGHTS = "diffusion_pytorch_model.safetensors"


@dataclass(frozen=True)
class FittedAutoencoder:
    """A trained autoencoder and what gives its latents unit variance.

    Attributes
    ----------
    network : AutoencoderKL
        In evaluation mode.
    scale : float
        One over the standard deviation of the training latents (as in latent diffusion).
    name : str
        ``"small"``, ``"full"`` or ``"published"``.
    mean, std : tuple of float
        Of each channel of the training latents; they take the place of ``scale`` where they are given.
    """

    network: AutoencoderKL = field(repr=False)
    scale: float
    name: str
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    @torch.no_grad()
    def encode(self, frames: NDArray[np.uint8], *, batch: int = 128) -> Tensor:
        """Scaled latents (N, 4, S/8, S/8), posterior means, of grey frames (N, S, S)."""
        parts = [
            self.network.encode(self._input(frames[i : i + batch])).latent_dist.mean
            for i in range(0, len(frames), batch)
        ]
        latents = torch.cat(parts).cpu()
        return (
            (latents - _per_channel(self.mean)) / _per_channel(self.std) if self.std else latents * self.scale
        )

    @torch.no_grad()
    def decode(self, latents: Tensor, *, batch: int = 128) -> NDArray[np.uint8]:
        """Grey frames (N, S, S) of scaled latents (N, 4, S/8, S/8)."""
        raw = latents * _per_channel(self.std) + _per_channel(self.mean) if self.std else latents / self.scale
        parts = [
            self.network.decode(raw[i : i + batch].to(self.network.device)).sample.mean(1)
            for i in range(0, len(raw), batch)
        ]
        return ((torch.cat(parts).clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu().numpy()

    def _input(self, frames: NDArray[np.uint8]) -> Tensor:
        pixels = torch.from_numpy(np.ascontiguousarray(frames)).to(self.network.device)
        return to_input(pixels, channels=int(self.network.config["in_channels"]))


def _per_channel(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).view(-1, 1, 1)


def to_input(frames: Tensor, *, channels: int) -> Tensor:
    """Network input (N, channels, S, S) in [-1, 1] of uint8 frames (N, S, S)."""
    return (frames.to(torch.float32) / 127.5 - 1)[:, None].expand(-1, channels, -1, -1)


def build_autoencoder(name: str) -> AutoencoderKL:
    """Untrained one-channel ``AutoencoderKL``, ``"small"`` or ``"full"``.

    Raises
    ------
    ParameterError
        If there is no such size.
    """
    if name not in WIDTHS:
        raise ParameterError(f"Unknown autoencoder: {name}", remedy=did_you_mean(name, WIDTHS))
    return AutoencoderKL(
        in_channels=1,
        out_channels=1,
        block_out_channels=WIDTHS[name],
        layers_per_block=LAYERS[name],
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=8 if name == "small" else 32,
        mid_block_add_attention=name == "full",
    )


def scaled_to(frames: NDArray[np.uint8], fitted: FittedAutoencoder, *, seed: int = 0) -> FittedAutoencoder:
    """The same autoencoder with the factor that gives the latents of these frames (N, S, S) unit variance,
    measured on 512 of them.
    """
    return replace(fitted, scale=float(1 / _raw_latents(frames, fitted, seed=seed).std()), mean=(), std=())


def standardised_to(
    frames: NDArray[np.uint8], fitted: FittedAutoencoder, *, seed: int = 0
) -> FittedAutoencoder:
    """The same autoencoder with the mean and the standard deviation of each channel of the latents of these
    frames (N, S, S), measured on 512 of them: each channel then has mean 0 and variance 1.
    """
    values = _raw_latents(frames, fitted, seed=seed).to(torch.float64)
    mean, std = values.mean((0, 2, 3)), values.std((0, 2, 3))
    return replace(fitted, mean=tuple(mean.tolist()), std=tuple(std.tolist()))


def _raw_latents(frames: NDArray[np.uint8], fitted: FittedAutoencoder, *, seed: int) -> Tensor:
    some = np.random.default_rng(seed).choice(len(frames), size=min(512, len(frames)), replace=False)
    return replace(fitted, scale=1.0, mean=(), std=()).encode(frames[some])


def save_autoencoder(fitted: FittedAutoencoder, folder: str | Path) -> Path:
    """Folder with the network in diffusers' own format (configuration and safetensors), the scale factor
    or the mean and standard deviation of each channel inside; written whole.
    """
    target = Path(folder)
    # diffusers notes the folder that a network was read from, which names a machine
    fitted.network.register_to_config(scaling_factor=fitted.scale, _name_or_path="")
    if fitted.std:
        fitted.network.register_to_config(latents_mean=[*fitted.mean], latents_std=[*fitted.std])
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as name:
        fitted.network.save_pretrained(Path(name) / target.name, safe_serialization=True)
        shutil.rmtree(target, ignore_errors=True)
        (Path(name) / target.name).replace(target)
    return target


def weights_of(folder: str | Path) -> Path:
    """Weights file of an autoencoder's folder, whose hash names the autoencoder."""
    return Path(folder) / WEIGHTS


def load_autoencoder(folder: str | Path, *, device: str = "cpu") -> FittedAutoencoder:
    """Autoencoder saved by :func:`save_autoencoder`, or published weights in diffusers' layout on disk.

    Raises
    ------
    CheckpointError
        If the folder is not one, lacks some weights, or its latents are not 4 channels at an eighth of the
        side.
    """
    path = Path(folder)
    absent = [file for file in ("config.json", WEIGHTS) if not (path / file).is_file()]
    if absent:
        looked = f"Looked for: {' and '.join(absent)}"
        raise CheckpointError(
            f"No autoencoder in {path}",
            where=looked,
            remedy="Give a folder in diffusers' layout, with safetensors.",
        )
    how = {"local_files_only": True, "use_safetensors": True, "low_cpu_mem_usage": False}
    try:
        network, loaded = AutoencoderKL.from_pretrained(path, output_loading_info=True, **how)
    except (OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} does not hold AutoencoderKL weights as safetensors: {error}") from None
    if loaded["missing_keys"]:  # diffusers would draw them at random
        raise CheckpointError(
            f"{path} lacks weights of an AutoencoderKL: {', '.join(sorted(loaded['missing_keys'])[:3])} ..."
        )
    config = network.config
    if config["latent_channels"] != LATENT_CHANNELS or len(config["block_out_channels"]) != 4:
        raise CheckpointError(
            f"{path} makes {config['latent_channels']}-channel latents at"
            f" 1/{2 ** (len(config['block_out_channels']) - 1)}; {LATENT_CHANNELS} channels at"
            f" 1/{DOWNSAMPLING} are needed."
        )
    name = next(
        (size for size, widths in WIDTHS.items() if tuple(config["block_out_channels"]) == widths),
        "published",
    )
    mean, std = (tuple(config.get(key) or ()) for key in ("latents_mean", "latents_std"))
    return FittedAutoencoder(network.to(device).eval(), float(config["scaling_factor"]), name, mean, std)


def reconstruction_quality(fitted: FittedAutoencoder, frames: NDArray[np.uint8]) -> dict[str, float]:
    """PSNR (dB) and SSIM of decoded latents against grey frames (N, S, S)."""
    from torchmetrics.functional.image import structural_similarity_index_measure

    restored = fitted.decode(fitted.encode(frames))
    a, b = (torch.from_numpy(x).to(torch.float32)[:, None] / 255 for x in (frames, restored))
    psnr = -10 * torch.log10(functional.mse_loss(a, b))
    ssim = structural_similarity_index_measure(b, a, data_range=1.0)
    assert isinstance(ssim, Tensor)
    return {"psnr": float(psnr), "ssim": float(ssim)}
