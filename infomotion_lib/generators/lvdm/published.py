"""Denoisers that somebody else has trained, from folders in diffusers' layout on this disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diffusers import UNet2DModel, UNetSpatioTemporalConditionModel

from infomotion_lib.errors import CheckpointError
from infomotion_lib.generators.spacetime.networks import LATENT_CHANNELS

CLASSES = {"lidm": UNet2DModel, "lvdm": UNetSpatioTemporalConditionModel}
INPUTS = {"lidm": LATENT_CHANNELS, "lvdm": 2 * LATENT_CHANNELS}
WEIGHTS = "diffusion_pytorch_model.safetensors"


def published_denoiser(folder: str | Path, *, kind: str, device: str = "cpu") -> Any:
    """Network of hearts (``kind="lidm"``) or of videos (``"lvdm"``), in evaluation mode.

    The autoencoder is read by :func:`~infomotion_lib.generators.autoencoder.load_autoencoder`.

    Parameters
    ----------
    folder : path
        It holds ``config.json`` and the weights as safetensors; nothing is downloaded.

    Raises
    ------
    CheckpointError
        If the folder is not one, lacks weights, or holds a network of another kind.
    """
    path = Path(folder)
    absent = [file for file in ("config.json", WEIGHTS) if not (path / file).is_file()]
    if absent:
        raise CheckpointError(
            f"No denoiser in {path}",
            where=f"Looked for: {' and '.join(absent)}",
            remedy="Give a folder in diffusers' layout, with safetensors.",
        )
    expected = CLASSES[kind]
    held = expected.load_config(path, local_files_only=True).get("_class_name")
    if held != expected.__name__:
        raise CheckpointError(f"{path} holds a {held}, not a {expected.__name__}.")
    try:
        network, loaded = expected.from_pretrained(
            path,
            local_files_only=True,
            use_safetensors=True,
            low_cpu_mem_usage=False,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} does not hold weights of a {held}: {error}") from None
    if loaded["missing_keys"]:  # diffusers would draw them at random
        named = ", ".join(sorted(loaded["missing_keys"])[:3])
        raise CheckpointError(f"{path} lacks weights of a {held}: {named} ...")
    channels = network.config["in_channels"], network.config["out_channels"]
    if channels != (INPUTS[kind], LATENT_CHANNELS):
        raise CheckpointError(
            f"{path} takes {channels[0]} channels and gives {channels[1]}, not {INPUTS[kind]} and"
            f" {LATENT_CHANNELS}."
        )
    return network.to(device).eval()
