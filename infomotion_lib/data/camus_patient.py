"""One patient of CAMUS: its half beat as its files give it, and as a square clip with tracings.

Traps that its readers fell into: frames lie transposed in NIfTI; ED and ES are counted from 1; the EF of the
list comes from two views, so an EF read off this view alone differs from it; pixels need not be square.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.data.faults import FRAME_RATES, MIN_FRAMES
from infomotion_lib.data.nifti import Sequence, read_sequence
from infomotion_lib.data.resampling import by_area
from infomotion_lib.data.video import Clip
from infomotion_lib.errors import VideoError

VIEW = "4CH"
VENTRICLE = 1
"""Value of the left ventricle's cavity in the masks; 2 is the muscle, 3 the atrium."""

CHORDS = 20
"""Chords of a tracing, as EchoNet-Dynamic has."""

REASONS = {
    "ok": "",
    "no_info": "no Info file, or no number where EF, ED, ES, frames or rate should stand",
    "no_frames": "no sequence, or a damaged one",
    "other_length": "the sequence has another length than the Info file says",
    "phases_outside": "ED or ES lies outside the sequence, or both are one frame",
    "no_mask": "no mask of the ventricle at ED and ES: they are listed and not traced",
    "mask_contradicts": "the ventricle is not larger at the listed ED than at the listed ES",
}
"""What may become of a patient, in words; all but the last two leave no video."""


class NotUsable(Exception):
    """A patient who gives no video; ``status`` is a key of :data:`REASONS`."""

    def __init__(self, status: str) -> None:
        self.status = status
        super().__init__(status)


@dataclass(frozen=True)
class Info:
    """The Info file: EF in percent, ED and ES counted from 0, frames, frames per second, image quality."""

    ef: float
    ed: int
    es: int
    n_frames: int
    fps: float
    quality: str


@dataclass(frozen=True)
class HalfBeat:
    """A patient's half beat, ready to be written.

    Attributes
    ----------
    info : Info
        What the list says.
    clip : ndarray of uint8, shape (T, S, S)
        Frames with square pixels, black beside the picture.
    tracings : ndarray of float, shape (R, 5)
        Rows ``X1, Y1, X2, Y2, Frame`` in pixels of the clip: a long axis and chords at ED and at ES.
    one_view_ef : float
        EF by discs from this view's masks alone, percent; nan without them.
    status : str
        ``ok``, ``no_mask`` or ``mask_contradicts``.
    upright : bool
        Whether the picture is narrower at its top, where the probe is, than further down.
    """

    info: Info
    clip: Clip
    tracings: NDArray[np.float64]
    one_view_ef: float
    status: str
    upright: bool


def file_names(patient: str) -> dict[str, str]:
    """Names of the files of a patient that are read, by what they hold."""
    stem = f"{patient}_{VIEW}_half_sequence"
    return {"sequence": f"{stem}.nii.gz", "masks": f"{stem}_gt.nii.gz", "info": f"Info_{VIEW}.cfg"}


def read_info(path: Path) -> Info:
    """Content of an Info file, frames counted from 0.

    Raises
    ------
    NotUsable
        If it is missing, or a value is no number that hearts have.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        values = dict(re.findall(r"^\s*(\w+)\s*:\s*(\S+)", text, re.MULTILINE))
        ef, fps = float(values["EF"]), float(values["FrameRate"])
        ed, es, length = (int(values[name]) for name in ("ED", "ES", "NbFrame"))
    except (OSError, KeyError, ValueError):
        raise NotUsable("no_info") from None
    if not (0 <= ef <= 100 and FRAME_RATES[0] <= fps <= FRAME_RATES[1]):
        raise NotUsable("no_info")
    return Info(ef, ed - 1, es - 1, length, fps, values.get("ImageQuality", ""))


def read_half_beat(folder: Path, *, size: int) -> HalfBeat:
    """The half beat of the patient whose files lie in ``folder``, its frames ``size`` pixels a side.

    Raises
    ------
    NotUsable
        If something is missing that a video needs.
    """
    names = file_names(folder.name)
    info = read_info(folder / names["info"])
    sequence = _sequence(folder / names["sequence"])
    length = len(sequence.frames)
    if length != info.n_frames or length < MIN_FRAMES:
        raise NotUsable("other_length")
    if not (0 <= info.ed < length and 0 <= info.es < length and info.ed != info.es):
        raise NotUsable("phases_outside")
    clip, place = square(sequence, size)
    masks = _masks(folder / names["masks"], sequence)
    traced = {frame: masks[frame] == VENTRICLE for frame in (info.ed, info.es)} if masks is not None else {}
    volumes = [_disc_volume(mask, sequence.spacing) for mask in traced.values()]
    status, rows, ef = "no_mask", np.zeros((0, 5)), float("nan")
    if len(volumes) == 2 and min(volumes) > 0:
        ef = 100 * (1 - volumes[1] / volumes[0])
        status = "ok" if volumes[0] > volumes[1] else "mask_contradicts"
    if status == "ok":
        rows = np.concatenate([_chords(mask, place, frame) for frame, mask in sorted(traced.items())])
    return HalfBeat(info, clip, rows, ef, status, _is_upright(sequence.frames))


def square(sequence: Sequence, size: int) -> tuple[Clip, Place]:
    """Frames (T, size, size) with square pixels, black on both sides or below, and where the picture lies in
    them.
    """
    frames, (tall, wide) = sequence.frames, sequence.spacing
    _, height, width = frames.shape
    side = max(height * tall, width * wide)
    rows, columns = max(round(side / tall), height), max(round(side / wide), width)
    left = (columns - width) // 2
    padded = np.zeros((len(frames), rows, columns), np.uint8)
    padded[:, :height, left : left + width] = frames
    return by_area(padded, size), Place(left, size / columns, size / rows)


@dataclass(frozen=True)
class Place:
    """Where pixels of the picture lie in the square: columns to the left of it, and both scales."""

    left: int
    across: float
    down: float


def _sequence(path: Path) -> Sequence:
    try:
        return read_sequence(path)
    except VideoError:
        raise NotUsable("no_frames") from None


def _masks(path: Path, sequence: Sequence) -> Clip | None:
    try:
        masks = read_sequence(path).frames
    except VideoError:
        return None
    return masks if masks.shape == sequence.frames.shape else None


def _spans(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Row, first column and one past the last column of each row that the mask meets, (R, 3)."""
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - mask[rows, ::-1].argmax(axis=1)
    return np.stack([rows, first, last], axis=1) if len(rows) else np.zeros((0, 3), np.int64)


def _disc_volume(mask: NDArray[np.bool_], spacing: tuple[float, float]) -> float:
    """Volume of discs stacked over the rows of the mask, cubic millimetres."""
    widths = mask.sum(axis=1) * spacing[1]
    return float((np.pi / 4 * widths**2).sum() * spacing[0])


def _chords(mask: NDArray[np.bool_], place: Place, frame: int) -> NDArray[np.float64]:
    """Long axis and chords of a mask in pixels of the square, (1 + CHORDS, 5)."""
    spans = _spans(mask)
    chosen = spans[np.linspace(0, len(spans) - 1, CHORDS).round().astype(int)].astype(float)
    y = (chosen[:, 0] + 0.5) * place.down
    left, right = ((chosen[:, side] + place.left) * place.across for side in (1, 2))
    middle = (left + right) / 2
    axis = [middle[0], y[0], middle[-1], y[-1]]
    lines = np.concatenate([[axis], np.stack([left, y, right, y], axis=1)])
    return np.column_stack([lines, np.full(len(lines), float(frame))])


def _is_upright(frames: Clip) -> bool:
    """Whether the lit part is narrower in the first quarter of its rows than in the third."""
    spans = _spans(frames.max(axis=0) > 0)
    if len(spans) < 4:
        return False
    width, quarter = spans[:, 2] - spans[:, 1], len(spans) // 4
    return bool(np.median(width[:quarter]) < np.median(width[2 * quarter : 3 * quarter]))
