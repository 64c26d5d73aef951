"""Faults that pools of real and generated videos have, drawn into a phantom pool at a known rate.

None is there unless asked for: the default phantom is what it was. A fault changes a TRAIN video's label or
its frames, never its heart, so that the truth stays known, and TEST videos stay clean. Each kind has a random
stream of its own: adding one kind moves no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.classes import CLASS_NAMES, class_bounds, ef_class
from infomotion_lib.errors import ParameterError, did_you_mean
from infomotion_lib.phantom.nuisance import Heart
from infomotion_lib.phantom.plan import EF_RANGE

Kind = Literal[
    "wrong_ef", "opposite_ef", "neighbour_ef", "noisy_ef", "anatomy_jumps", "frozen", "near_copies"
]

KINDS: dict[str, str] = {
    "wrong_ef": "the label is drawn from any other EF class",
    "opposite_ef": "the label is mirrored in the middle of the EF range",
    "neighbour_ef": "the label is drawn from a neighbouring EF class",
    "noisy_ef": "the label is that of a regressor: Gaussian error on every one, of sd `rate` points",
    "anatomy_jumps": "from a random frame on, another heart is shown",
    "frozen": "one frame is shown throughout",
    "near_copies": "the heart is one of few of its class, with other speckle and a slightly other gain",
}
"""Each kind in words; ``rate`` is the share of the videos, but for ``noisy_ef``."""

ORIGINALS = 5
"""Hearts of each class that near-copies are of."""

COPY_GAIN = 1.0
"""Largest difference of gain between a copy and its original, dB."""

EARLIEST, LATEST = 0.3, 0.7
"""Where in the clip anatomy jumps, as shares of its frames."""


@dataclass(frozen=True)
class Contamination:
    """One kind of fault and how frequent it is.

    Raises
    ------
    ParameterError
        If the kind is unknown or the rate out of range.
    """

    kind: Kind
    rate: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ParameterError(f"Unknown contamination: {self.kind}", remedy=did_you_mean(self.kind, KINDS))
        most = 30.0 if self.kind == "noisy_ef" else 1.0
        if not 0 <= self.rate <= most:
            raise ParameterError(
                f"A rate of {self.rate} of {self.kind} is out of range.", remedy=f"Give 0 to {most:g}."
            )


@dataclass(frozen=True)
class Faulty:
    """One TRAIN video with what was done to it.

    Attributes
    ----------
    heart : Heart
        Shown, until ``jump``; a near-copy's is its original's, drawn again.
    label : float
        EF that the pool says, points; ``heart.ef`` is the truth.
    after : Heart or None
        Shown from frame ``jump`` on.
    still : int
        Frame shown throughout; -1: the clip moves.
    original : int
        Number of the video that this one copies; -1: none.
    faults : tuple of str
        Kinds that it has.
    """

    heart: Heart
    label: float
    after: Heart | None = None
    jump: int = 0
    still: int = -1
    original: int = -1
    faults: tuple[str, ...] = ()

    def shown(self, frames: Sequence[int] | NDArray[np.integer]) -> list[tuple[Heart, int]]:
        """Heart and frame number of it that is seen at each frame of the clip."""
        seen = []
        for frame in frames:
            number = self.still if self.still >= 0 else int(frame)
            late = self.after is not None and number >= self.jump
            seen.append((self.after if late and self.after is not None else self.heart, number))
        return seen


def contaminate(
    hearts: Sequence[Heart], contaminations: Sequence[Contamination], *, seed: int, n_frames: int
) -> list[Faulty]:
    """Every TRAIN video with its faults, in the order of ``hearts``; without contaminations, as they are.

    Parameters
    ----------
    hearts : sequence of Heart
        Of the TRAIN videos.
    contaminations : sequence of Contamination
        Each kind at most once, applied in this order. A video has at most one fault of its frames:
        ``frozen`` and ``anatomy_jumps`` are drawn among those that have none yet.
    seed : int
        Of the pool.
    n_frames : int
        Per clip.

    Raises
    ------
    ParameterError
        If a kind is named twice, or the frame faults have rates that sum to more than 1.
    """
    kinds = [fault.kind for fault in contaminations]
    if len(set(kinds)) < len(kinds):
        raise ParameterError(f"A contamination is named twice: {max(kinds, key=kinds.count)}")
    videos = [Faulty(heart, heart.ef) for heart in hearts]
    for fault in contaminations:
        rng = np.random.default_rng(
            np.random.SeedSequence(seed, spawn_key=(99, list(KINDS).index(fault.kind)))
        )
        videos = _apply(videos, fault, rng, n_frames)
    return videos


def _apply(
    videos: list[Faulty], fault: Contamination, rng: np.random.Generator, n_frames: int
) -> list[Faulty]:
    if not fault.rate or not videos:
        return videos
    if fault.kind == "noisy_ef":
        error = fault.rate * rng.standard_normal(len(videos))
        return [
            replace(
                video, label=float(np.clip(video.label + by, *EF_RANGE)), faults=(*video.faults, fault.kind)
            )
            for video, by in zip(videos, error, strict=True)
        ]
    if fault.kind == "near_copies":
        return _copied(videos, fault, rng)
    of_frames = fault.kind in ("frozen", "anatomy_jumps")
    free = [
        number
        for number, video in enumerate(videos)
        if not of_frames or not {"frozen", "anatomy_jumps"} & set(video.faults)
    ]
    wanted = round(fault.rate * len(videos))
    if wanted > len(free):
        raise ParameterError(
            f"{wanted} videos cannot have {fault.kind}: {len(free)} are left.", remedy="Lower the rates."
        )
    changed = list(videos)
    for number in sorted(int(place) for place in rng.permutation(free)[:wanted]):
        video = videos[number]
        changes: dict[str, Any] = {"faults": (*video.faults, fault.kind)}
        if fault.kind == "frozen":
            changes["still"] = int(rng.integers(n_frames))
        elif fault.kind == "anatomy_jumps":
            other = int(rng.integers(len(videos) - 1))
            changes["after"] = videos[other + (other >= number)].heart
            changes["jump"] = int(rng.integers(int(EARLIEST * n_frames), int(LATEST * n_frames)))
        else:
            changes["label"] = _wrong(video.heart.ef, fault.kind, rng)
        changed[number] = replace(video, **changes)
    return changed


def _wrong(ef: float, kind: str, rng: np.random.Generator) -> float:
    """A label that is not of the heart's class."""
    own = int(ef_class(ef))
    if kind == "opposite_ef":
        return float(sum(EF_RANGE) - ef)
    others = [
        number
        for number in range(len(CLASS_NAMES))
        if (abs(number - own) == 1 if kind == "neighbour_ef" else number != own)
    ]
    low, high = np.clip(class_bounds(int(rng.choice(others))), *EF_RANGE)
    return float(low + (high - low) * rng.random())


def _copied(videos: list[Faulty], fault: Contamination, rng: np.random.Generator) -> list[Faulty]:
    """Of each class a share of the videos becomes copies of its first hearts that are not copies."""
    changed = list(videos)
    classes = np.array([int(ef_class(video.heart.ef)) for video in videos])
    for number in np.unique(classes):
        rows = rng.permutation(np.flatnonzero(classes == number))
        count = min(round(fault.rate * len(rows)), len(rows) - 1)
        originals = rows[count : count + ORIGINALS]
        for place in rows[:count]:
            original = int(rng.choice(originals))
            source = videos[original].heart
            heart = replace(
                source,
                seed=int(rng.integers(1 << 31)),
                gain=source.gain + COPY_GAIN * (2 * float(rng.random()) - 1),
            )
            faults = (*videos[place].faults, fault.kind)
            changed[place] = replace(
                videos[place], heart=heart, label=heart.ef, original=original, faults=faults
            )
    return changed
