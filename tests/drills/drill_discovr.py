"""DISCOVR for longer: damaged checkpoints, masks of any shape, a training of the CPU size that does not
collapse, and one with published settings that does.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infomotion_lib.data.records import read_dataset
from infomotion_lib.errors import CheckpointError
from infomotion_lib.phantom.dataset import make_dataset
from infomotion_lib.phantom.plan import PhantomRequest, video_counts
from infomotion_lib.representations.discovr.clips import ClipSource, Cut
from infomotion_lib.representations.discovr.masks import random_masks, visible_count
from infomotion_lib.representations.discovr.model import Model
from infomotion_lib.representations.discovr.network import new_discovr
from infomotion_lib.representations.discovr.published import load_discovr
from infomotion_lib.representations.discovr.settings import TrainingSettings
from infomotion_lib.representations.discovr.sizes import SIZES
from infomotion_lib.representations.discovr.training import TrainingResult, train_discovr
from infomotion_lib.training.placement import Placement

HEADS = (SIZES["tiny"].heads, SIZES["tiny"].decoder_heads)


def test_damaged_checkpoints_are_refused_or_read_whole(tmp_path: Path) -> None:
    state = new_discovr(SIZES["tiny"], seed=0).state_dict()
    path, damaged = tmp_path / "whole.pth", tmp_path / "damaged.pth"
    torch.save({"model": state, "args": argparse.Namespace(lr=1.0), "epoch": 3}, path)
    content, rng, refused = path.read_bytes(), np.random.default_rng(0), 0
    for _ in range(300):
        changed = bytearray(content)
        for place in rng.integers(0, len(changed), 3):
            changed[place] = int(rng.integers(256))
        damaged.write_bytes(
            changed[: int(rng.integers(1, len(changed) + 1))] if rng.random() < 0.3 else changed
        )
        try:
            assert load_discovr(damaged, heads=HEADS).size == SIZES["tiny"]
        except CheckpointError:
            refused += 1
    assert refused > 50


@given(
    clips=st.integers(1, 4),
    times=st.integers(1, 8),
    places=st.integers(2, 196),
    views=st.integers(1, 6),
    ratio=st.floats(0, 0.99),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=500)
def test_masks(clips: int, times: int, places: int, views: int, ratio: float, seed: int) -> None:
    masks, seen = (
        random_masks(
            np.random.default_rng(seed),
            clips=clips,
            frames=2 * times,
            places=places,
            views=views,
            ratio=ratio,
        ),
        visible_count(places, ratio),
    )
    assert 1 <= seen <= places and masks.views.shape == (views, clips, times * seen)
    assert (masks.whole.diff(dim=-1) > 0).all() and masks.images.max() < places
    of_times = masks.whole.view(clips, times, seen) % places
    assert (of_times == of_times[:, :1]).all()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[ClipSource, ClipSource]:
    counts = video_counts(20, 10, (1, 1, 1, 1, 1))
    request = PhantomRequest(role="real", seed=5, counts=counts, frames=64)
    folder = make_dataset(tmp_path_factory.mktemp("phantom") / "hearts", request, progress=False)
    videos = read_dataset(folder, name="phantom").videos.assign(source="real")
    cut = Cut(SIZES["cpu"].side, SIZES["cpu"].frames, 3)
    train, val = (
        ClipSource.of(videos[videos["split"] == split], cut, workers=1) for split in ("TRAIN", "VAL")
    )
    return train, val


def trained(sources: tuple[ClipSource, ClipSource], folder: Path) -> TrainingResult:
    train, val = sources
    model = Model.of_pool(new_discovr(SIZES["cpu"], seed=0), *train.pixels(), period=3)
    return train_discovr(
        model, train, folder=folder, settings=TrainingSettings(), val=val, placement=Placement()
    )


def test_the_defaults_do_not_collapse(sources: tuple[ClipSource, ClipSource], tmp_path: Path) -> None:
    result = trained(sources, tmp_path)
    print(result.summary())
    assert result.alarms == []
    assert result.log["video_scores"].iloc[-1] < result.log["video_scores"].iloc[0]
