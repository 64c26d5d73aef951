"""A trained regressor: predicts EF, and can be kept in one safetensors file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from infomotion_lib.errors import CheckpointError
from infomotion_lib.regressor.clips import Video, fixed_starts
from infomotion_lib.regressor.inputs import Normalisation, cut
from infomotion_lib.regressor.model import VideoResNet, build_regressor
from infomotion_lib.weights import is_kind, read_weights, refused, save_weights

_KIND = "infomotion_regressor"


@dataclass(frozen=True)
class FittedRegressor:
    """Network, the clip it takes, and the constants that turn its output into EF points.

    Attributes
    ----------
    network : VideoResNet
        In evaluation mode.
    name : str
        Its name in :data:`infomotion_lib.regressor.model.ARCHITECTURES`.
    clip_frames, clip_period, clip_size : int
        Frames of a clip, video frames between two of them, side in pixels.
    normalisation : Normalisation
        Grey levels to network units.
    ef_mean, ef_std : float
        EF = ef_mean + ef_std x output, points.
    test_clips : int
        Clips of a video whose predictions are averaged.
    record : dict
        How it was trained: seed, steps, videos, the loss by step, what the checkpoint was chosen by.
    """

    network: VideoResNet
    name: str
    clip_frames: int
    clip_period: int
    clip_size: int
    normalisation: Normalisation
    ef_mean: float
    ef_std: float
    test_clips: int = 1
    record: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        shape = f"{self.clip_frames} frames x {self.clip_size} px, period {self.clip_period}"
        return (
            f"FittedRegressor({self.name}, {shape}, {self.record.get('n_train', '?')} videos,"
            f" {self.record.get('steps', '?')} steps)"
        )

    @property
    def device(self) -> torch.device:
        """Where the network lies."""
        return next(self.network.parameters()).device

    def predict(
        self,
        videos: Sequence[Video],
        *,
        period: int | None = None,
        test_clips: int | None = None,
        batch_size: int = 16,
    ) -> NDArray[np.float64]:
        """EF (N,) in points of videos, each uint8 (T, S, S).

        Parameters
        ----------
        videos : sequence of ndarray
            At ``clip_size`` pixels.
        period : int, optional
            Video frames between two clip frames; the trained one by default (another frame rate may need
            another).
        test_clips : int, optional
            Clips per video, evenly spread, whose predictions are averaged; 1 is the centre clip;
            ``self.test_clips`` by default.
        batch_size : int
            Videos per pass; the result does not depend on it beyond rounding.

        Raises
        ------
        CheckpointError
            If the frames are not of the size the network was trained on.
        """
        step, count = period or self.clip_period, test_clips or self.test_clips
        rows = []
        with torch.inference_mode():
            for first in range(0, len(videos), batch_size):
                batch = videos[first : first + batch_size]
                self._check(batch)
                begins = np.stack(
                    [
                        fixed_starts(len(video), frames=self.clip_frames, period=step, count=count)
                        for video in batch
                    ]
                )  # (B, K)
                outputs = [self._forward(batch, begins[:, k].tolist(), step) for k in range(count)]
                rows.append(np.mean(outputs, axis=0))
        return self.ef_mean + self.ef_std * np.concatenate(rows) if rows else np.zeros(0)

    def _forward(self, videos: Sequence[Video], starts: list[int], period: int) -> NDArray[np.float64]:
        clips = cut(videos, frames=self.clip_frames, period=period, starts=starts).to(self.device)
        output = self.network(self.normalisation.channels(clips, in_channels=self.network.in_channels))
        values: NDArray[np.float64] = output[:, 0].double().cpu().numpy()
        return values

    def _check(self, videos: Sequence[Video]) -> None:
        for video in videos:
            if video.ndim != 3 or video.shape[1:] != (self.clip_size, self.clip_size):
                wanted = f"(T, {self.clip_size}, {self.clip_size})"
                raise CheckpointError(
                    f"The regressor was trained on frames of shape {wanted}; it was given {video.shape}."
                )

    def save(self, path: str | Path) -> Path:
        """Path of the weights and constants, written whole as one safetensors file."""
        constants = {
            "name": self.name,
            "in_channels": self.network.in_channels,
            "clip_frames": self.clip_frames,
            "clip_period": self.clip_period,
            "clip_size": self.clip_size,
            "normalisation": asdict(self.normalisation),
            "ef_mean": self.ef_mean,
            "ef_std": self.ef_std,
            "test_clips": self.test_clips,
            "record": self.record,
        }
        return save_weights(self.network, path, kind=_KIND, about=constants)

    @classmethod
    def load(cls, path: str | Path, *, device: str = "cpu") -> FittedRegressor:
        """Regressor read from a file that :meth:`save` wrote.

        Raises
        ------
        CheckpointError
            If the file is missing, is not such a file, or its weights do not fit.
        """
        remedy = "Train it again: `infomotion run labels`. Published checkpoints go to regressor_weights."
        with refused(f"Not a regressor of this project: {path}", remedy=remedy):
            constants, state = read_weights(path, kind=_KIND)
            network = build_regressor(constants["name"], in_channels=constants.pop("in_channels"))
            network.load_state_dict(state)
        constants["normalisation"] = Normalisation(**constants["normalisation"])
        return cls(network.eval().to(device), **constants)


def is_saved_regressor(path: str | Path) -> bool:
    """Whether the file is one that :meth:`FittedRegressor.save` wrote."""
    return is_kind(path, _KIND)
