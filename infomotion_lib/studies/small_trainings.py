"""A short training of each network of the project, and its hash: do two machines compute the same?

Inputs are made of integers, so they are equal everywhere, and the trainings are those of the stages. Two
machines agree on a piece if the hashes of its weights and of what it then predicts are equal; they depend on
the versions of the libraries too.

    python -m infomotion_lib.studies.small_trainings [--timed] PIECE ...

prints them as JSON, in the arithmetic of the process. ``infomotion machine`` runs it in each arithmetic.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.arithmetic import state
from infomotion_lib.errors import StageError

if TYPE_CHECKING:
    from torch import nn

DECIDING = ("torch", "numpy", "scipy", "scikit-learn", "infomap", "monai", "diffusers")
"""Packages whose versions decide the hashes."""

Piece = tuple[list[Any], int]
"""Arrays that a piece has made, and its number of steps."""


def regressor() -> Piece:
    """20 steps of ``mini_r3d`` on 24 videos, as one network of the grid, and what it predicts."""
    from infomotion_lib.device import one_thread
    from infomotion_lib.regressor.parameters import LabelsParameters
    from infomotion_lib.regressor.setup import QUIET
    from infomotion_lib.regressor.training import train_regressor

    videos = [moving_pattern(48, 28, number) for number in range(24)]
    ef = [20.0 + (number * 37) % 60 for number in range(24)]
    with one_thread():
        fitted = train_regressor(
            videos, ef, parameters=LabelsParameters.model_validate({}), seed=1, steps=20, setup=QUIET
        )
        return [*weights(fitted.network), fitted.predict(videos[:8])], 20


def motion_network() -> Piece:
    """4 steps of the inter-frame-attention network, F = 8, on triplets of 112 pixels, and its motion
    vectors.
    """
    import torch

    from infomotion_lib.device import as_unit
    from infomotion_lib.representations.ifa.pooling import MotionPooler
    from infomotion_lib.representations.ifa.settings import TrainingSettings
    from infomotion_lib.representations.ifa.training import new_interpolator, train_interpolator
    from infomotion_lib.representations.ifa.triplets import TripletStore

    frames = np.concatenate([moving_pattern(3, 112, number) for number in range(8)])
    store = TripletStore(
        frames, np.arange(24).reshape(8, 3), tuple(f"pattern {number}" for number in range(8))
    )
    settings = TrainingSettings(steps=4, warmup_steps=1)
    with tempfile.TemporaryDirectory(prefix="infomotion-") as folder:
        start = new_interpolator(8, (2, 2, 2, 2, 2), seed=0, refine=False)
        network = train_interpolator(start, store, folder=folder, settings=settings).network
    pairs = torch.tensor([[[0, 1], [1, 2]], [[3, 4], [4, 5]]])
    vectors = MotionPooler(network).vectors(as_unit(frames[:6], torch.device("cpu"))[:, None], pairs)
    return [*weights(network), vectors.numpy()], 4


def appearance() -> Piece:
    """5 steps of the frame ResNet-18 at 64 pixels, and its embeddings."""
    from infomotion_lib.representations.appearance.network import embed, train_appearance

    frames = np.concatenate([moving_pattern(1, 112, number) for number in range(16)])
    model = train_appearance(frames, [20.0 + 3 * number for number in range(16)], steps=5)
    return [*weights(model.network), embed(model, frames)], 5


def autoencoder() -> Piece:
    """5 steps of the small autoencoder on frames of 64 pixels, and its latents."""
    from infomotion_lib.generators.autoencoder_training import train_autoencoder

    frames = moving_pattern(32, 64, 0)
    fitted = train_autoencoder(frames, "small", steps=5, batch=16)
    return [*weights(fitted.network), fitted.encode(frames).numpy()], 5


def latte() -> Piece:
    """5 steps of Latte ``cpu/2`` on latent clips, and two clips sampled from it."""
    import torch

    from infomotion_lib.generators.latte.diffusion import LatteRecipe, sample_latents, train_latte

    latents = torch.from_numpy(
        moving_pattern(10 * 16 * 4, 8, 0).reshape(10, 16, 4, 8, 8).astype(np.float32) / 64 - 2
    )
    trained = train_latte(latents, np.arange(10) % 5, LatteRecipe("cpu/2", latent_side=8, frames=16, steps=5))
    return [*weights(trained.network), sample_latents(trained, 0, seeds=[0, 1], sampling_steps=4).numpy()], 5


def kmeans() -> Piece:
    """The picks of K-means among 60 vectors of 512 numbers, and their distances."""
    from infomotion_lib.selection.baselines import pick_kmeans
    from infomotion_lib.selection.registry import ClassPool

    pool = ClassPool(fixed_vectors(60, 512), np.zeros(60))
    picks = pick_kmeans(pool, budget=5, rng=np.random.default_rng(0))
    return [picks.index, picks.score], 1


def graph() -> Piece:
    """Links and weights of the neighbour graph of 60 vectors of 768 numbers."""
    from infomotion_lib.selection.graph import build_graph

    made = build_graph(fixed_vectors(60, 768))
    return [made.links, made.weights], 1


def infomap() -> Piece:
    """Infomap's partition of a fixed graph of 60 nodes, and its codelength."""
    from infomotion_lib.selection.communities import find_communities
    from infomotion_lib.selection.graph import Graph

    first, second = np.triu_indices(60, 1)
    near = (second - first < 5) | ((first * 7 + second * 13) % 29 == 0)
    links = np.column_stack([first[near], second[near]])
    communities = find_communities(
        Graph(60, links, 1 + (links.sum(axis=1) % 8) / 8, False, {}), seed=0, trials=10
    )
    return [communities.module, np.array([communities.codelength])], 1


PIECES: dict[str, Callable[[], Piece]] = {
    made.__name__: made
    for made in (regressor, motion_network, appearance, autoencoder, latte, kmeans, graph, infomap)
}
"""Pieces by name: first what Table 1 rests on."""


def moving_pattern(frames: int, side: int, number: int) -> NDArray[np.uint8]:
    """Video (frames, side, side) of integer arithmetic alone, another for each number: rings that shift."""
    t, y, x = np.indices((frames, side, side))
    x, y = x - side // 2 + (t * (number % 5 + 1)) // 2, y - side // 3 - t // 3
    return ((x * x * (number % 3 + 1) + y * y + 3 * x * number) // (8 + number) % 256).astype(np.uint8)


def fixed_vectors(count: int, size: int) -> NDArray[np.float32]:
    """Vectors (count, size) in three loose groups, each number a multiple of 1/64: exact in every
    arithmetic.
    """
    row, column = np.indices((count, size))
    noise = (row * row * 31 + column * column * 17 + row * column * 7) % 61
    return ((noise + 24 * ((row % 3) * (column % 5) % 4)) / 64).astype(np.float32)


def weights(network: nn.Module) -> list[NDArray[Any]]:
    """All numbers of a network's state, in its order."""
    return [value.detach().cpu().contiguous().numpy() for value in network.state_dict().values()]


def measured(names: list[str], *, timed: bool) -> dict[str, Any]:
    """Hash of each named piece, the arithmetic in force, and the versions that decide the hashes.

    Parameters
    ----------
    names : list of str
        Keys of :data:`PIECES`.
    timed : bool
        Compute each piece again, for its milliseconds per step with everything loaded (building and
        predicting included).

    Raises
    ------
    StageError
        If a piece gives other numbers when it is computed again: no hash tells machines apart then.
    """
    pieces: dict[str, dict[str, Any]] = {}
    for name in names:
        first, steps = PIECES[name]()
        pieces[name] = {"sha256": digest(first), "ms_a_step": None}
        if timed:
            began = time.perf_counter()
            again, _ = PIECES[name]()
            pieces[name]["ms_a_step"] = round(1000 * (time.perf_counter() - began) / steps, 1)
            if digest(again) != digest(first):
                raise StageError(f"The piece {name} gave other numbers when it was computed again.")
    return {
        "pieces": pieces,
        "in_force": state("native")["in_force"],
        "versions": {name: version(name) for name in DECIDING},
    }


def digest(arrays: list[Any]) -> str:
    """SHA-256 of the bytes of all arrays, in their order."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


if __name__ == "__main__":
    print(
        json.dumps(
            measured([word for word in sys.argv[1:] if word != "--timed"], timed="--timed" in sys.argv)
        )
    )
