"""Which videos a phantom data set holds, each from its own random stream: (seed, role, split, index) decides
everything in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from infomotion_lib.classes import CLASS_NAMES, class_bounds
from infomotion_lib.errors import ParameterError
from infomotion_lib.phantom.exact import uniform
from infomotion_lib.phantom.geometry import true_frames
from infomotion_lib.phantom.nuisance import (
    DEFAULT_LEVEL,
    EF_LIMITS,
    MACHINE_SHARES,
    NUISANCE_FPS,
    NUISANCES,
    SOURCES,
    Heart,
    Role,
    check_level,
    check_role,
    check_shares,
)
from infomotion_lib.phantom.parameters import PhantomParameters
from infomotion_lib.phantom.sampling import check_fps, sample_heart

SPLITS = ("TRAIN", "VAL", "TEST")
EF_RANGE = (10.0, 85.0)
"""Lowest and highest EF asked for; between them the class edges of :mod:`infomotion_lib.classes`."""

ED_FIRST_SHARE = 0.9
"""Share of videos whose annotated pair is ED, then ES; in the others ES comes first."""

SMALLEST_SIDE, LARGEST_SIDE = 28, 1024

EDITION = 2
"""Edition of the drawing, raised whenever equal parameters would give another picture; run cards name theirs,
and pages mark results of an older one. From edition 2 on, a heart is the same bytes on every processor;
edition 1 was drawn in float32, whose last digits turned grey levels over."""


def video_counts(
    train_per_class: int = 60,
    val_per_class: int = 10,
    test_counts: Sequence[int] = (24, 24, 32, 96, 24),
) -> tuple[tuple[int, ...], ...]:
    """Videos of each EF class, for TRAIN, VAL and TEST; TEST counts are given one per class.

    >>> video_counts(2, 1, (1, 1, 1, 4, 1))
    ((2, 2, 2, 2, 2), (1, 1, 1, 1, 1), (1, 1, 1, 4, 1))
    """
    classes = len(CLASS_NAMES)
    return (train_per_class,) * classes, (val_per_class,) * classes, tuple(test_counts)


@dataclass(frozen=True, kw_only=True)
class PhantomRequest:
    """What a phantom data set was asked to be, checked; equal requests give equal folders.

    Attributes
    ----------
    role : {"real", "synthetic"}
        Source to play; the synthetic one has TRAIN videos only.
    seed : int
        Seed of the data set.
    counts : tuple of tuple of int
        Videos of each EF class, for TRAIN, VAL and TEST; see :func:`video_counts`.
    frames, fps, size : int, float, int
        Frames per video, frames per second, side of a frame in pixels.
    level : float
        Nuisance level: 0 the easy phantom, 1 the extreme one.
    machine_shares : tuple of float
        Shares of the scanner styles; empty: those of the role. See
        :func:`~infomotion_lib.phantom.sampling.sample_heart`.
    requested_ef_error : float
        Standard deviation of delivered minus requested EF in the synthetic role, points; 0 in the real one.
    edition : int
        Edition of the drawing.

    Raises
    ------
    ParameterError
        Naming the value that is out of range.
    """

    role: Role = "real"
    seed: int = 0
    counts: tuple[tuple[int, ...], ...] = video_counts()
    frames: int = 64
    fps: float = 50.0
    size: int = 112
    level: float = DEFAULT_LEVEL
    machine_shares: tuple[float, ...] = ()
    requested_ef_error: float = 6.0
    edition: int = EDITION

    def __post_init__(self) -> None:
        role = check_role(self.role)
        level, fps = check_level(self.level), check_fps(self.fps)
        counts = _checked_counts(self.counts, role)
        if not SMALLEST_SIDE <= self.size <= LARGEST_SIDE:
            raise ParameterError(
                f"A phantom cannot be rendered at {self.size} pixels.",
                remedy=f"Give {SMALLEST_SIDE} to {LARGEST_SIDE}.",
            )
        if not (np.isfinite(self.requested_ef_error) and self.requested_ef_error >= 0):
            raise ParameterError(
                f"The sd of delivered minus requested EF cannot be {self.requested_ef_error}.",
                remedy="Give 0 points or more.",
            )
        longest = NUISANCES["cycle"].at(level)[1] * fps / NUISANCE_FPS
        if _whole(self.frames, "a number of frames") < longest / 3 + 2:
            raise ParameterError(
                f"{self.frames} frames at {fps:g} frames per second are too few: a systole may last"
                f" {longest / 3:.0f}.",
                remedy="Raise frames; one whole cycle is better.",
            )
        checked = {
            "role": role,
            "seed": _whole(self.seed, "a seed"),
            "counts": counts,
            "fps": fps,
            "size": _whole(self.size, "a side"),
            "level": level,
            "machine_shares": check_shares(self.machine_shares or MACHINE_SHARES[role]),
            "requested_ef_error": float(self.requested_ef_error) if role == "synthetic" else 0.0,
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def as_json(self) -> dict[str, object]:
        """The request in the types that JSON gives back."""
        value: dict[str, object] = json.loads(json.dumps(asdict(self)))
        return value


def phantom_request(parameters: PhantomParameters, *, role: Role = "real") -> PhantomRequest:
    """Request of the pool of one role that a profile's parameters ask for; the synthetic pool has the next
    seed and machine shares of its own.
    """
    p, synthetic = parameters, role == "synthetic"
    return PhantomRequest(
        role=role,
        seed=p.phantom_seed + synthetic,
        counts=video_counts(p.phantom_train_per_class, p.phantom_val_per_class, p.phantom_test_counts),
        frames=p.phantom_frames,
        fps=p.phantom_fps,
        size=p.phantom_size,
        level=p.nuisance_level,
        machine_shares=() if synthetic else p.machine_shares,
        requested_ef_error=p.requested_ef_error,
    )


def planned_videos(parameters: PhantomParameters, *, role: Role = "real") -> pd.DataFrame:
    """Videos that a profile's pool of one role will hold, undrawn: their EF is the middle of their class.

    Raises
    ------
    ParameterError
        If the pool cannot be drawn.
    """
    request = phantom_request(parameters, role=role)
    rows = [
        (
            f"{SPLITS[split]}{index:05d}",
            SPLITS[split],
            float(np.clip(class_bounds(ef_class), *EF_RANGE).mean()),
        )
        for split, counts in enumerate(request.counts)
        for index, ef_class in enumerate(interleave(counts))
    ]
    videos = pd.DataFrame(rows, columns=["file_name", "split", "ef"])
    geometry = {"fps": request.fps, "n_frames": request.frames, "height": request.size, "width": request.size}
    videos = videos.assign(**geometry, status="ok", tracing="ok" if role == "real" else "no_tracings")
    return videos.assign(requested_ef=videos["ef"]) if role == "synthetic" else videos


@dataclass(frozen=True)
class Planned:
    """One video: name, split, EF asked for, the heart that delivers it, and the annotated ED and ES
    frames.
    """

    file_name: str
    split: str
    requested_ef: float
    heart: Heart
    ed: int
    es: int


def plan_videos(request: PhantomRequest) -> Iterator[Planned]:
    """Every video of a data set, TRAIN, VAL, TEST, the classes evenly interleaved."""
    for split, counts in enumerate(request.counts):
        for index, ef_class in enumerate(interleave(counts)):
            yield plan_video(request, split, index, ef_class)


def plan_video(request: PhantomRequest, split: int, index: int, ef_class: int) -> Planned:
    """One video: number ``index`` of a split (0 TRAIN, 1 VAL, 2 TEST), of EF class ``ef_class``."""
    key = (list(SOURCES).index(request.role), split, index)
    rng = np.random.default_rng(np.random.SeedSequence(request.seed, spawn_key=key))
    low, high = np.clip(class_bounds(ef_class), *EF_RANGE)
    prefix = "phantom"
    requested = delivered = uniform(rng, low, high)
    if request.role == "synthetic":
        prefix = "phantom_synthetic"
        requested = float(_whole_ef(low, high, rng))
        error = (
            np.rint(rng.standard_normal() * 2.0**40) / 2.0**40
        )  # tail values come from a library's logarithm
        delivered = float(np.clip(requested + request.requested_ef_error * error, *EF_LIMITS))
    heart = sample_heart(
        rng,
        delivered,
        level=request.level,
        machine_shares=request.machine_shares,
        fps=request.fps,
        role=request.role,
    )
    heart, ed, es = annotate(heart, request.frames, rng)
    return Planned(f"{prefix}_{split}{index:05d}", SPLITS[split], requested, heart, ed, es)


def annotate(heart: Heart, n_frames: int, rng: np.random.Generator) -> tuple[Heart, int, int]:
    """The heart, and the ED and ES frames that an annotator marks: neighbours, mostly ED first.

    A clip too short to hold any pair is made to begin elsewhere in the cycle.
    """
    systole = heart.cycle // 3
    ed_first = bool(rng.random() < ED_FIRST_SHARE)
    pick, elsewhere = rng.random(), rng.random()
    pairs = _pairs(heart, n_frames, ed_first) or _pairs(heart, n_frames, not ed_first)
    if not pairs:
        lead = int(elsewhere * (n_frames - systole))
        heart = replace(heart, start=(heart.cycle - lead) % heart.cycle)
        pairs = _pairs(heart, n_frames, True)
    ed, es = pairs[int(pick * len(pairs))]
    return heart, ed, es


def interleave(counts: Sequence[int]) -> list[int]:
    """Class of each video of a split, the classes spread evenly: equal counts take turns.

    >>> interleave((2, 2, 1))
    [0, 1, 2, 0, 1]
    """
    places = [
        ((number + 0.5) / count, ef_class) for ef_class, count in enumerate(counts) for number in range(count)
    ]
    return [ef_class for _, ef_class in sorted(places)]


def _pairs(heart: Heart, n_frames: int, ed_first: bool) -> list[tuple[int, int]]:
    frames, systole = true_frames(heart, n_frames), heart.cycle // 3
    if ed_first:
        return [(ed, ed + systole) for ed in frames.ed.tolist() if ed + systole < n_frames]
    return [
        (es + heart.cycle - systole, es) for es in frames.es.tolist() if es + heart.cycle - systole < n_frames
    ]


def _whole_ef(low: float, high: float, rng: np.random.Generator) -> int:
    """Whole EF of the class between two edges; exactly 70 is normal, so hyperdynamic begins at 71."""
    bottom = int(low) + (low == class_bounds(len(CLASS_NAMES) - 1)[0])
    top = int(high) + (high >= class_bounds(len(CLASS_NAMES) - 1)[0])
    return int(rng.integers(bottom, top))


def _checked_counts(counts: Sequence[Sequence[int]], role: Role) -> tuple[tuple[int, ...], ...]:
    """Counts of each split, one per class and some video in all."""
    classes = len(CLASS_NAMES)
    for split, numbers in zip(SPLITS, counts, strict=True):
        if len(numbers) != classes:
            raise ParameterError(
                f"{tuple(numbers)} are not the {split} counts of {classes} classes.",
                remedy=f"One each: {', '.join(CLASS_NAMES)}.",
            )
    wanted = counts if role == "real" else (counts[0], *((0,) * classes for _ in SPLITS[1:]))
    checked = tuple(tuple(_whole(number, "a number of videos") for number in split) for split in wanted)
    if not sum(map(sum, checked)):
        raise ParameterError("A phantom data set needs at least one video.", remedy="Raise train_per_class.")
    return checked


def _whole(value: float, what: str) -> int:
    if isinstance(value, bool) or int(value) != value or value < 0:
        raise ParameterError(f"{value!r} cannot be {what}.", remedy="Give a whole number, 0 or more.")
    return int(value)
