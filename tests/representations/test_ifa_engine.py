"""Motion vectors by OpenVINO: the numbers of torch, whatever is made beside them, and clear refusals."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from reference_formula import formula_frames

from infomotion_lib.errors import ParameterError
from infomotion_lib.representations.ifa.engine import require_openvino
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.pooling import MotionPooler
from infomotion_lib.representations.ifa.training import new_interpolator
from infomotion_lib.run.prepare import prepare


@pytest.fixture(scope="module")
def network() -> InterFrameInterpolator:
    return new_interpolator(4, (1, 1, 1, 1, 1), seed=0, refine=False).eval()


@pytest.mark.parametrize(
    ("pairs", "pooling"),
    [
        ([[[0, 1], [1, 2]], [[3, 4], [4, 5]], [[2, 0], [0, 5]]], "mean"),
        ([[[0, 1]]], "grid"),
        (
            [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9], [10, 11]], [[12, 13], [14, 15]], [[0, 1], [1, 2]]],
            "mean",
        ),
    ],
    ids=["three videos that share frames", "one pair", "five videos that share none"],
)
def test_openvino_has_the_numbers_of_torch(
    network: InterFrameInterpolator, pairs: list[list[list[int]]], pooling: str
) -> None:
    frames = formula_frames(16, 64, 64, seed=3)
    exact = MotionPooler(network, pooling=pooling).vectors(frames, torch.tensor(pairs))  # type: ignore[arg-type]
    made = MotionPooler(network, pooling=pooling, engine="openvino").vectors(frames, torch.tensor(pairs))  # type: ignore[arg-type]
    assert made.shape == exact.shape and made.dtype == torch.float32
    assert (made - exact).abs().max() < 1e-5 * exact.abs().max()


def test_a_vector_does_not_depend_on_those_made_with_it(network: InterFrameInterpolator) -> None:
    frames = formula_frames(9, 64, 64, seed=4)
    pairs = torch.tensor([[[0, 1], [1, 2]], [[3, 4], [4, 5]], [[6, 7], [7, 8]]])
    pooler = MotionPooler(network, engine="openvino")
    together = pooler.vectors(frames, pairs)
    assert torch.equal(together, torch.cat([pooler.vectors(frames, own[None]) for own in pairs]))


def test_nothing_is_reported_to_its_makers(network: InterFrameInterpolator) -> None:
    frames = formula_frames(3, 64, 64, seed=5)
    MotionPooler(network, engine="openvino").vectors(frames, torch.tensor([[[0, 1], [1, 2]]]))
    assert sys.modules["openvino_telemetry"] is None


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"arithmetic": "portable"}, "portable arithmetic cannot hold it"),
        ({"device": "cuda"}, "processor alone"),
        ({"pooling": "flow"}, "not flow"),
        ({"precision": "bf16-mixed"}, "which videos are near"),
    ],
)
def test_what_openvino_cannot_do_is_refused(asked: dict[str, str], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        require_openvino(**{"pooling": "mean", "precision": "32-true", **asked})


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ParameterError, match="openvino is not installed") as refused:
        require_openvino(pooling="mean", precision="32-true")
    assert "pip install openvino" in str(refused.value)


def test_a_profile_that_cannot_use_it_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="portable arithmetic cannot hold it"):
        prepare("smoke", overrides={"runs_dir": str(tmp_path / "runs"), "ifa_vector_engine": "openvino"})
    assert not (tmp_path / "runs").exists()
