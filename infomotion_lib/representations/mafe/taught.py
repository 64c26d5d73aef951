"""The representation ``mafe``: the motion network, taught by flow and by identity too."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from infomotion_lib.device import as_unit
from infomotion_lib.errors import ParameterError
from infomotion_lib.provenance import write_csv
from infomotion_lib.representations.ends import require_pairs
from infomotion_lib.representations.ifa.augment import Augmentation
from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi, save_interpolator
from infomotion_lib.representations.ifa.features import extract_blocks, extract_features
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.motion import logged_training
from infomotion_lib.representations.ifa.pooling import rank_bound, vector_size
from infomotion_lib.representations.ifa.settings import TrainingSettings
from infomotion_lib.representations.ifa.training import TrainingResult, new_interpolator, train_interpolator
from infomotion_lib.representations.ifa.triplets import TripletStore
from infomotion_lib.representations.mafe.alarms import Signs, alarms
from infomotion_lib.representations.mafe.choices import Method
from infomotion_lib.representations.mafe.flows import flow_targets
from infomotion_lib.representations.mafe.objective import PARTS, MafeObjective, Targets, TaughtNetwork
from infomotion_lib.representations.mafe.parameters import MafeParameters, choices_of
from infomotion_lib.representations.mafe.reid import Teacher, reid_teacher
from infomotion_lib.representations.mafe.turned import turned_reading
from infomotion_lib.representations.vectors import Vectors
from infomotion_lib.share import Share
from infomotion_lib.training.placement import Placement, Precision

ABOUT = Path(__file__).with_name("about.md")
WEIGHTS, LOG = "mafe.safetensors", "mafe_training_log.csv"

STREAM = 7919
"""Added to the seed for the weights of the linear map, which are then none of the network's."""


@dataclass(frozen=True)
class Taught:
    """A trained interpolator whose motion maps of one motion, upright and upside down, are the vector.

    Attributes
    ----------
    trained : TrainingResult
        The network, its log and its gain on VAL.
    parameters : MafeParameters
        Of the run: method, weights of the losses, whose motion is taken.
    device : str
        Where vectors are computed.
    signs : Signs
        On VAL; nan if it was loaded.
    accuracy : float
        Of the identity teacher on VAL; nan if there is none, or if it was loaded.
    taught_by : tuple of str
        ``source/file_name motion`` of each triplet that trained it; empty if it was loaded.
    """

    trained: TrainingResult
    parameters: Any
    device: str
    signs: Signs = field(default_factory=Signs)
    accuracy: float = np.nan
    taught_by: tuple[str, ...] = ()

    @property
    def network(self) -> InterFrameInterpolator:
        """The network, on the CPU."""
        return self.trained.network

    @property
    def size(self) -> int:
        """Numbers per vector: 96 F."""
        return vector_size(self.network.width, "mean", 2)

    @property
    def alarms(self) -> list[str]:
        """Which added losses did nothing."""
        p = self.parameters
        return alarms(
            self.trained.log,
            self.signs,
            flow_weight=p.mafe_flow_weight,
            reid_weight=p.mafe_reid_weight,
            accuracy=self.accuracy,
        )

    def vectors(self, videos: pd.DataFrame, *, workers: int, out: Path | None = None) -> Vectors:
        """Vectors of all videos that have the frames of the motion; finished blocks are kept beside
        ``out``.
        """
        reading = turned_reading(self.parameters.mafe_pair)
        return extract_features(
            self.network, videos, out=out, device=self.device, workers=workers, reading=reading
        )

    def make_blocks(self, videos: pd.DataFrame, share: Share, *, workers: int, out: Path) -> None:
        """Make one share of the blocks that :meth:`vectors` takes up."""
        reading = turned_reading(self.parameters.mafe_pair)
        extract_blocks(
            self.network, videos, share, out=out, device=self.device, workers=workers, reading=reading
        )

    def summary(self) -> dict[str, Any]:
        """Gain over the average of the end frames in dB, whether it ignited, losses on VAL beside those of
        ignorant answers, the teacher's accuracy and the alarms.
        """
        told = {"method": self.parameters.mafe_method, "rank_bound": rank_bound(self.network, 2)}
        values = self.signs.named("val_") | {"reid_accuracy": self.accuracy}
        known = {name: value for name, value in values.items() if np.isfinite(value)}
        return self.trained.summary() | told | known | {"alarms": self.alarms}


def fit(
    train: pd.DataFrame, val: pd.DataFrame, *, folder: Path, parameters: MafeParameters, device: str
) -> Taught:
    """The interpolator trained on the triplets of TRAIN rows, its weights chosen on VAL rows.

    ``folder`` then holds ``mafe.safetensors``, ``mafe_training_log.csv``, and the checkpoints of the training
    and of the identity teacher.
    """
    p, place, placement = parameters, folder / "mafe_checkpoints", Placement.of(parameters, device)
    if p.pairs == 1 and p.mafe_pair == "filling":
        raise ParameterError(
            "Half beats have no filling whose vector could be taken.", remedy="Use mafe_pair = 'emptying'."
        )
    require_pairs(train, p.pairs)
    seen, held_out = (
        TripletStore.from_frame_index(rows, split=split, workers=p.workers)
        for split, rows in (("TRAIN", train), ("VAL", val))
    )
    method = p.mafe_method if p.mafe_steps else "none"  # nothing is taught in no steps
    teacher = None
    if method in ("reid", "both", "bothnorm"):
        teacher = reid_teacher(
            seen,
            held_out,
            path=place / "reid.safetensors",
            steps=p.mafe_reid_steps,
            size=p.mafe_reid_size,
            seed=p.mafe_seed,
            placement=placement,
        )
    network = (
        load_ema_vfi(p.mafe_weights)
        if p.mafe_weights
        else new_interpolator(p.mafe_width, p.mafe_depths, seed=p.mafe_seed, refine=p.mafe_refine)
    )
    objective = MafeObjective(
        method,
        choices_of(p),
        targets_of(method, seen, train, teacher, parameters=p),
        TaughtNetwork(network, identifies=teacher is not None, seed=p.mafe_seed + STREAM),
        flow_weight=p.mafe_flow_weight,
        reid_weight=p.mafe_reid_weight,
    )
    settings = training_settings(p, placement.precision)
    trained = train_interpolator(
        network, seen, folder=place, settings=settings, val=held_out, placement=placement, objective=objective
    )
    some = held_out.subset(settings.most_validation)
    signs = val_signs(objective, some, targets_of(method, some, val, teacher, parameters=p))
    save_interpolator(trained.network, folder / WEIGHTS)
    write_csv(trained.log, folder / LOG)
    accuracy = np.nan if teacher is None else teacher.accuracy
    return Taught(trained, p, device, signs, accuracy, seen.names)


def training_settings(parameters: MafeParameters, precision: Precision) -> TrainingSettings:
    """Settings of the training loop."""
    p = parameters
    turns = Augmentation(horizontal_flip=p.mafe_flips, vertical_flip=p.mafe_flips, rotation=p.mafe_flips)
    return TrainingSettings(
        steps=p.mafe_steps,
        batch_size=p.mafe_batch_size,
        learning_rate=p.mafe_learning_rate,
        warmup_steps=p.mafe_warmup_steps,
        augmentation=turns,
        precision=precision,
        seed=p.mafe_seed,
    )


def targets_of(
    method: Method,
    store: TripletStore,
    rows: pd.DataFrame,
    teacher: Teacher | None,
    *,
    parameters: MafeParameters,
) -> Targets:
    """What the teachers of a method say of the triplets of some videos."""
    p, flows, identities = parameters, None, None
    if method in ("flow", "flownorm", "both", "bothnorm"):
        flows = flow_targets(p.mafe_flow_teacher, store, rows, workers=p.workers)
    if teacher is not None:
        identities = teacher.identities(store.frames)[store.triplets[:, [0, 2]]]
    return Targets(flows, identities)


@torch.inference_mode()
def val_signs(
    objective: MafeObjective, store: TripletStore, targets: Targets, *, batch_size: int = 8
) -> Signs:
    """Losses of the network as it is at the end of training, on triplets that it has not seen."""
    taught = objective.taught.to("cpu").eval()
    parts, sizes = [], []
    for start in range(0, len(store), batch_size):
        rows = np.arange(start, min(start + batch_size, len(store)))
        first, middle, last = as_unit(store.batch(rows), torch.device("cpu")).split(1, dim=1)
        losses = objective.compared(taught(first, last), middle, targets.rows(rows), weight=0.0)
        parts.append([float(part) for part in losses.parts])
        sizes.append(len(rows))
    _, *means = np.average(parts, axis=0, weights=sizes).tolist()
    return Signs(*means)


def load(folder: Path, *, parameters: MafeParameters, device: str) -> Taught:
    """The network that :func:`fit` left in ``folder``; its gain is that of its log, and VAL is not looked at
    again.
    """
    trained = logged_training(folder / WEIGHTS, folder / LOG, parts=PARTS)
    return Taught(trained, parameters, device)
