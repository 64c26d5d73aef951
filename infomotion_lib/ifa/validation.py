"""How well a network fills in the middle frame, beside the naive average of the two end frames."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from infomotion_lib.errors import ParameterError
from infomotion_lib.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.ifa.losses import psnr
from infomotion_lib.ifa.triplets import TripletStore

IGNITION_DB = 1.0
"""Least gain over the naive average, dB, at which a network has learnt motion; below it the features are flagged."""


def resolve_device(name: str) -> torch.device:
    """Device of the name ``auto``, ``cpu`` or ``cuda``; ``auto`` is the GPU where there is one.

    Raises
    ------
    ParameterError
        If a GPU is asked for and there is none.
    """
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ParameterError("device = 'cuda', but torch sees no GPU.", remedy="Use device = 'auto' or 'cpu'.")
    return torch.device("cuda" if name != "cpu" and there else "cpu")


def as_unit(frames: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Float32 frames in [0, 1] of uint8 frames, same shape, on the device."""
    return torch.from_numpy(np.ascontiguousarray(frames)).to(device).float().div_(255)


@torch.inference_mode()
def validation_psnr(network: InterFrameInterpolator, store: TripletStore, *, batch_size: int = 8) -> tuple[float, float]:
    """Mean PSNR in dB over the triplets: of the prediction, and of the naive average (f0 + f1) / 2.

    Parameters
    ----------
    network : InterFrameInterpolator
        On the device where it shall run; put in evaluation mode for the time.
    store : TripletStore
        Held-out triplets.
    batch_size : int
        Triplets at a time.
    """
    device, training = next(network.parameters()).device, network.training
    network.eval()
    ours, naive = [], []
    for start in range(0, len(store), batch_size):
        first, middle, last = as_unit(store.batch(np.arange(start, min(start + batch_size, len(store)))), device).split(1, dim=1)
        ours.append(psnr(network(first, last).prediction, middle))
        naive.append(psnr((first + last) / 2, middle))
    network.train(training)
    return float(torch.cat(ours).mean()), float(torch.cat(naive).mean())
