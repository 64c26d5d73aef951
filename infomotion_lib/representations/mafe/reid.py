"""The re-identification teacher: a siamese ResNet-18 that says whether two frames are of one video."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from infomotion_lib import arithmetic
from infomotion_lib.errors import CheckpointError, DataError
from infomotion_lib.representations.appearance.network import EMBEDDING_SIZE, frame_resnet, placed, prepared
from infomotion_lib.representations.ifa.triplets import TripletStore
from infomotion_lib.training.lesson import Lesson, taught
from infomotion_lib.training.placement import Placement
from infomotion_lib.weights import is_kind, read_weights, refused, save_weights

FORMAT = 1
IDENTITY_SIZE = 128
"""Numbers of an identity vector (published)."""

PAIRS = 16
"""Pairs of frames per step (published: 128)."""

LEARNING_RATE = 1e-3
"""Of Adam (published: 1e-4, from ImageNet weights)."""

KIND, CHECKPOINT = "infomotion_reid", "reid_last.pt"
_PAIRS_STREAM, _VAL_STREAM, _VAL_PAIRS = 11, 12, 256


class Siamese(nn.Module):
    """Identity of a frame: 128 numbers in (0, 1); a logit says from the difference of two whether they are of
    one video.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = frame_resnet()
        self.fc = nn.Linear(EMBEDDING_SIZE, IDENTITY_SIZE)
        self.fc_end = nn.Linear(IDENTITY_SIZE, 1)

    def identities(self, frames: Tensor) -> Tensor:
        """Identity vectors (B, 128) of frames (B, 1, S, S)."""
        return torch.sigmoid(self.fc(self.body(frames)))

    def compared(self, first: Tensor, second: Tensor) -> Tensor:
        """Logits (B,) of being of one video, from identity vectors (B, 128)."""
        logits: Tensor = self.fc_end((first - second).abs())
        return logits[:, 0]

    def forward(self, pairs: Tensor) -> Tensor:
        """Logits (B,) of pairs of frames (B, 2, S, S)."""
        first, second = self.identities(pairs.flatten(0, 1)[:, None]).unflatten(0, (-1, 2)).unbind(1)
        return self.compared(first, second)


@dataclass(frozen=True)
class Teacher:
    """A trained siamese network with the constants of its pixels.

    Attributes
    ----------
    network : Siamese
        In evaluation mode.
    size : int
        Side of its input.
    mean, sd : float
        Of TRAIN frames, grey levels.
    accuracy : float
        Share of VAL pairs, half of them of one video, that it tells right; nan without two VAL videos.
    """

    network: Siamese
    size: int
    mean: float
    sd: float
    accuracy: float

    @torch.inference_mode()
    def identities(self, frames: NDArray[np.uint8], *, batch_size: int = 64) -> NDArray[np.float32]:
        """Identity vectors (N, 128) of frames (N, H, W)."""
        device = next(self.network.parameters()).device
        rows = [np.zeros((0, IDENTITY_SIZE), dtype=np.float32)]
        for start in range(0, len(frames), batch_size):
            inputs = prepared(frames[start : start + batch_size], self.size, self.mean, self.sd)
            rows.append(self.network.identities(inputs.to(device)).float().cpu().numpy())
        return np.concatenate(rows)


def reid_teacher(
    train: TripletStore,
    val: TripletStore,
    *,
    path: Path,
    steps: int,
    size: int,
    seed: int,
    placement: Placement,
) -> Teacher:
    """Teacher trained on frames of TRAIN videos; taken from ``path`` if an equal one was finished there.

    A training that was cut short goes on; equal videos and settings give equal weights.

    Parameters
    ----------
    train, val : TripletStore
        VAL tells how well it knows hearts again, and chooses nothing.
    path : path
        A ``.safetensors`` file; the state of a training lies beside it.
    steps, size, seed : int
        Training steps, side of the input, seed.
    placement : Placement
        Where it runs. The batch normalisation of several processes is that of the whole batch.

    Raises
    ------
    DataError
        If there are fewer than two TRAIN videos.
    """
    mean, sd = float(train.frames.mean()), max(float(train.frames.std()), 1.0)
    identity = _identity(train, val, f"{steps}-{size}-{seed}")
    if (earlier := _earlier(path, identity)) is not None:
        return earlier
    videos = frames_by_video(train)
    if len(videos) < 2:
        raise DataError("Re-identification needs two TRAIN videos.", remedy="Use mafe_method = 'flow'.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = placed(Siamese(), "cpu")
    inputs = prepared(train.frames, size, mean, sd)
    checkpoint = path.with_name(CHECKPOINT)
    lesson = Lesson(
        label="re-identification teacher",
        network=network,
        loss=_SameOrNot(network),
        draw=partial(_drawn, inputs, videos, seed),
        steps=steps,
        batch=PAIRS,
        # fused: its square root is exact, see arithmetic.py
        optimiser=partial(torch.optim.Adam, lr=LEARNING_RATE, fused=True),
        identity={"identity": identity},
        checkpoint=checkpoint,
    )
    taught(lesson, placement)
    teacher = Teacher(network.eval(), size, mean, sd, float("nan"))
    teacher = Teacher(network, size, mean, sd, told_apart(teacher, val, seed=seed))
    about = {"size": size, "mean": mean, "sd": sd, "accuracy": teacher.accuracy, "identity": identity}
    save_weights(network, path, kind=KIND, about=about)
    checkpoint.unlink(missing_ok=True)
    return teacher


class _SameOrNot(nn.Module):
    """Cross entropy of what the network says of pairs."""

    def __init__(self, network: Siamese) -> None:
        super().__init__()
        self.network = network

    def forward(self, pairs: Tensor, same: Tensor) -> Tensor:
        """A scalar, of pairs (B, 2, S, S) and whether they are of one video (B,)."""
        return nn.functional.binary_cross_entropy_with_logits(self.network(pairs), same)


def _drawn(
    inputs: Tensor, videos: list[NDArray[np.int64]], seed: int, step: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    rows, same = pairs_of(videos, PAIRS, np.random.default_rng([seed, _PAIRS_STREAM, step]))
    pairs = inputs[rows.ravel(), 0].unflatten(0, (-1, 2))
    return pairs.to(device), torch.from_numpy(same).float().to(device)


@torch.inference_mode()
def told_apart(teacher: Teacher, store: TripletStore, *, seed: int) -> float:
    """Share of 256 pairs of frames, half of one video and half of two, that the teacher tells right."""
    videos = frames_by_video(store)
    if len(videos) < 2:
        return float("nan")
    rows, same = pairs_of(videos, _VAL_PAIRS, np.random.default_rng([seed, _VAL_STREAM]))
    identities = torch.from_numpy(teacher.identities(store.frames))
    network = teacher.network
    device = next(network.parameters()).device
    logits = network.compared(*(identities[rows[:, k]].to(device) for k in (0, 1)))
    return float(((logits > 0).cpu().numpy() == same).mean())


def frames_by_video(store: TripletStore) -> list[NDArray[np.int64]]:
    """Rows of the store's frames by video, of videos with two frames or more."""
    rows: dict[str, set[int]] = {}
    for name, triplet in zip(store.names, store.triplets.tolist(), strict=True):
        rows.setdefault(name.rsplit(" ", 1)[0], set()).update(triplet)
    return [np.array(sorted(some)) for some in rows.values() if len(some) > 1]


def pairs_of(
    videos: list[NDArray[np.int64]], count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Rows of frames (count, 2) and whether both are of one video (count,), every second one."""
    same = np.arange(count) % 2 == 0
    rows = []
    for alike in same:
        if alike:
            rows.append(rng.choice(videos[int(rng.integers(len(videos)))], 2, replace=False))
        else:
            two = rng.choice(len(videos), 2, replace=False)
            rows.append(np.array([rng.choice(videos[int(one)]) for one in two]))
    return np.stack(rows), same


def _identity(train: TripletStore, val: TripletStore, how: str) -> str:
    data = zlib.crc32(np.ascontiguousarray(train.frames).data)
    held = zlib.crc32(np.ascontiguousarray(val.frames).data)
    names = zlib.crc32("\n".join((*train.names, *val.names)).encode())
    return f"{FORMAT}-{data:08x}-{held:08x}-{names:08x}-{how}-{arithmetic.state('native')['in_force']}"


def _earlier(path: Path, identity: str) -> Teacher | None:
    """The finished teacher of this identity; None where there is none."""
    if not path.is_file() or not is_kind(path, KIND):
        return None
    try:
        with refused(f"Not a re-identification teacher: {path}", remedy="Delete it to train anew."):
            about, state = read_weights(path, kind=KIND)
            network = Siamese()
            network.load_state_dict(state)
            known = (int(about["size"]), float(about["mean"]), float(about["sd"]), float(about["accuracy"]))
    except CheckpointError:
        return None
    return Teacher(placed(network, "cpu").eval(), *known) if about["identity"] == identity else None
