"""What MCDM is taught: latent clips, and the motion vector of the video that each was cut from."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from infomotion_lib.errors import DataError, StageError
from infomotion_lib.generators.autoencoder import FittedAutoencoder, reconstruction_quality
from infomotion_lib.generators.autoencoder_training import obtain_autoencoder
from infomotion_lib.generators.base import Lessons
from infomotion_lib.generators.cutting import LabelledClips
from infomotion_lib.generators.mcdm.donors import Donors, Scale, donor_name, with_vectors
from infomotion_lib.generators.mcdm.outlook import no_vectors
from infomotion_lib.generators.mcdm.parameters import McdmParameters
from infomotion_lib.representations.stage import read_vectors, vector_file
from infomotion_lib.representations.vectors import Vectors
from infomotion_lib.training.placement import Placement


@dataclass(frozen=True)
class Moved:
    """Latent clips, each with the motion vector and the EF of its video.

    Attributes
    ----------
    names : tuple of str
        Video of each clip.
    latents : Tensor, shape (N, 4, T, S, S)
    motion : ndarray, shape (N, D), float32
    ef : ndarray, shape (N,)
        Points.
    """

    names: tuple[str, ...] = field(repr=False)
    latents: Tensor = field(repr=False)
    motion: NDArray[np.float32] = field(repr=False)
    ef: NDArray[np.float64] = field(repr=False)

    def first(self, count: int) -> Moved:
        """The first ``count`` of them."""
        return Moved(self.names[:count], self.latents[:count], self.motion[:count], self.ef[:count])


@dataclass(frozen=True)
class Taught:
    """All that MCDM is taught and judged by.

    Attributes
    ----------
    train, val : Moved
        Clips of videos that have a motion vector.
    donors : Donors
        TRAIN videos, one each.
    scale : Scale
        Of their motion vectors.
    autoencoder : FittedAutoencoder
    facts : dict
        Seconds, quality of the autoencoder, videos left out.
    """

    train: Moved
    val: Moved
    donors: Donors
    scale: Scale
    autoencoder: FittedAutoencoder
    facts: dict[str, Any]

    def val_clips(self, lessons: Lessons, count: int) -> NDArray[np.uint8]:
        """The real clips (n, T, S, S) behind the first VAL latents, at the side of the pool."""
        part = lessons.clips("VAL", side=lessons.cut.side)
        rows = {name: row for row, name in reversed(list(enumerate(part.file_name)))}
        return part.clips[[rows[name] for name in self.val.names[:count]]]


def open_taught(lessons: Lessons, *, folder: Path, parameters: McdmParameters, device: str) -> Taught:
    """Clips, their latents by an autoencoder trained here, and the vectors that stage 02 wrote.

    Raises
    ------
    StageError
        If stage 02 has not run.
    ParameterError
        If it makes no such vectors.
    DataError
        If no video of a split has a vector.
    """
    p = parameters
    vectors = _vectors(lessons, p.mcdm_motion)
    parts = {}
    for split, windows in (("TRAIN", p.mcdm_windows), ("VAL", 1)):
        clips = lessons.clips(split, side=p.mcdm_side, windows=windows)
        parts[split] = _moving(clips, vectors, source=lessons.source, split=split)
    (train, train_rows), (val, val_rows) = parts["TRAIN"], parts["VAL"]
    _ = train.class_ef  # a class without a clip stops here, before anything is trained
    begun = time.monotonic()
    autoencoder = obtain_autoencoder(
        train.frames,
        folder / "autoencoder",
        weights=p.mcdm_autoencoder_weights,
        name=p.mcdm_autoencoder,
        steps=p.mcdm_autoencoder_steps,
        batch=p.mcdm_autoencoder_batch_size,
        seed=p.mcdm_seed,
        placement=Placement.of(p, device),
    )
    seconds = {"autoencoder": round(time.monotonic() - begun, 1)}
    quality = reconstruction_quality(autoencoder, val.frames[:: max(1, len(val.frames) // 256)])
    moved, judged = (
        Moved(part.file_name, _latents(autoencoder, part), vectors.features[rows], part.ef)
        for part, rows in ((train, train_rows), (val, val_rows))
    )
    donors = _donors(moved, source=lessons.source, hearts=p.mcdm_hearts == "real")
    scale = Scale.of(donors.motion, standard=p.mcdm_scaling == "standard")
    facts = {"seconds": seconds, **{name: round(value, 3) for name, value in quality.items()}}
    return Taught(moved, judged, donors, scale, autoencoder, facts)


def _vectors(lessons: Lessons, motion: str) -> Vectors:
    if lessons.run is None:
        raise StageError("MCDM reads the motion vectors of stage 02, and no run was given.")
    folder = lessons.run.stage("ifa_training")
    if not vector_file(folder, motion).is_file():
        raise no_vectors(motion)
    return read_vectors([motion], folder)[motion]


def _moving(
    part: LabelledClips, vectors: Vectors, *, source: str, split: str
) -> tuple[LabelledClips, NDArray[np.int64]]:
    """Clips whose video has a vector, and its row."""
    rows = with_vectors(part.file_name, vectors, source=source)
    there = np.flatnonzero(rows >= 0)
    if not len(there):
        raise DataError(
            f"No {split} video has a motion vector.", remedy="See missing_videos.csv of stage 02 for why."
        )
    names = tuple(part.file_name[row] for row in there)
    return LabelledClips(part.clips[there], part.ef[there], names), rows[there]


def _latents(autoencoder: FittedAutoencoder, part: LabelledClips) -> Tensor:
    """Latent clips (N, 4, T, S/8, S/8)."""
    return autoencoder.encode(part.frames).unflatten(0, part.clips.shape[:2]).transpose(1, 2)


def _donors(moved: Moved, *, source: str, hearts: bool) -> Donors:
    """A donor per video; its heart is the first frame of its first clip."""
    first = sorted({name: row for row, name in reversed(list(enumerate(moved.names)))}.values())
    names = tuple(donor_name(source, moved.names[row]) for row in first)
    frames = moved.latents[torch.tensor(first), :, 0].numpy() if hearts else None
    return Donors(names, moved.ef[first], moved.motion[first], frames)
