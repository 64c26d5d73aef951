"""Labels are read off a pool once, as long as the same network looks at the same clips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from infomotion_lib.regressor.clips import ClipStore
from infomotion_lib.regressor.fitted import FittedRegressor
from infomotion_lib.regressor.inputs import Normalisation
from infomotion_lib.regressor.kept_labels import relabel_once
from infomotion_lib.regressor.labels import relabel
from infomotion_lib.regressor.model import build_regressor

POOL = pd.DataFrame({"file_name": ["a", "b"], "fps": 12.5, "requested_ef": [20.0, np.nan]})


@pytest.fixture
def fitted() -> FittedRegressor:
    torch.manual_seed(0)
    network = build_regressor("tiny_r3d", in_channels=1).eval()
    return FittedRegressor(
        network, "tiny_r3d", 4, 1, 16, Normalisation(100.0, 50.0, 20.0), 55.123456789, 12.0
    )


@pytest.fixture
def store(tmp_path: Path) -> ClipStore:
    rng = np.random.default_rng(0)
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", rng.integers(0, 255, (8, 16, 16), dtype=np.uint8))
    return ClipStore(tmp_path, 16, {name: f"{name}.npy" for name in "ab"}, dict.fromkeys("ab", 8))


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Clips of each look of the network."""
    looks: list[int] = []
    plain = FittedRegressor.predict

    def counted(self: FittedRegressor, videos, **how):  # type: ignore[no-untyped-def]
        looks.append(len(videos))
        return plain(self, videos, **how)

    monkeypatch.setattr(FittedRegressor, "predict", counted)
    return looks


def test_labels_are_taken_up_to_the_last_digit(
    fitted: FittedRegressor, store: ClipStore, tmp_path: Path, looked: list[int]
) -> None:
    file = tmp_path / "labels.json"
    plain = relabel(POOL, fitted, store=store, reference_fps=50)
    made = [relabel_once(POOL, fitted, file, store=store, reference_fps=50) for _ in range(2)]
    assert looked == [2, 2], "the second call has not looked"
    for labels in made:
        pd.testing.assert_frame_equal(labels, plain, check_exact=True)


def test_another_network_or_clip_is_looked_at_anew(
    fitted: FittedRegressor, store: ClipStore, tmp_path: Path, looked: list[int]
) -> None:
    file, other = tmp_path / "labels.json", replace(store, keys={"a": "b.npy", "b": "a.npy"})
    retrained = replace(fitted, network=build_regressor("tiny_r3d", in_channels=1).eval())
    for network, clips, fps in [
        (fitted, store, 50),
        (retrained, store, 50),
        (replace(fitted, test_clips=2), store, 50),
        (fitted, other, 50),
        (fitted, store, 25),
    ]:
        relabel_once(POOL, network, file, store=clips, reference_fps=fps)
    assert looked == [2] * 5
