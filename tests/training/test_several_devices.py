"""Two processes learn what one learns; either goes on where the other stopped; what cannot be is refused."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from every_room import Losses, train_all
from tiny_lesson import STEPS, lesson, network

from infomotion_lib.errors import ParameterError, StageError
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.machine import cores
from infomotion_lib.parameters import StageParameters, stage_parameters
from infomotion_lib.paths import PROJECT
from infomotion_lib.registry import imported
from infomotion_lib.representations.registry import REPRESENTATIONS
from infomotion_lib.run.train import train_stage
from infomotion_lib.training.lesson import taught
from infomotion_lib.training.parameters import TrainingParameters
from infomotion_lib.training.placement import Placement

TWO = Placement(devices=2)
SUMS = 1e-5
"""Relative difference of losses of one process and of two. The gradients are the same sums, added in another
order, so float32 numbers differ by some 1e-7 in the first step; what they lead to drifts apart from there.
"""
AMPLIFIED = 1e-3
"""The same for the frame ResNet-18: at its end it normalises few values, whose differences it enlarges."""

ALONE = {
    "regressor/training.py": "one process per network: the grid of networks is what is spread",
    "frames/phasenet_training.py": "its weights come with the project",
    "generators/privacy/training.py": "its loss compares each frame of a batch with all others, in minutes",
}
"""Trainings that one process does, and why."""

needs_two_cores = pytest.mark.skipif(cores() < 2, reason="needs two processor cores")


@needs_two_cores
def test_two_processes_have_the_losses_of_one(tmp_path: Path) -> None:
    """As a cluster begins them, with torchrun's variables; the first reads, writes and judges."""
    port = _free_port()
    (tmp_path / "two").mkdir()
    both = [_of_a_group(rank, port=port, folder=tmp_path / "two") for rank in range(2)]
    one = train_all(tmp_path / "one", Placement())
    for process in both:
        said, _ = process.communicate(timeout=600)
        assert process.returncode == 0, said
    two: Losses = json.loads((tmp_path / "two" / "losses.json").read_text(encoding="utf-8"))
    assert two.keys() == one.keys()
    for name, losses in one.items():
        allowed = AMPLIFIED if name == "appearance" else SUMS
        assert two[name] == pytest.approx(losses, rel=allowed, abs=1e-6, nan_ok=True), name


@needs_two_cores
def test_two_stop_and_one_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    with pytest.raises(StageError, match="Stopped before step 3") as stopped:
        taught(lesson(path, stop_at=3), TWO)
    assert stopped.value.remedy == "Go on.", "the error of the process itself"
    state = torch.load(path, weights_only=True)
    assert list(state["network"]) == list(network().state_dict()), "one state, no prefix"
    assert len(state["losses"]) == 3
    assert taught(lesson(path), Placement()) == pytest.approx(taught(lesson(None), Placement()), rel=SUMS)


@needs_two_cores
def test_one_stops_and_two_go_on_from_a_kernel_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, unbroken = tmp_path / "last.pt", lesson(None)
    expected = taught(unbroken, Placement())
    with pytest.raises(StageError, match="Stopped before step 2"):
        taught(lesson(path, stop_at=2), Placement())
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)  # by which Fabric knows a notebook's kernel
    gone_on = lesson(path)
    assert taught(gone_on, TWO) == pytest.approx(expected, rel=SUMS)
    for name, value in unbroken.network.state_dict().items():
        torch.testing.assert_close(gone_on.network.state_dict()[name], value, rtol=1e-4, atol=1e-5)
    monkeypatch.setattr("infomotion_lib.training.launch._start", lambda *_: pytest.fail("begun again"))
    assert len(taught(lesson(path), TWO)) == STEPS


def test_what_cannot_be_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="this machine has"):
        taught(lesson(tmp_path / "last.pt"), Placement(devices=10_000))
    with pytest.raises(ParameterError, match=r"batch .* = 7 cannot be shared by 2 processes"):
        taught(lesson(tmp_path / "last.pt", batch=7), Placement(num_nodes=2))
    with pytest.raises(ParameterError, match="checkpoint"):
        taught(lesson(None), Placement(num_nodes=2))
    with pytest.raises(StageError, match="srun"):
        taught(lesson(tmp_path / "last.pt"), Placement(num_nodes=2))
    asked = {"device": "cpu", "num_nodes": 2, "ifa_batch_size": 7}
    with pytest.raises(ParameterError, match="ifa_batch_size = 7 cannot be shared by 2 processes"):
        stage_parameters("ifa_training", asked).require_machine()
    with pytest.raises(ParameterError, match=r"devices = 1000, but this machine has"):
        stage_parameters("latte_pool", {"device": "cpu", "devices": 1000}).require_machine()


def test_a_stage_is_trained_where_its_processes_were_begun(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="trains nothing that several devices share"):
        train_stage("03", "smoke", overrides={}, say=print)
    asked = {"device": "cpu", "num_nodes": 2, "runs_dir": str(tmp_path)}
    with pytest.raises(StageError, match="Nobody has begun the 2 processes"):
        train_stage("02", "smoke", overrides=asked, say=print)
    assert not list(tmp_path.iterdir())


def test_every_training_room_uses_the_one_helper() -> None:
    library = PROJECT / "infomotion_lib"
    by_itself = {
        file.relative_to(library).as_posix()
        for file in library.rglob("*.py")
        if file.parent.name != "training" and _steps_by_itself(file.read_text(encoding="utf-8"))
    }
    assert by_itself == set(ALONE)


def test_every_room_that_learns_can_be_placed() -> None:
    entries = [*REPRESENTATIONS.values(), *GENERATORS.values()]
    models = {entry.name: imported(entry.parameters) for entry in entries if entry.parameters}
    learn = {name for name, model in models.items() if _steps(model)}
    assert {"motion", "appearance", "mafe", "discovr", "latte", "lvdm", "mcdm"} <= learn
    assert [name for name in sorted(learn) if not issubclass(models[name], TrainingParameters)] == []


def _steps(model: type[StageParameters]) -> bool:
    return any(name.endswith("_steps") and "sampling" not in name for name in model.model_fields)


def _steps_by_itself(source: str) -> bool:
    """Whether code asks a loss for gradients without a team."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    asked = [call for call in calls if isinstance(call, ast.Attribute) and call.attr == "backward"]
    return any(ast.unparse(call.value) != "self.team" for call in asked)


def _of_a_group(rank: int, *, port: int, folder: Path) -> subprocess.Popen[str]:
    group = {"TORCHELASTIC_RUN_ID": "test", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "GROUP_RANK": "0"}
    own = {"RANK": str(rank), "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("every_room.py")), str(folder)],
        env={**os.environ, **group, **own, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
