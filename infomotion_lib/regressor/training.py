"""Train one EF regressor: mean squared error, one cosine schedule, the same numbers for the same seed.

Every batch is a function of (seed, step), not of what was drawn before it, so a run that was stopped goes on
exactly where it was. The schedule is one for all selection methods (300 steps of 8 clips on a selected set,
1,200 on a whole one, by default). EchoNet-Dynamic's recipe, 45 epochs of batch 20 by SGD, would be 45 steps
on 25 videos: too few to leave the starting bias. Labels are standardised, so that the size of a step does not
depend on their unit.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from infomotion_lib.errors import CheckpointError, DataError
from infomotion_lib.progress import track
from infomotion_lib.provenance import atomic
from infomotion_lib.regressor.clips import Video, n_starts
from infomotion_lib.regressor.fitted import FittedRegressor
from infomotion_lib.regressor.inputs import Normalisation, cut, measure, shifted
from infomotion_lib.regressor.model import VideoResNet, build_regressor
from infomotion_lib.regressor.parameters import LabelsParameters
from infomotion_lib.regressor.setup import USUAL_SETUP, TrainingSetup, Validation

FORMAT = 1
"""Raised when equal videos, labels and settings teach another network: rows and checkpoints of another format
are not gone on from.
"""

_ORDER, _PLACES = (
    1,
    2,
)  # streams of random numbers: which videos; where their clips begin and how they are shifted
_CLIPS = ("clip_frames", "clip_size", "clip_shift", "test_clips")
_SCHEDULE = ("regressor", *_CLIPS, "optimiser", "learning_rate", "weight_decay", "arithmetic")
SGD_MOMENTUM = 0.9  # EchoNet-Dynamic's
CHECKPOINT_EVERY = 200
VALIDATE_EVERY = 100


@dataclass(frozen=True)
class _Course:
    """All that one training's steps have in common."""

    videos: Sequence[Video]
    targets: Tensor
    normalisation: Normalisation
    parameters: LabelsParameters
    steps: int
    period: int
    seed: int


@dataclass
class _State:
    network: VideoResNet
    optimiser: torch.optim.Optimizer
    step: int
    losses: list[float]
    best: tuple[float, int, dict[str, Tensor]] | None


def batch_of(step: int, *, n: int, batch_size: int, seed: int) -> NDArray[np.int64]:
    """Which of ``n`` videos make the batch of one step: (batch_size,), every video once per epoch, order new
    each epoch.
    """
    positions = np.arange(step * batch_size, (step + 1) * batch_size)
    epochs = positions // n
    orders = {
        int(epoch): np.random.default_rng((seed, _ORDER, int(epoch))).permutation(n)
        for epoch in np.unique(epochs)
    }
    return np.array(
        [orders[int(epoch)][position % n] for epoch, position in zip(epochs, positions, strict=True)]
    )


def learning_rate_at(step: int, *, steps: int, peak: float) -> float:
    """Cosine from ``peak`` at step 0 to nought at ``steps``."""
    return peak * 0.5 * (1 + math.cos(math.pi * step / max(steps, 1)))


def train_regressor(
    videos: Sequence[Video],
    ef: ArrayLike,
    *,
    parameters: LabelsParameters,
    seed: int,
    steps: int,
    period: int | None = None,
    val: Validation | None = None,
    setup: TrainingSetup = USUAL_SETUP,
) -> FittedRegressor:
    """Regressor fitted to EF; on a CPU, equal seeds and thread counts give equal numbers.

    Parameters
    ----------
    videos : sequence of ndarray of uint8, each (T, S, S)
        The training set; at every visit a clip is cut at a random time and shifted by a random few pixels.
    ef : array_like, shape (N,)
        Labels, points.
    parameters : LabelsParameters
        Network, clip shape, shift, batch size, optimiser, learning rate, weight decay, clips per test video.
    seed : int
        Of the weights, the order and the clips.
    steps : int
        Optimisation steps.
    period : int, optional
        Video frames between two clip frames; ``parameters.clip_period`` by default.
    val : Validation, optional
        Keeps the weights with the least error on these, looked at every 100 steps, instead of the last ones.
    setup : TrainingSetup
        Starting weights, device, checkpoint, progress bar.

    Raises
    ------
    DataError
        If there is no video, the lengths differ, or a label is not finite.
    CheckpointError
        If the checkpoint is of another run, or the weights do not fit.
    """
    labels = np.asarray(ef, dtype=np.float64)
    _check(videos, labels)
    step_period = period or parameters.clip_period
    normalisation = measure(videos, frames=parameters.clip_frames, period=step_period)
    ef_mean, ef_std = float(labels.mean()), float(max(labels.std(), 1.0))
    targets = torch.from_numpy((labels - ef_mean) / ef_std).float()
    course = _Course(videos, targets, normalisation, parameters, steps, step_period, seed)
    weights = setup.weights
    checkpoint = None if setup.checkpoint is None else Path(setup.checkpoint)
    state = _start(parameters, seed=seed, weights=weights, device=setup.device)
    run = {
        "seed": seed,
        "steps": steps,
        "n_train": len(labels),
        "batch_size": parameters.batch_size,
        "period": step_period,
    }
    fingerprint = {
        "format": FORMAT,
        **run,
        **parameters.model_dump(include=set(_SCHEDULE)),
        "labels": float(labels @ np.arange(1, len(labels) + 1)),
        "videos": _hash(videos),
        "val": _hash(val.videos) if val else None,
        "weights": float(sum(value.double().sum() for value in weights.values())) if weights else None,
    }
    if checkpoint is not None and checkpoint.is_file():
        _resume(state, checkpoint, fingerprint)

    def fitted() -> FittedRegressor:
        record = {**run, "chosen_by": "last step", "losses": [round(loss, 6) for loss in state.losses]}
        shape = (parameters.clip_frames, step_period, parameters.clip_size)
        return FittedRegressor(
            state.network.eval(),
            parameters.regressor,
            *shape,
            normalisation,
            ef_mean,
            ef_std,
            parameters.test_clips,
            record,
        )

    remaining = range(state.step, steps)
    state.network.train()
    for step in (
        track(remaining, label=f"{parameters.regressor}, {len(labels)} videos", unit="step")
        if setup.progress
        else remaining
    ):
        state.losses.append(_train_step(state, course, step))
        state.step = step + 1
        if val is not None and (state.step % VALIDATE_EVERY == 0 or state.step == steps):
            _validate(state, fitted(), val)
        if checkpoint is not None and state.step % CHECKPOINT_EVERY == 0 and state.step < steps:
            _keep(state, checkpoint, fingerprint)
    result = fitted()
    if state.best is not None:
        error, at, best = state.best
        state.network.load_state_dict(best)
        result.record.update(chosen_by="VAL error", val_mae=error, chosen_step=at)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return result


def _train_step(state: _State, course: _Course, step: int) -> float:
    """Loss of one step, which is a function of the course, the step and the weights before it."""
    network, videos, parameters = state.network, course.videos, course.parameters
    frames, period = parameters.clip_frames, course.period
    device = next(network.parameters()).device
    chosen = batch_of(
        step, n=len(videos), batch_size=min(parameters.batch_size, len(videos)), seed=course.seed
    )
    batch = [videos[int(index)] for index in chosen]
    possible = [n_starts(len(video), frames=frames, period=period) for video in batch]
    rng = np.random.default_rng((course.seed, _PLACES, step))
    starts = rng.integers(0, possible)
    most = round(parameters.clip_shift * parameters.clip_size)
    clips = shifted(
        cut(batch, frames=frames, period=period, starts=starts.tolist()),
        rng.integers(-most, most + 1, (len(batch), 2)),
    )
    clips = clips.to(device)
    for group in state.optimiser.param_groups:
        group["lr"] = learning_rate_at(step, steps=course.steps, peak=parameters.learning_rate)
    output = network(course.normalisation.channels(clips, in_channels=network.in_channels))[:, 0]
    loss = torch.nn.functional.mse_loss(output, course.targets[torch.from_numpy(chosen)].to(device))
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    state.optimiser.step()
    return float(loss.detach())


def _start(
    parameters: LabelsParameters, *, seed: int, weights: dict[str, Tensor] | None, device: str
) -> _State:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_regressor(parameters.regressor)
    if weights is not None:
        _load_body(network, weights)
    network = network.to(device)
    return _State(network, _optimiser(network, parameters), 0, [], None)


def _optimiser(network: VideoResNet, parameters: LabelsParameters) -> torch.optim.Optimizer:
    rate, decay = parameters.learning_rate, parameters.weight_decay
    if parameters.optimiser == "sgd":
        return torch.optim.SGD(network.parameters(), lr=rate, momentum=SGD_MOMENTUM, weight_decay=decay)
    # fused: its square root is exact, see arithmetic.py
    return torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=decay, fused=True)


def _load_body(network: VideoResNet, weights: dict[str, Tensor]) -> None:
    body = {name: value for name, value in weights.items() if not name.startswith("fc.")}
    try:
        missing, unexpected = network.load_state_dict(body, strict=False)
    except RuntimeError as error:
        raise CheckpointError(
            "The starting weights do not fit the regressor.", where=str(error).splitlines()[1].strip()
        ) from None
    lost = [name for name in missing if not name.startswith("fc.")]
    if lost or unexpected:
        raise CheckpointError(
            "The starting weights do not fit the regressor.",
            where=f"Missing: {lost[:5]}; unexpected: {unexpected[:5]}",
        )


def _validate(state: _State, fitted: FittedRegressor, val: Validation) -> None:
    predicted = fitted.predict(val.videos, period=val.period)
    error = float(np.abs(predicted - np.asarray(val.ef, dtype=np.float64)).mean())
    if state.best is None or error < state.best[0]:
        state.best = (
            error,
            state.step,
            {name: value.detach().clone() for name, value in state.network.state_dict().items()},
        )
    state.network.train()


def _keep(state: _State, path: Path, fingerprint: dict[str, Any]) -> None:
    content = {
        "fingerprint": fingerprint,
        "step": state.step,
        "losses": state.losses,
        "network": state.network.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "best": state.best,
    }
    with atomic(path) as temporary:
        torch.save(content, temporary)


def _resume(state: _State, path: Path, fingerprint: dict[str, Any]) -> None:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        same = content["fingerprint"] == fingerprint
    except Exception as error:
        raise CheckpointError(
            f"The training checkpoint cannot be read: {path}",
            where=str(error).splitlines()[0],
            remedy="Delete it.",
        ) from None
    if not same:
        raise CheckpointError(
            f"The training checkpoint is of another run: {path}",
            remedy="Delete it, or train with the old parameters.",
        )
    state.network.load_state_dict(content["network"])
    state.optimiser.load_state_dict(content["optimiser"])
    state.step, state.losses, state.best = content["step"], content["losses"], content["best"]


def _hash(videos: Sequence[Video]) -> int:
    """The same number for the same frames in the same order."""
    return reduce(lambda value, video: zlib.crc32(video.tobytes(), value), videos, 0)


def _check(videos: Sequence[Video], labels: NDArray[np.float64]) -> None:
    if not len(videos):
        raise DataError(
            "The regressor was given no training video.",
            remedy="Look at the selection and at the class counts by split.",
        )
    if len(videos) != len(labels):
        raise DataError(f"{len(videos)} training videos came with {len(labels)} labels.")
    if not np.isfinite(labels).all():
        raise DataError(
            f"{int((~np.isfinite(labels)).sum())} training labels are not finite numbers.",
            remedy="Label the pool first.",
        )
