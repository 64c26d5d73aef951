"""The chain's trained denoisers on disk: one safetensors file each, with what is needed to build it again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infomotion_lib.errors import CheckpointError
from infomotion_lib.generators.spacetime.networks import chain_size, heart_unet, video_unet
from infomotion_lib.weights import read_weights, refused, save_weights

HEARTS = "lidm"
"""Kind of the file of a network of hearts; every other kind is one of videos."""


@dataclass(frozen=True)
class ChainRecipe:
    """What the denoisers of one training know.

    Attributes
    ----------
    size : str
        Key of :data:`infomotion_lib.generators.spacetime.networks.SIZES`.
    latent_side, frames : int
        Of the clips.
    fps : float
        Of the training clips.
    ef : tuple of float
        EF of the training clips, points: what a pool asks for.
    autoencoder_sha256 : str
        Weights of the autoencoder whose latents they know.
    token : int
        Numbers that tell the network of videos what to do.
    objective : str
        What both networks learnt to say.
    dropout : float
        Share of the clips that the network of videos saw without their condition.
    """

    size: str
    latent_side: int
    frames: int
    fps: float
    ef: tuple[float, ...]
    autoencoder_sha256: str
    token: int = 1
    objective: str = "v"
    dropout: float = 0.0


def save_denoiser(network: Any, path: Path, *, kind: str, recipe: ChainRecipe) -> Path:
    """Path of the weights, ``kind`` of which is :data:`HEARTS` or the name of a generator of videos."""
    return save_weights(network, path, kind=f"infomotion_{kind}", about=asdict(recipe))


def load_denoiser(path: Path, *, kind: str, device: str = "cpu") -> tuple[Any, ChainRecipe]:
    """Network in evaluation mode, and its recipe.

    Raises
    ------
    CheckpointError
        If the file is not one of this kind.
    """
    with refused(
        f"Not a checkpoint of the chain ({kind}): {path}", remedy="Train it with `infomotion run 05`."
    ):
        values, weights = read_weights(path, kind=f"infomotion_{kind}")
        recipe = ChainRecipe(**values | {"ef": tuple(values["ef"])})
    size = chain_size(recipe.size)
    network = heart_unet(size) if kind == HEARTS else video_unet(size, condition=recipe.token)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"{path} does not fit the size {recipe.size}: {error}") from None
    return network.to(device).eval(), recipe
