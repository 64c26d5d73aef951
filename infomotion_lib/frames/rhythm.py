"""Phantom clips of any rhythm: beats of unequal length, any share of systole, any frame rate, with their
exact phases.

A phantom beats regularly and contracts for a third of its cycle. Here it is drawn at a fine frame rate, and
its frames are picked along another clock: time within a beat is stretched, systole and diastole each on its
own, so that ED and ES fall where the rhythm has them. A beat that comes early has a short diastole; its
systole lasts as long as the others'.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.frames.accuracy import KnownClip
from infomotion_lib.phantom.geometry import SYSTOLE, volume_curve
from infomotion_lib.phantom.nuisance import DEFAULT_LEVEL, Role
from infomotion_lib.phantom.rendering import render
from infomotion_lib.phantom.sampling import sample_heart

FINE_FPS = 250.0
"""Frame rate at which a heart can be looked at; a phase is met within half of such a frame, 2 ms."""

LONGEST_SYSTOLE = 0.6
"""Largest share of one beat that its systole takes, however early the next beat comes."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rhythm:
    """How a heart beats.

    Attributes
    ----------
    beat : float
        Mean length of a beat, seconds.
    systole : float
        Length of systole as a share of the mean beat.
    jitter : float
        Largest departure of a single beat from the mean, as a share of it; 0 is a regular heart.
    """

    beat: float
    systole: float = SYSTOLE
    jitter: float = 0.0


@dataclass(frozen=True)
class Beats:
    """When beats begin, and how long their systoles last.

    Attributes
    ----------
    starts : ndarray, shape (N + 1,)
        ED times in seconds from the first frame; the first and the last beat lie outside the clip.
    systoles : ndarray, shape (N,)
        Seconds from each ED to its ES.
    """

    starts: Floats
    systoles: Floats

    def phase(self, seconds: Floats) -> tuple[NDArray[np.int64], Floats]:
        """Number of the beat at each moment, and its position in the phantom's own cycle: 0 at ED, a third at
        ES.
        """
        number = np.searchsorted(self.starts, seconds, side="right") - 1
        since, systole = seconds - self.starts[number], self.systoles[number]
        diastole = np.diff(self.starts)[number] - systole
        squeezing, filling = since / systole * SYSTOLE, SYSTOLE + (since - systole) / diastole * (1 - SYSTOLE)
        return number, np.where(since < systole, squeezing, filling)


def draw_beats(rng: np.random.Generator, rhythm: Rhythm, *, seconds: float) -> Beats:
    """Beats around a clip of that many seconds, which begins anywhere in a beat."""
    number = int(np.ceil(seconds / (rhythm.beat * (1 - rhythm.jitter)))) + 3
    lengths = rhythm.beat * (1 + rhythm.jitter * rng.uniform(-1, 1, number))
    begin = lengths[0] + rng.uniform() * lengths[1]
    starts = np.concatenate([[0.0], np.cumsum(lengths)]) - begin
    return Beats(starts, np.minimum(rhythm.systole * rhythm.beat, LONGEST_SYSTOLE * lengths))


@dataclass(frozen=True)
class Looks:
    """How a heart is seen; the names are those of :func:`~infomotion_lib.phantom.sampling.sample_heart`."""

    level: float = DEFAULT_LEVEL
    machine_shares: tuple[float, ...] | None = None
    role: Role = "real"


USUAL_LOOKS = Looks()


def rhythm_clip(
    rng: np.random.Generator,
    rhythm: Rhythm,
    *,
    ef: float,
    fps: float,
    n_frames: int,
    size: int = 112,
    looks: Looks = USUAL_LOOKS,
) -> KnownClip:
    """A phantom clip of this rhythm with its exact ES and ED frames, as fractions of frames, and its exact
    volume.

    Parameters
    ----------
    rng : numpy.random.Generator
        Of the heart and its beats.
    rhythm : Rhythm
        Length of a beat, share of systole, irregularity.
    ef : float
        Ejection fraction, points.
    fps, n_frames, size
        Frames per second, frames, side in pixels.
    looks : Looks
        Nuisance, scanner styles, role.
    """
    heart = sample_heart(
        rng, ef, level=looks.level, machine_shares=looks.machine_shares, fps=FINE_FPS, role=looks.role
    )
    beats = draw_beats(rng, rhythm, seconds=n_frames / fps)
    number, phase = beats.phase(np.arange(n_frames) / fps)
    heart = replace(heart, start=0)
    frames = number * heart.cycle + np.rint(phase * heart.cycle).astype(np.int64)
    es, ed = fps * (beats.starts[:-1] + beats.systoles), fps * beats.starts
    return KnownClip(
        render(heart, frames, size=size), fps, es.tolist(), ed.tolist(), volume_curve(heart, frames)
    )
