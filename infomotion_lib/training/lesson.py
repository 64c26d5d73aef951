"""What a network is taught, step by step, and the one loop that teaches it.

A batch is a function of the number of its step, so a checkpoint needs no state of a random generator:
weights, optimiser, schedule and the losses so far are the whole state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from infomotion_lib.errors import CheckpointError
from infomotion_lib.provenance import atomic
from infomotion_lib.training.collective import mean_of
from infomotion_lib.training.launch import trained
from infomotion_lib.training.placement import Placement
from infomotion_lib.training.team import Team

SHOWN = 100
"""Steps whose mean loss the progress bar shows."""


EMA_DECAY = 0.999


def averaging(step: int) -> float:
    """Share of a running average of weights that a step, counted from 0, leaves: little at first, then .999.

    >>> averaging(0), averaging(100_000)
    (0.1, 0.999)
    """
    return min(EMA_DECAY, (1 + step) / (10 + step))


@dataclass(frozen=True)
class Lesson:
    """A network and how it is taught; picklable, so that several processes can be given it.

    Attributes
    ----------
    label : str
        Of its progress bar.
    network : Module
        Trained in place.
    loss : Module
        Holds the network; its ``forward`` gives the loss, a mean over the rows it is given.
    draw : callable
        Tensors (B, ...) of a step on a device, of all processes together, by the number of the step alone.
    steps, batch : int
        Steps, and rows per step.
    optimiser, schedule : callable
        Make the optimiser of some weights, and the schedule of an optimiser.
    clip : float, optional
        Longest gradient.
    averaging : callable, optional
        Share of the running average of the weights that a step leaves, by its number; the network ends with
        that average.
    identity : mapping
        What must be equal for a checkpoint to be gone on from; one of another training is ignored.
    checkpoint : Path, optional
        Where the state is kept.
    every : int
        Steps between two checkpoints.
    watch : callable, optional
        Given the steps done, the network and the losses so far, after each step.
    """

    label: str
    network: nn.Module = field(repr=False)
    loss: nn.Module = field(repr=False)
    draw: Callable[[int, torch.device], tuple[Tensor, ...]] = field(repr=False)
    steps: int
    batch: int
    optimiser: Callable[[Iterable[nn.Parameter]], Optimizer]
    schedule: Callable[[Optimizer], LRScheduler] | None = None
    clip: float | None = None
    averaging: Callable[[int], float] | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: Path | None = None
    every: int = 100
    watch: Callable[[int, Mapping[str, Tensor], list[float]], None] | None = None


def taught(lesson: Lesson, placement: Placement) -> list[float]:
    """Losses of every step, means over the whole batch; ``lesson.network`` has then learnt it.

    Raises
    ------
    CheckpointError
        If the checkpoint is none.
    ParameterError, StageError
        As of :func:`infomotion_lib.training.launch.trained`.
    """
    run = trained(partial(LessonRun, lesson), placement)
    if run.average is not None:
        lesson.network.load_state_dict(run.average)
    return run.losses


class LessonRun:
    """A lesson in progress."""

    def __init__(self, lesson: Lesson, team: Team) -> None:
        self.lesson, self.team = lesson, team
        self.label, self.steps, self.batch = lesson.label, lesson.steps, lesson.batch
        self.identity = {**lesson.identity, **team.placement.identity}
        self.losses: list[float] = []
        self.average: dict[str, Tensor] | None = None
        self.optimiser = lesson.optimiser(lesson.network.parameters())
        self.schedule = lesson.schedule(self.optimiser) if lesson.schedule else None

    @property
    def step(self) -> int:
        """Steps done."""
        return len(self.losses)

    @property
    def keeps(self) -> bool:
        """Whether there is a place for a checkpoint."""
        return self.lesson.checkpoint is not None

    def saved(self) -> int:
        """Steps that the checkpoint of this very lesson has."""
        return len(self._read().get("losses", ()))

    def resume(self) -> None:
        """Place the network; take up the checkpoint if it is of this very lesson."""
        lesson = self.lesson
        self.module, self.optimise = self.team.setup(lesson.loss, self.optimiser)
        if lesson.averaging:
            state = lesson.network.state_dict()
            self.average = {name: value.detach().clone() for name, value in state.items()}
        kept = self._read()
        if not kept:
            return
        try:
            for name, part in self._parts().items():
                part.load_state_dict(kept[name])
            for name, value in (self.average or {}).items():
                value.copy_(kept["average"][name])
        except Exception as error:
            raise self._refused(error) from None
        self.losses = list(kept["losses"])

    def advance(self) -> float | None:
        """One step; the mean of the last losses, now and then."""
        lesson, step = self.lesson, self.step
        batch = lesson.draw(step, self.team.device)
        loss = self.module(*(values[self.team.part(len(values))] for values in batch))
        self.optimise.zero_grad(set_to_none=True)
        self.team.backward(loss)
        if lesson.clip is not None:
            torch.nn.utils.clip_grad_norm_(lesson.network.parameters(), lesson.clip)
        self.optimise.step()
        if self.schedule is not None:
            self.schedule.step()
        if self.average is not None and lesson.averaging is not None:
            share = 1 - lesson.averaging(step)
            for name, value in lesson.network.state_dict().items():
                mean = self.average[name]
                mean.lerp_(value.detach(), share) if mean.is_floating_point() else mean.copy_(value)
        self.losses.append(float(mean_of(loss.detach())))
        if self.team.leads:
            self._keep()
        return sum(self.losses[-SHOWN:]) / min(step + 1, SHOWN) if step % 20 == 0 else None

    def _keep(self) -> None:
        lesson, step = self.lesson, self.step
        if lesson.watch:
            lesson.watch(step, self.average or lesson.network.state_dict(), self.losses)
        if lesson.checkpoint and (step % lesson.every == 0 or step == lesson.steps):
            state: dict[str, Any] = {name: part.state_dict() for name, part in self._parts().items()}
            state |= {"identity": self.identity, "losses": self.losses}
            state |= {} if self.average is None else {"average": self.average}
            with atomic(lesson.checkpoint) as temporary:
                torch.save(state, temporary)

    def _parts(self) -> dict[str, Any]:
        parts = {"network": self.lesson.network, "optimiser": self.optimiser, "schedule": self.schedule}
        return {name: part for name, part in parts.items() if part is not None}

    def _read(self) -> dict[str, Any]:
        """The checkpoint of this very lesson; empty without one."""
        path = self.lesson.checkpoint
        if path is None or not path.is_file():
            return {}
        try:
            state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
            return state if state["identity"] == self.identity else {}
        except Exception as error:
            raise self._refused(error) from None

    def _refused(self, error: Exception) -> CheckpointError:
        return CheckpointError(
            f"{self.lesson.checkpoint} is not a training checkpoint: {error}",
            remedy="Delete it to train from the start.",
        )
