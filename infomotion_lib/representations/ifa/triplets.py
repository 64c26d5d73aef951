"""Training triplets of the interpolator: the two end frames of a motion and the true frame midway.

A video gives two (diastole ES -> ED, systole ED -> next ES), out of five distinct frames, decoded once and
kept as bytes; one of half a beat gives its systole alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.data.records import Dataset
from infomotion_lib.data.video import read_frames
from infomotion_lib.errors import DataError, VideoError
from infomotion_lib.frame_table import has_frames
from infomotion_lib.progress import track
from infomotion_lib.representations.ends import UNREADABLE, motions_of
from infomotion_lib.representations.ifa.outlook import no_triplets

ODD_SIZE = "odd_size"


def attach_paths(frame_index: pd.DataFrame, datasets: Mapping[str, Dataset]) -> pd.DataFrame:
    """Rows of the frame index with the column ``path`` of their video file, sorted by source and file name.

    Parameters
    ----------
    frame_index : DataFrame
        Content of ``frame_index.csv``.
    datasets : mapping of str to Dataset
        The data set of each source in the index.

    Raises
    ------
    DataError
        If a row's source or video is in none of them.
    """
    known = [
        dataset.videos[["file_name", "path"]].assign(source=source) for source, dataset in datasets.items()
    ]
    files = pd.concat(known, ignore_index=True).drop_duplicates(["source", "file_name"])
    rows = frame_index.merge(files, on=["source", "file_name"], how="left", validate="many_to_one")
    lost = rows[rows["path"].isna()]
    if len(lost):
        named = ", ".join(f"{row.source}/{row.file_name}" for row in lost.head(5).itertuples())
        raise DataError(
            f"{len(lost)} videos of the frame index are in no data set: {named}",
            remedy="The index and the data belong to different runs: run stage 01 again.",
        )
    return rows.sort_values(["source", "file_name"], kind="stable").reset_index(drop=True)


@dataclass(frozen=True)
class TripletStore:
    """Frames of many videos in memory, and which of them form triplets.

    Attributes
    ----------
    frames : ndarray of uint8, shape (M, H, W)
        Distinct frames of all videos.
    triplets : ndarray of int, shape (N, 3)
        Rows of ``frames``: first frame, middle frame (the target), last frame.
    names : tuple of str
        ``source/file_name motion`` of each triplet.
    skipped : tuple of str
        Videos that could not be read, with the reason.
    """

    frames: NDArray[np.uint8]
    triplets: NDArray[np.int64]
    names: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.triplets)

    def __repr__(self) -> str:
        size = "x".join(str(side) for side in self.frames.shape[1:])
        return (
            f"TripletStore({len(self)} triplets of {size} pixels, {len(self.frames)} frames,"
            f" {self.frames.nbytes / 1e6:.1f} MB)"
        )

    def batch(self, rows: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Triplets ``(B, 3, H, W)``: first, middle and last frame of each."""
        return self.frames[self.triplets[rows]]

    def subset(self, most: int) -> TripletStore:
        """At most so many triplets, evenly spread over the store; the frames are shared, not copied."""
        if len(self) <= most:
            return self
        rows = np.unique(np.linspace(0, len(self) - 1, most).round().astype(np.int64))
        return TripletStore(
            self.frames, self.triplets[rows], tuple(self.names[row] for row in rows), self.skipped
        )

    @classmethod
    def from_frame_index(
        cls, rows: pd.DataFrame, *, split: str = "TRAIN", source: str | None = None, workers: int = 1
    ) -> TripletStore:
        """Triplets of one split, decoded from the video files.

        A motion whose middle frame is one of its ends teaches nothing and is left out; so is a video that
        cannot be read, or whose frames are not of the most common size (it is listed in ``skipped``).

        Parameters
        ----------
        rows : DataFrame
            Frame index with a ``path`` column (:func:`attach_paths`).
        split : str
            ``TRAIN``, ``VAL`` or ``TEST``.
        source : str, optional
            Only this source.
        workers : int
            Decoding threads.

        Raises
        ------
        DataError
            If no triplet is left.
        """
        wanted = rows[(rows["split"] == split) & has_frames(rows)]
        if source is not None:
            wanted = wanted[wanted["source"] == source]
        videos = wanted.to_dict("records")
        with ThreadPoolExecutor(workers) as pool:
            decoded = list(
                track(
                    pool.map(_decode, videos),
                    label=f"decoding {split} triplets",
                    total=len(videos),
                    unit="video",
                )
            )
        store = cls.assembled(videos, decoded)
        if not len(store):
            raise no_triplets(split, len(videos), unreadable=", ".join(store.skipped[:5]) or "none")
        return store

    @classmethod
    def assembled(
        cls,
        videos: Sequence[Mapping[Any, Any]],
        decoded: Sequence[tuple[list[int], NDArray[np.uint8] | VideoError]],
    ) -> TripletStore:
        """Triplets of videos that are in memory.

        Parameters
        ----------
        videos : sequence of mapping
            ``source``, ``file_name`` and the six frame numbers of each.
        decoded : sequence of (list of int, ndarray)
            Numbers of its distinct frames, ascending, and those frames (K, H, W); or why there are none.
        """
        sizes = [frames.shape[1:] for _, frames in decoded if not isinstance(frames, VideoError)]
        size = max(set(sizes), key=sizes.count) if sizes else (0, 0)
        kept: list[NDArray[np.uint8]] = []
        triplets: list[list[int]] = []
        names: list[str] = []
        skipped: list[str] = []
        offset = 0
        for row, (wanted, frames) in zip(videos, decoded, strict=True):
            name = f"{row['source']}/{row['file_name']}"
            if isinstance(frames, VideoError):
                skipped.append(f"{name} ({UNREADABLE})")
                continue
            if frames.shape[1:] != size:
                skipped.append(f"{name} ({ODD_SIZE})")
                continue
            kept.append(frames)
            for motion in motions_of(row):
                ends = [int(row[f"{motion}_{part}"]) for part in ("start", "mid", "end")]
                if len(set(ends)) == 3:
                    triplets.append([offset + wanted.index(frame) for frame in ends])
                    names.append(f"{name} {motion}")
            offset += len(frames)
        stacked = np.concatenate(kept) if kept else np.zeros((0, *size), dtype=np.uint8)
        return cls(stacked, np.array(triplets, dtype=np.int64).reshape(-1, 3), tuple(names), tuple(skipped))


def _decode(row: Mapping[str, Any]) -> tuple[list[int], NDArray[np.uint8] | VideoError]:
    wanted = sorted(
        {int(row[f"{motion}_{part}"]) for motion in motions_of(row) for part in ("start", "mid", "end")}
    )
    try:
        return wanted, read_frames(row["path"], wanted)
    except VideoError as error:
        return wanted, error
