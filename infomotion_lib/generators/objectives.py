"""What a denoiser learns to say of a noisy latent: its velocity, its noise, or the way to noise (flow
matching).

Flow matching is Lipman et al., "Flow Matching for Generative Modeling", ICLR 2023; for echocardiograms,
Reynaud et al., "EchoFlow", arXiv 2503.22357.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor

from infomotion_lib.errors import ParameterError, did_you_mean
from infomotion_lib.generators.noise import NOISE_STEPS, noise_shares, with_noise

Objective = Literal["v", "epsilon", "flow"]

PREDICTION = {"v": "v_prediction", "epsilon": "epsilon"}
"""Name of an objective in diffusers' schedulers of the linear noise schedule; flow has its own scheduler."""


@dataclass(frozen=True)
class Noised:
    """Noisy latents, and what the network should say of them.

    Attributes
    ----------
    noisy, target : Tensor, shape (N, ...)
    timestep : Tensor, shape (N,)
        What the network is told.
    """

    noisy: Tensor
    target: Tensor
    timestep: Tensor


def velocity(clean: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:
    """Velocities (N, ...) of latents at noise steps (N,).

    .. math:: v = \\sqrt{\\bar\\alpha_t}\\, \\varepsilon - \\sqrt{1 - \\bar\\alpha_t}\\, z_0
    """
    kept, added = noise_shares(timestep, like=clean)
    return kept * noise - added * clean


def noised(objective: str, clean: Tensor, noise: Tensor, timestep: Tensor, *, shift: float = 1.0) -> Noised:
    """Latents (N, ...) with noise at steps (N,), 0 to 999, as an objective has it.

    Flow matching goes from latent to noise in a straight line,

    .. math:: z_s = (1 - s)\\, z_0 + s\\, \\varepsilon, \\quad u = \\varepsilon - z_0,

    with :math:`s = (t + 1) / 1000`, or nearer to noise where ``shift`` is more than 1:
    :math:`s' = k s / (1 + (k - 1) s)` with shift :math:`k` (Esser et al., "Scaling Rectified Flow
    Transformers", ICML 2024). What frames have in common stands out of more noise than one frame does: a clip
    needs more of it than a picture before its shapes are gone.

    Parameters
    ----------
    shift : float
        For ``"flow"`` alone.

    Raises
    ------
    ParameterError
        If there is no such objective.
    """
    if objective == "flow":
        told = timestep + 1
        if shift != 1:
            told = shift * told / (1 + (shift - 1) * told / NOISE_STEPS)
        share = (told / NOISE_STEPS).view(-1, *[1] * (clean.ndim - 1)).to(clean.dtype)
        return Noised((1 - share) * clean + share * noise, noise - clean, told)
    check_objective(objective)
    target = noise if objective == "epsilon" else velocity(clean, noise, timestep)
    return Noised(with_noise(clean, noise, timestep), target, timestep)


def check_objective(objective: str) -> None:
    """Nothing, if there is such an objective.

    Raises
    ------
    ParameterError
        Naming the nearest one.
    """
    known = get_args(Objective)
    if objective not in known:
        raise ParameterError(f"Unknown objective: {objective}", remedy=did_you_mean(objective, known))


def flow_sampler(*, shift: float = 1.0) -> Any:
    """Euler steps along the straight lines of flow matching, as far apart as the noise of a training with
    that ``shift``.
    """
    return FlowMatchEulerDiscreteScheduler(num_train_timesteps=NOISE_STEPS, shift=shift)
