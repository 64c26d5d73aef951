"""MAFE for longer: a training of whose targets the network learns the flow, targets that must follow flips, a
kill at any step, the true flow of many hearts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from infomotion_lib.data.records import read_dataset
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.phantom.dataset import make_dataset
from infomotion_lib.phantom.geometry import tracing
from infomotion_lib.phantom.motion import carried
from infomotion_lib.phantom.plan import PhantomRequest, video_counts
from infomotion_lib.phantom.sampling import sample_heart
from infomotion_lib.representations.ifa.augment import Augmentation, Change
from infomotion_lib.representations.ifa.settings import TrainingSettings
from infomotion_lib.representations.ifa.training import new_interpolator, train_interpolator
from infomotion_lib.representations.ifa.triplets import TripletStore, attach_paths
from infomotion_lib.representations.mafe import taught
from infomotion_lib.representations.mafe.choices import Choices
from infomotion_lib.representations.mafe.objective import MafeObjective, Targets, TaughtNetwork
from infomotion_lib.representations.mafe.taught import Taught
from infomotion_lib.training.placement import Placement


@given(seed=st.integers(0, 10**6), ef=st.floats(10, 85), level=st.floats(0, 1), first=st.integers(0, 40))
@settings(max_examples=300, deadline=None)
def test_the_true_flow_carries_every_tracing(seed: int, ef: float, level: float, first: int) -> None:
    heart = sample_heart(np.random.default_rng(seed), ef, level=level)
    for second in (first + 1, first + heart.cycle // 3):
        before, after = tracing(heart, first), tracing(heart, second)
        points = np.concatenate([before[1:, :2], before[1:, 2:]])  # chords: their ends lie on the endocardium
        wanted = np.concatenate([after[1:, :2], after[1:, 2:]])
        columns, rows = carried(heart, *points.T[:, None], first=first, second=second)
        assert np.abs(np.stack([columns[0], rows[0]], axis=1) - wanted).max() < 1e-3


@given(
    swap=st.booleans(),
    mirror=st.booleans(),
    upend=st.booleans(),
    turns=st.integers(0, 3),
    seed=st.integers(0, 99),
)
@settings(max_examples=200, deadline=None)
def test_flows_follow_any_change(swap: bool, mirror: bool, upend: bool, turns: int, seed: int) -> None:
    """A marked pixel and where its flow points end up as far apart after a change as the flow says then."""
    rng = np.random.default_rng(seed)
    change, size = Change(swap, mirror, upend, turns), 16
    y, x, dy, dx = 7, 6, *rng.integers(-4, 5, 2).tolist()
    flows = np.zeros((2, 2, size, size))
    flows[1, 0, y, x], flows[1, 1, y, x] = dx, dy
    triplet = np.zeros((3, size, size), np.uint8)
    triplet[1, y, x] = 1
    triplet[2, y + dy, x + dx] = 1
    frames, moved = change.of_frames(triplet), change.of_flows(flows)
    (at,) = np.argwhere(frames[1])
    end = 0 if swap else 2
    (to,) = np.argwhere(frames[end])
    assert moved[end // 2, :, at[0], at[1]].tolist() == [to[1] - at[1], to[0] - at[0]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    counts = video_counts(12, 4, (1, 1, 1, 1, 1))
    folder = make_dataset(
        tmp_path_factory.mktemp("phantom") / "hearts",
        PhantomRequest(role="real", seed=5, counts=counts, frames=64),
        progress=False,
    )
    dataset = read_dataset(folder, name="phantom")
    index = build_frame_index(dataset, source="real", parameters=FrameIndexParameters())
    return attach_paths(index, {"real": dataset})


def fitted(rows: pd.DataFrame, folder: Path, **values: Any) -> Taught:
    train, val = (rows[rows["split"] == split] for split in ("TRAIN", "VAL"))
    asked = {"representations": ["mafe"], "mafe_method": "flow", "mafe_width": 4, "workers": 1} | values
    parameters: Any = stage_parameters("ifa_training", asked)
    return taught.fit(train, val, folder=folder, parameters=parameters, device="cpu")


def textures(count: int, *, seed: int, size: int = 48) -> tuple[TripletStore, NDArray[np.float16]]:
    """Smooth textures that move by whole pixels, and their flow targets."""
    rng = np.random.default_rng(seed)
    low_pass = np.exp(-0.5 * (np.fft.fftfreq(size) / 0.03) ** 2)
    moves = rng.integers(-3, 4, (count, 2))
    frames = []
    for x, y in moves:
        texture = np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) * np.outer(low_pass, low_pass)).real
        grey = np.clip(127 + 60 * texture / texture.std(), 0, 255).astype(np.uint8)
        frames += [np.roll(grey, (k * y, k * x), axis=(0, 1)) for k in range(3)]
    flows = np.stack([-moves, moves], axis=1)[..., None, None].repeat(size, -1).repeat(size, -2)
    names = tuple(f"real/{number} systole" for number in range(count))
    return TripletStore(np.stack(frames), np.arange(3 * count).reshape(-1, 3), names), flows.astype(
        np.float16
    )


def test_targets_that_follow_teach_flow_and_others_teach_less(tmp_path: Path) -> None:
    (store, flows), (unseen, true) = textures(256, seed=0), textures(32, seed=9)
    swaps = Augmentation(horizontal_flip=False, vertical_flip=False, rotation=False, channel_reversal=False)
    signs = {}
    for follow in (True, False):
        network = new_interpolator(8, (1, 1, 1, 1, 1), seed=0, refine=False)
        objective = MafeObjective(
            "flow",
            Choices(targets_follow=follow),
            Targets(flows),
            TaughtNetwork(network, identifies=False, seed=1),
            flow_weight=0.3,
        )
        train_interpolator(
            network,
            store,
            folder=tmp_path / str(follow),
            settings=TrainingSettings(steps=240, learning_rate=2e-3, warmup_steps=10, augmentation=swaps),
            placement=Placement(),
            objective=objective,
        )
        signs[follow] = taught.val_signs(objective, unseen, Targets(true))
    print(signs)
    assert signs[True].flow < 0.9 * signs[True].flow_zero
    assert signs[False].flow > 1.1 * signs[True].flow


def test_a_kill_at_any_step_changes_nothing(
    rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"mafe_method": "both", "mafe_steps": 6, "mafe_reid_steps": 2, "mafe_reid_size": 32}
    whole = fitted(rows, tmp_path / "whole", **options)
    plain = taught.train_interpolator
    for kill_at in range(1, 7):

        def killed(*arguments: Any, kill_at: int = kill_at, **named: Any) -> Any:
            def on_step(step: int, loss: float) -> None:
                if step == kill_at:
                    raise KeyboardInterrupt

            return plain(*arguments, on_step=on_step, **named)

        folder = tmp_path / str(kill_at)
        monkeypatch.setattr(taught, "train_interpolator", killed)
        with pytest.raises(KeyboardInterrupt):
            fitted(rows, folder, **options)
        monkeypatch.setattr(taught, "train_interpolator", plain)
        again = fitted(rows, folder, **options)
        pd.testing.assert_frame_equal(again.trained.log, whole.trained.log, check_exact=True)
        theirs = whole.network.state_dict()
        assert all(torch.equal(value, theirs[name]) for name, value in again.network.state_dict().items())
        assert again.signs == whole.signs and again.accuracy == whole.accuracy
