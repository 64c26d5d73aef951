"""The Latte as a generator: autoencoder, diffusion in its latents, clips of an EF class.

:func:`fit` and :func:`load` follow :mod:`infomotion_lib.generators.base`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.data.resampling import by_cubic
from infomotion_lib.errors import CheckpointError, ParameterError
from infomotion_lib.generators.autoencoder import (
    FittedAutoencoder,
    load_autoencoder,
    reconstruction_quality,
    save_autoencoder,
    standardised_to,
    weights_of,
)
from infomotion_lib.generators.autoencoder_training import obtain_autoencoder
from infomotion_lib.generators.base import Lessons
from infomotion_lib.generators.cutting import LabelledClips
from infomotion_lib.generators.latte.diffusion import (
    LatteRecipe,
    TrainedLatte,
    check_sampling,
    denoising_loss,
    milestones,
    sample_latents,
    train_latte,
)
from infomotion_lib.generators.latte.parameters import LatteParameters
from infomotion_lib.generators.latte.weights import load_latte, save_latte
from infomotion_lib.provenance import atomic, sha256, write_csv
from infomotion_lib.training.placement import Placement

ABOUT = Path(__file__).with_name("about.md")
WEIGHTS, AUTOENCODER, LOSSES = "latte.safetensors", "autoencoder", "losses.csv"
STEPS = "steps"
"""Folder of the clips that the Latte drew while it learnt, a file per milestone."""


@dataclass(frozen=True)
class FittedLatte:
    """A trained Latte with the autoencoder whose latents it knows.

    Attributes
    ----------
    trained : TrainedLatte
    autoencoder : FittedAutoencoder
    checkpoint_sha256 : str
        Hash of the weights.
    side : int
        Side of the drawn frames, pixels.
    guidance, sampling_steps
        See :func:`~infomotion_lib.generators.latte.diffusion.sample_latents`.
    device : str
        Where it runs.
    facts : dict
        What its training and VAL clips say of it.
    """

    trained: TrainedLatte
    autoencoder: FittedAutoencoder
    checkpoint_sha256: str
    side: int
    guidance: float = 2.0
    sampling_steps: int = 25
    device: str = "cpu"
    facts: dict[str, Any] = field(default_factory=dict, repr=False)

    def requests(self, *, per_class: int, seed: int) -> pd.DataFrame:
        """``per_class`` clips of each class, each with a seed of its own; the EF asked for is the mean of the
        class in training.

        Raises
        ------
        ParameterError
            If guidance or steps are out of range, or the weights do not say what a class means.
        """
        check_sampling(self.guidance, self.sampling_steps)
        meaning = self.trained.recipe.class_ef
        if len(meaning) != len(CLASS_NAMES):
            raise ParameterError(
                f"This Latte knows the EF of {len(meaning)} classes, not {len(CLASS_NAMES)}."
            )
        rows = [
            (f"latte_{label * per_class + index:06d}", name, meaning[label], _seed(seed, label, index))
            for label, name in enumerate(CLASS_NAMES)
            for index in range(per_class)
        ]
        table = pd.DataFrame(rows, columns=["FileName", "requested_class", "requested_ef", "seed"])
        return table.assign(**self.settings())

    def draw(self, requests: pd.DataFrame) -> NDArray[np.uint8]:
        """Clips (N, T, S, S); a class at a time, as one batch."""
        clips: dict[int, NDArray[np.uint8]] = {}
        for label, name in enumerate(CLASS_NAMES):
            rows = np.flatnonzero(requests["requested_class"] == name)
            if len(rows):
                seeds = [int(seed) for seed in requests["seed"].iloc[rows]]
                clips |= dict(zip(rows.tolist(), self.of_class(label, seeds=seeds), strict=True))
        return np.stack([clips[row] for row in range(len(requests))])

    def of_class(self, label: int, *, seeds: list[int], guidance: float | None = None) -> NDArray[np.uint8]:
        """Clips (len(seeds), T, S, S) of one class, at another guidance if one is given."""
        latents = sample_latents(
            self.trained,
            label,
            seeds=seeds,
            guidance=self.guidance if guidance is None else guidance,
            sampling_steps=self.sampling_steps,
            device=self.device,
        )
        return decode_clips(self.autoencoder, latents, side=self.side)

    def settings(self) -> dict[str, Any]:
        """Guidance, steps, and the hash of the weights."""
        return {
            "guidance": self.guidance,
            "sampling_steps": self.sampling_steps,
            "checkpoint_sha256": self.checkpoint_sha256,
        }

    def summary(self) -> dict[str, Any]:
        """Number of weights, quality of the autoencoder, loss on VAL clips, seconds of each part."""
        weights = sum(value.numel() for value in self.trained.network.parameters())
        return {"weights": weights, **self.facts}


def fit(lessons: Lessons, *, folder: Path, parameters: LatteParameters, device: str) -> FittedLatte:
    """Autoencoder and Latte trained on clips of real TRAIN videos; ``latte.safetensors``, ``autoencoder/``
    and ``losses.csv`` in ``folder``. What a killed training left there is taken up.
    """
    p, placement = parameters, Placement.of(parameters, device)
    check_sampling(p.guidance, p.sampling_steps)
    train, val = (
        lessons.clips(split, side=p.latte_side, condition=p.latte_condition, windows=windows)
        for split, windows in (("TRAIN", p.latte_windows), ("VAL", 1))
    )
    class_ef = train.class_ef  # a class without a clip stops here, before anything is trained
    begun = time.monotonic()
    autoencoder = obtain_autoencoder(
        train.frames,
        folder / AUTOENCODER,
        weights=p.autoencoder_weights,
        name=p.autoencoder,
        steps=p.autoencoder_steps,
        batch=p.autoencoder_batch_size,
        seed=p.latte_seed,
        placement=placement,
    )
    seconds = {"autoencoder": round(time.monotonic() - begun, 1)}
    if p.latte_latents == "standardised":
        autoencoder = standardised_to(train.frames, autoencoder, seed=p.latte_seed)
        save_autoencoder(autoencoder, folder / AUTOENCODER)
    quality = reconstruction_quality(autoencoder, shown_frames(val))
    latents, on_val = (latents_of(autoencoder, part) for part in (train, val))
    recipe = LatteRecipe(
        p.latte_size,
        latents.shape[-1],
        lessons.cut.frames,
        steps=p.latte_steps,
        batch=p.latte_batch_size,
        learning_rate=p.latte_learning_rate,
        seed=p.latte_seed,
        fps=lessons.cut.fps,
        class_ef=class_ef,
        autoencoder_sha256=sha256(weights_of(folder / AUTOENCODER)),
        latents=p.latte_latents,
        objective=p.latte_objective,
        shift=p.latte_shift,
    )
    begun = time.monotonic()
    trained = train_latte(
        latents,
        train.label,
        recipe,
        checkpoint=folder / "checkpoints" / "latte.pt",
        watch=partial(_keep_clips, folder=folder, autoencoder=autoencoder, parameters=p, device=device),
        placement=placement,
    )
    weights = save_latte(trained, folder / WEIGHTS)
    write_csv(pd.DataFrame({"loss": trained.losses}), folder / LOSSES)
    seconds["latte"] = round(time.monotonic() - begun, 1)
    facts = {
        "seconds": seconds,
        **{name: round(value, 3) for name, value in quality.items()},
        "val_loss": losses_by_class(trained, on_val, val.label, device=device),
    }
    return FittedLatte(
        trained,
        autoencoder,
        sha256(weights),
        lessons.cut.side,
        p.guidance,
        p.sampling_steps,
        device,
        facts,
    )


def load(folder: Path, *, parameters: LatteParameters, device: str, side: int = 112) -> FittedLatte:
    """The Latte that :func:`fit` left in ``folder``.

    Raises
    ------
    CheckpointError
        If weights are missing, of another size, or made for another autoencoder.
    """
    return open_latte(folder / WEIGHTS, folder / AUTOENCODER, parameters=parameters, device=device, side=side)


def open_latte(
    weights: Path, autoencoder: Path, *, parameters: LatteParameters, device: str, side: int = 112
) -> FittedLatte:
    """A Latte from its weights and its autoencoder's folder, wherever they lie."""
    trained = load_latte(weights, n_classes=len(CLASS_NAMES), size=parameters.latte_size, device=device)
    fitted = load_autoencoder(autoencoder, device=device)
    digest, wanted = sha256(weights_of(autoencoder)), trained.recipe.autoencoder_sha256
    if digest != wanted:  # another one would draw nonsense without a word
        raise CheckpointError(
            f"{autoencoder} is not the autoencoder that this Latte was trained with: its weights have SHA-256"
            f" {digest[:16]}…, not {wanted[:16]}….",
            remedy="Give the folder that stage 05 wrote beside the weights.",
        )
    return FittedLatte(
        trained,
        fitted,
        sha256(weights),
        side,
        parameters.guidance,
        parameters.sampling_steps,
        device,
    )


def clips_while_learning(folder: Path, *, steps: int) -> dict[int, NDArray[np.uint8]]:
    """A clip of each class (classes, T, S, S), all from one noise, by the training steps done when it was
    drawn, of ``steps``; milestones of which ``folder`` keeps none are left out.
    """
    files = {step: _milestone(folder, step) for step in milestones(steps)}
    return {step: np.load(file) for step, file in files.items() if file.is_file()}


def _milestone(folder: Path, step: int) -> Path:
    return folder / STEPS / f"{step:08d}.npy"


def _keep_clips(
    step: int,
    trained: TrainedLatte,
    *,
    folder: Path,
    autoencoder: FittedAutoencoder,
    parameters: LatteParameters,
    device: str,
) -> None:
    p = parameters
    fitted = FittedLatte(trained, autoencoder, "", p.latte_side, p.guidance, p.sampling_steps, device)
    clips = [fitted.of_class(label, seeds=[1])[0] for label in range(len(CLASS_NAMES))]
    with atomic(_milestone(folder, step)) as temporary, temporary.open("wb") as file:
        np.save(file, np.stack(clips))


def latents_of(autoencoder: FittedAutoencoder, part: LabelledClips) -> Tensor:
    """Latent clips (N, T, 4, S/8, S/8)."""
    return autoencoder.encode(part.frames).unflatten(0, part.clips.shape[:2])


def shown_frames(val: LabelledClips) -> NDArray[np.uint8]:
    """About 256 of the VAL frames, evenly spread, (n, S, S)."""
    return val.frames[:: max(1, len(val.frames) // 256)]


def losses_by_class(
    trained: TrainedLatte, latents: Tensor, label: NDArray[np.int64], *, device: str
) -> dict[str, float]:
    """Denoising loss of VAL clips given their own class, none, and a wrong one: what the class is worth."""
    labels = {
        "right class": label,
        "no class": np.full_like(label, trained.network.null_class),
        "wrong class": (label + 2) % len(CLASS_NAMES),
    }
    return {
        name: round(denoising_loss(trained, latents, asked, device=device), 4)
        for name, asked in labels.items()
    }


def decode_clips(autoencoder: FittedAutoencoder, latents: Tensor, *, side: int) -> NDArray[np.uint8]:
    """Clips (B, T, side, side), uint8, of scaled latent clips (B, T, 4, S, S)."""
    clips, frames = latents.shape[:2]
    decoded = autoencoder.decode(latents.flatten(0, 1))
    if decoded.shape[-1] != side:
        decoded = by_cubic(decoded, side)
    return decoded.reshape(clips, frames, side, side)


def _seed(seed: int, label: int, index: int) -> int:
    return int(np.random.SeedSequence([seed, label, index]).generate_state(1)[0])
