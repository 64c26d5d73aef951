"""Training of the interpolator: resumable at any step to the same numbers, best weights chosen on VAL.

Batches and augmentation are functions of (seed, step), so a checkpoint needs no state of a random generator:
weights, optimiser and step are the whole state.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from infomotion_lib import arithmetic
from infomotion_lib.device import as_unit
from infomotion_lib.errors import StageError
from infomotion_lib.provenance import atomic
from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi, save_interpolator
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.objective import Batch, Losses, MiddleFrames, Objective
from infomotion_lib.representations.ifa.settings import TrainingSettings
from infomotion_lib.representations.ifa.training_log import TrainingLog
from infomotion_lib.representations.ifa.triplets import TripletStore
from infomotion_lib.representations.ifa.validation import IGNITION_DB, validation_psnr
from infomotion_lib.training.collective import mean_of
from infomotion_lib.training.launch import trained
from infomotion_lib.training.placement import Placement, resolve_precision
from infomotion_lib.training.team import Team
from infomotion_lib.weights import read_checkpoint

FORMAT = 2
"""Raised when equal triplets and settings teach another network: a checkpoint of another format is not gone
on from.
"""

LAST, BEST, LOG = "last.pt", "best.safetensors", "log.csv"


@dataclass(frozen=True)
class TrainingResult:
    """A trained network and how it came about.

    Attributes
    ----------
    network : InterFrameInterpolator
        With the weights that were best on VAL (the last ones without VAL), in evaluation mode, on the CPU.
    log : DataFrame
        ``step``, ``loss``, ``lr``, ``psnr``, ``psnr_naive``; the last two on VAL, in dB, empty between two
        looks.
    psnr, psnr_naive : float
        On VAL at the best step; nan without VAL.
    best_step : int
        Step of the weights.
    """

    network: InterFrameInterpolator
    log: pd.DataFrame
    psnr: float
    psnr_naive: float
    best_step: int

    @property
    def gain_db(self) -> float:
        """PSNR above the naive average of the two end frames, dB."""
        return self.psnr - self.psnr_naive

    @property
    def ignited(self) -> bool:
        """Whether it fills in frames better than their average, by 1 dB or more. That is interpolation: it
        says nothing of EF.
        """
        return bool(self.gain_db >= IGNITION_DB)

    def summary(self) -> dict[str, Any]:
        """Numbers of the run by name."""
        return {
            "psnr": self.psnr,
            "psnr_naive": self.psnr_naive,
            "gain_db": self.gain_db,
            "ignited": self.ignited,
            "best_step": self.best_step,
            "steps": int(self.log["step"].max()) if len(self.log) else 0,
        }


def new_interpolator(
    width: int, depths: tuple[int, ...], *, seed: int, refine: bool = True
) -> InterFrameInterpolator:
    """Network with random weights that depend on the seed alone; torch's own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return InterFrameInterpolator(width, depths, refine=refine)


def train_interpolator(
    network: InterFrameInterpolator,
    store: TripletStore,
    *,
    folder: str | Path,
    settings: TrainingSettings,
    val: TripletStore | None = None,
    placement: Placement = Placement(),  # noqa: B008  # frozen
    on_step: Callable[[int, float], None] | None = None,
    objective: Objective | None = None,
) -> TrainingResult:
    """Network trained to predict middle frames; continues from ``folder`` if a run of the same settings was
    cut short there.

    Parameters
    ----------
    network : InterFrameInterpolator
        Start; trained in place. Without its U-Net the loss is on the warps alone.
    store : TripletStore
        TRAIN triplets.
    folder : path
        Holds ``last.pt`` (weights, optimiser, step), ``best.safetensors`` and ``log.csv``, each written
        whole.
    settings : TrainingSettings
        Steps, rates, loss, augmentation, seed.
    val : TripletStore, optional
        VAL triplets that choose the best weights.
    placement : Placement
        Where it runs; the precision is that of the settings.
    on_step : callable, optional
        Called with step and loss after each logged step, where one process trains.
    objective : Objective, optional
        What is minimised; by default the loss of middle frames that the settings name.

    Raises
    ------
    CheckpointError
        If ``folder`` holds a run of other settings.
    ParameterError
        If the settings ask for bfloat16 and it would only be slow on this device.
    StageError
        If the loss is not finite.
    """
    resolve_precision(settings.precision, placement.device, name="ifa_precision")
    begin = partial(
        _Run,
        network,
        store,
        folder=Path(folder),
        settings=settings,
        val=val,
        objective=MiddleFrames() if objective is None else objective,
    )
    return trained(begin, replace(placement, precision=settings.precision), on_step=on_step).result()


class _Run:
    """State of a training run: network, optimiser, step, best so far."""

    def __init__(
        self,
        network: InterFrameInterpolator,
        store: TripletStore,
        team: Team,
        *,
        folder: Path,
        settings: TrainingSettings,
        val: TripletStore | None,
        objective: Objective,
    ) -> None:
        self.store, self.settings, self.folder, self.team = store, settings, folder, team
        self.val = None if val is None else val.subset(settings.most_validation)
        self.network, self.objective = network, objective
        self.trained = objective.trained(network)
        self.identity = _identity(network, store, self.val, settings, objective, self.trained)
        self.label, self.steps, self.step = f"{objective.label} training", settings.steps, 0
        self.batch, self.keeps = min(settings.batch_size, len(store)), True
        self.trained.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stub
        # fused: its square root is exact, see arithmetic.py
        self.optimiser = torch.optim.AdamW(
            self.trained.parameters(), lr=0.0, weight_decay=settings.weight_decay, fused=True
        )
        self.best: dict[str, float] = {"psnr": float("nan"), "psnr_naive": float("nan"), "step": 0}
        self.log = TrainingLog(folder / LOG, parts=objective.parts)

    def advance(self) -> float | None:
        """One step; its loss where the log wants it."""
        settings, step = self.settings, self.step
        rows = settings.rows(step, count=len(self.store))
        part, device = self.team.part(len(rows)), self.team.device
        triplets = settings.augmented(self.store.batch(rows), step=step)[part]
        first, middle, last = as_unit(triplets, device).split(1, dim=1)
        rate = settings.rate(step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.model.train()
        losses = self.objective.losses(self.model(first, last), middle, Batch(step, rows, settings, part))
        loss = losses.total
        if (
            device.type == "cpu"
        ):  # costs nothing here, and torch's CPU warp crashes in the backward pass of a nan flow
            self._refuse_divergence(loss, *losses.made.flow)
        self.optimise.zero_grad(set_to_none=True)
        self.team.backward(loss)
        self.optimise.step()
        self.step += 1
        return self._record(losses, rate)

    def _record(self, losses: Losses, rate: float) -> float | None:
        settings, step = self.settings, self.step
        look = self.val is not None and settings.due(step, settings.validate_every)
        keep = settings.due(step, settings.checkpoint_every)
        if not (look or keep or settings.due(step, settings.log_every)):
            return None
        self._refuse_divergence(losses.total)
        total, *parts = (
            float(mean_of(value.detach().to(self.team.device))) for value in (losses.total, *losses.parts)
        )
        if self.team.leads:
            psnr, naive = self._look() if look else (None, None)
            self.log.add(step, total, rate, psnr, naive, parts)
            if keep:
                self._save()
        return total

    def _refuse_divergence(self, *values: torch.Tensor) -> None:
        if not all(bool(value.isfinite().all()) for value in values):
            label, prefix = self.objective.label, self.objective.prefix
            raise StageError(
                f"{label} training diverged at step {self.step + 1}: loss or flow is not finite.",
                remedy=f"Lower {prefix}_learning_rate or raise {prefix}_warmup_steps, and run again.",
            )

    def _look(self) -> tuple[float, float]:
        assert self.val is not None
        psnr, naive = validation_psnr(self.network, self.val)
        if not psnr <= self.best["psnr"]:
            self.best = {"psnr": psnr, "psnr_naive": naive, "step": self.step}
            save_interpolator(self.network, self.folder / BEST)
        return psnr, naive

    def _save(self) -> None:
        self.log.flush()
        state = {
            "identity": self.identity,
            "step": self.step,
            "best": self.best,
            "network": self.trained.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        with atomic(self.folder / LAST) as temporary:
            torch.save(state, temporary)

    def saved(self) -> int:
        """Steps that the last checkpoint has."""
        path = self.folder / LAST
        return int(read_checkpoint(path, self.identity, device="cpu")["step"]) if path.is_file() else 0

    def resume(self) -> None:
        """Place the network; take up the last checkpoint, if there is one."""
        self.model, self.optimise = self.team.setup(self.trained, self.optimiser)
        path = self.folder / LAST
        if path.is_file():
            state = read_checkpoint(path, self.identity, device=self.team.device)
            self.trained.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.best = int(state["step"]), dict(state["best"])
        if self.team.leads:
            self.log.cut(self.step)

    def result(self) -> TrainingResult:
        """Best network and log."""
        network = self.network.to("cpu").eval()
        if self.val is not None and self.step == 0:
            psnr, naive = validation_psnr(network, self.val)
            self.best = {"psnr": psnr, "psnr_naive": naive, "step": 0}
        elif self.val is not None:
            network = load_ema_vfi(self.folder / BEST, window=network.window)
        best_step = self.step if self.val is None else int(self.best["step"])
        return TrainingResult(
            network, self.log.table(), self.best["psnr"], self.best["psnr_naive"], best_step
        )


def _identity(
    network: InterFrameInterpolator,
    store: TripletStore,
    val: TripletStore | None,
    settings: TrainingSettings,
    objective: Objective,
    trained: torch.nn.Module,
) -> dict[str, Any]:
    """What must be equal for a checkpoint to be continued: settings, network, start weights and data."""
    start = 0
    for value in trained.state_dict().values():
        start = zlib.crc32(value.detach().cpu().contiguous().numpy().tobytes(), start)
    augmentation = {f"augmentation {name}": value for name, value in asdict(settings.augmentation).items()}
    plain = {name: value for name, value in asdict(settings).items() if name != "augmentation"}
    data = {"TRAIN triplets": _checksum(store), "VAL triplets": 0 if val is None else _checksum(val)}
    shape = {"format": FORMAT, "width": network.width, "depths": list(network.depths), "start weights": start}
    how = {"arithmetic": arithmetic.state("native")["in_force"], **plain, **augmentation}
    return {**shape, **how, **data, **objective.identity()}


def _checksum(store: TripletStore) -> int:
    return zlib.crc32(store.triplets.tobytes(), zlib.crc32(np.ascontiguousarray(store.frames).data))
