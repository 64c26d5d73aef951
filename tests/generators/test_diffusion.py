"""Training resumes exactly, learns beyond predicting zero, and its labels matter; sampling is seeded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from infomotion_lib.errors import CheckpointError, DataError, ParameterError
from infomotion_lib.generators import diffusion
from infomotion_lib.generators.diffusion import LatteRecipe, TrainedLatte, load_latte, sample_latents, save_latte, train_latte
from infomotion_lib.generators.latte import SIZES, LatteSize

RECIPE = LatteRecipe("tiny/2", latent_side=4, frames=4, n_classes=2, steps=400, batch=8, learning_rate=3e-3)


@pytest.fixture(autouse=True)
def tiny_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIZES, "tiny/2", LatteSize(2, 32, 2))


def two_classes() -> tuple[torch.Tensor, np.ndarray]:
    """Twelve latent clips (12, 6, 4, 4, 4): class 0 is all -1, class 1 all +1, with a little noise."""
    label = np.arange(12) % 2
    torch.manual_seed(0)
    return (torch.from_numpy(label * 2.0 - 1)[:, None, None, None, None] + 0.05 * torch.randn(12, 6, 4, 4, 4)).float(), label


@pytest.fixture(scope="module")
def trained() -> TrainedLatte:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SIZES, "tiny/2", LatteSize(2, 32, 2))
        return train_latte(*two_classes(), RECIPE)


def test_loss_falls_well_below_that_of_predicting_zero(trained: TrainedLatte) -> None:
    assert np.mean(trained.losses[:5]) == pytest.approx(1.0, abs=0.1)
    assert np.mean(trained.losses[-30:]) < 0.6


def test_label_changes_the_sample(trained: TrainedLatte) -> None:
    low, high = (sample_latents(trained, label, seeds=[0, 1, 2], guidance=2.0, sampling_steps=20).mean() for label in (0, 1))
    assert high - low > 0.5


def test_sample_depends_on_its_seed_alone(trained: TrainedLatte) -> None:
    together = sample_latents(trained, 1, seeds=[5, 6], sampling_steps=4)
    alone = sample_latents(trained, 1, seeds=[6], sampling_steps=4)
    assert torch.allclose(together[1], alone[0], atol=1e-3)
    assert not torch.allclose(together[0], together[1], atol=1e-2)


def test_killed_training_resumes_to_the_same_losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = LatteRecipe("tiny/2", latent_side=4, frames=4, n_classes=2, steps=12, batch=4)
    unbroken = train_latte(*two_classes(), recipe)
    monkeypatch.setattr(diffusion, "CHECKPOINT_EVERY", 5)
    calls = iter(range(100))

    def killer(*arguments: object) -> None:
        if next(calls) == 7:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        update = diffusion._update_average
        patch.setattr(diffusion, "_update_average", lambda *a: (killer(), update(*a)))
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
    assert torch.equal(sample_latents(again, 0, seeds=[1], sampling_steps=3), sample_latents(trained, 0, seeds=[1], sampling_steps=3))
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
    with pytest.raises(ParameterError, match="Class index"):
        sample_latents(trained, 2, seeds=[0])
