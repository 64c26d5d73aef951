"""The autoencoder of latent diffusion: grey frames to small latent maps and back (diffusers'
``AutoencoderKL``).
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from infomotion_lib.errors import CheckpointError, ParameterError, did_you_mean
from infomotion_lib.progress import track
from infomotion_lib.provenance import atomic

FORMAT = 1
"""Raised when equal frames and settings teach another autoencoder: a checkpoint of another format is not gone
on from.
"""

DOWNSAMPLING = 8
LATENT_CHANNELS = 4
WIDTHS = {"small": (16, 32, 32, 32), "full": (128, 256, 512, 512)}
"""Channels per scale; ``full`` is the Stable Diffusion autoencoder's (112 px to 4 x 14 x 14), ``small`` a
CPU's.
"""
LAYERS = {"small": 1, "full": 2}
CHECKPOINT_EVERY = 100
WEIGHTS = "diffusion_pytorch_model.safetensors"
KL_WEIGHT = 1e-6
"""Weight of the Kullback-Leibler term, that of the latent diffusion papers."""


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


def train_autoencoder(
    frames: NDArray[np.uint8],
    name: str = "small",
    *,
    steps: int,
    batch: int = 32,
    learning_rate: float = 2e-3,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    device: str = "cpu",
) -> FittedAutoencoder:
    """Autoencoder trained by L1 reconstruction plus a small KL term, its scale factor measured on the
    training frames.

    Parameters
    ----------
    frames : ndarray, shape (N, S, S), uint8
        Training frames; S a multiple of 16.
    name : str
        Size, see :func:`build_autoencoder`.
    steps, batch, learning_rate, seed
        One-cycle AdamW schedule over ``steps`` steps of ``batch`` frames.
    checkpoint : path, optional
        Where training state is kept; a killed training of the same frames goes on as if it had not been.
    """
    if frames.shape[-1] % (2 * DOWNSAMPLING):
        raise ParameterError(f"The side of a frame must be a multiple of 16, not {frames.shape[-1]}.")
    torch.manual_seed(seed)
    network = build_autoencoder(name).to(device)
    # fused: its square root is exact, see arithmetic.py
    optimiser = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=0.0, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, learning_rate, total_steps=max(steps, 1), pct_start=0.1
    )
    path = Path(checkpoint) if checkpoint else None
    content = hashlib.sha256(np.ascontiguousarray(frames).data).hexdigest()
    identity = [FORMAT, name, steps, batch, learning_rate, seed, *frames.shape, content]
    done = _resume(path, identity, network, optimiser, schedule) if path else 0
    for step in track(range(done, steps), label="autoencoder", unit="step"):
        random = np.random.default_rng([seed, step])
        torch.manual_seed(int(random.integers(2**62)))
        chosen = random.choice(len(frames), size=min(batch, len(frames)), replace=False)
        target = to_input(torch.from_numpy(frames[chosen]).to(device), channels=1)
        posterior = network.encode(target).latent_dist
        loss = (
            functional.l1_loss(network.decode(posterior.sample()).sample, target)
            + KL_WEIGHT * posterior.kl().mean()
        )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if path and ((step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == steps):
            parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
            with atomic(path) as temporary:
                torch.save(
                    {
                        "identity": identity,
                        "done": step + 1,
                        **{key: part.state_dict() for key, part in parts.items()},
                    },
                    temporary,
                )
    return scaled_to(frames, FittedAutoencoder(network.eval(), 1.0, name), seed=seed)


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


def _resume(
    path: Path,
    identity: list[Any],
    network: AutoencoderKL,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> int:
    """Steps already done, their state put in place; 0 without a checkpoint of this very training."""
    if not path.is_file():
        return 0
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        if state["identity"] != identity:
            return 0
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
    except Exception as error:
        raise CheckpointError(
            f"{path} is not a training checkpoint: {error}", remedy="Delete it to train from the start."
        ) from None
    return int(state["done"])


def obtain_autoencoder(
    frames: NDArray[np.uint8],
    folder: str | Path,
    *,
    weights: str = "",
    name: str,
    steps: int,
    batch: int,
    seed: int = 0,
    device: str = "cpu",
) -> FittedAutoencoder:
    """An autoencoder kept in ``folder``: published weights or one trained on ``frames``, its scale factor
    measured on them.

    A training that was done or begun with the same frames and settings is taken up, not repeated.

    Parameters
    ----------
    frames : ndarray, shape (N, S, S), uint8
        Training frames.
    folder : path
        Where it is kept; training state lies beside it, under ``checkpoints/``.
    weights : str
        Folder of published weights in diffusers' layout; empty: train.
    name, steps, batch, seed
        See :func:`train_autoencoder`.
    """
    target = Path(folder)
    if weights:
        fitted = scaled_to(frames, load_autoencoder(weights, device=device), seed=seed)
    else:
        state = target.parent / "checkpoints" / "autoencoder.pt"
        fitted = train_autoencoder(
            frames, name, steps=steps, batch=batch, seed=seed, checkpoint=state, device=device
        )
    save_autoencoder(fitted, target)
    return load_autoencoder(target, device=device)


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
