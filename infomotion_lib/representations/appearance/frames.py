"""The representation ``appearance``: what the ED frame of a video looks like to a trained ResNet-18."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.data.video import read_frames
from infomotion_lib.device import resolve_device
from infomotion_lib.errors import VideoError
from infomotion_lib.progress import track
from infomotion_lib.representations.appearance.network import (
    EMBEDDING_SIZE,
    AppearanceModel,
    appearance_frame_numbers,
    embed,
    load_appearance,
    save_appearance,
    train_appearance,
)
from infomotion_lib.representations.appearance.outlook import nothing_to_learn
from infomotion_lib.representations.appearance.parameters import AppearanceParameters
from infomotion_lib.representations.vectors import Vectors, write_features
from infomotion_lib.training.placement import Placement

WEIGHTS, CHECKPOINT = "appearance.safetensors", Path("appearance_checkpoints") / "last.pt"
UNREADABLE, NO_FRAME = "unreadable", "no_frame"


@dataclass(frozen=True)
class Appearance:
    """A trained frame network; the vector is its pooled layer before the last.

    Attributes
    ----------
    model : AppearanceModel
        The network with its constants.
    taught_by : tuple of str
        ``source/file_name`` of the videos that trained it; empty if it was loaded.
    """

    model: AppearanceModel
    taught_by: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Numbers per vector."""
        return EMBEDDING_SIZE

    def vectors(self, videos: pd.DataFrame, *, workers: int, out: Path | None = None) -> Vectors:
        """Vectors of all videos that can be read; there are no parts to keep or to share, an embedding takes
        0.012 s of one processor at the paper's size.
        """
        ordered = videos.sort_values(["source", "file_name"], kind="stable").reset_index(drop=True)
        listed = ordered.to_dict("records")
        frames, missing = _frames(ordered, workers=workers)
        vectors: dict[int, NDArray[np.float32]] = {}
        for side in dict.fromkeys(frame.shape for frame in frames.values()):
            alike = [number for number, frame in frames.items() if frame.shape == side]
            embedded = embed(self.model, np.stack([frames[number] for number in alike]))
            vectors |= dict(zip(alike, embedded, strict=True))
        table = Vectors.joined(
            [Vectors.of(listed, vectors, missing, size=self.size, identity="")],
            more_missing=None,
            size=self.size,
        )
        if out is not None:
            write_features(table, out)
        return table

    def summary(self) -> dict[str, Any]:
        """Steps of the training, and its first and last loss."""
        losses = self.model.losses
        ends = {"first_loss": losses[0], "last_loss": losses[-1]} if losses else {}
        return {"steps": len(losses), **ends}


def fit(
    train: pd.DataFrame, val: pd.DataFrame, *, folder: Path, parameters: AppearanceParameters, device: str
) -> Appearance:
    """The frame network trained to tell the EF of TRAIN rows from one frame each; VAL rows are not looked at.

    Raises
    ------
    DataError
        If no TRAIN video with an EF can be read.
    """
    known = train[train["ef"].notna()].sort_values(["source", "file_name"], kind="stable")
    known = known.reset_index(drop=True)
    frames, _ = _frames(known, workers=parameters.workers)
    if not frames:
        raise nothing_to_learn(len(known))
    sides = [frame.shape for frame in frames.values()]
    usual = max(set(sides), key=sides.count)
    rows = [number for number, frame in frames.items() if frame.shape == usual]
    placement, state = Placement.of(parameters, device), folder / CHECKPOINT
    model = train_appearance(
        np.stack([frames[number] for number in rows]),
        known["ef"].to_numpy(dtype=float)[rows],
        steps=parameters.appearance_steps,
        size=parameters.appearance_size,
        seed=parameters.appearance_seed,
        placement=placement,
        # 130 MB, which minutes of one process are not worth
        checkpoint=state if placement.processes > 1 or state.is_file() else None,
    )
    save_appearance(model, folder / WEIGHTS)
    taught = known.iloc[rows]
    return Appearance(model, tuple(taught["source"].astype(str) + "/" + taught["file_name"].astype(str)))


def load(folder: Path, *, parameters: AppearanceParameters, device: str) -> Appearance:
    """The network that :func:`fit` left in ``folder``."""
    return Appearance(load_appearance(folder / WEIGHTS, device=resolve_device(device).type))


def _frames(rows: pd.DataFrame, *, workers: int) -> tuple[dict[int, NDArray[np.uint8]], dict[int, str]]:
    """The frame (H, W) that stands for each video, and why there is none, by row number."""
    known = (rows["ed"].notna() | rows["n_frames"].notna()).to_numpy()
    numbers = iter(appearance_frame_numbers(rows[known]).tolist())
    asked = [
        (row, next(numbers) if there else None)
        for row, there in zip(rows.to_dict("records"), known, strict=True)
    ]
    with ThreadPoolExecutor(workers) as pool:
        read = list(track(pool.map(_read, asked), label="frames", unit="video", total=len(asked)))
    frames = {number: frame for number, frame in enumerate(read) if not isinstance(frame, str)}
    return frames, {number: why for number, why in enumerate(read) if isinstance(why, str)}


def _read(asked: tuple[Mapping[Any, Any], int | None]) -> NDArray[np.uint8] | str:
    row, number = asked
    if number is None:
        return str(row.get("status") or NO_FRAME)
    try:
        return read_frames(row["path"], [number])[0]
    except VideoError:
        return UNREADABLE
