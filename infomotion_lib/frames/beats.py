"""The whole beats of a recording: where each next ES was seen, and where the rule of a third puts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from infomotion_lib.frames.detect import Phases
from infomotion_lib.frames.rule import MotionPairs, middle, systole_frames

BEAT_COLUMNS = (
    *("beat", "es", "ed", "next_es", "rule_es"),
    *("diastole_ms", "systole_ms", "systole_share", "beats_a_minute", "rule_error_ms"),
)


def whole_beats(phases: Phases, fps: float, *, diastole_fraction: float = 2 / 3) -> pd.DataFrame:
    """Every beat of which ES, ED and the next ES were detected in a row, one row each.

    Parameters
    ----------
    phases : Phases
        Of the recording.
    fps : float
        Frames per second.
    diastole_fraction : float
        Share of diastole in the cycle, for the rule.

    Returns
    -------
    DataFrame
        :data:`BEAT_COLUMNS`: ``beat`` from 1; frames ``es, ed, next_es`` and, by the rule from the first two,
        ``rule_es``; ``systole_share`` of the cycle from ES to ES; ``rule_error_ms``: ``rule_es`` minus
        ``next_es``, so positive where the rule is late.
    """
    events = sorted([(int(frame), "es") for frame in phases.es] + [(int(frame), "ed") for frame in phases.ed])
    rows: list[tuple[float, ...]] = []
    for (es, a), (ed, b), (next_es, c) in zip(events, events[1:], events[2:], strict=False):
        if (a, b, c) != ("es", "ed", "es"):
            continue
        rule = ed + systole_frames(ed - es, diastole_fraction=diastole_fraction)
        cycle = next_es - es
        rows.append(
            (
                *(len(rows) + 1, es, ed, next_es, rule),
                *(1000 * (ed - es) / fps, 1000 * (next_es - ed) / fps, (next_es - ed) / cycle),
                *(60 * fps / cycle, 1000 * (rule - next_es) / fps),
            )
        )
    table = pd.DataFrame(np.reshape(rows, (-1, len(BEAT_COLUMNS))), columns=list(BEAT_COLUMNS))
    return table.astype(dict.fromkeys(BEAT_COLUMNS[:5], "int64"))


def pairs_of_beat(beat: Mapping[Any, Any]) -> MotionPairs:
    """Both motions of a row of :func:`whole_beats`, all three end frames detected."""
    es, ed, next_es = (int(beat[name]) for name in ("es", "ed", "next_es"))
    return MotionPairs("detected", (es, middle(es, ed), ed), (ed, middle(ed, next_es), next_es))
