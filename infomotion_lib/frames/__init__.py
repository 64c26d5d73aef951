"""Frames: which frames of a video are end-diastole (ED), end-systole (ES), the next ES and the middles, or
why not.

:mod:`tracings` reads ED and ES from traced outlines; :mod:`signals` and :mod:`detect` find them in the
picture alone and :mod:`accuracy` says how well; :mod:`rule` and :mod:`choose` complete a pair to two motions
of the heart; :mod:`index` makes the table of a data set. :mod:`phasenet`, taught by :mod:`phasenet_training`
on the phantoms of :mod:`rhythm`, gives :mod:`votes` a second opinion, and :mod:`consistency` asks both
whether they contradict themselves.
"""

from infomotion_lib.frames.accuracy import (
    KnownClip,
    detector_error,
    known_phantoms,
    order_control,
    true_beats,
)
from infomotion_lib.frames.detect import Phases, detect_phases
from infomotion_lib.frames.index import build_frame_index, pairs_of, status_counts
from infomotion_lib.frames.rule import MotionPairs, motion_pairs
from infomotion_lib.frames.tracings import annotated_phases, outlines, traced_areas

__all__ = [
    "KnownClip",
    "MotionPairs",
    "Phases",
    "annotated_phases",
    "build_frame_index",
    "detect_phases",
    "detector_error",
    "known_phantoms",
    "motion_pairs",
    "order_control",
    "outlines",
    "pairs_of",
    "status_counts",
    "traced_areas",
    "true_beats",
]
