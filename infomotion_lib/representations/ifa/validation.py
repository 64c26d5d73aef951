"""How well a network fills in the middle frame, beside the naive average of the two end frames."""

from __future__ import annotations

import numpy as np
import torch

from infomotion_lib.device import as_unit
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.losses import psnr
from infomotion_lib.representations.ifa.triplets import TripletStore

IGNITION_DB = 1.0
"""Least gain over the naive average, dB, at which a network has learnt motion; below it the features are
flagged.
"""


@torch.inference_mode()
def validation_psnr(
    network: InterFrameInterpolator, store: TripletStore, *, batch_size: int = 8
) -> tuple[float, float]:
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
        first, middle, last = as_unit(
            store.batch(np.arange(start, min(start + batch_size, len(store)))), device
        ).split(1, dim=1)
        ours.append(psnr(network(first, last).prediction, middle))
        naive.append(psnr((first + last) / 2, middle))
    network.train(training)
    return float(torch.cat(ours).mean()), float(torch.cat(naive).mean())
