"""What one frame looks like: a ResNet-18 trained on single TRAIN frames, and its 512-number embedding.

K-means and InfoDist choose videos by appearance. The paper says that their ResNet-18 was retrained on
ultrasound and leaves the task open; here it regresses the EF of the video from one frame, an assumption that
is easy to state and needs no other label. Training is short on purpose: what is used is the pooled layer
before the last one, not the EF that it predicts.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from infomotion_lib.errors import DataError
from infomotion_lib.training.lesson import Lesson, taught
from infomotion_lib.training.placement import Placement
from infomotion_lib.weights import read_weights, refused, save_weights

N = TypeVar("N", bound=nn.Module)

FORMAT = 1
"""Raised when equal frames and settings teach another network: a checkpoint of another format is not gone on
from.
"""

EMBEDDING_SIZE = 512
LEARNING_RATE, WEIGHT_DECAY = 1e-3, 1e-4
_KIND = "infomotion_appearance"


def frame_resnet() -> nn.Module:
    """ResNet-18 with random weights on grey frames (B, 1, S, S), up to its pooled embedding (B, 512)."""
    from monai.networks.nets.resnet import (
        resnet18,
    )  # its import takes seconds: only whoever builds a network pays

    body: nn.Module = resnet18(
        spatial_dims=2, n_input_channels=1, conv1_t_size=7, conv1_t_stride=2, feed_forward=False
    )
    return body


class FrameResNet(nn.Module):
    """ResNet-18 on grey frames (B, 1, S, S): ``body`` gives the pooled embedding (B, 512), ``head`` the
    standardised EF (B, 1).
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = frame_resnet()
        self.head = nn.Linear(EMBEDDING_SIZE, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Standardised EF (B,) of frames (B, 1, S, S)."""
        prediction: Tensor = self.head(self.body(frames))
        return prediction[:, 0]


@dataclass(frozen=True)
class AppearanceModel:
    """A trained frame network with the constants it needs.

    Attributes
    ----------
    network : FrameResNet
        In evaluation mode.
    size : int
        Side of its input, pixels; frames are resized by area averaging.
    pixel_mean, pixel_sd : float
        Of the TRAIN frames, grey levels.
    ef_mean, ef_sd : float
        Of the TRAIN labels, EF points.
    losses : tuple of float
        Mean squared error of each training step, in units of ``ef_sd`` squared.
    """

    network: FrameResNet
    size: int
    pixel_mean: float
    pixel_sd: float
    ef_mean: float
    ef_sd: float
    losses: tuple[float, ...] = ()

    def __repr__(self) -> str:
        return f"AppearanceModel(ResNet-18, {self.size} px, {len(self.losses)} training steps)"


def appearance_frame_numbers(frame_index: pd.DataFrame) -> NDArray[np.int64]:
    """Frame number that stands for each video, (N,): its ED frame, or the middle of the clip where ED is not
    known.

    Parameters
    ----------
    frame_index : DataFrame
        Rows of ``frame_index.csv`` with columns ``ed`` and ``n_frames``.
    """
    middle = frame_index["n_frames"].astype("Int64") // 2
    return np.asarray(frame_index["ed"].astype("Int64").fillna(middle), dtype=np.int64)


def train_appearance(
    frames: NDArray[np.uint8],
    ef: Sequence[float] | NDArray[np.floating],
    *,
    steps: int = 150,
    size: int = 64,
    batch_size: int = 16,
    seed: int = 0,
    placement: Placement = Placement(),  # noqa: B008  # frozen
    checkpoint: Path | None = None,
) -> AppearanceModel:
    """Frame network fitted to EF by mean squared error (AdamW, cosine schedule); the same on every CPU run of
    one seed.

    Parameters
    ----------
    frames : ndarray of uint8, shape (N, H, W)
        One frame of each TRAIN video.
    ef : array_like, shape (N,)
        EF of the video, points.
    steps : int
        Training steps; 0 keeps the random weights.
    size : int
        Side of the network's input, pixels.
    batch_size : int
        Frames per step, at most N.
    placement : Placement
        Where it runs. The batch normalisation of several processes is that of the whole batch.
    checkpoint : path, optional
        Where training state is kept; a killed training goes on as if it had not been.

    Raises
    ------
    DataError
        If there are no frames, the lengths differ, or an EF is not finite.
    """
    labels = np.asarray(ef, dtype=np.float64)
    _check(frames, labels)
    pixel_mean, pixel_sd = float(frames.mean()), max(float(frames.std()), 1.0)
    ef_mean, ef_sd = float(labels.mean()), max(float(labels.std()), 1.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = FrameResNet()
    network = placed(network, "cpu").train(len(labels) > 1)
    batch = min(batch_size, len(labels))
    inputs = prepared(frames, size, pixel_mean, pixel_sd)
    target = torch.from_numpy((labels - ef_mean) / ef_sd).float()
    lesson = Lesson(
        label="appearance network",
        network=network,
        loss=_SquaredError(network),
        draw=partial(_drawn, inputs, target, batch, seed),
        steps=steps,
        batch=batch,
        # fused: its square root is exact, see arithmetic.py
        optimiser=partial(torch.optim.AdamW, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True),
        schedule=partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=max(steps, 1)),
        identity=_identity(frames, labels, [FORMAT, steps, size, batch, seed]),
        checkpoint=checkpoint,
    )
    losses = taught(lesson, placement)
    return AppearanceModel(network.eval(), size, pixel_mean, pixel_sd, ef_mean, ef_sd, tuple(losses))


def embed(model: AppearanceModel, frames: NDArray[np.uint8], *, batch_size: int = 64) -> NDArray[np.float32]:
    """Pooled embeddings (N, 512) of frames (N, H, W); each row depends on its own frame alone (to rounding).

    Raises
    ------
    DataError
        If ``frames`` is not a (N, H, W) array of uint8.
    """
    _check_frames(frames)
    device = next(model.network.parameters()).device
    rows = [np.zeros((0, EMBEDDING_SIZE), dtype=np.float32)]
    with torch.inference_mode():
        for start in range(0, len(frames), batch_size):
            batch = prepared(frames[start : start + batch_size], model.size, model.pixel_mean, model.pixel_sd)
            rows.append(model.network.body(batch.to(device)).float().cpu().numpy())
    return np.concatenate(rows)


def save_appearance(model: AppearanceModel, path: str | Path) -> Path:
    """Path of the weights and constants, written whole as one safetensors file."""
    constants = {
        name: getattr(model, name)
        for name in ("size", "pixel_mean", "pixel_sd", "ef_mean", "ef_sd", "losses")
    }
    return save_weights(model.network, path, kind=_KIND, about=constants)


def load_appearance(path: str | Path, *, device: str = "cpu") -> AppearanceModel:
    """Frame network read from a file that :func:`save_appearance` wrote.

    Raises
    ------
    CheckpointError
        If the file is missing, is not such a file, or its weights do not fit.
    """
    with refused(f"Not an appearance network: {path}", remedy="Run stage 02 again: `infomotion run 02`."):
        constants, state = read_weights(path, kind=_KIND)
        network = FrameResNet()
        network.load_state_dict(state)
    constants["losses"] = tuple(constants["losses"])
    return AppearanceModel(placed(network, device).eval(), **constants)


def prepared(frames: NDArray[np.uint8], size: int, mean: float, sd: float) -> Tensor:
    """Input (N, 1, size, size) of frames (N, H, W): resized by area, standardised by the grey levels'
    constants.
    """
    grey = torch.from_numpy(np.ascontiguousarray(frames)).float()[:, None]  # (N, 1, H, W)
    resized = nn.functional.interpolate(grey, size=(size, size), mode="area")
    return ((resized - mean) / sd).contiguous(memory_format=torch.channels_last)


def placed(network: N, device: str) -> N:
    """The network on a device, in the layout in which all frame networks run."""
    # channels last is the faster layout, and one layout everywhere keeps embeddings equal to the last bit
    moved: N = network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stub
    return moved


class _SquaredError(nn.Module):
    """Mean squared error of what the network says of frames."""

    def __init__(self, network: FrameResNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor, target: Tensor) -> Tensor:
        """A scalar, of frames (B, 1, S, S) and their standardised EF (B,)."""
        return nn.functional.mse_loss(self.network(frames), target)


def _drawn(
    inputs: Tensor, target: Tensor, batch: int, seed: int, step: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Frames and EF of a step: whole passes over shuffled frames; the remainder of a pass is dropped."""
    a_pass, place = divmod(step, len(target) // batch)
    rows = torch.from_numpy(_order(seed, len(target), a_pass)[place * batch : (place + 1) * batch])
    return inputs[rows].to(device), target[rows].to(device)


@lru_cache(maxsize=1)
def _order(seed: int, count: int, a_pass: int) -> NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    orders = (rng.permutation(count) for _ in range(a_pass + 1))
    return deque(orders, maxlen=1).pop()


def _identity(frames: NDArray[np.uint8], labels: NDArray[np.float64], how: list[int]) -> dict[str, Any]:
    digest = hashlib.sha256(np.ascontiguousarray(frames).data)
    digest.update(labels.tobytes())
    return {"how": [*how, *frames.shape], "content": digest.hexdigest()}


def _check_frames(frames: NDArray[np.uint8]) -> None:
    if frames.ndim != 3 or frames.dtype != np.uint8:
        raise DataError(
            f"Frames must be uint8 of shape (N, H, W), not {frames.dtype} of shape {frames.shape}."
        )


def _check(frames: NDArray[np.uint8], labels: NDArray[np.float64]) -> None:
    _check_frames(frames)
    if not len(frames) or len(frames) != len(labels):
        raise DataError(
            f"{len(frames)} frames and {len(labels)} EF labels: there must be as many of each, and at least"
            " one."
        )
    if not np.isfinite(labels).all():
        raise DataError(
            f"The EF of frame {int(np.flatnonzero(~np.isfinite(labels))[0])} is not finite.",
            remedy="Leave out unlabelled videos.",
        )
