"""A trained Latte as one safetensors file, its recipe in the header."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from infomotion_lib.errors import CheckpointError
from infomotion_lib.generators.latte.diffusion import LatteRecipe, TrainedLatte
from infomotion_lib.generators.latte.network import latte
from infomotion_lib.weights import read_weights, refused, save_weights

_KIND = "infomotion_latte"


def save_latte(trained: TrainedLatte, path: str | Path) -> Path:
    """Path of the averaged weights as safetensors, the recipe in the header."""
    return save_weights(trained.network, path, kind=_KIND, about=asdict(trained.recipe))


def load_latte(
    path: str | Path, *, n_classes: int | None = None, size: str | None = None, device: str = "cpu"
) -> TrainedLatte:
    """Latte saved by :func:`save_latte`.

    Raises
    ------
    CheckpointError
        If the file is not one, or its size or class count is not the one asked for.
    """
    with refused(f"Not a Latte checkpoint: {path}", remedy="Train one with `infomotion run 05`."):
        values, weights = read_weights(path, kind=_KIND)
        recipe = LatteRecipe(**values | {"class_ef": tuple(values.get("class_ef", ()))})
    for wanted, held, what in ((n_classes, recipe.n_classes, "classes"), (size, recipe.size, "size")):
        if wanted is not None and wanted != held:
            raise CheckpointError(
                f"{path} holds a Latte of {what} {held}, not {wanted}.",
                remedy="Name the profile that it was trained with.",
            )
    network = latte(
        recipe.size, latent_side=recipe.latent_side, frames=recipe.frames, n_classes=recipe.n_classes
    )
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"{path} does not fit a Latte {recipe.size}: {error}") from None
    return TrainedLatte(network.to(device).eval(), recipe, [])
