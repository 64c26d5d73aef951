"""Training of DISCOVR: resumable at any checkpoint to the same numbers.

Batches, crops and masks are functions of (seed, step): weights, optimiser, step and log are the whole state.
"""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from infomotion_lib import arithmetic
from infomotion_lib.errors import StageError
from infomotion_lib.provenance import atomic
from infomotion_lib.representations.discovr.alarms import Signs, alarms, signs_of
from infomotion_lib.representations.discovr.clips import ClipSource
from infomotion_lib.representations.discovr.clusters import prototypes_used
from infomotion_lib.representations.discovr.dino import teacher_says
from infomotion_lib.representations.discovr.masks import Masks
from infomotion_lib.representations.discovr.model import Model
from infomotion_lib.representations.discovr.network import Discovr
from infomotion_lib.representations.discovr.settings import TrainingSettings
from infomotion_lib.representations.discovr.step import training_step
from infomotion_lib.training.collective import gathered, mean_of
from infomotion_lib.training.launch import trained
from infomotion_lib.training.placement import Placement
from infomotion_lib.training.team import Team
from infomotion_lib.weights import read_checkpoint

FORMAT = 1
"""Raised when equal videos and settings teach another network: a checkpoint of another format is not gone on
from.
"""

LAST = "last.pt"

MOST_COMPARED = 64
"""Videos whose pixels are compared when a training is gone on from."""

BETAS = (0.9, 0.95)

LOG_COLUMNS = (
    *("step", "loss", "video", "image", "video_scores", "image_scores", "lr", "temperature"),
    *("mean_entropy", "entropy_of_mean", "cls_std", "cls_cosine", "prototypes_used"),
)
"""The loss and its four parts, the rate, the teachers' temperature, and the signs of a collapse in the
batch.
"""


@dataclass(frozen=True)
class TrainingResult:
    """A trained network and how it came about.

    Attributes
    ----------
    model : Model
        With its last weights, in evaluation mode, on the CPU.
    log : DataFrame
        ``LOG_COLUMNS``.
    signs : Signs
        On VAL, or nan with fewer than two VAL videos.
    """

    model: Model
    log: pd.DataFrame
    signs: Signs

    @property
    def alarms(self) -> list[str]:
        """Which signs say that it has collapsed; always empty for a network that has not been trained."""
        if not len(self.log):
            return []
        used = int(self.log["prototypes_used"].iloc[-1])
        return alarms(self.signs, used=used, prototypes=self.model.network.size.prototypes)

    def summary(self) -> dict[str, Any]:
        """Numbers of the run by name."""
        ends = {}
        if len(self.log):
            losses = self.log["loss"]
            ends = {"first_loss": float(losses.iloc[0]), "last_loss": float(losses.iloc[-1])}
            ends["prototypes_used"] = int(self.log["prototypes_used"].iloc[-1])
        steps = int(self.log["step"].max()) if len(self.log) else 0
        signs = {name: value for name, value in self.signs.named("val_").items() if np.isfinite(value)}
        return {"steps": steps, **ends, **signs, "collapsed": bool(self.alarms), "alarms": self.alarms}


def train_discovr(
    model: Model,
    source: ClipSource,
    *,
    folder: str | Path,
    settings: TrainingSettings,
    val: ClipSource | None = None,
    placement: Placement = Placement(),  # noqa: B008  # frozen
) -> TrainingResult:
    """Network trained on clips of TRAIN videos; goes on from ``folder`` if a run of the same settings was cut
    short there.

    Parameters
    ----------
    model : Model
        Start; trained in place.
    source : ClipSource
        TRAIN videos.
    folder : path
        Holds ``last.pt`` (weights, optimiser, step, log), written whole.
    settings : TrainingSettings
        What decides the training.
    val : ClipSource, optional
        VAL videos, which are looked at for signs of a collapse and choose nothing.
    placement : Placement
        Where it runs. Centres and balanced codes are those of the whole batch.

    Raises
    ------
    CheckpointError
        If ``folder`` holds a run of other settings.
    StageError
        If the loss is not finite.
    """
    begin = partial(_Run, model, source, folder=Path(folder), settings=settings)
    run = trained(begin, placement)
    signs = val_signs(model, val, temperature=settings.temperature(settings.steps))
    return TrainingResult(model.to("cpu").eval(), run.table(), signs)


@torch.inference_mode()
def val_signs(model: Model, val: ClipSource | None, *, temperature: float, batch: int = 8) -> Signs:
    """Signs of a collapse in the middle clips of videos."""
    network, says, cls = model.network, [], []
    for start in range(0, 0 if val is None else len(val), batch):
        assert val is not None
        clips = val.middles(range(start, min(start + batch, len(val))))
        seen, _ = network.video_teacher(model.normalised(clips))
        logits = network.video_teacher_head(seen)
        cls.append(seen)
        says.append(teacher_says(logits, network.video_center, temperature=temperature))
    return signs_of(torch.cat(says), torch.cat(cls)) if says else Signs(*[float("nan")] * 4)


class _Step(nn.Module):
    """A step as a module, whose gradients several processes can share."""

    def __init__(self, network: Discovr, settings: TrainingSettings) -> None:
        super().__init__()
        self.network, self.settings = network, settings

    def forward(
        self, clips: Tensor, whole: Tensor, views: Tensor, images: Tensor, temperature: float
    ) -> tuple[Tensor, ...]:
        """The four losses; codes, CLS tokens and answers of the teacher, for the log."""
        made = training_step(
            self.network,
            clips,
            Masks(whole, views, images),
            temperature=temperature,
            momentum=self.settings.momentum,
            variant=self.settings.variant,
        )
        losses = made.video, made.image, made.video_scores, made.image_scores
        return *losses, made.clusters.video_q, made.cls, made.says


class _Run:
    """State of a training: network, optimiser, step, log."""

    def __init__(
        self,
        model: Model,
        source: ClipSource,
        team: Team,
        *,
        folder: Path,
        settings: TrainingSettings,
    ) -> None:
        self.source, self.settings, self.folder, self.team = source, settings, folder, team
        self.identity = {**_identity(model, source, settings), **team.placement.identity}
        self.model, self.step, self.steps = model, 0, settings.steps
        self.label, self.keeps = "DISCOVR training", True
        self.batch = min(settings.batch_size, len(source))
        self.rows: list[list[float]] = []
        # fused: its square root is exact, see arithmetic.py
        self.optimiser = torch.optim.AdamW(_groups(model, settings), lr=0.0, betas=BETAS, fused=True)

    def advance(self) -> None:
        """Do one step."""
        settings, number, network = self.settings, self.step, self.model.network
        videos = settings.rows(number, count=len(self.source))
        clips = self.model.normalised(self.source.drawn(videos, settings.draws(number)))
        part = self.team.part(len(clips))
        masks = settings.masks(number, clips=len(clips), size=network.size).part(part).to(self.team.device)
        rate, temperature = settings.rate(number), settings.temperature(number)
        self.model.train()
        clips = settings.cropped(clips, number)[part]
        *losses, codes, cls, says = self.module(clips, masks.whole, masks.views, masks.images, temperature)
        loss = losses[0] + losses[1] + losses[2] + losses[3]
        if not bool(loss.isfinite()):
            raise StageError(
                f"DISCOVR training diverged at step {number + 1}: its loss is not finite.",
                remedy="Lower discovr_learning_rate and run again.",
            )
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimise.zero_grad(set_to_none=True)
        self.team.backward(loss)
        self.optimise.step()
        self.step += 1
        if settings.due(self.step, settings.log_every):
            values = [float(mean_of(value.detach())) for value in (loss, *losses)]
            signs = signs_of(gathered(says), gathered(cls)).named().values()
            used = prototypes_used(gathered(codes))
            self.rows.append([self.step, *values, rate, temperature, *signs, used])
        if self.team.leads and settings.due(self.step, settings.checkpoint_every):
            self._save()

    def _save(self) -> None:
        state = {
            "identity": self.identity,
            "step": self.step,
            "log": self.rows,
            "model": self.model.state_dict(),
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
        step = _Step(self.model.to(self.team.device).network, self.settings)
        self.module, self.optimise = self.team.setup(step, self.optimiser)
        path = self.folder / LAST
        if not path.is_file():
            return
        state = read_checkpoint(path, self.identity, device=self.team.device)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.rows = int(state["step"]), [list(row) for row in state["log"]]

    def table(self) -> pd.DataFrame:
        """The log."""
        return pd.DataFrame(self.rows, columns=list(LOG_COLUMNS), dtype=float).astype(
            {"step": int, "prototypes_used": int}
        )


def _groups(model: Model, settings: TrainingSettings) -> list[dict[str, Any]]:
    """What AdamW changes, with and without weight decay."""
    decayed: list[torch.nn.Parameter] = []
    spared: list[torch.nn.Parameter] = []
    for name, value in model.network.trained():
        matrix = value.dim() > 1 and not name.endswith(("cls_token", "mask_token"))
        fades = matrix if settings.variant.decay == "matrices" else name != "mask_token"
        (decayed if fades else spared).append(value)
    return [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]


def _identity(model: Model, source: ClipSource, settings: TrainingSettings) -> dict[str, Any]:
    """What must be equal for a checkpoint to be gone on from: settings, start weights and videos."""
    start = 0
    for value in model.state_dict().values():
        start = zlib.crc32(value.detach().cpu().contiguous().numpy().tobytes(), start)
    switches = {f"switch {name}": value for name, value in asdict(settings.variant).items()}
    plain = {name: value for name, value in asdict(settings).items() if name != "variant"}
    plain["temperatures"] = list(settings.temperatures)
    pixels = 0  # of some: the mean of all is among the start weights
    for number in np.unique(
        np.linspace(0, len(source) - 1, min(len(source), MOST_COMPARED)).round().astype(int)
    ):
        pixels = zlib.crc32(np.ascontiguousarray(source.cut.middle(source.video(number))).data, pixels)
    videos = {"TRAIN videos": zlib.crc32("\n".join(source.names).encode()), "TRAIN pixels": pixels}
    shape = {"format": FORMAT, "start weights": start, **asdict(model.network.size), **asdict(source.cut)}
    return {**shape, "arithmetic": arithmetic.state("native")["in_force"], **plain, **switches, **videos}
