"""Teaching the re-identification network on frames of real TRAIN videos: are two of one video, or of two?"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from infomotion_lib import arithmetic
from infomotion_lib.errors import CheckpointError, DataError
from infomotion_lib.generators.privacy.network import Reidentification, scaled
from infomotion_lib.progress import track
from infomotion_lib.weights import is_kind, read_weights, refused, save_weights

FORMAT = 1
"""Raised when equal clips and settings teach another network: one of another format is taught again."""

KIND = "infomotion_reidentification"
PAIRS = 32
"""Videos per step, two frames of each."""

TEMPERATURE = 0.1
"""Of the correlations that are told apart."""

LEARNING_RATE = 1e-3
"""Of Adam (published: 1e-4, for days)."""

_VAL_PAIRS, _VAL_STREAM = 256, 1


def reidentification(
    clips: NDArray[np.uint8],
    videos: NDArray[np.int64],
    *,
    steps: int,
    path: Path,
    seed: int = 0,
    device: str = "cpu",
) -> Reidentification:
    """Network in evaluation mode, taught on these clips; taken from ``path`` if an equal one was finished.

    Each frame is dimmed or brightened, moved, blurred or speckled at random, so that a heart is known again
    behind what an autoencoder or a generator does to a picture.

    Parameters
    ----------
    clips : ndarray, shape (N, T, S, S), uint8
        Of TRAIN videos, several clips of a video or one.
    videos : ndarray, shape (N,)
        Number of the video each clip is of.
    path : Path
        A ``.safetensors`` file.

    Raises
    ------
    DataError
        If there are not two videos to tell apart.
    """
    rows = _rows_by_video(videos)
    if len(rows) < 2:
        raise DataError(f"Hearts are told apart on two TRAIN videos or more, not {len(rows)}.")
    identity = _identity(clips, videos, [FORMAT, steps, seed])
    torch.manual_seed(seed)
    network = Reidentification("small", channels=1)
    if _finished(path, identity, network):
        return network.to(device).eval()
    network.to(device).train()
    frames = torch.stack([scaled(torch.from_numpy(clip).float()) for clip in clips])  # (N, T, S, S)
    # fused: its square root is exact, see arithmetic.py
    optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, fused=True)
    for step in track(range(steps), label="re-identification", unit="step"):
        random = np.random.default_rng([seed, step])
        torch.manual_seed(int(random.integers(2**62)))
        places = _two_of_each(rows, clips.shape[1], random)
        shown = frames[places[..., 0].ravel(), places[..., 1].ravel()][:, None]  # (2 * videos, 1, S, S)
        first, second = network(_changed(shown).to(device)).unflatten(0, (-1, 2)).unbind(1)
        loss = _same_or_not(network, first, second) + _found_among(first, second)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    save_weights(network, path, kind=KIND, about={"identity": identity})
    return network.eval()


@torch.inference_mode()
def told_apart(network: Reidentification, clips: NDArray[np.uint8], videos: NDArray[np.int64]) -> float:
    """Share of 256 pairs of frames, half of them of one video, that the network tells right; NaN where there
    are not two videos.
    """
    rows = _rows_by_video(videos)
    if len(rows) < 2:
        return float("nan")
    places, same = _pairs(rows, clips.shape[1], _VAL_PAIRS, np.random.default_rng(_VAL_STREAM))
    device = network.fc_end.weight.device
    frames = torch.stack([scaled(torch.from_numpy(clip).float()) for clip in clips])
    shown = frames[places[..., 0].ravel(), places[..., 1].ravel()][:, None]
    first, second = network(shown.to(device)).unflatten(0, (-1, 2)).unbind(1)
    return float(((network.same_video(first, second) > 0).cpu().numpy() == same).mean())


def _rows_by_video(videos: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [np.flatnonzero(videos == video) for video in np.unique(videos)]


def _pairs(
    rows: list[NDArray[np.int64]], frames: int, count: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Clip and frame of both sides of pairs, (count, 2, 2), and whether they are of one video, (count,)."""
    same = np.arange(count) % 2 == 0
    places = np.empty((count, 2, 2), dtype=np.int64)
    for number, alike in enumerate(same):
        two = random.choice(len(rows), 2, replace=False)
        for side, video in enumerate((two[0], two[0] if alike else two[1])):
            places[number, side] = random.choice(rows[video]), random.integers(frames)
    return places, same


def _two_of_each(
    rows: list[NDArray[np.int64]], frames: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Clip and frame of two moments of each of some videos, (videos, 2, 2)."""
    chosen = random.choice(len(rows), min(PAIRS, len(rows)), replace=False)
    places = [[(random.choice(rows[video]), random.integers(frames)) for _ in range(2)] for video in chosen]
    return np.array(places, dtype=np.int64)


def _same_or_not(network: Reidentification, first: Tensor, second: Tensor) -> Tensor:
    """Error of the logits that frames are of one video: those of one, and each with that of the next."""
    logits = torch.cat([network.same_video(first, second), network.same_video(first, second.roll(1, 0))])
    target = torch.cat([torch.ones(len(first)), torch.zeros(len(first))]).to(logits.device)
    return functional.binary_cross_entropy_with_logits(logits, target)


def _found_among(first: Tensor, second: Tensor) -> Tensor:
    """Error of finding the other frame of a video among all by the correlation of features (N, F), which is
    what the filter goes by (the published network is taught by pairs alone, for days).
    """
    one, other = (
        functional.normalize(part - part.mean(dim=1, keepdim=True), dim=1) for part in (first, second)
    )
    likeness = one @ other.T / TEMPERATURE
    wanted = torch.arange(len(first), device=first.device)
    return functional.cross_entropy(likeness, wanted) + functional.cross_entropy(likeness.T, wanted)


def _changed(frames: Tensor) -> Tensor:
    """Frames (N, 1, S, S) of which each is dimmed or brightened, moved by up to two pixels and speckled, and
    every second one blurred.
    """
    side, count = frames.shape[-1], len(frames)
    coarse = functional.interpolate(frames, size=(side // 2, side // 2), mode="area")
    blurred = functional.interpolate(coarse, size=(side, side), mode="bilinear")
    chosen = (torch.rand(count, 1, 1, 1) < 0.5).float()
    shown = chosen * blurred + (1 - chosen) * frames
    shifts = torch.randint(-2, 3, (count, 2)).tolist()
    shown = torch.stack([frame.roll(shift, (-2, -1)) for frame, shift in zip(shown, shifts, strict=True)])
    gain = 0.7 + 0.5 * torch.rand(count, 1, 1, 1)
    noise = 0.2 * torch.rand(count, 1, 1, 1) * torch.randn(frames.shape)
    return ((shown + 1) * gain - 1 + noise).clamp(-1, 1)


def _identity(clips: NDArray[np.uint8], videos: NDArray[np.int64], how: list[int]) -> str:
    digest = hashlib.sha256(json.dumps([*how, *clips.shape]).encode())
    digest.update(np.ascontiguousarray(clips).data)
    digest.update(np.ascontiguousarray(videos).data)
    return f"{digest.hexdigest()[:32]}-{arithmetic.state('native')['in_force']}"


def _finished(path: Path, identity: str, network: Reidentification) -> bool:
    """Whether a network of this identity lies there; it is read into ``network`` then."""
    if not path.is_file() or not is_kind(path, KIND):
        return False
    try:
        with refused(f"Not a re-identification network: {path}", remedy="Delete it to teach another."):
            about, state = read_weights(path, kind=KIND)
            if about["identity"] != identity:
                return False
            network.load_state_dict(state)
    except CheckpointError:
        return False
    return True
