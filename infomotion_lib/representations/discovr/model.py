"""The network with the constants of its pixels: what is trained, saved and asked for vectors."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from infomotion_lib.device import as_unit
from infomotion_lib.representations.discovr.network import Discovr
from infomotion_lib.representations.discovr.sizes import DiscovrSize
from infomotion_lib.weights import read_weights, refused, save_weights

KIND = "infomotion_discovr"

IMAGENET_MEAN, IMAGENET_SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of grey levels from 0 to 1, by colour: what published weights were trained with."""


class Model(nn.Module):
    """DISCOVR behind grey clips; ``pixel_mean`` (3, S, S) or (3, 1, 1) and ``pixel_sd`` (3, 1, 1) are of
    levels from 0 to 1.
    """

    pixel_mean: Tensor
    pixel_sd: Tensor

    def __init__(self, network: Discovr, *, mean: Tensor, sd: Tensor, period: int) -> None:
        super().__init__()
        self.network, self.period = network, period
        self.register_buffer("pixel_mean", mean)
        self.register_buffer("pixel_sd", sd)

    @classmethod
    def of_pool(cls, network: Discovr, mean: NDArray[np.float32], sd: float, *, period: int) -> Model:
        """With the mean (S, S) of each pixel and one deviation of a pool of videos."""
        means = torch.from_numpy(mean)[None].repeat(3, 1, 1)
        return cls(network, mean=means, sd=torch.full((3, 1, 1), sd), period=period)

    @classmethod
    def published(cls, network: Discovr, *, period: int) -> Model:
        """With the constants that published weights were trained with."""
        mean, sd = (torch.tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_SD))
        return cls(network, mean=mean, sd=sd, period=period)

    def normalised(self, clips: NDArray[np.uint8]) -> Tensor:
        """Input (B, 3, T, S, S) of grey clips (B, T, S, S)."""
        grey = as_unit(clips, self.pixel_mean.device)[:, None]
        return (grey - self.pixel_mean[None, :, None]) / self.pixel_sd[None, :, None]

    @torch.inference_mode()
    def vectors(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """CLS token (B, D) of the video teacher, which sees all of grey clips (B, T, S, S)."""
        cls, _ = self.network.video_teacher(self.normalised(clips))
        vectors: NDArray[np.float32] = cls.float().cpu().numpy()
        return vectors


def save_model(model: Model, path: str | Path) -> Path:
    """Path of the whole network, teachers, centres and pixel constants, as one safetensors file."""
    return save_weights(
        model, path, kind=KIND, about={"size": asdict(model.network.size), "period": model.period}
    )


def load_model(path: str | Path, *, device: str = "cpu") -> Model:
    """What :func:`save_model` wrote, in evaluation mode.

    Raises
    ------
    CheckpointError
        If the file is missing, is not such a file, or its weights do not fit.
    """
    with refused(f"Not a network of DISCOVR: {path}", remedy="Run stage 02 again: `infomotion run 02`."):
        about, state = read_weights(path, kind=KIND)
        network = Discovr(DiscovrSize(**about["size"]))
        model = Model(network, mean=state["pixel_mean"], sd=state["pixel_sd"], period=int(about["period"]))
        model.load_state_dict(state)
    return model.to(device).eval()
