"""MAFE's vector, network and schedule give the numbers of the published code."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from reference_formula import VECTORS, formula_frames, formula_state
from safetensors.torch import load_file
from torch import Tensor

from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.losses import laplacian_loss, psnr
from infomotion_lib.representations.ifa.pooling import MotionPooler, vector_size
from infomotion_lib.representations.ifa.settings import TrainingSettings
from infomotion_lib.representations.mafe.turned import pooled_appearance, published_order

TOLERANCE = 2e-6


@pytest.fixture(scope="module")
def expected() -> dict[str, Tensor]:
    return load_file(VECTORS / "mafe" / "outputs.safetensors")


@pytest.fixture(scope="module")
def keys() -> dict[str, Any]:
    return dict(json.loads((VECTORS / "mafe" / "keys.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def network() -> InterFrameInterpolator:
    return load_ema_vfi(formula_state("ifa_width4"))


@pytest.fixture(scope="module")
def frames() -> list[Tensor]:
    """First and last frame, each upright and turned, (2, 3, 112, 112)."""
    upright = [formula_frames(2, 112, 112, seed=seed)[:1] for seed in (4, 5)]
    return [torch.cat([frame, frame.flip(2, 3)]) for frame in upright]


def close(ours: Tensor, published: Tensor) -> None:
    assert ours.shape == published.shape
    assert float((ours - published).abs().max()) < TOLERANCE


def test_vector_equals_the_published_one(
    network: InterFrameInterpolator, frames: list[Tensor], expected: dict[str, Tensor]
) -> None:
    (first, turned_first), (last, turned_last) = frames
    four = torch.stack([first, last, turned_first, turned_last])
    made = MotionPooler(network).vectors(four, torch.tensor([[[0, 1], [2, 3]]]))
    close(torch.from_numpy(published_order(made.numpy(), 4))[0], expected["motion"])
    assert vector_size(32, "mean", 2) == 3072


@torch.inference_mode()
def test_network_equals_the_published_one(
    network: InterFrameInterpolator,
    frames: list[Tensor],
    expected: dict[str, Tensor],
    keys: dict[str, Any],
) -> None:
    features = network.features(*frames)
    close(pooled_appearance(features).flatten(), expected["appearance"])
    made = network.interpolate(features, *frames)
    close(made.flow[-1][:, :, ::8, ::8], expected["flow"])
    upright, turned = made.prediction
    prediction = (upright + turned.flip(1, 2))[None] / 2
    close(prediction[:, :, ::8, ::8], expected["prediction"])
    middle = formula_frames(2, 112, 112, seed=6)[:1]
    metrics = keys["metrics"]
    assert float(psnr(prediction, middle)) == pytest.approx(metrics["psnr"], abs=2e-5)
    rounded = (prediction * 255).round() / 255
    assert float(psnr(rounded, middle)) == pytest.approx(metrics["psnr_rounded"], abs=2e-5)
    assert float(laplacian_loss(prediction, middle, levels=4)) == pytest.approx(
        metrics["lap4"], abs=TOLERANCE
    )


def test_order_is_by_direction_then_turn_then_scale() -> None:
    width = 4
    fine = np.arange(4 * 8 * width).reshape(2, 2, -1)  # turned or not, direction, channel
    coarse = 1000 + np.arange(4 * 16 * width).reshape(2, 2, -1)
    vector = np.concatenate([fine.ravel(), coarse.ravel()])[None].astype(np.float32)
    rows = published_order(vector, width).reshape(2, 2, -1)
    for direction in (0, 1):
        for turned in (0, 1):
            wanted = np.concatenate([fine[turned, direction], coarse[turned, direction]])
            assert np.array_equal(rows[direction, turned], wanted)


def test_learning_rate_is_the_published_one(keys: dict[str, Any]) -> None:
    full = TrainingSettings(steps=300 * 933, learning_rate=2e-4, warmup_steps=2000)
    for step, rate in keys["learning_rate"].items():
        assert full.rate(int(step)) == pytest.approx(rate, rel=1e-9), step
