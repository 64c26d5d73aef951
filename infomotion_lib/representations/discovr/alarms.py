"""Has the network collapsed? A self-supervised one can lower its loss by saying the same of every video."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

LEAST_GAP = 0.01
"""Nats between the entropy of the teacher's mean answer and the mean entropy of its answers: 0 if it answers
all videos alike. In our first trials 0.00 after a collapse, 0.09 without.
"""

MOST_ALIKE = 0.99
"""Mean cosine of the vectors of two videos. In our first trials 0.998 after a collapse, 0.83 to 0.91
without.
"""

LEAST_USED = 0.125
"""Share of the prototypes that are the first choice of some token."""


@dataclass(frozen=True)
class Signs:
    """What is looked at.

    Attributes
    ----------
    mean_entropy : float
        Mean over videos of the entropy of the teacher's answer, nats; ln K if it is uniform.
    entropy_of_mean : float
        Entropy of its mean answer, nats; 0 if it always answers one and the same.
    cls_std : float
        Deviation over videos of a number of the CLS token, mean over numbers.
    cls_cosine : float
        Mean cosine of the CLS tokens of two videos.
    """

    mean_entropy: float
    entropy_of_mean: float
    cls_std: float
    cls_cosine: float

    def named(self, prefix: str = "") -> dict[str, float]:
        """The signs by name."""
        return {f"{prefix}{name}": value for name, value in asdict(self).items()}


@torch.no_grad()
def signs_of(says: Tensor, cls: Tensor) -> Signs:
    """Signs of the teacher's probabilities (B, K) and CLS tokens (B, D) of two or more videos; nan of one."""
    count = len(says)
    if count < 2:
        return Signs(*[float("nan")] * 4)
    unit = normalize(cls.double(), dim=-1)
    both = (unit @ unit.T).sum() - count  # each pair twice, no video with itself
    return Signs(
        mean_entropy=float(_entropy(says.double()).mean()),
        entropy_of_mean=float(_entropy(says.double().mean(dim=0))),
        cls_std=float(cls.double().std(dim=0).mean()),
        cls_cosine=float(both / (count * (count - 1))),
    )


def alarms(signs: Signs, *, used: int, prototypes: int) -> list[str]:
    """Which signs say that the network has collapsed; empty if none does, or if nothing could be looked
    at.
    """
    raised = {
        "one answer for all videos": signs.entropy_of_mean - signs.mean_entropy < LEAST_GAP,
        "one vector for all videos": signs.cls_cosine > MOST_ALIKE,
        "few prototypes used": used < LEAST_USED * prototypes,
    }
    return [words for words, so in raised.items() if so]


def _entropy(probabilities: Tensor) -> Tensor:
    return torch.special.entr(probabilities).sum(dim=-1)
