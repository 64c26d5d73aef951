"""The representation ``motion``: what the inter-frame-attention network knows of how a heart moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infomotion_lib.provenance import write_csv
from infomotion_lib.representations.ends import require_pairs
from infomotion_lib.representations.ifa.augment import Augmentation
from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi, save_interpolator
from infomotion_lib.representations.ifa.engine import Engine
from infomotion_lib.representations.ifa.features import extract_blocks, extract_features, motions
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.parameters import IfaParameters
from infomotion_lib.representations.ifa.pooling import Pooling, rank_bound, vector_size
from infomotion_lib.representations.ifa.settings import TrainingSettings
from infomotion_lib.representations.ifa.training import TrainingResult, new_interpolator, train_interpolator
from infomotion_lib.representations.ifa.training_log import LOG_COLUMNS
from infomotion_lib.representations.ifa.triplets import TripletStore
from infomotion_lib.representations.vectors import Vectors
from infomotion_lib.share import Share
from infomotion_lib.training.placement import Placement, Precision, resolve_precision

WEIGHTS, LOG = "ifa.safetensors", "training_log.csv"


@dataclass(frozen=True)
class Motion:
    """A trained interpolator whose motion maps, averaged over the picture, are the vector.

    Attributes
    ----------
    trained : TrainingResult
        The network, its log and its gain on VAL.
    pooling : {"mean", "grid", "flow"}
        How a motion map becomes a few numbers.
    device : str
        Where vectors are computed.
    taught_by : tuple of str
        ``source/file_name motion`` of each triplet that trained it; empty if it was loaded.
    pairs : int
        Motions per video: two, or emptying alone.
    precision : {"32-true", "bf16-mixed"}
        Of the vectors, whatever the training's was.
    engine : {"torch", "openvino"}
        What computes the vectors.
    """

    trained: TrainingResult
    pooling: Pooling
    device: str
    taught_by: tuple[str, ...] = ()
    pairs: int = 2
    precision: Precision = "32-true"
    engine: Engine = "torch"

    @classmethod
    def of(
        cls, trained: TrainingResult, parameters: IfaParameters, device: str, taught_by: tuple[str, ...] = ()
    ) -> Motion:
        """That of a stage's parameters."""
        p = parameters
        return cls(
            trained, p.pooling, device, taught_by, p.pairs, p.ifa_vector_precision, p.ifa_vector_engine
        )

    @property
    def network(self) -> InterFrameInterpolator:
        """The network, on the CPU."""
        return self.trained.network

    @property
    def size(self) -> int:
        """Numbers per vector."""
        return vector_size(self.network.width, self.pooling, self.pairs)

    def vectors(self, videos: pd.DataFrame, *, workers: int, out: Path | None = None) -> Vectors:
        """Vectors of all videos that have end frames; finished blocks are kept beside ``out``.

        Raises
        ------
        DataError
            If the frame index has another number of motions per video.
        """
        require_pairs(videos, self.pairs)
        return extract_features(
            self.network,
            videos,
            out=out,
            pooling=self.pooling,
            device=self.device,
            workers=workers,
            reading=motions(self.pairs, self.precision, self.engine),
        )

    def make_blocks(self, videos: pd.DataFrame, share: Share, *, workers: int, out: Path) -> None:
        """Make one share of the blocks that :meth:`vectors` takes up."""
        require_pairs(videos, self.pairs)
        extract_blocks(
            self.network,
            videos,
            share,
            out=out,
            pooling=self.pooling,
            device=self.device,
            workers=workers,
            reading=motions(self.pairs, self.precision, self.engine),
        )

    def summary(self) -> dict[str, Any]:
        """Gain over the average of the end frames in dB, whether it ignited, steps, bound on the rank."""
        bound = {"rank_bound": rank_bound(self.network, self.pairs)}
        return self.trained.summary() | bound | ({} if self.pairs == 2 else {"pairs": self.pairs})


def fit(
    train: pd.DataFrame, val: pd.DataFrame, *, folder: Path, parameters: IfaParameters, device: str
) -> Motion:
    """The interpolator trained on the triplets of TRAIN rows, its weights chosen on VAL rows.

    ``folder`` then holds ``ifa.safetensors``, ``training_log.csv`` and the checkpoints of the training.
    """
    require_pairs(train, parameters.pairs)
    _precision(parameters, device)  # refused before a video is read
    stores = [
        TripletStore.from_frame_index(rows, split=split, workers=parameters.workers)
        for split, rows in (("TRAIN", train), ("VAL", val))
    ]
    return fit_triplets(*stores, folder=folder, parameters=parameters, device=device)


def fit_triplets(
    train: TripletStore, val: TripletStore, *, folder: Path, parameters: IfaParameters, device: str
) -> Motion:
    """As :func:`fit`, from triplets that are in memory."""
    p = parameters
    turns = Augmentation(horizontal_flip=p.ifa_flips, vertical_flip=p.ifa_flips, rotation=p.ifa_flips)
    settings = TrainingSettings(
        steps=p.ifa_steps,
        batch_size=p.ifa_batch_size,
        learning_rate=p.ifa_learning_rate,
        warmup_steps=p.ifa_warmup_steps,
        loss=p.ifa_loss,
        laplacian_weight=p.ifa_lambda,
        augmentation=turns,
        precision=_precision(p, device),
        seed=p.ifa_seed,
    )
    start = (
        load_ema_vfi(p.ifa_weights)
        if p.ifa_weights
        else new_interpolator(p.ifa_width, p.ifa_depths, seed=p.ifa_seed, refine=p.ifa_refine)
    )
    trained = train_interpolator(
        start,
        train,
        folder=folder / "checkpoints",
        settings=settings,
        val=val,
        placement=Placement.of(p, device),
    )
    save_interpolator(trained.network, folder / WEIGHTS)
    write_csv(trained.log, folder / LOG)
    return Motion.of(trained, p, device, train.names)


def _precision(parameters: IfaParameters, device: str) -> Precision:
    return resolve_precision(parameters.ifa_precision, device, name="ifa_precision")


def load(folder: Path, *, parameters: IfaParameters, device: str) -> Motion:
    """The network that :func:`fit` left in ``folder``; its gain is that of its log."""
    trained = logged_training(folder / WEIGHTS, folder / LOG)
    return Motion.of(trained, parameters, device)


def logged_training(weights: Path, log_file: Path, *, parts: Sequence[str] = ()) -> TrainingResult:
    """A finished training from its weights and its log, which has no row where the file is missing."""
    network, log = load_ema_vfi(weights), _log(log_file, parts)
    looks = log.dropna(subset=["psnr"]).reset_index(drop=True)
    best = int(looks["psnr"].to_numpy(dtype=float).argmax()) if len(looks) else -1
    chosen = looks.iloc[best : best + 1] if len(looks) else log.tail(1)
    psnr, naive, step = (
        float(chosen[name].iloc[0]) if len(chosen) else np.nan for name in ("psnr", "psnr_naive", "step")
    )
    return TrainingResult(network, log, psnr, naive, 0 if np.isnan(step) else int(step))


def _log(path: Path, parts: Sequence[str]) -> pd.DataFrame:
    columns = [*LOG_COLUMNS, *parts]
    return pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=columns, dtype=float)
