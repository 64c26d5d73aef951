"""The representation ``motion_untrained``: the motion network of the paper with its random weights.

A control: what its vectors say of EF comes from the architecture and the pictures, not from training.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from infomotion_lib.representations.ifa.motion import Motion
from infomotion_lib.representations.ifa.parameters import IfaParameters
from infomotion_lib.representations.ifa.training import TrainingResult, new_interpolator


def fit(
    train: pd.DataFrame, val: pd.DataFrame, *, folder: Path, parameters: IfaParameters, device: str
) -> Motion:
    """The network that training would start from; nothing is learnt and nothing written."""
    return load(folder, parameters=parameters, device=device)


def load(folder: Path, *, parameters: IfaParameters, device: str) -> Motion:
    """The network of ``ifa_width``, ``ifa_depths`` and ``ifa_seed``; nothing is read."""
    network = new_interpolator(
        parameters.ifa_width, parameters.ifa_depths, seed=parameters.ifa_seed, refine=False
    )
    untrained = TrainingResult(network.eval(), pd.DataFrame(columns=["step", "psnr"]), np.nan, np.nan, 0)
    return Motion.of(untrained, parameters, device)
