"""How much of a donor's motion a drawn clip shows: correlation of its motion vector with the donor's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.data.faults import OK
from infomotion_lib.data.records import Dataset
from infomotion_lib.data.video import write_clip
from infomotion_lib.errors import DataError
from infomotion_lib.frame_table import has_frames
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.generators.mcdm.donors import Scale
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_run_card
from infomotion_lib.representations.stage import extract
from infomotion_lib.representations.vectors import Vectors

COLUMNS = ("clips", "clip", "own", "others")
"""Of the table: which clips, the number of one, its correlation with its own donor and the mean with the
others.
"""

SOURCE = "drawn"
"""Source of these clips in a frame index."""

BEFORE, AFTER, REAL = "before training", "after training", "the donors' own clips"


def motion_kept(
    clips: NDArray[np.uint8], donors: NDArray[np.float32], *, name: str, vectors: Vectors, scale: Scale
) -> pd.DataFrame:
    """Correlation of each clip with its donor and with the other donors; a clip without a vector has none.

    Parameters
    ----------
    clips : ndarray, shape (N, T, S, S)
        Clip ``i`` was told the motion of donor ``i``.
    donors : ndarray, shape (N, D)
        Motion vectors of the donors.
    name : str
        What the clips are.
    vectors : Vectors
        From :func:`read_motion` of these clips.
    scale : Scale
        Mean and spread of TRAIN: what all hearts have in common is no agreement.
    """
    rows = vectors.rows(SOURCE)
    found = [number for number in range(len(clips)) if clip_name(number) in rows]
    own, others = np.full(len(clips), np.nan), np.full(len(clips), np.nan)
    if found:
        read = scale(vectors.features[[rows[clip_name(number)] for number in found]])
        table = correlations(read, scale(donors))
        for place, number in enumerate(found):
            own[number] = table[place, number]
            rest = np.delete(table[place], number)
            others[number] = rest.mean() if len(rest) else np.nan
    return pd.DataFrame({"clips": name, "clip": np.arange(len(clips)), "own": own, "others": others})


def summary(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """By kind of clips: how many had a vector, and means of both correlations."""
    facts: dict[str, dict[str, float]] = {}
    for name, rows in table.groupby("clips", sort=False):
        read = rows.dropna(subset=["own"])
        facts[str(name)] = {
            "clips": len(rows),
            "with a vector": len(read),
            "own donor": round(float(read["own"].mean()), 3),
            "other donors": round(float(read["others"].mean()), 3),
        }
    return facts


def correlations(rows: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Pearson's correlation of each of ``rows`` (N, D) with each of ``others`` (M, D), shape (N, M); NaN for
    a constant row.
    """
    centred = [each - each.mean(axis=1, keepdims=True) for each in (rows.astype(float), others.astype(float))]
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in centred)
    return first @ second.T


def clip_name(number: int) -> str:
    """File name of a clip, without its suffix."""
    return f"clip_{number:04d}"


def read_motion(
    clips: NDArray[np.uint8], folder: Path, *, run: RunPaths, motion: str, fps: float, device: str
) -> Vectors:
    """Motion vectors of clips (N, T, S, S) by the networks of a run, their phases found as stage 06 finds
    those of a pool; clips are written to ``folder``. What shows no beat has no vector.
    """
    videos = pd.DataFrame([_listed(clip, folder, number, fps) for number, clip in enumerate(clips)])
    used: Any = stage_parameters("frame_index", read_run_card(run.stage("frame_index"))["parameters"])
    assert isinstance(used, FrameIndexParameters)
    dataset = Dataset(SOURCE, folder, "echonet-synthetic", videos, None, {})
    index = build_frame_index(dataset, source=SOURCE, parameters=used, progress=False)
    rows = index.merge(videos[["file_name", "path"]], on="file_name")
    if not has_frames(rows).any():
        return Vectors.of([], {}, {}, size=0, identity="")
    try:
        return extract(motion, rows, folder=run.stage("ifa_training"), device=device)
    except DataError:  # still pictures: an untrained network moves nothing
        return Vectors.of([], {}, {}, size=0, identity="")


def nothing_drawn() -> pd.DataFrame:
    """The table where no clip was asked for."""
    return pd.DataFrame(columns=list(COLUMNS))


def joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table of several."""
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)] if parts else nothing_drawn()


def _listed(clip: NDArray[np.uint8], folder: Path, number: int, fps: float) -> dict[str, Any]:
    path = write_clip(folder / f"{clip_name(number)}.avi", clip, fps=fps)
    height, width = clip.shape[1:]
    shape = {"fps": fps, "n_frames": len(clip), "height": height, "width": width}
    known = {"split": "VAL", "ef": np.nan, "status": OK, "tracing": OK}
    return {"file_name": clip_name(number), "path": str(path), **known, **shape}
