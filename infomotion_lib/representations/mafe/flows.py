"""Flow targets of triplets: from the middle frame to the first and to the last."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.errors import DataError
from infomotion_lib.phantom.dataset import drawn_hearts
from infomotion_lib.phantom.motion import true_flow
from infomotion_lib.progress import track
from infomotion_lib.representations.ifa.triplets import TripletStore

Flows = NDArray[np.float16]


def dis_flows(store: TripletStore, *, workers: int = 1) -> Flows:
    """DIS flow (N, 2, 2, H, W) of triplets, pixels: end frame, x then y."""
    count = len(store)
    with _one_opencv_thread(), ThreadPoolExecutor(workers) as pool:
        triplets = (store.batch(np.array([number]))[0] for number in range(count))
        made = track(pool.map(_dis, triplets), label="pseudo-flow", total=count, unit="triplet")
        return np.stack(list(made))


def exact_flows(store: TripletStore, videos: pd.DataFrame) -> Flows:
    """True flow (N, 2, 2, H, W) of triplets of drawn hearts, pixels.

    Parameters
    ----------
    store : TripletStore
        Triplets.
    videos : DataFrame
        Frame index, with a ``path`` column, of the videos that they are of.

    Raises
    ------
    DataError
        If one of them was not drawn by the phantom.
    """
    rows = {f"{row['source']}/{row['file_name']}": row for row in videos.to_dict("records")}
    hearts: dict[Path, dict[str, Any]] = {}
    made, size = [], store.frames.shape[1]
    for name in store.names:
        video, motion = name.rsplit(" ", 1)
        row = rows[video]
        root = Path(str(row["path"])).parent.parent
        if root not in hearts:
            hearts[root] = drawn_hearts(root)
        heart = hearts[root].get(str(row["file_name"]))
        if heart is None:
            raise DataError(
                f"The true flow of {video} is not known: this phantom did not draw it.",
                remedy="Use mafe_flow_teacher = 'dis'.",
            )
        first, middle, last = (int(row[f"{motion}_{part}"]) for part in ("start", "mid", "end"))
        made.append(np.stack([true_flow(heart, middle, end, size=size) for end in (first, last)]))
    return np.stack(made).astype(np.float16)


def flow_targets(teacher: str, store: TripletStore, videos: pd.DataFrame, *, workers: int = 1) -> Flows:
    """Targets (N, 2, 2, H, W) by the teacher ``"dis"`` or ``"exact"``."""
    return exact_flows(store, videos) if teacher == "exact" else dis_flows(store, workers=workers)


def _dis(triplet: NDArray[np.uint8]) -> Flows:
    first, middle, last = triplet
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # not shared between threads
    start = np.zeros((*middle.shape, 2), dtype=np.float32)
    flows = [method.calc(middle, end, start.copy()).transpose(2, 0, 1) for end in (first, last)]
    return np.stack(flows).astype(np.float16)


@contextmanager
def _one_opencv_thread() -> Iterator[None]:
    """DIS cuts the picture into as many strips as there are threads, and its result depends on the cuts."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
