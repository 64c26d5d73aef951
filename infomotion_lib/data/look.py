"""Videos that can be used and yet look wrong: the same twice, still, black, frozen, at another rate."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from infomotion_lib.data.records import Dataset
from infomotion_lib.data.video import Clip, read_clip, read_frames
from infomotion_lib.errors import VideoError
from infomotion_lib.progress import track

ODDITIES = {
    "same_across_splits": "the very frames of a video of another split: what is tested on was learnt from",
    "same_frames": "the very frames of another video of its split",
    "undecodable": "its header is whole, its frames cannot be decoded",
    "near_black": "hardly a pixel is brighter than black",
    "black_frames": "some of its frames are black",
    "still": "nothing moves",
    "repeated_frames": "frames that repeat the one before: a frozen picture, or a rate raised by doubling",
    "odd_rate": "a frame rate more than three times, or less than a third of, the usual one",
    "odd_scale": "the picture fills much less of the frame, or more, than in the other videos",
}
"""Kinds of what looks wrong, the worst first."""

ODD_COLUMNS = ("file_name", "kind", "detail")
LOOKED_THROUGH = 1000
"""Videos that are decoded whole; of larger data sets, so many evenly spread ones."""

SAMPLED = 5  # frames of every video
_BLACK, _SEEN = 24, 16  # grey levels
_STILL = 6  # grey levels that a still pixel may waver, by its coding
_REPEAT = 0.05  # share of the usual change from frame to frame
_FROZEN, _DOUBLED = 4, 0.2  # repeats in a row, or their share, that are too many
_RATE, _SCALE = 3.0, 0.6


@dataclass(frozen=True)
class _Glance:
    """What is kept of a few frames of a video."""

    digest: str
    bright: float
    wavers: float
    filled: tuple[float, float]


@dataclass(frozen=True)
class _Whole:
    """What is kept of all frames of a video."""

    digest: str
    length: int
    black: int
    wavers: float
    repeats: int
    in_a_row: int


def odd_videos(dataset: Dataset, *, workers: int = 2, thorough: bool = False) -> pd.DataFrame:
    """What looks wrong about usable videos: ``file_name``, ``kind`` (of :data:`ODDITIES`), ``detail``; sorted
    by kind.

    A few frames of every video are decoded, and all frames of at most :data:`LOOKED_THROUGH` videos, or of
    all with ``thorough``.

    Parameters
    ----------
    dataset : Dataset
        From :func:`infomotion_lib.data.records.read_dataset`.
    workers : int
        Threads that decode.
    thorough : bool
        Decode every frame of every video.
    """
    videos = dataset.usable
    files = [str(Path(path).resolve()) for path in videos["path"]]
    lengths: dict[str, int] = dict(zip(files, [int(length) for length in videos["n_frames"]], strict=True))
    glances: dict[str, _Glance | None] = {}
    wholes: dict[str, _Whole | None] = {}
    spread = np.unique(np.linspace(0, len(files) - 1, min(len(files), LOOKED_THROUGH)).round().astype(int))
    through = files if thorough else [files[int(number)] for number in spread]
    with ThreadPoolExecutor(workers) as pool:
        different = list(lengths)
        looked = pool.map(lambda file: _glance(file, lengths[file]), different)
        glances |= zip(
            different,
            track(looked, label="looking at the videos", unit="video", total=len(different)),
            strict=True,
        )
        digests = pd.Series([glance.digest if glance else "" for glance in map(glances.get, files)])
        alike = [file for file, twice in zip(files, digests.duplicated(keep=False), strict=True) if twice]
        whole = list(dict.fromkeys([*through, *(file for file in alike if glances[file])]))
        read = pool.map(_whole, whole)
        wholes |= zip(
            whole, track(read, label="looking through videos", unit="video", total=len(whole)), strict=True
        )
    rows: list[tuple[str, str, str]] = _same(videos, files, wholes)
    for name, file in zip(videos["file_name"].astype(str), files, strict=True):
        found = _faults(glances[file], file in wholes, wholes.get(file))
        rows += [(name, kind, detail) for kind, detail in found]
    rows += _odd_rates(videos) + _odd_scales(videos, files, glances)
    order = {kind: number for number, kind in enumerate(ODDITIES)}
    return pd.DataFrame(
        sorted(rows, key=lambda row: order[str(row[1])]), columns=list(ODD_COLUMNS), dtype=str
    )


def _glance(file: str, length: int) -> _Glance | None:
    try:
        frames = read_frames(file, np.unique(np.linspace(0, length - 1, SAMPLED).round().astype(int)))
    except VideoError:
        return None
    brightest = frames.max(axis=0)
    seen = brightest > _SEEN
    filled = (float(seen.any(axis=1).mean()), float(seen.any(axis=0).mean()))
    digest = _digest(frames, length)
    return _Glance(digest, float(np.percentile(frames, 99)), _wavers(frames), filled)


def _whole(file: str) -> _Whole | None:
    try:
        clip = read_clip(file)
    except VideoError:
        return None
    black = int((np.percentile(clip, 99, axis=(1, 2)) < _BLACK).sum())
    steps = np.abs(np.diff(clip.astype(np.int16), axis=0)).mean(axis=(1, 2))
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    repeats = steps <= _REPEAT * usual
    in_a_row = longest = 0
    for repeat in repeats:
        in_a_row = in_a_row + 1 if repeat else 0
        longest = max(longest, in_a_row)
    return _Whole(_digest(clip, len(clip)), len(clip), black, _wavers(clip), int(repeats.sum()), longest)


def _wavers(clip: Clip) -> float:
    """Range over time that all but a thousandth of the pixels keep to."""
    return float(np.percentile(clip.max(axis=0).astype(int) - clip.min(axis=0), 99.9))


def _digest(frames: Clip, length: int) -> str:
    start = hashlib.sha256(f"{length} {frames.shape}".encode())
    start.update(frames.tobytes())
    return start.hexdigest()


def _faults(glance: _Glance | None, read: bool, whole: _Whole | None) -> list[tuple[str, str]]:
    """Kinds and details of what is wrong with one video by itself."""
    if glance is None or (read and whole is None):
        return [("undecodable", "")]
    if glance.bright < _BLACK:
        return [("near_black", f"99 of 100 pixels are darker than {glance.bright + 1:.0f} of 255")]
    if (whole.wavers if whole else glance.wavers) <= _STILL:
        return [("still", "")]
    found = []
    if whole and whole.black:
        found.append(("black_frames", f"{whole.black} frames"))
    if whole and (whole.in_a_row >= _FROZEN or whole.repeats >= max(2, _DOUBLED * whole.length)):
        found.append(("repeated_frames", f"{whole.repeats} frames, {whole.in_a_row} in a row"))
    return found


def _same(
    videos: pd.DataFrame, files: list[str], wholes: Mapping[str, _Whole | None]
) -> list[tuple[str, str, str]]:
    """Rows of videos whose frames are those of another one."""
    table = videos[["file_name", "split"]].astype(str)
    table["digest"] = [whole.digest if (whole := wholes.get(file)) else "" for file in files]
    rows = []
    for _, group in table[table["digest"] != ""].groupby("digest", sort=False):
        if len(group) < 2:
            continue
        across = (group["split"] != group["split"].iloc[0]).any()
        first, second = group.iloc[0], group.iloc[1]
        if across:
            second = group[group["split"] != first["split"]].iloc[0]
        for name in group["file_name"]:
            other = second if name == first["file_name"] else first
            kind = "same_across_splits" if across else "same_frames"
            rows.append((name, kind, f"as {other['file_name']} ({other['split']})"))
    return rows


def _odd_rates(videos: pd.DataFrame) -> list[tuple[str, str, str]]:
    usual = float(videos["fps"].median()) if len(videos) else 0.0
    odd = videos[(videos["fps"] > _RATE * usual) | (videos["fps"] * _RATE < usual)]
    return [
        (str(row["file_name"]), "odd_rate", f"{row['fps']:g} frames a second, {usual:g} is usual")
        for row in odd.to_dict("records")
    ]


def _odd_scales(
    videos: pd.DataFrame, files: list[str], glances: Mapping[str, _Glance | None]
) -> list[tuple[str, str, str]]:
    """Rows of videos whose picture fills another share of the frame than is usual."""
    shares = np.array([glance.filled if (glance := glances[file]) else (np.nan, np.nan) for file in files])
    shown = np.isfinite(shares[:, 0]) & (shares[:, 0] > 0) if len(shares) else np.zeros(0, dtype=bool)
    if not shown.any():
        return []
    usual = np.median(shares[shown], axis=0)
    odd = shown & ((shares < _SCALE * usual) | (shares * _SCALE > usual)).any(axis=1)
    return [
        (
            str(videos["file_name"].iloc[number]),
            "odd_scale",
            f"fills {shares[number, 1]:.0%} x {shares[number, 0]:.0%} of the frame; usual is"
            f" {usual[1]:.0%} x {usual[0]:.0%}",
        )
        for number in np.flatnonzero(odd)
    ]
