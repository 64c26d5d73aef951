"""Did the added losses teach anything? Each is compared with an answer that knows nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

LITTLE_BETTER = 0.95
"""Share of what no flow, or the mean identity for all, would cost: a loss above it has taught nothing."""

LEAST_SHARE = 0.001
"""Share of the total loss: a weighted loss below it hardly moves the network."""

LEAST_ACCURACY = 0.6
"""Of the identity teacher on VAL pairs, half of them of one video; 0.5 is chance."""

LAST_SHARE = 0.1
"""Share of a log whose rows are averaged."""


@dataclass(frozen=True)
class Signs:
    """Losses of the last network on VAL triplets, before they are weighted, and of answers that know nothing;
    nan where a method does without, or nothing was looked at.
    """

    flow: float = np.nan
    flow_zero: float = np.nan
    reid: float = np.nan
    reid_mean: float = np.nan

    def named(self, prefix: str = "") -> dict[str, float]:
        """The signs by name."""
        return {f"{prefix}{name}": value for name, value in asdict(self).items()}


def alarms(
    log: pd.DataFrame, signs: Signs, *, flow_weight: float, reid_weight: float, accuracy: float
) -> list[str]:
    """Which added losses did nothing; empty if none, or if there is nothing to judge by.

    Parameters
    ----------
    log : DataFrame
        Of the training, ``loss`` and the parts of the loss; the last tenth counts.
    signs : Signs
        On VAL.
    flow_weight, reid_weight : float
        Of the losses.
    accuracy : float
        Of the identity teacher.
    """
    if not len(log):
        return []
    last = log.tail(max(round(len(log) * LAST_SHARE), 1)).mean(numeric_only=True)
    raised = {
        "flow loss taught nothing": _little(last["flow"], last["flow_zero"]),
        "flow loss taught nothing that holds on VAL": _little(signs.flow, signs.flow_zero),
        "flow loss weighs nothing": flow_weight * last["flow"] < LEAST_SHARE * last["loss"],
        "identity loss taught nothing": _little(last["reid"], last["reid_mean"]),
        "identity loss taught nothing that holds on VAL": _little(signs.reid, signs.reid_mean),
        "identity loss weighs nothing": reid_weight * last["reid"] < LEAST_SHARE * last["loss"],
        "identity teacher does not know videos again": accuracy < LEAST_ACCURACY,
    }
    return [words for words, so in raised.items() if so]


def _little(value: float, ignorant: float) -> bool:
    return bool(value > LITTLE_BETTER * ignorant)
