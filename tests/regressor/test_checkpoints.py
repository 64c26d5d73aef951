"""Published checkpoints: read without running code, fitted by name, refused with the names that differ."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from infomotion_lib.errors import CheckpointError
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.regressor.checkpoints import (
    is_ef_regressor,
    load_regressor,
    published_regressor,
    read_weights,
)
from infomotion_lib.regressor.model import build_regressor
from infomotion_lib.regressor.setup import TrainingSetup
from infomotion_lib.regressor.training import train_regressor


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("code of the file was run",))


@pytest.fixture
def echonet(tmp_path: Path) -> Path:
    """A checkpoint with the entries and types of EchoNet-Dynamic's, on the small network."""
    network = build_regressor("mini_r3d")
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9)
    content = {
        "epoch": 3,
        "state_dict": {f"module.{name}": value for name, value in network.state_dict().items()},
        "period": 2,
        "frames": 32,
        "best_loss": np.float64(20.5),
        "loss": 21.0,
        "r2": np.float32(0.8),
        "opt_dict": optimiser.state_dict(),
        "scheduler_dict": {"step_size": 15, "last_epoch": 3},
    }
    torch.save(content, tmp_path / "echonet.pt")
    return tmp_path / "echonet.pt"


def test_a_training_checkpoint_is_read_with_its_prefix_and_company(
    echonet: Path, quick: EvaluationParameters
) -> None:
    weights = read_weights(echonet)
    assert "stem.0.weight" in weights
    assert is_ef_regressor(weights)
    fitted = load_regressor(echonet, parameters=quick)
    assert fitted.network.in_channels == 2
    assert (fitted.ef_mean, fitted.ef_std) == (0.0, 1.0)
    assert np.isfinite(fitted.predict([np.full((20, 16, 16), 50, np.uint8)])).all()


def test_files_that_would_run_code_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"state_dict": Harmful()}, tmp_path / "harmful.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Harmful(), protocol=2))
    for name in ("harmful.pt", "plain.pt"):
        with pytest.raises(CheckpointError, match=name):
            read_weights(tmp_path / name)
    assert "code of the file was run" not in capsys.readouterr().out


def test_what_is_no_weights_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pt").write_bytes(b"")
    (tmp_path / "text.safetensors").write_text("hello")
    torch.save({"epoch": 1}, tmp_path / "no_state.pt")
    for name in ("empty.pt", "text.safetensors", "no_state.pt", "gone.pt"):
        with pytest.raises(CheckpointError, match=name):
            read_weights(tmp_path / name)


def test_weights_of_another_network_are_refused_with_the_names_that_differ(
    tmp_path: Path, quick: EvaluationParameters
) -> None:
    state = build_regressor("mini_r3d").state_dict()
    state["extra.weight"] = state.pop("layer1.0.conv1.0.weight").contiguous()
    save_file({name: value.contiguous() for name, value in state.items()}, tmp_path / "other.safetensors")
    with pytest.raises(
        CheckpointError, match=r"Missing: \['layer1.0.conv1.0.weight'\]; unexpected: \['extra.weight'\]"
    ):
        published_regressor(tmp_path / "other.safetensors", parameters=quick)
    kinetics = build_regressor("mini_r3d", out_features=400).state_dict()
    torch.save(kinetics, tmp_path / "kinetics.pt")
    with pytest.raises(CheckpointError, match=r"fc\.weight"):
        published_regressor(tmp_path / "kinetics.pt", parameters=quick)


def test_training_starts_from_weights_with_a_new_head(tmp_path: Path, quick: EvaluationParameters) -> None:
    weights = build_regressor("mini_r3d", out_features=400).state_dict()
    assert not is_ef_regressor(weights)
    videos = [
        np.random.default_rng(index).integers(0, 255, (12, 16, 16)).astype(np.uint8) for index in range(4)
    ]
    still = quick.model_copy(update={"learning_rate": 1e-12, "weight_decay": 0.0})
    fitted = train_regressor(
        videos, [20, 40, 60, 80], parameters=still, seed=0, steps=1, setup=TrainingSetup(weights=weights)
    )
    torch.testing.assert_close(fitted.network.layer3[0].conv1[0].weight, weights["layer3.0.conv1.0.weight"])
    assert fitted.network.fc.out_features == 1
    del weights["stem.0.weight"]
    with pytest.raises(CheckpointError, match=r"stem\.0\.weight"):
        train_regressor(
            videos, [20, 40, 60, 80], parameters=quick, seed=0, steps=1, setup=TrainingSetup(weights=weights)
        )
