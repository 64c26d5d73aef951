"""From one ES and one ED frame to the two motions of the paper: diastole ES -> ED and systole ED -> next ES.

Systole lasts a fixed share 1 - f of the cycle, diastole the share f (paper: f = 2/3). With g frames between
ES and ED,

- ES before ED (the pair is a diastole): systole = g (1 - f) / f, next ES = ED + systole; if that leaves the
  clip, the systole before the pair is used, from the previous ED = ES - systole;
- ED before ES (the pair is a systole): diastole = g f / (1 - f), previous ES = ED - diastole; if that leaves
  the clip, the diastole after the pair, up to the next ED = ES + diastole;
- if both leave the clip, the end that misses less of its way is moved to the clip's border.

The two motions always share one frame, so a video has three end frames and two middle ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

HEART_RATES = (40.0, 150.0)
"""Beats per minute among which a clip's period is sought."""

MIN_GAP = 2
"""Least frames from one end of a motion to the other: a middle frame must lie between them."""

USABLE_STATUSES = ("annotated", "previous_es", "next_ed", "previous_ed", "clamped")
"""Statuses of :func:`motion_pairs` that come with frames, best first."""


@dataclass(frozen=True)
class MotionPairs:
    """Frame numbers of the two motions of one video.

    Attributes
    ----------
    status : str
        ``annotated`` (next ES after an ES -> ED pair), ``previous_es`` or ``next_ed`` (diastole before or
        after an ED -> ES pair), ``previous_ed`` (systole before an ES -> ED pair), ``clamped`` (end moved to
        the clip's border); without frames: ``frame_outside_clip``, ``short_pair`` (no frame between ES and
        ED), ``no_room`` (not even clamped).
    diastole, systole : tuple of 3 int, or None
        Start, middle and end of ES -> ED and of ED -> ES.
    """

    status: str
    diastole: tuple[int, int, int] | None = None
    systole: tuple[int, int, int] | None = None

    @property
    def usable(self) -> bool:
        """Whether there are frames."""
        return self.systole is not None


def middle(start: int, end: int) -> int:
    """Frame halfway between two frames, rounded down.

    >>> middle(10, 15)
    12
    """
    return (start + end) // 2


def systole_frames(diastole: int, *, diastole_fraction: float = 2 / 3) -> int:
    """Frames of a systole beside a diastole of so many frames, floor(g (1 - f) / f), at least
    :data:`MIN_GAP`.

    >>> systole_frames(20), systole_frames(20, diastole_fraction=0.5)
    (10, 20)
    """
    return max(MIN_GAP, _floor(diastole * (1 - diastole_fraction) / diastole_fraction))


def diastole_frames(systole: int, *, diastole_fraction: float = 2 / 3) -> int:
    """Frames of a diastole beside a systole of so many frames, floor(g f / (1 - f)), at least
    :data:`MIN_GAP`.

    >>> diastole_frames(10)
    20
    """
    return max(MIN_GAP, _floor(systole * diastole_fraction / (1 - diastole_fraction)))


def motion_pairs(
    es: int,
    ed: int,
    *,
    n_frames: int,
    diastole_fraction: float = 2 / 3,
    seen_es: Sequence[int] = (),
    seen_ed: Sequence[int] = (),
) -> MotionPairs:
    """Both motions around one ES and one ED frame, all frames inside the clip, or the reason why there are
    none.

    Parameters
    ----------
    es, ed : int
        Frame numbers from 0, in either order.
    n_frames : int
        Frames of the clip.
    diastole_fraction : float
        f, between 0 and 1.
    seen_es, seen_ed : sequence of int, optional
        Detected frames. Where one lies within a cycle of the pair it takes the place of the rule's estimate.

    Raises
    ------
    ValueError
        If the fraction is not between 0 and 1.

    Examples
    --------
    >>> motion_pairs(10, 30, n_frames=64).systole
    (30, 35, 40)
    >>> motion_pairs(40, 30, n_frames=64).diastole
    (10, 20, 30)
    >>> motion_pairs(20, 10, n_frames=64)
    MotionPairs(status='next_ed', diastole=(20, 30, 40), systole=(10, 15, 20))
    """
    if not 0 < diastole_fraction < 1:
        raise ValueError(f"The diastole fraction must lie between 0 and 1, not at {diastole_fraction}")
    last = n_frames - 1
    if not (0 <= es <= last and 0 <= ed <= last):
        return MotionPairs("frame_outside_clip")
    first, second = min(es, ed), max(es, ed)
    gap = second - first
    if gap < MIN_GAP:
        return MotionPairs("short_pair")
    if es < ed:
        need = systole_frames(gap, diastole_fraction=diastole_fraction)
        after, before = _nearest(ed, need, gap, seen_es), _nearest(es, -need, gap, seen_ed)
        order = (("annotated", es, ed, after), ("previous_ed", es, ed, before))
    else:
        need = diastole_frames(gap, diastole_fraction=diastole_fraction)
        before, after = _nearest(ed, -need, gap, seen_es), _nearest(es, need, gap, seen_ed)
        order = (("previous_es", es, ed, before), ("next_ed", es, ed, after))
    for status, known_es, known_ed, third in order:
        if 0 <= third <= last:
            return _three(status, known_es, known_ed, third)
    room_before, room_after = first, last - second
    if max(room_before, room_after) < MIN_GAP:
        return MotionPairs("no_room")
    return _three("clamped", es, ed, last if room_after >= room_before else 0)


def systole_alone(
    es: int,
    ed: int,
    *,
    n_frames: int,
    diastole_fraction: float = 2 / 3,
    seen_es: Sequence[int] = (),
) -> MotionPairs:
    """The emptying motion alone, for recordings of half a beat.

    Where ED comes first, no frame beyond the known two is needed; otherwise it is the systole that
    :func:`motion_pairs` gives.

    >>> systole_alone(20, 0, n_frames=21)
    MotionPairs(status='annotated', diastole=None, systole=(0, 10, 20))
    """
    both = motion_pairs(es, ed, n_frames=n_frames, diastole_fraction=diastole_fraction, seen_es=seen_es)
    if both.status in ("frame_outside_clip", "short_pair"):
        return both
    if ed < es:
        return MotionPairs("annotated", None, (ed, middle(ed, es), es))
    return MotionPairs(both.status, None, both.systole)


def _three(status: str, es: int, ed: int, third: int) -> MotionPairs:
    """Motions of three frames in a row; the third is an ES beside ``ed`` or an ED beside ``es``."""
    if es < ed:
        ends = ((es, ed), (ed, third)) if third > ed else ((es, ed), (third, es))
    else:
        ends = ((third, ed), (ed, es)) if third < ed else ((es, third), (ed, es))
    (d0, d1), (s0, s1) = ends
    return MotionPairs(status, (d0, middle(d0, d1), d1), (s0, middle(s0, s1), s1))


def _nearest(start: int, step: int, gap: int, seen: Sequence[int]) -> int:
    """First seen frame beyond ``start`` in the direction of ``step``, if within a cycle; otherwise ``start +
    step``.
    """
    sign = 1 if step > 0 else -1
    away = sorted(sign * (frame - start) for frame in seen)
    near = [distance for distance in away if MIN_GAP <= distance <= abs(step) + gap]
    return start + (sign * near[0] if near else step)


def _floor(value: float) -> int:
    return math.floor(value + 1e-9)
