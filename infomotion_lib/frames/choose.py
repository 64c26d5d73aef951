"""Which of the detected beats of a clip becomes its pair of motions."""

from __future__ import annotations

from itertools import pairwise

from infomotion_lib.frames.detect import Phases
from infomotion_lib.frames.rule import USABLE_STATUSES, MotionPairs, motion_pairs


def choose_pairs(
    phases: Phases, *, n_frames: int, diastole_fraction: float = 2 / 3, use_detected: bool = False
) -> tuple[int, int, MotionPairs] | None:
    """ES, ED and the motions around them for the best neighbouring pair of detected phases; None where there
    is no pair.

    Best means, in this order: it has frames; its third end frame was detected (if asked for); its status
    comes first in :data:`~infomotion_lib.frames.rule.USABLE_STATUSES`, an ES -> ED pair before an ED -> ES
    one; the signal moves most.

    Parameters
    ----------
    phases : Phases
        Of the clip.
    n_frames : int
        Frames of the clip.
    diastole_fraction : float
        Share of diastole in the cycle, for the third end frame where it is not detected.
    use_detected : bool
        Let the third end frame be a detected one.
    """
    seen_es, seen_ed = (phases.es.tolist(), phases.ed.tolist()) if use_detected else ([], [])
    events = sorted([(int(frame), "es") for frame in phases.es] + [(int(frame), "ed") for frame in phases.ed])
    options = []
    for (first, kind), (second, other) in pairwise(events):
        if kind == other:
            continue
        es, ed = (first, second) if kind == "es" else (second, first)
        pairs = motion_pairs(
            es, ed, n_frames=n_frames, diastole_fraction=diastole_fraction, seen_es=seen_es, seen_ed=seen_ed
        )
        swing = float(abs(phases.signal[ed] - phases.signal[es]))
        options.append((_rank(pairs, seen_es + seen_ed), swing, -first, es, ed, pairs))
    if not options:
        return None
    *_, es, ed, pairs = max(options, key=lambda option: option[:3])
    return es, ed, pairs


def detected_beat(phases: Phases, *, n_frames: int) -> tuple[int, int, int] | None:
    """ES, ED and next ES that were all detected, of the beat that moves most; None where no three follow each
    other.
    """
    best = choose_pairs(phases, n_frames=n_frames, use_detected=True)
    if best is None or best[2].status != "annotated" or best[2].systole is None:
        return None
    es, ed, next_es = best[0], best[1], best[2].systole[2]
    return (es, ed, next_es) if next_es in phases.es else None


def _rank(pairs: MotionPairs, seen: list[int]) -> tuple[int, int, int]:
    if pairs.diastole is None or pairs.systole is None:
        return (0, 0, 0)
    ends = {pairs.diastole[0], pairs.diastole[2], pairs.systole[0], pairs.systole[2]}
    return (1, int(ends <= set(seen)), -USABLE_STATUSES.index(pairs.status))
