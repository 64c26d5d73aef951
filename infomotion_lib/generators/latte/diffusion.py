"""Training a Latte on latent clips and sampling new ones (DDPM, linear schedule, 1000 steps; schedulers from
diffusers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.generators.latte.network import Latte, latte
from infomotion_lib.generators.noise import LINEAR, NOISE_STEPS
from infomotion_lib.generators.objectives import PREDICTION, flow_sampler, noised
from infomotion_lib.training.lesson import Lesson, averaging, taught
from infomotion_lib.training.placement import Placement

FORMAT = 2
"""Raised when equal latents and settings teach another Latte: a checkpoint of another format is not gone on
from.
"""

CHECKPOINT_EVERY = 200
GUIDANCE_RANGE = (1.0, 20.0)
LATENT_RANGE = 4.0
"""Estimates of the clean latent are clipped here, in standard deviations: the first steps divide by nearly
zero.
"""


@dataclass(frozen=True)
class LatteRecipe:
    """What a trained Latte is, and all that is needed to sample from it; it travels in the header of its
    weights.

    Attributes
    ----------
    size : str
        Key of :data:`infomotion_lib.generators.latte.network.SIZES`.
    latent_side, frames, n_classes : int
        Of the clips it makes.
    steps, batch, learning_rate, seed
        How it was trained.
    fps : float
        Frames per second of the training clips.
    class_ef : tuple of float
        Mean EF of the training clips of each class, points.
    autoencoder_sha256 : str
        Weights of the autoencoder whose latents it knows.
    latents : {"scaled", "standardised"}
        How they were given unit variance: by one factor, or channel by channel.
    objective : {"epsilon", "v", "flow"}
        What it learnt to say; published: the noise.
    shift : float
        Of flow matching towards noise, see :func:`infomotion_lib.generators.objectives.noised`.
    """

    size: str
    latent_side: int
    frames: int
    n_classes: int = len(CLASS_NAMES)
    steps: int = 0
    batch: int = 8
    learning_rate: float = 1e-3
    seed: int = 0
    fps: float = 0.0
    class_ef: tuple[float, ...] = ()
    autoencoder_sha256: str = ""
    latents: str = "scaled"
    objective: str = "epsilon"
    shift: float = 1.0


@dataclass(frozen=True)
class TrainedLatte:
    """A Latte with its averaged (EMA) weights, ready to sample.

    Attributes
    ----------
    network : Latte
        In evaluation mode.
    recipe : LatteRecipe
        How it was made.
    losses : list of float
        Training loss (noise mean square error) of every step; predicting zero scores 1.
    """

    network: Latte = field(repr=False)
    recipe: LatteRecipe
    losses: list[float] = field(repr=False)


def noise_schedule() -> DDPMScheduler:
    """DDPM noise schedule, noise prediction."""
    return DDPMScheduler(**LINEAR, clip_sample=False)


def train_latte(
    latents: Tensor,
    label: NDArray[np.int64],
    recipe: LatteRecipe,
    *,
    checkpoint: str | Path | None = None,
    watch: Callable[[int, TrainedLatte], None] | None = None,
    placement: Placement = Placement(),  # noqa: B008  # frozen
) -> TrainedLatte:
    """Latte trained to predict the noise of latent clips, or its other objective; classes are drawn
    equally often.

    Parameters
    ----------
    latents : Tensor, shape (clips, T, 4, S, S)
        Scaled latents, T at least ``recipe.frames``; a random window of ``recipe.frames`` is taken each time.
    label : ndarray, shape (clips,)
        Class index of each clip.
    recipe : LatteRecipe
        Size and schedule: AdamW without weight decay, 5 % warm-up, then cosine to a tenth.
    checkpoint : path, optional
        Where training state is kept; a killed training resumes with the loss sequence of an unbroken one.
    watch : callable, optional
        Given the steps done and the Latte as it then is, at each of :func:`milestones`; it must leave torch's
        global generator to the next step, which seeds it anew.
    placement : Placement
        Where it runs.

    Raises
    ------
    DataError
        If a class has no training clip.
    """
    by_class = [np.flatnonzero(label == index) for index in range(recipe.n_classes)]
    empty = [CLASS_NAMES[i] for i, clips in enumerate(by_class) if len(clips) == 0]
    if empty:
        raise DataError(
            f"No training clip of class: {', '.join(empty)}.", remedy="Train on a pool that has every class."
        )
    torch.manual_seed(recipe.seed)
    network = latte(
        recipe.size, latent_side=recipe.latent_side, frames=recipe.frames, n_classes=recipe.n_classes
    )
    lesson = Lesson(
        label="Latte",
        network=network,
        loss=_Denoising(network),
        draw=partial(_drawn, network, latents, by_class, recipe),
        steps=recipe.steps,
        batch=recipe.batch,
        # fused: its square root is exact, see arithmetic.py
        optimiser=partial(torch.optim.AdamW, lr=recipe.learning_rate, weight_decay=0.0, fused=True),
        schedule=partial(torch.optim.lr_scheduler.LambdaLR, lr_lambda=partial(_rate, steps=recipe.steps)),
        clip=1.0,
        averaging=averaging,
        identity={"format": FORMAT, "recipe": asdict(recipe)},
        checkpoint=Path(checkpoint) if checkpoint else None,
        every=CHECKPOINT_EVERY,
        watch=partial(_look, network, recipe, watch) if watch else None,
    )
    losses = taught(lesson, placement)
    return TrainedLatte(network.eval(), recipe, losses)


class _Denoising(nn.Module):
    """Mean square error of what the network says of noisy clips."""

    def __init__(self, network: Latte) -> None:
        super().__init__()
        self.network = network

    def forward(self, noisy: Tensor, timestep: Tensor, label: Tensor, target: Tensor) -> Tensor:
        """A scalar, of clips (B, T, C, H, W), their noise steps and classes (B,), and what is to be said."""
        return functional.mse_loss(self.network(noisy, timestep, label), target)


def _drawn(
    network: Latte,
    latents: Tensor,
    by_class: list[NDArray[np.int64]],
    recipe: LatteRecipe,
    step: int,
    device: torch.device,
) -> tuple[Tensor, ...]:
    random = np.random.default_rng([recipe.seed, step])
    torch.manual_seed(int(random.integers(2**62)))
    classes = random.permutation(np.resize(random.permutation(recipe.n_classes), recipe.batch))
    chosen = np.array([random.choice(by_class[index]) for index in classes])
    start = int(random.integers(latents.shape[1] - recipe.frames + 1))
    clean = latents[torch.from_numpy(chosen), start : start + recipe.frames].to(device)
    noise, timestep = torch.randn_like(clean), torch.randint(NOISE_STEPS, (recipe.batch,), device=device)
    task = noised(recipe.objective, clean, noise, timestep, shift=recipe.shift)
    label = network.some_dropped(torch.from_numpy(classes).to(device))
    return task.noisy, task.timestep, label, task.target


def _look(
    network: Latte,
    recipe: LatteRecipe,
    watch: Callable[[int, TrainedLatte], None],
    step: int,
    average: Mapping[str, Tensor],
    losses: list[float],
) -> None:
    if step in milestones(recipe.steps):
        shown = deepcopy(network)
        shown.load_state_dict(average)
        watch(step, TrainedLatte(shown.eval(), recipe, [*losses]))


def milestones(steps: int) -> list[int]:
    """Steps at which a training is looked at: a sixteenth, a quarter, a half and all of it.

    >>> milestones(800)
    [50, 200, 400, 800]
    """
    return sorted({steps // part for part in (16, 4, 2, 1)} - {0})


def check_sampling(guidance: float, sampling_steps: int) -> None:
    """Nothing, if both can be used to sample.

    Raises
    ------
    ParameterError
        Naming the one that is out of range.
    """
    if not GUIDANCE_RANGE[0] <= guidance <= GUIDANCE_RANGE[1]:
        raise ParameterError(
            f"Guidance must lie in {GUIDANCE_RANGE[0]:g} to {GUIDANCE_RANGE[1]:g}, not {guidance:g}."
        )
    if not 1 <= sampling_steps <= NOISE_STEPS:
        raise ParameterError(f"Sampling steps must lie in 1 to {NOISE_STEPS}, not {sampling_steps}.")
    if (
        NOISE_STEPS % sampling_steps
    ):  # the sampler's strides would not meet its noise levels: noise would be left in the clip
        whole = [number for number in range(1, NOISE_STEPS + 1) if NOISE_STEPS % number == 0]
        near = max(n for n in whole if n < sampling_steps), min(n for n in whole if n > sampling_steps)
        raise ParameterError(
            f"Sampling steps must divide {NOISE_STEPS}: {near[0]} or {near[1]}, not {sampling_steps}."
        )


@torch.no_grad()
def sample_latents(
    trained: TrainedLatte,
    label: int,
    *,
    seeds: list[int],
    guidance: float = 2.0,
    sampling_steps: int = 50,
    device: str = "cpu",
) -> Tensor:
    """Latent clips (len(seeds), T, 4, S, S) of one class by DDIM; each depends on its own seed only, not on
    the batch.

    Raises
    ------
    ParameterError
        If guidance, the number of steps or the class is out of range.
    """
    recipe = trained.recipe
    check_sampling(guidance, sampling_steps)
    if not 0 <= label < recipe.n_classes:
        raise ParameterError(
            f"Class index {label} is out of range for a Latte of {recipe.n_classes} classes."
        )
    shape = (recipe.frames, trained.network.channels, recipe.latent_side, recipe.latent_side)
    x = torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]).to(
        device
    )
    sampler = _sampler(recipe, sampling_steps)
    options = {} if recipe.objective == "flow" else {"use_clipped_model_output": True}
    classes = torch.full((len(seeds),), label, device=device)
    for timestep in sampler.timesteps:
        said = trained.network.guided(x, timestep.expand(len(seeds)).to(device), classes, guidance=guidance)
        x = sampler.step(said, timestep, x, **options).prev_sample
    return x.cpu()


@torch.no_grad()
def denoising_loss(
    trained: TrainedLatte, latents: Tensor, label: NDArray[np.int64], *, batch: int = 16, device: str = "cpu"
) -> float:
    """Mean square error of the predicted noise (or of what else it learnt) over ten noise levels, the noise
    the same at every call; predicting zero noise scores 1.

    Parameters
    ----------
    latents : Tensor, shape (clips, T, 4, S, S)
        Such as those of VAL clips.
    label : ndarray, shape (clips,)
        Class each clip is denoised as; the network's ``null_class`` for none.
    """
    generator = torch.Generator().manual_seed(0)
    total = 0.0
    for timestep in torch.arange(NOISE_STEPS // 20, NOISE_STEPS, NOISE_STEPS // 10).tolist():
        noise = torch.randn(latents.shape, generator=generator)
        for i in range(0, len(latents), batch):
            clean, added, classes = (
                latents[i : i + batch],
                noise[i : i + batch],
                torch.from_numpy(label[i : i + batch]).to(device),
            )
            steps = torch.full((len(clean),), timestep)
            task = noised(trained.recipe.objective, clean, added, steps)
            predicted = trained.network(task.noisy.to(device), task.timestep.to(device), classes)
            total += float(functional.mse_loss(predicted.cpu(), task.target)) * len(clean)
    return total / (10 * len(latents))


def _sampler(recipe: LatteRecipe, steps: int) -> Any:
    if recipe.objective == "flow":
        sampler = flow_sampler(shift=recipe.shift)
        sampler.set_timesteps(steps)
        return sampler
    sampler = DDIMScheduler.from_config(
        noise_schedule().config,
        prediction_type=PREDICTION[recipe.objective],
        timestep_spacing="trailing",
        clip_sample=True,
        clip_sample_range=LATENT_RANGE,
    )
    sampler.set_timesteps(steps)
    # so Python takes the roots, not torch
    sampler.alphas_cumprod, sampler.final_alpha_cumprod = sampler.alphas_cumprod.tolist(), 1.0
    return sampler


def _rate(step: int, steps: int) -> float:
    warm_up = max(1, steps // 20)
    return min(1.0, (step + 1) / warm_up) * (
        0.55 + 0.45 * float(np.cos(np.pi * min(1.0, step / max(1, steps))))
    )
