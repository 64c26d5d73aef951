"""Published checkpoints are read without running anything, with and without biases on queries and values."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from argparse import Namespace
from pathlib import Path
from typing import Any

import discovr_reference as reference
import pytest
import torch
from discovr_reference import outputs
from torch import Tensor

from infomotion_lib.errors import CheckpointError
from infomotion_lib.representations.discovr.published import load_discovr

CASE = reference.CASES["small_64"]
HEADS = (CASE.size.heads, CASE.size.decoder_heads)


def without_bias(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value for name, value in state.items() if not name.endswith(("q_bias", "v_bias"))}


def checkpoint(state: dict[str, Tensor], **more: Any) -> dict[str, Any]:
    """As the published script writes one: the model, what goes on with it, and a Namespace."""
    weight = torch.nn.Parameter(torch.zeros(2))
    optimiser = torch.optim.AdamW([weight])
    weight.sum().backward()
    optimiser.step()
    arguments = Namespace(batch_size=16, opt_betas=[0.9, 0.95], output_dir="x", lr=1.5e-4, resume=None)
    going_on = {"optimizer": optimiser.state_dict(), "epoch": 199, "scaler": {"scale": 65536.0}}
    return {"model": state, **going_on, "args": arguments, **more}


@pytest.mark.parametrize("bias", [True, False])
def test_a_published_checkpoint(tmp_path: Path, bias: bool) -> None:
    state = reference.state(CASE.name)
    state = {f"module.{name}": value for name, value in (state if bias else without_bias(state)).items()}
    torch.save(checkpoint(state), tmp_path / "checkpoint-199.pth")
    network = load_discovr(tmp_path / "checkpoint-199.pth", heads=HEADS)
    assert network.size.bias is bias and ("with q and v" if bias else "without q and v") in repr(network)
    assert network.size.side == 64 and network.size.frames == 16 and network.size.depth == 2
    with torch.inference_mode():
        cls, _ = network.video_teacher(reference.clips(CASE))
    name = "video_teacher" if bias else "video_teacher_without_qkv_bias"
    torch.testing.assert_close(cls, outputs()[f"{CASE.name}/{name}/cls"], rtol=0, atol=3e-5)
    assert not network.training and not network.video_teacher.cls_token.requires_grad
    assert network.encoder.cls_token.requires_grad


class Runs:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


class Stranger:
    """A class that no list allows."""


def legacy(content: Any, path: Path) -> None:
    path.write_bytes(pickle.dumps(content, protocol=2))


def zipped(content: Any, path: Path) -> None:
    torch.save(content, path)


@pytest.mark.parametrize("write", [zipped, legacy])
def test_a_malicious_file_is_refused_and_nothing_runs(tmp_path: Path, write: Any) -> None:
    path, trace = tmp_path / "checkpoint.pth", tmp_path / "trace"
    write({"model": {}, "args": Namespace(lr=Runs(f"touch {trace}"))}, path)
    with pytest.raises(CheckpointError, match=r"asks for \w+\.system, which might run code") as caught:
        load_discovr(path)
    assert "convert" in str(caught.value) and "Namespace" in str(caught.value)
    assert not trace.exists()


def test_other_classes_are_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pth"
    torch.save(checkpoint({}, helper=Stranger()), path)
    with pytest.raises(
        CheckpointError, match=r"asks for test_discovr_published\.Stranger[\s\S]*weights_only"
    ):
        load_discovr(path)


def test_the_list_of_allowed_classes_ends_with_the_call(tmp_path: Path) -> None:
    torch.save(checkpoint(without_bias(reference.state(CASE.name))), tmp_path / "checkpoint.pth")
    load_discovr(tmp_path / "checkpoint.pth", heads=HEADS)
    with pytest.raises(pickle.UnpicklingError, match="Namespace"):
        torch.load(tmp_path / "checkpoint.pth", weights_only=True)


def damaged(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()[:-2000]


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (lambda s: {"model": [1, 2]}, "does not hold a mapping"),
        (lambda s: {"model": {}}, r"size cannot be told[\s\S]*encoder\.pos_embed"),
        (lambda s: {k: v for k, v in s.items() if "decoder.head" not in k}, r"Missing: decoder\.head\.bias"),
        (lambda s: s | {"extra": s["prototypes"]}, "Unexpected: extra"),
        (lambda s: s | {"mask_token": s["prototypes"]}, r"Wrong shape: mask_token: \(24, 96\) instead of"),
        (
            lambda s: {k: v for k, v in s.items() if not (k.startswith("decoder") and "q_bias" in k)},
            "encoder has biases on queries and values, and decoder has none",
        ),
    ],
    ids=["list", "empty", "missing", "unexpected", "shape", "half a bias"],
)
def test_checkpoints_that_do_not_fit(tmp_path: Path, state: Any, why: str) -> None:
    torch.save(state(reference.state(CASE.name)), tmp_path / "checkpoint.pth")
    with pytest.raises(CheckpointError, match=why):
        load_discovr(tmp_path / "checkpoint.pth", heads=HEADS)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        load_discovr(tmp_path / "absent.pth")
    (tmp_path / "cut.pth").write_bytes(damaged(checkpoint(reference.state(CASE.name))))
    with pytest.raises(CheckpointError, match="cannot be read as a checkpoint"):
        load_discovr(tmp_path / "cut.pth")
    with zipfile.ZipFile(tmp_path / "other.pth", "w") as archive:
        archive.writestr("a.txt", "text")
    with pytest.raises(CheckpointError, match="cannot be read as a checkpoint"):
        load_discovr(tmp_path / "other.pth")
