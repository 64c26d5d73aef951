"""State of a Latte's training on disk, so that a killed one goes on as if it had not been."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from infomotion_lib.errors import CheckpointError
from infomotion_lib.generators.latte.network import Latte
from infomotion_lib.provenance import atomic

FORMAT = 2
"""Raised when equal latents and settings teach another Latte: a checkpoint of another format is not gone on
from.
"""


@dataclass(frozen=True)
class TrainingState:
    """What changes from step to step.

    Attributes
    ----------
    network : Latte
    average : dict of str to Tensor
        Running average of its weights.
    optimiser, rate
        Of torch.
    recipe : dict
        How it is trained; a checkpoint of another recipe is not gone on from.
    """

    network: Latte = field(repr=False)
    average: dict[str, Tensor] = field(repr=False)
    optimiser: torch.optim.Optimizer = field(repr=False)
    rate: torch.optim.lr_scheduler.LRScheduler = field(repr=False)
    recipe: dict[str, Any]

    def save(self, path: Path, losses: list[float]) -> None:
        """The state in a file, written whole, with the losses of the steps done."""
        state = {
            "format": FORMAT,
            "recipe": self.recipe,
            "network": self.network.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "rate": self.rate.state_dict(),
            "losses": losses,
        }
        with atomic(path) as temporary:
            torch.save(state, temporary)

    def resume(self, path: Path) -> list[float]:
        """Losses of the steps done, their state put in place; none if the file is of another training.

        Raises
        ------
        CheckpointError
            If the file is no checkpoint.
        """
        try:
            state = torch.load(path, weights_only=True, map_location="cpu")
            if (state.get("format"), state["recipe"]) != (FORMAT, self.recipe):
                return []
            self.network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.rate.load_state_dict(state["rate"])
            for name, value in state["average"].items():
                self.average[name].copy_(value)
        except Exception as error:
            raise CheckpointError(
                f"{path} is not a training checkpoint: {error}", remedy="Delete it to train from the start."
            ) from None
        return list(state["losses"])
