"""The frame network: seeded, learns what a frame shows, survives a round trip to disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

from infomotion_lib.errors import CheckpointError, DataError
from infomotion_lib.representations.appearance.network import (
    AppearanceModel,
    appearance_frame_numbers,
    embed,
    load_appearance,
    save_appearance,
    train_appearance,
)

SIZE = 32


@pytest.fixture(scope="module")
def bright_frames() -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """24 noise frames of 40 px whose lower half is the brighter, the higher the EF."""
    rng = np.random.default_rng(0)
    ef = rng.uniform(10, 80, 24)
    frames = rng.integers(0, 60, (24, 40, 40))
    frames[:, 20:] += (2 * ef[:, None, None]).astype(int)
    return frames.astype(np.uint8), ef


@pytest.fixture(scope="module")
def fitted(bright_frames: tuple[NDArray[np.uint8], NDArray[np.float64]]) -> AppearanceModel:
    return train_appearance(*bright_frames, steps=12, size=SIZE, batch_size=8, seed=3)


def test_training_learns_a_visible_label(fitted: AppearanceModel) -> None:
    assert len(fitted.losses) == 12
    assert np.mean(fitted.losses[-3:]) < 0.5 * np.mean(fitted.losses[:2])


def test_embeddings_have_the_published_shape_and_differ(
    fitted: AppearanceModel, bright_frames: tuple[NDArray[np.uint8], NDArray[np.float64]]
) -> None:
    vectors = embed(fitted, bright_frames[0])
    assert vectors.shape == (24, 512) and vectors.dtype == np.float32
    assert np.isfinite(vectors).all() and vectors.std(axis=0).max() > 1e-3
    np.testing.assert_allclose(embed(fitted, bright_frames[0][5:7]), vectors[5:7], atol=1e-4)
    assert embed(fitted, bright_frames[0][:0]).shape == (0, 512)


def test_same_seed_same_weights(
    fitted: AppearanceModel, bright_frames: tuple[NDArray[np.uint8], NDArray[np.float64]]
) -> None:
    again = train_appearance(*bright_frames, steps=12, size=SIZE, batch_size=8, seed=3)
    other = train_appearance(*bright_frames, steps=12, size=SIZE, batch_size=8, seed=4)
    assert again.losses == fitted.losses
    assert other.losses != fitted.losses


def test_round_trip(
    fitted: AppearanceModel, bright_frames: tuple[NDArray[np.uint8], NDArray[np.float64]], tmp_path: Path
) -> None:
    read = load_appearance(save_appearance(fitted, tmp_path / "appearance.safetensors"))
    np.testing.assert_array_equal(embed(read, bright_frames[0]), embed(fitted, bright_frames[0]))
    assert (read.size, read.losses, read.ef_mean) == (fitted.size, fitted.losses, fitted.ef_mean)


@pytest.mark.parametrize("content", [None, b"", b"not weights at all"])
def test_a_broken_file_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"weights\.safetensors"):
        load_appearance(path)


def test_ed_stands_for_a_video_else_its_middle() -> None:
    index = pd.DataFrame({"ed": pd.array([7, None], dtype="Int64"), "n_frames": [20, 31]})
    assert appearance_frame_numbers(index).tolist() == [7, 15]


def test_bad_input_is_refused() -> None:
    frames = np.zeros((2, 40, 40), dtype=np.uint8)
    with pytest.raises(DataError, match="frame 1 is not finite"):
        train_appearance(frames, [50.0, np.nan], steps=1)
    with pytest.raises(DataError, match="2 frames and 1 EF labels"):
        train_appearance(frames, [50.0], steps=1)
    with pytest.raises(DataError, match="uint8"):
        train_appearance(frames.astype(np.float32), [50.0, 60.0], steps=1)  # type: ignore[arg-type]
