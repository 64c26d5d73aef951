"""One vector per video: the CLS token of the video teacher, which needs no phases."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.errors import VideoError
from infomotion_lib.representations.blocks import BLOCK, Videos, finish, made_in_blocks
from infomotion_lib.representations.discovr.clips import UNREADABLE, Cut
from infomotion_lib.representations.discovr.model import Model
from infomotion_lib.representations.vectors import Vectors
from infomotion_lib.share import Share

FORMAT = 1
"""Raised when equal weights and frames give other vectors: finished blocks of another format are not taken
up.
"""

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
    done = _blocks(model, rows, workers=workers, out=out)
    return finish(Vectors.joined(done, more_missing=None, size=model.network.size.width), out)


def extract_blocks(model: Model, rows: pd.DataFrame, share: Share, *, workers: int, out: Path) -> None:
    """Make one share of the blocks that :func:`extract_vectors` will take up; ``out`` itself is not
    written.
    """
    _blocks(model, rows, workers=workers, out=out, share=share)


def _blocks(
    model: Model, rows: pd.DataFrame, *, workers: int, out: Path | None, share: Share | None = None
) -> list[Vectors]:
    ordered = rows.sort_values(["source", "file_name"], kind="stable").reset_index(drop=True)
    videos = ordered.to_dict("records")
    size, identity = model.network.size, _identity(model, videos)
    cut = Cut(size.side, size.frames, model.period)
    with ThreadPoolExecutor(workers) as pool:
        return made_in_blocks(
            videos,
            lambda block: _block(model, cut, block, identity=identity, pool=pool),
            out=out,
            label="DISCOVR vectors",
            identity=identity,
            size=BLOCK,
            share=share,
        )


def _block(model: Model, cut: Cut, videos: Videos, *, identity: str, pool: ThreadPoolExecutor) -> Vectors:
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
    return Vectors.of(videos, vectors, missing, size=model.network.size.width, identity=identity)


def _identity(model: Model, videos: Sequence[Mapping[Any, Any]]) -> str:
    """What must be equal for two blocks to belong together: weights, videos, settings."""
    weights = 0
    for name, value in model.state_dict().items():
        weights = zlib.crc32(
            value.detach().cpu().contiguous().numpy().tobytes(), zlib.crc32(name.encode(), weights)
        )
    named = zlib.crc32("\n".join(f"{row['source']}/{row['file_name']}" for row in videos).encode())
    return f"{FORMAT}-{weights:08x}-{named:08x}-{model.period}-{model.pixel_mean.device.type}"
