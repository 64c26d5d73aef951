"""MCDM as a generator: a heart is drawn, then set in motion by the motion vector of a real video.

:func:`fit` and :func:`load` follow :mod:`infomotion_lib.generators.base`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from infomotion_lib.data.resampling import by_cubic
from infomotion_lib.errors import CheckpointError
from infomotion_lib.generators.autoencoder import FittedAutoencoder, load_autoencoder, weights_of
from infomotion_lib.generators.base import Lessons
from infomotion_lib.generators.mcdm import kept
from infomotion_lib.generators.mcdm.donors import Donors, Scale, load_donors, save_donors, tokens
from infomotion_lib.generators.mcdm.lessons import Moved, Taught, open_taught
from infomotion_lib.generators.mcdm.parameters import McdmParameters
from infomotion_lib.generators.mcdm.requests import DRAWN, requests
from infomotion_lib.generators.mcdm.training import Trained, train
from infomotion_lib.generators.spacetime.sampling import draw_hearts, draw_videos
from infomotion_lib.generators.spacetime.weights import ChainRecipe, load_denoiser, save_denoiser
from infomotion_lib.provenance import sha256, write_csv

ABOUT = Path(__file__).with_name("about.md")
HEARTS, VIDEOS, DONORS = "lidm.safetensors", "mcdm.safetensors", "donors.npz"
AUTOENCODER, LOSSES, KEPT = "autoencoder", "losses.csv", "motion_kept.csv"

IDENTITY = {
    "real": "not de-identified",
    "drawn": "not de-identified unless the privacy filter has passed it",
}
"""What is known of the persons behind a clip, by where its heart comes from."""


@dataclass(frozen=True)
class FittedMcdm:
    """A trained MCDM with the videos whose motion it may be told.

    Attributes
    ----------
    videos : UNetSpatioTemporalConditionModel
        Denoiser of latent clips.
    hearts : UNet2DModel or None
        Denoiser of single latent frames; None where hearts are those of real videos.
    autoencoder : FittedAutoencoder
    recipe : ChainRecipe
    donors : Donors
        TRAIN videos with a motion vector.
    scale : Scale
        Of their vectors.
    parameters : McdmParameters
        Of the run.
    checkpoint_sha256 : str
        Hashes of the weights and of the donors, beginnings.
    side : int
        Side of the drawn frames, pixels.
    facts : dict
        What its training and VAL clips say of it.
    kept : DataFrame
        See :mod:`infomotion_lib.generators.mcdm.kept`; empty if it was loaded.
    """

    videos: Any = field(repr=False)
    hearts: Any = field(repr=False)
    autoencoder: FittedAutoencoder
    recipe: ChainRecipe = field(repr=False)
    donors: Donors
    scale: Scale = field(repr=False)
    parameters: McdmParameters = field(repr=False)
    checkpoint_sha256: str
    side: int
    facts: dict[str, Any] = field(default_factory=dict, repr=False)
    kept: pd.DataFrame = field(default_factory=kept.nothing_drawn, repr=False)

    def requests(self, *, per_class: int, seed: int) -> pd.DataFrame:
        """``per_class`` clips of each class by the EF of their motion's donor; see
        :func:`infomotion_lib.generators.mcdm.requests.requests`.
        """
        p = self.parameters
        rows = requests(
            self.donors, per_class=per_class, seed=seed, setting=p.mcdm_donors, hearts=p.mcdm_hearts
        )
        return rows.assign(**self.settings())

    def draw(self, requests: pd.DataFrame) -> NDArray[np.uint8]:
        """Clips (N, T, S, S), drawn one by one: a clip has the same bytes in every batch."""
        clips = []
        for motion, heart, seed in zip(
            requests["motion_donor"], requests["heart_donor"], requests["seed"], strict=True
        ):
            row = [self.donors.row(motion)]
            token = self.tokens(self.donors.motion[row], self.donors.ef[row])
            real = None if heart == DRAWN else self._real_heart(heart)
            clips.append(self.clip(token, seed=int(seed), heart=real))
        return np.stack(clips)

    def tokens(self, motion: NDArray[np.float32], ef: NDArray[np.float64]) -> Tensor:
        """What the network is told of donors of motion vectors (N, D) and EFs (N,), (N, 1, D)."""
        return tokens(motion, ef, scale=self.scale, condition=self.parameters.mcdm_condition)

    def clip(self, token: Tensor, *, seed: int, heart: Tensor | None = None) -> NDArray[np.uint8]:
        """The clip (T, S, S) of a token (1, 1, D), a seed and a latent heart (1, 4, s, s), drawn from the
        seed if none is given.
        """
        steps, side = self.parameters.mcdm_sampling_steps, self.recipe.latent_side
        if heart is None:
            heart = draw_hearts(self.hearts, side=side, seeds=[seed], steps=steps)
        (latents,) = draw_videos(
            self.videos, heart, token, frames=self.recipe.frames, seeds=[seed + 1], steps=steps
        )
        decoded = self.autoencoder.decode(latents.transpose(0, 1))
        return decoded if decoded.shape[-1] == self.side else by_cubic(decoded, self.side)

    def settings(self) -> dict[str, Any]:
        """Whose motion and whose hearts, steps, and the hash of the weights."""
        p = self.parameters
        return {
            "conditioned_on": p.mcdm_motion,
            "condition": p.mcdm_condition,
            "donors": p.mcdm_donors,
            "hearts": p.mcdm_hearts,
            "identity": IDENTITY[p.mcdm_hearts],
            "sampling_steps": p.mcdm_sampling_steps,
            "checkpoint_sha256": self.checkpoint_sha256,
        }

    def summary(self) -> dict[str, Any]:
        """Number of weights, donors, quality of the autoencoder, losses on VAL clips, how much of a donor's
        motion is kept, seconds of each part.
        """
        networks = [network for network in (self.hearts, self.videos) if network is not None]
        weights = sum(value.numel() for network in networks for value in network.parameters())
        return {"weights": weights, "donors": len(self.donors), **self.facts}

    def _real_heart(self, name: str) -> Tensor:
        if self.donors.hearts is None:
            raise CheckpointError(
                "These donors were kept without their hearts.", remedy="Train with mcdm_hearts: real."
            )
        return torch.from_numpy(self.donors.hearts[[self.donors.row(name)]])


def fit(lessons: Lessons, *, folder: Path, parameters: McdmParameters, device: str) -> FittedMcdm:
    """MCDM trained on clips of real TRAIN videos and their motion vectors from stage 02;
    ``mcdm.safetensors``, ``donors.npz``, ``losses.csv``, ``motion_kept.csv``, ``autoencoder/`` and, where
    hearts are drawn, ``lidm.safetensors`` in ``folder``. What a killed training left there is taken up.
    """
    taught = open_taught(lessons, folder=folder, parameters=parameters, device=device)
    trained = train(taught, folder=folder, parameters=parameters, device=device)
    recipe = ChainRecipe(
        parameters.mcdm_size,
        taught.train.latents.shape[-1],
        lessons.cut.frames,
        lessons.cut.fps,
        tuple(taught.train.ef.tolist()),
        sha256(weights_of(folder / AUTOENCODER)),
        trained.token,
    )
    save_denoiser(trained.videos, folder / VIDEOS, kind="mcdm", recipe=recipe)
    if trained.hearts is not None:
        save_denoiser(trained.hearts, folder / HEARTS, kind="lidm", recipe=recipe)
    save_donors(taught.donors, taught.scale, folder / DONORS)
    parts = [pd.DataFrame({"network": name, "loss": values}) for name, values in trained.losses.items()]
    write_csv(pd.concat(parts, ignore_index=True), folder / LOSSES)
    fitted = FittedMcdm(
        trained.videos,
        trained.hearts,
        taught.autoencoder,
        recipe,
        taught.donors,
        taught.scale,
        parameters,
        _hashes(folder, hearts=trained.hearts is not None),
        lessons.cut.side,
        taught.facts | trained.facts,
    )
    return _looked_at(fitted, trained, taught, lessons, folder=folder, device=device)


def load(folder: Path, *, parameters: McdmParameters, device: str, side: int = 112) -> FittedMcdm:
    """The MCDM that :func:`fit` left in ``folder``.

    Raises
    ------
    CheckpointError
        If weights or donors are missing, or of another training or condition.
    """
    videos, recipe = load_denoiser(folder / VIDEOS, kind="mcdm", device=device)
    drawn = parameters.mcdm_hearts == "drawn"
    hearts, other = load_denoiser(folder / HEARTS, kind="lidm", device=device) if drawn else (None, recipe)
    autoencoder = load_autoencoder(folder / AUTOENCODER, device=device)
    donors, scale = load_donors(folder / DONORS)
    told = donors.motion.shape[1] + (parameters.mcdm_condition == "ef_motion")
    if recipe != other or recipe.autoencoder_sha256 != sha256(weights_of(folder / AUTOENCODER)):
        raise CheckpointError(
            f"The networks in {folder} are not of one training.",
            remedy="Give the folder that stage 05 wrote.",
        )
    if recipe.token != told:
        raise CheckpointError(
            f"The network in {folder} is told {recipe.token} numbers, its donors give {told}.",
            remedy="Load it with the mcdm_motion and mcdm_condition that it was trained with.",
        )
    digest = _hashes(folder, hearts=drawn)
    return FittedMcdm(videos, hearts, autoencoder, recipe, donors, scale, parameters, digest, side)


def _looked_at(
    fitted: FittedMcdm, trained: Trained, taught: Taught, lessons: Lessons, *, folder: Path, device: str
) -> FittedMcdm:
    """The same with its table of how much motion is kept, which is written to ``motion_kept.csv``."""
    count = min(fitted.parameters.mcdm_check_clips, len(taught.val.ef))
    parts = []
    if count and lessons.run is not None:
        told = taught.val.first(count)
        before = replace(fitted, videos=trained.untrained)
        drawn = {kept.BEFORE: _check_clips(before, told), kept.AFTER: _check_clips(fitted, told)}
        real = taught.val_clips(lessons, count)
        scale = Scale.of(taught.donors.motion, standard=True)
        for number, (name, clips) in enumerate((drawn | {kept.REAL: real}).items()):
            vectors = kept.read_motion(
                clips,
                folder / "check" / str(number),
                run=lessons.run,
                motion=fitted.parameters.mcdm_motion,
                fps=lessons.cut.fps,
                device=device,
            )
            parts.append(kept.motion_kept(clips, told.motion, name=name, vectors=vectors, scale=scale))
    table = kept.joined(parts)
    write_csv(table, folder / KEPT)
    facts = fitted.facts | ({"motion_kept": kept.summary(table)} if parts else {})
    return replace(fitted, facts=facts, kept=table)


def _check_clips(fitted: FittedMcdm, told: Moved) -> NDArray[np.uint8]:
    """A clip of each VAL motion, its heart drawn or that of the next VAL video (of the same one in the
    setting ``self``).
    """
    all_told = fitted.tokens(told.motion, told.ef)
    hearts: Sequence[Tensor | None] = [None] * len(told.ef)
    if fitted.parameters.mcdm_hearts == "real":
        frames = told.latents[:, :, 0]
        hearts = list((frames if fitted.parameters.mcdm_donors == "self" else frames.roll(-1, 0)).split(1))
    return np.stack(
        [
            fitted.clip(token, seed=number, heart=heart)
            for number, (token, heart) in enumerate(zip(all_told.split(1), hearts, strict=True))
        ]
    )


def _hashes(folder: Path, *, hearts: bool) -> str:
    names = (VIDEOS, DONORS, *((HEARTS,) if hearts else ()))
    return "".join(sha256(folder / name)[:20] for name in names)
