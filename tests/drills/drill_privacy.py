"""The privacy filter's ROC: planted near-copies of training hearts, more and more changed, against hearts of
other videos, by features of the re-identification network at formula weights.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from echosyn_reference import latent, state
from sklearn.metrics import roc_auc_score
from torch import Tensor

from infomotion_lib.generators.privacy import privacy_filter
from infomotion_lib.generators.privacy.network import Reidentification, real_frames, synthetic_frames

TRAIN, TEST, COPIES, OTHERS = 60, 40, 30, 60
SIDE = 14


@cache
def network() -> Reidentification:
    weights = state("reid", slope=1.0)
    weights["model.fc.weight"] *= 16
    made = Reidentification()
    made.load_state_dict(weights)
    return made.eval()


def hearts(first: int, count: int) -> Tensor:
    """Latent frames (N, 4, S, S): smooth ones and noise of their own."""
    made = []
    for seed in range(first, first + count):
        noise = torch.randn(4, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
        made.append(latent(seed, 1, SIDE)[:, 0] + 0.5 * noise)
    return torch.stack(made)


SCALING = {"published": synthetic_frames, "each": lambda latents: real_frames(list(latents[:, None]))}
"""Synthetic hearts scaled by the whole set, as published, or each by itself, as real ones are."""


@torch.inference_mode()
def judged(change: float, scaling: str) -> tuple[float, float, float]:
    """Area under the ROC, share of near-copies that are caught, share of other hearts that are left out."""
    train, test, others = hearts(0, TRAIN), hearts(1000, TEST), hearts(2000, OTHERS)
    noise = torch.randn(COPIES, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(7))
    synthetic = torch.cat([train[:COPIES] + change * noise, others])
    real = [network()(real_frames(list(part[:, None]))) for part in (train, test)]
    report = privacy_filter(*real, network()(SCALING[scaling](synthetic)))
    copied = np.arange(len(synthetic)) < COPIES
    area = float(roc_auc_score(copied, report.closest))
    return area, float(1 - report.kept[copied].mean()), float(1 - report.kept[~copied].mean())


@pytest.mark.parametrize(("change", "least"), [(0.0, 0.99), (0.05, 0.9), (0.2, 0.8), (2.0, 0.0)])
def test_the_roc_of_planted_copies(change: float, least: float) -> None:
    measured = {scaling: judged(change, scaling) for scaling in SCALING}
    for scaling, (area, caught, lost) in measured.items():
        print(f"change {change}, {scaling}: AUC {area:.3f}, caught {caught:.0%}, others left out {lost:.0%}")
    assert measured["each"][0] >= least
    if change == 0:
        assert measured["each"][1] == 1
        assert measured["published"][0] > 0.7, "the published scaling lets some exact copies through"
