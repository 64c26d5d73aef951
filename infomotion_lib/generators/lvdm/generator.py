"""EchoSyn's chain as a generator: a heart is drawn, then set in motion by the EF that is asked for.

:func:`fit` and :func:`load` follow :mod:`infomotion_lib.generators.base`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from infomotion_lib.classes import CLASS_NAMES, ef_class
from infomotion_lib.data.resampling import by_cubic
from infomotion_lib.errors import CheckpointError, ParameterError
from infomotion_lib.generators.autoencoder import (
    FittedAutoencoder,
    load_autoencoder,
    reconstruction_quality,
    weights_of,
)
from infomotion_lib.generators.autoencoder_training import obtain_autoencoder
from infomotion_lib.generators.base import Lessons
from infomotion_lib.generators.cutting import LabelledClips
from infomotion_lib.generators.lvdm.parameters import LvdmParameters
from infomotion_lib.generators.spacetime.denoising import Guided
from infomotion_lib.generators.spacetime.networks import chain_size, heart_unet, video_unet
from infomotion_lib.generators.spacetime.sampling import draw_hearts, draw_videos
from infomotion_lib.generators.spacetime.training import (
    Course,
    ef_tokens,
    teach_hearts,
    teach_videos,
    velocity_loss,
)
from infomotion_lib.generators.spacetime.weights import ChainRecipe, load_denoiser, save_denoiser
from infomotion_lib.generators.spacetime.windows import stitched_denoise
from infomotion_lib.provenance import sha256, write_csv
from infomotion_lib.training.placement import Placement

ABOUT = Path(__file__).with_name("about.md")
HEARTS, VIDEOS, AUTOENCODER, LOSSES = "lidm.safetensors", "lvdm.safetensors", "autoencoder", "losses.csv"


@dataclass(frozen=True)
class FittedLvdm:
    """The trained chain.

    Attributes
    ----------
    hearts : UNet2DModel
        Denoiser of single latent frames.
    videos : UNetSpatioTemporalConditionModel
        Denoiser of latent clips.
    autoencoder : FittedAutoencoder
    recipe : ChainRecipe
    checkpoint_sha256 : str
        Hashes of both denoisers' weights, first halves.
    side : int
        Side of the drawn frames, pixels.
    sampling_steps : int
    guidance : float
        1: the network as it is.
    facts : dict
        What its training and VAL clips say of it.
    """

    hearts: Any = field(repr=False)
    videos: Any = field(repr=False)
    autoencoder: FittedAutoencoder
    recipe: ChainRecipe = field(repr=False)
    checkpoint_sha256: str
    side: int
    sampling_steps: int = 25
    guidance: float = 1.0
    facts: dict[str, Any] = field(default_factory=dict, repr=False)

    def requests(self, *, per_class: int, seed: int) -> pd.DataFrame:
        """``per_class`` clips of each class, each with a seed of its own and an EF drawn from those of the
        training clips of that class.
        """
        ef = np.array(self.recipe.ef)
        rows: list[tuple[str, str, float, int]] = []
        for label, name in enumerate(CLASS_NAMES):
            known = ef[ef_class(ef) == label]
            for number in range(per_class):
                random = np.random.default_rng([seed, label, number])
                row = name, float(random.choice(known)), int(random.integers(2**31))
                rows.append((f"lvdm_{len(rows):06d}", *row))
        table = pd.DataFrame(rows, columns=["FileName", "requested_class", "requested_ef", "seed"])
        return table.assign(**self.settings())

    def draw(self, requests: pd.DataFrame) -> NDArray[np.uint8]:
        """Clips (N, T, S, S), drawn one by one: a clip has the same bytes in every batch."""
        rows = zip(requests["requested_ef"], requests["seed"], strict=True)
        return np.stack([self.clip(float(ef), seed=int(seed)) for ef, seed in rows])

    def clip(self, ef: float, *, seed: int) -> NDArray[np.uint8]:
        """The clip (T, S, S) of an EF (points) and a seed; a seed draws one heart whatever the EF."""
        objective, steps = self.recipe.objective, self.sampling_steps
        side = self.recipe.latent_side
        heart = draw_hearts(self.hearts, side=side, seeds=[seed], steps=steps, objective=objective)
        (latents,) = draw_videos(
            self.videos,
            heart,
            torch.full((1, 1, 1), ef / 100),
            frames=self.recipe.frames,
            seeds=[seed + 1],
            steps=steps,
            objective=objective,
            network=Guided(stitched_denoise, self.guidance),
        )
        decoded = self.autoencoder.decode(latents.transpose(0, 1))
        return decoded if decoded.shape[-1] == self.side else by_cubic(decoded, self.side)

    def settings(self) -> dict[str, Any]:
        """Steps, the hash of the weights, that no heart was filtered, and guidance where there is some."""
        guided = {"guidance": self.guidance} if self.guidance != 1 else {}
        return guided | {
            "sampling_steps": self.sampling_steps,
            "checkpoint_sha256": self.checkpoint_sha256,
            "privacy_filter": False,
        }

    def summary(self) -> dict[str, Any]:
        """Number of weights, quality of the autoencoder, losses on VAL clips, seconds of each part."""
        networks = self.hearts, self.videos
        weights = sum(value.numel() for network in networks for value in network.parameters())
        return {"weights": weights, **self.facts}


def fit(lessons: Lessons, *, folder: Path, parameters: LvdmParameters, device: str) -> FittedLvdm:
    """The chain trained on clips of real TRAIN videos; ``lidm.safetensors``, ``lvdm.safetensors``,
    ``autoencoder/`` and ``losses.csv`` in ``folder``. What a killed training left there is taken up.
    """
    p, seconds, placement = parameters, {}, Placement.of(parameters, device)
    train, val = (
        lessons.clips(split, side=p.lvdm_side, windows=windows)
        for split, windows in (("TRAIN", p.lvdm_windows), ("VAL", 1))
    )
    if p.lvdm_guidance > 1 and not p.lvdm_condition_dropout:
        raise unguided()
    _ = train.class_ef  # a class without a clip stops here, before anything is trained
    begun = time.monotonic()
    autoencoder = obtain_autoencoder(
        train.frames,
        folder / AUTOENCODER,
        weights=p.lvdm_autoencoder_weights,
        name=p.lvdm_autoencoder,
        steps=p.lvdm_autoencoder_steps,
        batch=p.lvdm_autoencoder_batch_size,
        seed=p.lvdm_seed,
        placement=placement,
    )
    seconds["autoencoder"] = round(time.monotonic() - begun, 1)
    quality = reconstruction_quality(autoencoder, val.frames[:: max(1, len(val.frames) // 256)])
    latents, on_val = (latents_of(autoencoder, part) for part in (train, val))

    size, rate, seed = chain_size(p.lvdm_size), p.lvdm_learning_rate, p.lvdm_seed
    torch.manual_seed(seed)
    hearts, videos = heart_unet(size), video_unet(size)
    begun = time.monotonic()
    of_hearts = teach_hearts(
        hearts,
        latents.transpose(1, 2).flatten(0, 1),
        Course(p.lvdm_heart_steps, p.lvdm_heart_batch_size, rate, seed, p.lvdm_objective),
        placement=placement,
        checkpoint=folder / "checkpoints" / "lidm.pt",
    )
    seconds["hearts"] = round(time.monotonic() - begun, 1)
    begun = time.monotonic()
    of_videos = teach_videos(
        videos,
        latents,
        ef_tokens(train.ef),
        Course(
            p.lvdm_video_steps,
            p.lvdm_video_batch_size,
            rate,
            seed,
            p.lvdm_objective,
            p.lvdm_condition_dropout,
        ),
        placement=placement,
        checkpoint=folder / "checkpoints" / "lvdm.pt",
    )
    seconds["videos"] = round(time.monotonic() - begun, 1)
    recipe = ChainRecipe(
        p.lvdm_size,
        latents.shape[-1],
        lessons.cut.frames,
        lessons.cut.fps,
        tuple(train.ef.tolist()),
        sha256(weights_of(folder / AUTOENCODER)),
        objective=p.lvdm_objective,
        dropout=p.lvdm_condition_dropout,
    )
    save_denoiser(hearts, folder / HEARTS, kind="lidm", recipe=recipe)
    save_denoiser(videos, folder / VIDEOS, kind="lvdm", recipe=recipe)
    losses = [("lidm", of_hearts), ("lvdm", of_videos)]
    table = [pd.DataFrame({"network": name, "loss": values}) for name, values in losses]
    write_csv(pd.concat(table, ignore_index=True), folder / LOSSES)
    facts = {
        "seconds": seconds,
        **{name: round(value, 3) for name, value in quality.items()},
        "val_loss": losses_by_ef(videos, on_val, val.ef, objective=p.lvdm_objective),
    }
    return FittedLvdm(
        hearts,
        videos,
        autoencoder,
        recipe,
        _hashes(folder),
        lessons.cut.side,
        p.lvdm_sampling_steps,
        p.lvdm_guidance,
        facts,
    )


def load(folder: Path, *, parameters: LvdmParameters, device: str, side: int = 112) -> FittedLvdm:
    """The chain that :func:`fit` left in ``folder``.

    Raises
    ------
    CheckpointError
        If weights are missing, or made for another autoencoder.
    """
    hearts, recipe = load_denoiser(folder / HEARTS, kind="lidm", device=device)
    videos, other = load_denoiser(folder / VIDEOS, kind="lvdm", device=device)
    autoencoder = load_autoencoder(folder / AUTOENCODER, device=device)
    if recipe != other or recipe.autoencoder_sha256 != sha256(weights_of(folder / AUTOENCODER)):
        raise CheckpointError(
            f"The networks in {folder} are not of one training.",
            remedy="Give the folder that stage 05 wrote.",
        )
    if parameters.lvdm_guidance > 1 and not recipe.dropout:
        raise unguided()
    steps, guidance = parameters.lvdm_sampling_steps, parameters.lvdm_guidance
    return FittedLvdm(hearts, videos, autoencoder, recipe, _hashes(folder), side, steps, guidance)


def latents_of(autoencoder: FittedAutoencoder, part: LabelledClips) -> Tensor:
    """Latent clips (N, 4, T, S/8, S/8)."""
    return autoencoder.encode(part.frames).unflatten(0, part.clips.shape[:2]).transpose(1, 2)


def losses_by_ef(
    unet: Any, latents: Tensor, ef: NDArray[np.float64], *, objective: str = "v"
) -> dict[str, float]:
    """Loss of VAL clips given their own EF and a wrong one, 40 points away: what the EF is worth."""
    wrong = np.where(ef < 50, ef + 40, ef - 40)
    asked = {"right EF": ef, "wrong EF": wrong}
    return {
        name: round(velocity_loss(unet, latents, ef_tokens(values), objective=objective), 4)
        for name, values in asked.items()
    }


def unguided() -> ParameterError:
    """That guidance was asked of a network that knows no clip without its EF."""
    return ParameterError(
        "Guidance needs a network that was taught some clips without their EF.",
        remedy="Set lvdm_condition_dropout, such as 0.1, and train again, or lvdm_guidance=1.",
    )


def _hashes(folder: Path) -> str:
    return "".join(sha256(folder / name)[:32] for name in (HEARTS, VIDEOS))
