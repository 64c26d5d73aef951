"""The representation ``discovr``: what a video network learns by filling in what it was not shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_lib.device import resolve_device
from infomotion_lib.provenance import write_csv
from infomotion_lib.representations.discovr.alarms import Signs
from infomotion_lib.representations.discovr.clips import ClipSource, Cut
from infomotion_lib.representations.discovr.features import extract_blocks, extract_vectors
from infomotion_lib.representations.discovr.model import Model, load_model, save_model
from infomotion_lib.representations.discovr.network import Discovr, new_discovr
from infomotion_lib.representations.discovr.parameters import DiscovrParameters
from infomotion_lib.representations.discovr.published import load_discovr
from infomotion_lib.representations.discovr.settings import TrainingSettings
from infomotion_lib.representations.discovr.sizes import SIZES
from infomotion_lib.representations.discovr.training import LOG_COLUMNS, TrainingResult, train_discovr
from infomotion_lib.representations.discovr.variants import VARIANTS
from infomotion_lib.representations.vectors import Vectors
from infomotion_lib.share import Share
from infomotion_lib.training.placement import Placement

ABOUT = Path(__file__).with_name("about.md")
WEIGHTS, LOG = "discovr.safetensors", "discovr_training_log.csv"


@dataclass(frozen=True)
class Video:
    """A trained network whose video teacher's CLS token is the vector.

    Attributes
    ----------
    trained : TrainingResult
        The network, its log, and its signs of a collapse on VAL.
    device : str
        Where vectors are computed.
    taught_by : tuple of str
        ``source/file_name`` of the videos that trained it; empty if it was loaded.
    """

    trained: TrainingResult
    device: str
    taught_by: tuple[str, ...] = ()

    @property
    def model(self) -> Model:
        """The network with its pixel constants."""
        return self.trained.model

    @property
    def size(self) -> int:
        """Numbers per vector."""
        return self.model.network.size.width

    def vectors(self, videos: pd.DataFrame, *, workers: int, out: Path | None = None) -> Vectors:
        """Vectors of all videos that can be read; finished blocks are kept beside ``out``."""
        self.model.to(resolve_device(self.device))
        return extract_vectors(self.model, videos, workers=workers, out=out)

    def make_blocks(self, videos: pd.DataFrame, share: Share, *, workers: int, out: Path) -> None:
        """Make one share of the blocks that :meth:`vectors` takes up."""
        self.model.to(resolve_device(self.device))
        extract_blocks(self.model, videos, share, workers=workers, out=out)

    def summary(self) -> dict[str, Any]:
        """Losses, signs of a collapse on VAL and the alarms that they raise; whether queries have a bias."""
        return self.trained.summary() | {"bias": self.model.network.size.bias}


def fit(
    train: pd.DataFrame, val: pd.DataFrame, *, folder: Path, parameters: DiscovrParameters, device: str
) -> Video:
    """The network trained on TRAIN videos; VAL videos are looked at for signs of a collapse.

    ``folder`` then holds ``discovr.safetensors``, ``discovr_training_log.csv`` and the checkpoint of the
    training.
    """
    p = parameters
    network = start_network(p)
    cut = Cut(network.size.side, network.size.frames, p.discovr_period)
    learns = bool(p.discovr_steps) or not p.discovr_weights  # else no video is looked at
    lessons = train if learns else train.iloc[:0]
    seen, held_out = (ClipSource.of(rows, cut, workers=p.workers) for rows in (lessons, val))
    model = (
        Model.published(network, period=p.discovr_period)
        if p.discovr_weights
        else Model.of_pool(network, *seen.pixels(), period=p.discovr_period)
    )
    settings = TrainingSettings(
        steps=p.discovr_steps,
        batch_size=p.discovr_batch_size,
        learning_rate=p.discovr_learning_rate,
        momentum=p.discovr_momentum,
        temperatures=p.discovr_temperatures,
        mask=p.discovr_mask,
        views=p.discovr_views,
        crop=p.discovr_crop,
        variant=VARIANTS[p.discovr_variant],
        seed=p.discovr_seed,
    )
    trained = train_discovr(
        model,
        seen,
        folder=folder / "discovr_checkpoints",
        settings=settings,
        val=held_out,
        placement=Placement.of(p, device),
    )
    save_model(trained.model, folder / WEIGHTS)
    write_csv(trained.log, folder / LOG)
    return Video(trained, device, seen.names)


def start_network(parameters: DiscovrParameters) -> Discovr:
    """Network that a training starts from: random of the asked size, or the published checkpoint's."""
    if parameters.discovr_weights:
        return load_discovr(parameters.discovr_weights)
    return new_discovr(SIZES[parameters.discovr_size], seed=parameters.discovr_seed)


def load(folder: Path, *, parameters: DiscovrParameters, device: str) -> Video:
    """The network that :func:`fit` left in ``folder``, with its log; VAL is not looked at again."""
    path = folder / LOG
    log = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=list(LOG_COLUMNS), dtype=float)
    unknown = Signs(*[float("nan")] * 4)
    return Video(TrainingResult(load_model(folder / WEIGHTS), log, unknown), device)
