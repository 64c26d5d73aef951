"""EchoNet-Dynamic's published checkpoint converted once: the real file's layout on the full network, a pool
relabelled with it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open

from infomotion_lib.errors import CheckpointError, ParameterError
from infomotion_lib.provenance import sha256
from infomotion_lib.regressor.checkpoints import load_regressor
from infomotion_lib.regressor.convert import convert_checkpoint, network_of
from infomotion_lib.regressor.fitted import FittedRegressor
from infomotion_lib.regressor.model import build_regressor
from infomotion_lib.regressor.parameters import LabelsParameters
from infomotion_lib.run.cli import main
from infomotion_lib.run.labels import relabel_folder

KEYS = Path(__file__).parent.parent / "fixtures" / "reference_vectors" / "keys.json"
SMALL_CLIP = {"clip_frames": 8, "clip_period": 2, "clip_size": 16, "test_clips": 1}


def training_checkpoint(state: dict[str, torch.Tensor], path: Path) -> Path:
    """What EchoNet-Dynamic's training script saves: prefixed weights, losses, the states of SGD with momentum
    and of its schedule.
    """
    parameters = [torch.nn.Parameter(torch.zeros(3))]
    optimiser = torch.optim.SGD(parameters, lr=1e-4, momentum=0.9, weight_decay=1e-4)
    parameters[0].grad = torch.ones(3)
    optimiser.step()
    content = {
        "epoch": 44,
        "state_dict": {f"module.{name}": value for name, value in state.items()},
        "period": 2,
        "frames": 32,
        "best_loss": np.float64(28.4),
        "loss": 30.1,
        "r2": np.float64(0.81),
        "opt_dict": optimiser.state_dict(),
        "scheduler_dict": torch.optim.lr_scheduler.StepLR(optimiser, 15).state_dict(),
    }
    torch.save(content, path)
    return path


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stand-in of r2plus1d_18_32_2_pretrained.pt: torchvision's names and shapes, random weights, a head
    for EF.
    """
    rng = torch.Generator().manual_seed(0)
    shapes = json.loads(KEYS.read_text(encoding="utf-8"))["r2plus1d_18"]
    state = {
        name: 0.02 * torch.randn(shape, generator=rng) if len(shape) else torch.tensor(900)
        for name, shape in shapes.items()
    }
    state |= {name: value.abs() + 1 for name, value in state.items() if name.endswith("running_var")}
    state["fc.bias"] = torch.tensor([55.6])
    return training_checkpoint(state, tmp_path_factory.mktemp("echonet") / "r2plus1d_18_32_2_pretrained.pt")


def test_the_published_layout_becomes_one_plain_file_with_its_hashes(published: Path, tmp_path: Path) -> None:
    made = convert_checkpoint(published, tmp_path / "echonet.safetensors")
    assert made.network == "r2plus1d_18"
    assert made.source_sha256 == sha256(published)
    assert made.sha256 == sha256(made.path)
    fitted = FittedRegressor.load(made.path)
    assert fitted.record["source_sha256"] == made.source_sha256
    assert fitted.record["weights"] == published.name
    assert (fitted.name, fitted.clip_frames, fitted.clip_period, fitted.clip_size) == (
        "r2plus1d_18",
        32,
        2,
        112,
    )
    with safe_open(made.path, framework="pt") as stream:
        names = set(stream.keys())
    assert not [name for name in names if name.startswith(("module.", "opt", "fc.weight.m"))]
    weights = torch.load(published, weights_only=False)["state_dict"]  # our own stand-in
    for name in ("stem.0.weight", "layer4.1.conv2.0.3.weight", "fc.bias"):
        torch.testing.assert_close(fitted.network.state_dict()[name], weights[f"module.{name}"])
    with pytest.raises(ParameterError, match="is there already"):
        convert_checkpoint(published, made.path)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    return training_checkpoint(build_regressor("mini_r3d").state_dict(), tmp_path / "mini.pt")


def test_a_file_of_the_year_it_was_published_is_read(small: Path, tmp_path: Path) -> None:
    content = torch.load(small, weights_only=False)  # our own stand-in
    torch.save(content, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    raw = (tmp_path / "old.pt").read_bytes()
    assert b"numpy._core.multiarray\n" in raw
    (tmp_path / "old.pt").write_bytes(
        raw.replace(b"numpy._core.multiarray\n", b"numpy.core.multiarray\n")
    )  # numpy before 2
    made = convert_checkpoint(tmp_path / "old.pt", tmp_path / "old.safetensors", clip=SMALL_CLIP)
    now = convert_checkpoint(small, tmp_path / "now.safetensors", clip=SMALL_CLIP)
    old, new = (FittedRegressor.load(file.path).network.state_dict() for file in (made, now))
    assert all(torch.equal(old[name], new[name]) for name in new)


def test_equal_checkpoints_give_equal_bytes(small: Path, tmp_path: Path) -> None:
    first, again = (
        convert_checkpoint(small, tmp_path / f"{name}.safetensors", clip=SMALL_CLIP)
        for name in ("first", "again")
    )
    assert first.sha256 == again.sha256
    assert first.network == "mini_r3d"


def test_a_pool_is_relabelled_alike_by_the_checkpoint_and_by_the_file_made_of_it(
    small: Path, tiny_synthetic: Path, tmp_path: Path
) -> None:
    plain = convert_checkpoint(small, tmp_path / "mini.safetensors", clip=SMALL_CLIP).path
    same = LabelsParameters.model_validate(
        {"regressor": "mini_r3d", "limit": 2, "device": "cpu", **SMALL_CLIP}
    )
    other = LabelsParameters.model_validate(
        {"regressor": "r3d_18", "clip_frames": 32, "limit": 2, "device": "cpu"}
    )
    first = relabel_folder(tiny_synthetic, small, tmp_path / "first.csv", parameters=same)
    again = relabel_folder(
        tiny_synthetic, plain, tmp_path / "again.csv", parameters=other
    )  # the file knows its own network
    assert len(first) == 10
    pd.testing.assert_frame_equal(first, again)
    assert pd.read_csv(tmp_path / "again.csv")["file_name"].tolist() == first["file_name"].tolist()
    assert load_regressor(plain, parameters=other).name == "mini_r3d"


def test_what_cannot_label_is_refused(tmp_path: Path) -> None:
    kinetics = build_regressor("mini_r3d", out_features=400).state_dict()
    torch.save(kinetics, tmp_path / "kinetics.pt")
    with pytest.raises(CheckpointError, match="its head has 400 outputs"):
        convert_checkpoint(tmp_path / "kinetics.pt", tmp_path / "a.safetensors")
    torch.save({"fc.weight": torch.zeros(1, 4), "fc.bias": torch.zeros(1)}, tmp_path / "stranger.pt")
    with pytest.raises(CheckpointError, match="no network of the family"):
        convert_checkpoint(tmp_path / "stranger.pt", tmp_path / "a.safetensors")
    with pytest.raises(ParameterError, match=r"no \.safetensors file"):
        convert_checkpoint(tmp_path / "kinetics.pt", tmp_path / "a.pt")
    assert not list(tmp_path.glob("*.safetensors"))


@pytest.mark.parametrize("name", ["tiny_r3d", "mini_r3d", "r3d_18", "r2plus1d_18"])
def test_every_network_is_known_by_its_tensors(name: str) -> None:
    with torch.device("meta"):
        state = build_regressor(name).state_dict()
    assert network_of(state) == name


def test_the_command_prints_both_hashes(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mini.safetensors"
    words = ["convert-checkpoint", str(small), "--out", str(out), "--frames", "8", "--size", "16"]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert sha256(small) in printed
    assert sha256(out) in printed
    assert main(words) == 2
    assert "is there already" in capsys.readouterr().err
