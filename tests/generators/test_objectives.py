"""Velocity, noise and flow: each target gives the clean latent back, and each sampler finds it with a network
that knows it.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from infomotion_lib.errors import ParameterError
from infomotion_lib.generators.latte.diffusion import LatteRecipe, sample_latents, train_latte
from infomotion_lib.generators.noise import NOISE_STEPS, noise_shares
from infomotion_lib.generators.objectives import flow_sampler, noised
from infomotion_lib.generators.spacetime.denoising import Guided
from infomotion_lib.generators.spacetime.networks import chain_size, heart_unet, video_unet
from infomotion_lib.generators.spacetime.sampling import draw_videos, sampled
from infomotion_lib.generators.spacetime.training import Course, teach_hearts, teach_videos
from infomotion_lib.generators.spacetime.windows import stitched_denoise

OBJECTIVES = ("v", "epsilon", "flow")
CLEAN, NOISE = torch.randn(2, 3, 4, 2, 2, generator=torch.Generator().manual_seed(0)).unbind(0)
STEP = torch.tensor([5, 400, 990])


def clean_of(objective: str, noisy: Tensor, said: Tensor, timestep: Tensor) -> Tensor:
    """The latent that a network means which says ``said``."""
    if objective == "flow":
        return noisy - said * (timestep / NOISE_STEPS).view(-1, 1, 1, 1)
    kept, added = noise_shares(timestep, like=noisy)
    return kept * noisy - added * said if objective == "v" else (noisy - added * said) / kept


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_target_gives_the_clean_latent_back(objective: str) -> None:
    task = noised(objective, CLEAN, NOISE, STEP)
    found = clean_of(objective, task.noisy, task.target, task.timestep)
    torch.testing.assert_close(found, CLEAN, atol=1e-4, rtol=1e-3)
    assert not torch.allclose(task.target, noised("v", CLEAN, NOISE, STEP).target) or objective == "v"


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_sampler_finds_the_only_latent_there_is(objective: str) -> None:
    only = CLEAN[:1]

    def knows(noisy: Tensor, timestep: Tensor) -> Tensor:
        timestep = timestep.float()
        if objective == "flow":
            return (noisy - only) / (timestep / NOISE_STEPS).view(-1, 1, 1, 1)
        kept, added = noise_shares(timestep.long(), like=noisy)
        noise = (noisy - kept * only) / added
        return noise if objective == "epsilon" else kept * noise - added * only

    device = torch.device("cpu")
    drawn = sampled(knows, (4, 2, 2), seeds=[1], steps=20, device=device, objective=objective)
    torch.testing.assert_close(drawn, only, atol=0.05, rtol=0.05)


def test_a_shift_leaves_the_ends_and_moves_the_middle_towards_noise() -> None:
    ends = torch.tensor([0, 499, 999])
    shifted = noised("flow", CLEAN, NOISE, ends, shift=3).timestep
    torch.testing.assert_close(shifted, torch.tensor([3.0, 750.0, 1000.0]), atol=0.01, rtol=0)
    task = noised("flow", CLEAN, NOISE, STEP, shift=3)
    torch.testing.assert_close(clean_of("flow", task.noisy, task.target, task.timestep), CLEAN)
    sampler = flow_sampler(shift=3)
    sampler.set_timesteps(9)
    assert float(sampler.timesteps[4]) == pytest.approx(750, abs=3) and sampler.sigmas[-1] == 0


def test_an_unknown_objective_is_refused() -> None:
    with pytest.raises(ParameterError, match="Did you mean flow"):
        noised("flows", CLEAN, NOISE, STEP)


def test_every_room_is_taught_by_flow() -> None:
    objective = "flow"
    latents = torch.randn(5, 4, 2, 2, 2, generator=torch.Generator().manual_seed(1))
    course = Course(2, batch=2, objective=objective)
    hearts, videos = heart_unet(chain_size("small")), video_unet(chain_size("small"))
    assert len(teach_hearts(hearts, latents[:, :, 0], course)) == 2
    assert len(teach_videos(videos, latents, torch.rand(5, 1, 1), course)) == 2
    recipe = LatteRecipe("cpu/2", 2, 2, steps=1, batch=2, objective=objective)
    trained = train_latte(latents.transpose(1, 2), torch.arange(5).numpy(), recipe)
    drawn = sample_latents(trained, 0, seeds=[1], sampling_steps=2)
    assert drawn.shape == (1, 2, 4, 2, 2) and drawn.isfinite().all()


def test_conditions_are_dropped_only_on_demand_and_guidance_makes_them_louder() -> None:
    latents = torch.randn(4, 4, 2, 2, 2, generator=torch.Generator().manual_seed(1))
    told = torch.rand(4, 1, 1, generator=torch.Generator().manual_seed(2))
    losses = {}
    for dropout in (0.0, 0.99):
        torch.manual_seed(0)
        unet = video_unet(chain_size("small"))
        losses[dropout] = teach_videos(unet, latents, told, Course(2, batch=4, dropout=dropout))
    assert losses[0.0] != losses[0.99], "without a condition the network errs differently"
    given = {"frames": 2, "seeds": [1], "steps": 1}
    heart, ef = latents[:1, :, 0], told[:1]
    drawn = [draw_videos(unet, heart, ef, network=Guided(stitched_denoise, w), **given) for w in (1.0, 3.0)]
    plain = draw_videos(unet, heart, ef, **given)
    assert torch.equal(drawn[0], plain) and not torch.equal(drawn[1], plain)
    untold = stitched_denoise(unet, latents[:1], reference=heart, condition=0 * ef, timestep=STEP[:1])
    one = stitched_denoise(unet, latents[:1], reference=heart, condition=ef, timestep=STEP[:1])
    loud = Guided(stitched_denoise, 3.0)(unet, latents[:1], reference=heart, condition=ef, timestep=STEP[:1])
    torch.testing.assert_close(loud, untold + 3 * (one - untold))
