"""One motion vector per video, for a whole frame index: resumable, and never a row of zeros.

Videos are taken in blocks, sorted by source and name; a run that was cut short goes on with the next block.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from infomotion_lib.device import as_unit, resolve_device
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.representations.blocks import BLOCK, Videos, finish, made_in_blocks
from infomotion_lib.representations.ends import (
    END_COLUMNS,
    Ends,
    frames_as_ends,
    pair_frames,
    pairs_kept,
)
from infomotion_lib.representations.ifa.engine import Engine
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.pooling import MotionPooler, Pooling, vector_size
from infomotion_lib.representations.ifa.sizes import size_refusal
from infomotion_lib.representations.ifa.triplets import ODD_SIZE
from infomotion_lib.representations.vectors import ONE_PAIR, Vectors
from infomotion_lib.share import Share
from infomotion_lib.training.placement import Precision, resolve_precision

FORMAT = 2
"""Raised when equal weights and frames give other vectors: finished blocks of another format are not taken
up.
"""

BATCH = 8
"""Videos at a time."""


@dataclass(frozen=True)
class Reading:
    """Which frames of a video are looked at, how precisely, and how their motion is laid out in its vector.

    Attributes
    ----------
    name : str
        Tells its vectors from those of another reading.
    columns : tuple of str
        Frame numbers that a row of the frame index must have.
    pairs : int
        Pairs of frames per video.
    ends : callable
        Frames and pairs of a row, or the status of a video that has none.
    laid_out : callable, optional
        Vectors (N, D) of pooled motion (N, D) of a network of some width; as they are by default.
    precision : {"32-true", "bf16-mixed"}
        The second is faster and keeps about three digits of a vector; the authors' guide has both in numbers.
    engine : {"torch", "openvino"}
        What computes the motion.
    """

    name: str
    columns: tuple[str, ...]
    pairs: int
    ends: Callable[[Mapping[str, Any]], Ends | str]
    laid_out: Callable[[NDArray[np.float32], int], NDArray[np.float32]] | None = None
    precision: Precision = "32-true"
    engine: Engine = "torch"


def motions(pairs: int, precision: Precision = "32-true", engine: Engine = "torch") -> Reading:
    """Both motions of a video as the paper has them, or emptying alone."""
    name = "" if pairs == 2 else ONE_PAIR
    return Reading(name, END_COLUMNS[-2 * pairs :], pairs, read_ends, precision=precision, engine=engine)


def extract_features(
    network: InterFrameInterpolator,
    rows: pd.DataFrame,
    *,
    out: str | Path | None,
    pooling: Pooling = "mean",
    batch_size: int = BATCH,
    device: str = "auto",
    workers: int = 1,
    reading: Reading | None = None,
) -> Vectors:
    """Motion vectors of all videos that have end frames, written to ``out``, with a list of those that have
    none.

    Only the backbone runs; the frames of a video are decoded once and the frame that its two motions share is
    encoded once. Finished blocks lie in ``<out>.parts/`` until the file is whole; a second call takes them
    up.

    Parameters
    ----------
    network : InterFrameInterpolator
        Trained weights.
    rows : DataFrame
        Frame index with a ``path`` column (:func:`infomotion_lib.representations.ifa.triplets.attach_paths`).
    out : path or None
        ``.npz`` file of ``source``, ``file_name`` and ``features``. ``None``: nothing is written, and nothing
        can be resumed.
    pooling : {"mean", "grid", "flow"}
        See :class:`infomotion_lib.representations.ifa.pooling.MotionPooler`.
    batch_size : int
        Videos at a time, from 1 to 32.
    device : {"auto", "cpu", "cuda"}
        Where it runs.
    workers : int
        Decoding threads.
    reading : Reading, optional
        By default the motions that the frame index has: :func:`motions`.

    Raises
    ------
    ParameterError
        If the batch size makes no sense, bfloat16 would only be slow here, or OpenVINO cannot do it.
    DataError
        If no video has end frames, or a vector is not finite or constant; the videos are named.
    """
    work = _planned(
        network,
        rows,
        pooling=pooling,
        batch_size=batch_size,
        device=device,
        workers=workers,
        reading=reading,
    )
    place = None if out is None else Path(out)
    table = Vectors.joined(work.blocks(place), more_missing=work.absent, size=work.size)
    refuse_degenerate(table)
    return finish(table, place)


def extract_blocks(
    network: InterFrameInterpolator,
    rows: pd.DataFrame,
    share: Share,
    *,
    out: Path,
    pooling: Pooling = "mean",
    device: str = "auto",
    workers: int = 1,
    reading: Reading | None = None,
) -> None:
    """Make one share of the blocks that :func:`extract_features` with the same arguments will take up;
    ``out`` itself is not written.
    """
    work = _planned(
        network,
        rows,
        pooling=pooling,
        batch_size=BATCH,
        device=device,
        workers=workers,
        reading=reading,
    )
    work.blocks(out, share)


@dataclass(frozen=True)
class _Work:
    """Which vectors are to be made, and how."""

    pooler: MotionPooler
    videos: list[dict[Any, Any]]
    absent: pd.DataFrame
    identity: str
    batch_size: int
    workers: int
    reading: Reading

    @property
    def size(self) -> int:
        return vector_size(self.pooler.network.width, self.pooler.pooling, self.reading.pairs)

    def blocks(self, out: Path | None, share: Share | None = None) -> list[Vectors]:
        with ThreadPoolExecutor(self.workers) as pool:
            return made_in_blocks(
                self.videos,
                lambda videos: self._block(videos, pool),
                out=out,
                label="motion vectors",
                identity=self.identity,
                size=BLOCK,
                share=share,
            )

    def _block(self, videos: Videos, pool: ThreadPoolExecutor) -> Vectors:
        vectors: dict[int, NDArray[np.float32]] = {}
        missing: dict[int, str] = {}
        for start in range(0, len(videos), self.batch_size):
            some = videos[start : start + self.batch_size]
            by_size: dict[tuple[int, ...], list[tuple[int, Ends]]] = {}
            for number, ends in enumerate(pool.map(self.reading.ends, some), start):
                if isinstance(ends, str):
                    missing[number] = ends
                else:
                    by_size.setdefault(ends.frames.shape[1:], []).append((number, ends))
            for group in by_size.values():
                made = vectors_of(self.pooler, [ends for _, ends in group])
                if self.reading.laid_out is not None:
                    made = self.reading.laid_out(made, self.pooler.network.width)
                vectors |= {number: vector for (number, _), vector in zip(group, made, strict=True)}
        return Vectors.of(videos, vectors, missing, size=self.size, identity=self.identity)


def _planned(
    network: InterFrameInterpolator,
    rows: pd.DataFrame,
    *,
    pooling: Pooling,
    batch_size: int,
    device: str,
    workers: int,
    reading: Reading | None,
) -> _Work:
    if not 1 <= batch_size <= BLOCK:
        raise ParameterError(f"Batches of {batch_size} videos: batches are 1 to {BLOCK} videos.")
    ordered = rows.sort_values(["source", "file_name"], kind="stable").reset_index(drop=True)
    reading = motions(pairs_kept(ordered)) if reading is None else reading
    known = np.asarray(ordered[list(reading.columns)].notna().all(axis=1), dtype=np.bool_)
    videos = ordered[known].to_dict("records")
    if not videos:
        raise DataError(
            "No video has end frames.",
            remedy="See status_counts.csv of stage 01 for what became of the videos.",
        )
    where = resolve_device(device)
    precision = resolve_precision(reading.precision, where, name="ifa_vector_precision")
    numbers = "float32" if precision == "32-true" else "bfloat16"
    engine = "" if reading.engine == "torch" else f"-{reading.engine}"
    how = f"{pooling}-{batch_size}-{where.type}-{numbers}{engine}{reading.name}"
    return _Work(
        MotionPooler(network, pooling=pooling, device=where, precision=precision, engine=reading.engine),
        videos,
        ordered.loc[~known, ["source", "file_name", "status"]],
        _identity(network, videos, how, reading),
        batch_size,
        workers,
        reading,
    )


def refuse_degenerate(table: Vectors) -> None:
    """Refuse vectors that say nothing.

    Raises
    ------
    DataError
        Naming videos whose vector holds nan or infinity, or one and the same number; or if all videos have
        the same vector.
    """
    finite = np.asarray(np.isfinite(table.features).all(axis=1), dtype=np.bool_)
    spread = np.ptp(np.where(finite[:, None], table.features, 0), axis=1)
    constant = np.asarray(finite & (spread == 0), dtype=np.bool_)
    for bad, what in ((~finite, "not finite"), (constant, "constant")):
        if bad.any():
            raise DataError(
                f"Motion vectors of {int(bad.sum())} videos are {what}: {_named(table, bad)}",
                remedy="Check weights and clips.",
            )
    if len(table) > 1 and (table.features == table.features[0]).all():
        raise DataError(
            f"All {len(table)} videos have the same motion vector: {_named(table, finite)}",
            remedy="The weights are dead: train anew.",
        )


def read_ends(row: Mapping[str, Any]) -> Ends | str:
    """End frames of one video, or the status of a video that has none the network takes."""
    return ends_at(row, *pair_frames(row))


def ends_at(row: Mapping[str, Any], wanted: Sequence[int], pairs: NDArray[np.int64]) -> Ends | str:
    """Frames of the numbers ``wanted`` of one video with their pairs (P, 2), or its status if it has none
    that the network takes.
    """
    ends = frames_as_ends(row, wanted, pairs)
    if isinstance(ends, str):
        return ends
    return ODD_SIZE if size_refusal(*ends.frames.shape[1:]) else ends


def vectors_of(pooler: MotionPooler, videos: Sequence[Ends]) -> NDArray[np.float32]:
    """Motion vectors (N, D) of videos whose end frames, all of one size, are in memory."""
    offsets = np.cumsum([0] + [len(ends.frames) for ends in videos])
    frames = as_unit(np.concatenate([ends.frames for ends in videos]), pooler.device)[:, None]
    pairs = np.stack([ends.pairs + offset for ends, offset in zip(videos, offsets[:-1], strict=True)])
    return pooler.vectors(frames, torch.from_numpy(pairs)).numpy()


def _identity(
    network: InterFrameInterpolator, videos: Sequence[Mapping[Any, Any]], how: str, reading: Reading
) -> str:
    """What must be equal for two blocks to belong together: weights, videos and their frames, settings."""
    weights = 0
    for name, value in network.state_dict().items():
        weights = zlib.crc32(
            value.detach().cpu().contiguous().numpy().tobytes(), zlib.crc32(name.encode(), weights)
        )
    listed = "\n".join(
        f"{row['source']}/{row['file_name']} {[int(row[column]) for column in reading.columns]}"
        for row in videos
    )
    named = zlib.crc32(listed.encode())
    return f"{FORMAT}-{weights:08x}-{named:08x}-{how}"


def _named(table: Vectors, chosen: NDArray[np.bool_], *, most: int = 8) -> str:
    names = [
        f"{source}/{name}" for source, name in zip(table.source[chosen], table.file_name[chosen], strict=True)
    ]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
