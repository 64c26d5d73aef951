"""Training resumes exactly, learns beyond predicting zero, and its labels matter; sampling is seeded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from infomotion_lib.errors import CheckpointError, DataError, ParameterError
from infomotion_lib.generators.latte import diffusion
from infomotion_lib.generators.latte.diffusion import (
    LatteRecipe,
    TrainedLatte,
    milestones,
    sample_latents,
    train_latte,
)
from infomotion_lib.generators.latte.network import SIZES, Latte, LatteSize
from infomotion_lib.generators.latte.weights import load_latte, save_latte
from infomotion_lib.generators.noise import with_noise
from infomotion_lib.generators.objectives import Noised
from infomotion_lib.training.lesson import LessonRun

RECIPE = LatteRecipe("tiny/2", latent_side=4, frames=4, n_classes=2, steps=400, batch=8, learning_rate=3e-3)


@pytest.fixture(autouse=True)
def tiny_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIZES, "tiny/2", LatteSize(2, 32, 2))


def two_classes() -> tuple[torch.Tensor, np.ndarray]:
    """Twelve latent clips (12, 6, 4, 4, 4): class 0 is all -1, class 1 all +1, with a little noise."""
    label = np.arange(12) % 2
    torch.manual_seed(0)
    return (
        torch.from_numpy(label * 2.0 - 1)[:, None, None, None, None] + 0.05 * torch.randn(12, 6, 4, 4, 4)
    ).float(), label


@pytest.fixture(scope="module")
def trained() -> TrainedLatte:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SIZES, "tiny/2", LatteSize(2, 32, 2))
        return train_latte(*two_classes(), RECIPE)


def test_loss_falls_well_below_that_of_predicting_zero(trained: TrainedLatte) -> None:
    assert np.mean(trained.losses[:5]) == pytest.approx(1.0, abs=0.1)
    assert np.mean(trained.losses[-30:]) < 0.6


def test_label_changes_the_sample(trained: TrainedLatte) -> None:
    low, high = (
        sample_latents(trained, label, seeds=[0, 1, 2], guidance=2.0, sampling_steps=20).mean()
        for label in (0, 1)
    )
    assert high - low > 0.5


class KnowsItsData(Latte):
    """The perfect predictor of noise in latents that are all Gaussian with a spread of a half."""

    def forward(self, latents: torch.Tensor, timestep: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        kept = diffusion.noise_schedule().alphas_cumprod[timestep][:, None, None, None, None]
        return (1 - kept).sqrt() * latents / (kept / 4 + 1 - kept)


def test_the_sampler_meets_the_noise_levels_that_it_names() -> None:
    network = KnowsItsData(LatteSize(2, 32, 2), latent_side=8, frames=8, n_classes=2).eval()
    perfect = TrainedLatte(network, LatteRecipe("tiny/2", latent_side=8, frames=8, n_classes=2), [])
    spread = {
        steps: float(sample_latents(perfect, 0, seeds=list(range(8)), sampling_steps=steps).std())
        for steps in (25, 250, 500)
    }
    assert spread[25] == pytest.approx(0.45, abs=0.01), "few steps draw too alike"
    assert spread[250] == pytest.approx(0.5, abs=0.01)
    assert spread[500] == pytest.approx(0.5, abs=0.01)


def test_averaged_weights_are_the_running_mean_that_they_claim_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []
    step = LessonRun.advance

    def watched(run: LessonRun) -> float | None:
        shown = step(run)
        seen.append(run.lesson.network.get_parameter("final_linear.weight").detach().clone())
        return shown

    monkeypatch.setattr(LessonRun, "advance", watched)
    trained = train_latte(*two_classes(), replace(RECIPE, steps=6))
    expected = torch.zeros_like(seen[0])  # adaLN-Zero: the first weights
    for step, weights in enumerate(seen):
        decay = min(0.999, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weights
    assert torch.allclose(trained.network.final_linear.weight, expected, atol=1e-7)
    assert not torch.allclose(expected, seen[-1], atol=1e-5)


def test_classes_are_drawn_equally_often_however_rare_and_clips_are_never_mirrored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[int] = []
    monkeypatch.setattr(Latte, "some_dropped", lambda _, label: drawn.extend(label.tolist()) or label)
    monkeypatch.setattr(
        diffusion, "noised", lambda _, clean, noise, timestep, *, shift: Noised(clean, noise, timestep)
    )
    latents, _ = two_classes()
    ramp = latents + torch.arange(4.0)  # brighter to the right
    shown: list[torch.Tensor] = []
    monkeypatch.setattr(
        diffusion.torch, "randn_like", lambda clean: shown.append(clean) or torch.zeros_like(clean)
    )
    train_latte(ramp, np.array([0] * 11 + [1]), replace(RECIPE, steps=20))
    assert np.bincount(drawn).tolist() == [80, 80]
    assert (torch.cat(shown).diff(dim=-1) > 0).all()


def test_noise_is_the_schedulers_with_roots_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    clean, noise, timestep = (
        torch.randn(5, 2, 4, 3, 3),
        torch.randn(5, 2, 4, 3, 3),
        torch.tensor([0, 1, 400, 998, 999]),
    )
    expected = diffusion.noise_schedule().add_noise(clean, noise, timestep)
    torch.testing.assert_close(with_noise(clean, noise, timestep), expected, atol=1e-6, rtol=1e-6)


def test_sample_depends_on_its_seed_alone(trained: TrainedLatte) -> None:
    together = sample_latents(trained, 1, seeds=[5, 6], sampling_steps=4)
    alone = sample_latents(trained, 1, seeds=[6], sampling_steps=4)
    assert torch.allclose(together[1], alone[0], atol=1e-3)
    assert not torch.allclose(together[0], together[1], atol=1e-2)


def test_who_watches_a_training_sees_its_milestones_and_changes_nothing() -> None:
    seen: dict[int, float] = {}

    def watch(step: int, then: TrainedLatte) -> None:
        assert len(then.losses) == step and not then.network.training
        seen[step] = float(sample_latents(then, 0, seeds=[1], sampling_steps=2).mean())

    recipe = replace(RECIPE, steps=16)
    watched = train_latte(*two_classes(), recipe, watch=watch)
    assert [*seen] == milestones(16) == [1, 4, 8, 16]
    assert watched.losses == train_latte(*two_classes(), recipe).losses
    assert seen[16] == float(sample_latents(watched, 0, seeds=[1], sampling_steps=2).mean()) != seen[4]


def test_killed_training_resumes_to_the_same_losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = LatteRecipe("tiny/2", latent_side=4, frames=4, n_classes=2, steps=12, batch=4)
    unbroken = train_latte(*two_classes(), recipe)
    monkeypatch.setattr(diffusion, "CHECKPOINT_EVERY", 5)
    calls = iter(range(100))

    def killer(*arguments: object) -> None:
        if next(calls) == 7:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        drawn = diffusion._drawn
        patch.setattr(diffusion, "_drawn", lambda *a: (killer(), drawn(*a))[1])
        with pytest.raises(KeyboardInterrupt):
            train_latte(*two_classes(), recipe, checkpoint=tmp_path / "state.pt")
    resumed = train_latte(*two_classes(), recipe, checkpoint=tmp_path / "state.pt")
    assert resumed.losses == unbroken.losses
    for name, value in unbroken.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name])


def test_weights_round_trip_and_refuse_what_does_not_fit(trained: TrainedLatte, tmp_path: Path) -> None:
    path = save_latte(trained, tmp_path / "latte.safetensors")
    again = load_latte(path, n_classes=2, size="tiny/2")
    assert again.recipe == RECIPE
    assert torch.equal(
        sample_latents(again, 0, seeds=[1], sampling_steps=4),
        sample_latents(trained, 0, seeds=[1], sampling_steps=4),
    )
    with pytest.raises(CheckpointError, match="classes 2, not 5"):
        load_latte(path, n_classes=5)
    with pytest.raises(CheckpointError, match="size tiny/2, not S/2"):
        load_latte(path, size="S/2")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="Not a Latte checkpoint"):
        load_latte(broken)


def test_bad_requests_are_refused(trained: TrainedLatte) -> None:
    latents, label = two_classes()
    with pytest.raises(DataError, match="moderate"):
        train_latte(latents[label == 0], label[label == 0], RECIPE)
    with pytest.raises(ParameterError, match="Guidance"):
        sample_latents(trained, 0, seeds=[0], guidance=0.5)
    with pytest.raises(ParameterError, match="Sampling steps"):
        sample_latents(trained, 0, seeds=[0], sampling_steps=2000)
    with pytest.raises(ParameterError, match="must divide 1000: 500 or 1000, not 600"):
        sample_latents(trained, 0, seeds=[0], sampling_steps=600)
    with pytest.raises(ParameterError, match="Class index"):
        sample_latents(trained, 2, seeds=[0])
