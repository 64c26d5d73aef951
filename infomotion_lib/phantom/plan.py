"""Which videos a phantom data set holds, each from its own random stream: (seed, role, split, index) decides
everything in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from infomotion_lib.classes import CLASS_NAMES, class_bounds
from infomotion_lib.errors import ParameterError
from infomotion_lib.phantom.exact import uniform
from infomotion_lib.phantom.geometry import true_frames
from infomotion_lib.phantom.nuisance import (
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


@dataclass(frozen=True)
class Request:
    """What a phantom data set was asked to be; equal requests give equal folders.

    Attributes
    ----------
    counts : tuple of tuple of int
        Videos of each EF class, for TRAIN, VAL and TEST.
    """

    role: Role
    seed: int
    counts: tuple[tuple[int, ...], ...]
    frames: int
    fps: float
    size: int
    level: float
    machine_shares: tuple[float, ...]
    requested_ef_error: float
    edition: int = EDITION

    def as_json(self) -> dict[str, object]:
        """The request in the types that JSON gives back."""
        value: dict[str, object] = json.loads(json.dumps(asdict(self)))
        return value


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


def make_request(
    *,
    role: str,
    seed: int,
    train_per_class: int,
    val_per_class: int,
    test_counts: Sequence[int],
    frames: int,
    fps: float,
    size: int,
    level: float,
    machine_shares: Sequence[float] | None,
    requested_ef_error: float,
) -> Request:
    """A checked request; the synthetic role has TRAIN videos only.

    Raises
    ------
    ParameterError
        Naming the value that is out of range.
    """
    role = check_role(role)
    classes = len(CLASS_NAMES)
    if len(test_counts) != classes:
        raise ParameterError(
            f"{tuple(test_counts)} are not the TEST counts of {classes} classes.",
            remedy=f"One each: {', '.join(CLASS_NAMES)}.",
        )
    wanted = [(train_per_class,) * classes]
    wanted += [(val_per_class,) * classes, tuple(test_counts)] if role == "real" else [(0,) * classes] * 2
    counts = tuple(tuple(_whole(count, "a number of videos") for count in split) for split in wanted)
    if not sum(map(sum, counts)):
        raise ParameterError("A phantom data set needs at least one video.", remedy="Raise train_per_class.")
    if not SMALLEST_SIDE <= size <= LARGEST_SIDE:
        raise ParameterError(
            f"A phantom cannot be rendered at {size} pixels.",
            remedy=f"Give {SMALLEST_SIDE} to {LARGEST_SIDE}.",
        )
    if not (np.isfinite(requested_ef_error) and requested_ef_error >= 0):
        raise ParameterError(
            f"The sd of delivered minus requested EF cannot be {requested_ef_error}.",
            remedy="Give 0 points or more.",
        )
    level, fps = check_level(level), check_fps(fps)
    longest = NUISANCES["cycle"].at(level)[1] * fps / NUISANCE_FPS
    if _whole(frames, "a number of frames") < longest / 3 + 2:
        raise ParameterError(
            f"{frames} frames at {fps:g} frames a second are too few: a systole may last {longest / 3:.0f}.",
            remedy="Raise frames; one whole cycle is better.",
        )
    return Request(
        role=role,
        seed=_whole(seed, "a seed"),
        counts=counts,
        frames=frames,
        fps=fps,
        size=_whole(size, "a side"),
        level=level,
        machine_shares=check_shares(MACHINE_SHARES[role] if machine_shares is None else machine_shares),
        requested_ef_error=float(requested_ef_error) if role == "synthetic" else 0.0,
    )


def plan_videos(request: Request) -> Iterator[Planned]:
    """Every video of a data set, TRAIN, VAL, TEST, the classes evenly interleaved."""
    for split, counts in enumerate(request.counts):
        for index, ef_class in enumerate(interleave(counts)):
            yield plan_video(request, split, index, ef_class)


def plan_video(request: Request, split: int, index: int, ef_class: int) -> Planned:
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


def _whole(value: float, what: str) -> int:
    if isinstance(value, bool) or int(value) != value or value < 0:
        raise ParameterError(f"{value!r} cannot be {what}.", remedy="Give a whole number, 0 or more.")
    return int(value)
