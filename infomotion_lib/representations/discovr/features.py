"""One vector per video: the CLS token of the video teacher, which needs no phases."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.errors import VideoError
from infomotion_lib.progress import track
from infomotion_lib.provenance import write_npz
from infomotion_lib.representations.discovr.clips import UNREADABLE, Cut
from infomotion_lib.representations.discovr.model import Model
from infomotion_lib.representations.vectors import Vectors, read_features, write_features

FORMAT = 1
"""Raised when equal weights and frames give other vectors: finished blocks of another format are not taken
up.
"""

BLOCK = 32
"""Videos of one resumable block."""

BATCH = 8


def extract_vectors(model: Model, rows: pd.DataFrame, *, workers: int, out: Path | None) -> Vectors:
    """Vectors of all videos that can be read, sorted; finished blocks lie in ``<out>.parts/`` until the file
    is whole.

    Parameters
    ----------
    model : Model
        Where it runs is where its weights are.
    rows : DataFrame
        ``source``, ``file_name`` and ``path``.
    workers : int
        Decoding threads.
    out : path or None
        File to write; ``None``: nothing is kept.
    """
    ordered = rows.sort_values(["source", "file_name"], kind="stable").reset_index(drop=True)
    videos = ordered.to_dict("records")
    size, identity = model.network.size, _identity(model, videos)
    cut = Cut(size.side, size.frames, model.period)
    parts = None if out is None else Path(f"{out}.parts")
    done = []
    with ThreadPoolExecutor(workers) as pool:
        starts = range(0, len(videos), BLOCK)
        for number, start in enumerate(track(starts, label="DISCOVR vectors", unit="block")):
            part = None if parts is None else parts / f"{number:06d}.npz"
            done.append(_block(model, cut, videos[start : start + BLOCK], part, identity=identity, pool=pool))
    table = Vectors.joined(done, more_missing=None, size=size.width)
    if out is not None and parts is not None:
        write_features(table, out)
        shutil.rmtree(parts, ignore_errors=True)
    return table


def _block(
    model: Model,
    cut: Cut,
    videos: Sequence[Mapping[Any, Any]],
    part: Path | None,
    *,
    identity: str,
    pool: ThreadPoolExecutor,
) -> Vectors:
    if part is not None and part.is_file():
        earlier = read_features(part)
        if earlier.identity == identity:
            return earlier

    def read(row: Mapping[Any, Any]) -> NDArray[np.uint8] | None:
        try:
            return cut.middle(cut.read(row["path"]))
        except VideoError:
            return None

    clips = dict(enumerate(pool.map(read, videos)))
    missing = {number: UNREADABLE for number, clip in clips.items() if clip is None}
    readable = {number: clip for number, clip in clips.items() if clip is not None}
    vectors: dict[int, NDArray[np.float32]] = {}
    numbers = sorted(readable)
    for start in range(0, len(numbers), BATCH):
        some = numbers[start : start + BATCH]
        vectors |= dict(
            zip(some, model.vectors(np.stack([readable[number] for number in some])), strict=True)
        )
    table = Vectors.of(videos, vectors, missing, size=model.network.size.width, identity=identity)
    if part is not None:
        write_npz(part, table.arrays())
    return table


def _identity(model: Model, videos: Sequence[Mapping[Any, Any]]) -> str:
    """What must be equal for two blocks to belong together: weights, videos, settings."""
    weights = 0
    for name, value in model.state_dict().items():
        weights = zlib.crc32(
            value.detach().cpu().contiguous().numpy().tobytes(), zlib.crc32(name.encode(), weights)
        )
    named = zlib.crc32("\n".join(f"{row['source']}/{row['file_name']}" for row in videos).encode())
    return f"{FORMAT}-{weights:08x}-{named:08x}-{model.period}-{model.pixel_mean.device.type}"
