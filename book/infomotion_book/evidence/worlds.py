"""Ablations of the simulator: does the order hold, how far does each move InfoMotion against Random?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infomotion_book.evidence.study import RIVALS, Evidence, Key, Row, key_of
from infomotion_book.evidence.values import apart, leads
from infomotion_lib.evaluation.intervals import holm
from infomotion_lib.reporting.results import records
from infomotion_lib.studies.selectors import comparison
from infomotion_lib.studies.selectors.arms import CORE, MAIN, WORLDS

CHANGED = WORLDS
PLANNED_LEADS = len(RIVALS) * len(CHANGED)
PLANNED_CHANGES = (len(CORE) - 1) * len(CHANGED)


@dataclass(frozen=True)
class World:
    """What one world shows that is changed in one respect: InfoMotion minus each rival, with ``p_planned``
    corrected for the leads of all worlds planned.
    """

    name: str
    leads: list[Row]

    @property
    def holds(self) -> bool:
        """Whether InfoMotion is above each rival, as in the paper."""
        return len(self.above) == len(RIVALS)

    @property
    def above(self) -> list[Row]:
        """Leads above 0 by more than chance, after correction."""
        return apart(self.leads, 1, by="p_planned")

    @property
    def below(self) -> list[Row]:
        """Leads below 0 by more than chance, after correction."""
        return apart(self.leads, -1, by="p_planned")

    @property
    def pools(self) -> int:
        """Pools it was tried in."""
        return int(max(row["pools"] for row in self.leads))


def worlds(evidence: Evidence) -> dict[str, World]:
    """Worlds tried far enough to compare InfoMotion with every rival."""
    tried = {name: leads(evidence.arm_runs[name]) for name in CHANGED if name in evidence.arms}
    found = {name: World(name, rows) for name, rows in tried.items() if len(rows) == len(RIVALS)}
    _correct([row for world in found.values() for row in world.leads], PLANNED_LEADS)
    return found


def order(evidence: Evidence) -> dict[str, Any] | None:
    """In how many worlds the paper's order holds; None where none has been tried far enough.

    ``tried``: worlds with enough pools to judge; ``holding``: in how many of them InfoMotion lies above each
    rival; ``half_width``: median half of the intervals of its leads, points.
    """
    tried = worlds(evidence)
    if not tried:
        return None
    halves = [(row["t_high"] - row["t_low"]) / 2 for world in tried.values() for row in world.leads]
    holding = sum(world.holds for world in tried.values())
    return {"tried": list(tried), "holding": holding, "half_width": float(np.median(halves))}


def moves(evidence: Evidence) -> dict[tuple[str, Key], Row]:
    """How far each world moves each core selector against Random, by world and configuration."""
    found: dict[tuple[str, Key], Row] = {}
    for name in evidence.arms:
        if name != MAIN:
            change = comparison.compare(comparison.change_of(evidence.arms[name], since=evidence.arms[MAIN]))
            found |= {(name, key_of(row)): row for row in records(change)}
    _correct(list(found.values()), PLANNED_CHANGES)
    return found


def changes(evidence: Evidence) -> list[tuple[str, Row, Row | None]]:
    """World, difference, move: each configuration against Random in each world, and since the phantom as it
    is.
    """
    moved = moves(evidence)
    return [
        (name, row, moved.get((name, key_of(row))))
        for name, runs in evidence.arms.items()
        for row in records(comparison.compare(runs))
    ]


def _correct(rows: list[Row], planned: int) -> None:
    for row, p in zip(rows, planned_holm([row["p"] for row in rows], planned), strict=True):
        row["p_planned"] = float(p)


def planned_holm(p_values: Sequence[float], planned: int) -> NDArray[np.float64]:
    """Holm's correction for as many comparisons as were planned: those not made yet count as if they had
    found nothing.

    >>> planned_holm([0.01, 0.5], 4).round(2).tolist()
    [0.04, 1.0]
    """
    return holm([*p_values, *(1.0 for _ in range(planned - len(p_values)))])[: len(p_values)]


def begun_and_waiting(evidence: Evidence) -> tuple[dict[str, int], list[str]]:
    """Networks of each world that has been begun without enough pools to compare, and worlds not run yet."""
    tried = worlds(evidence)
    trained = evidence.changed.networks.groupby("arm").size().to_dict()
    begun = {name: int(trained[name]) for name in CHANGED if name in trained and name not in tried}
    return begun, [name for name in CHANGED if name not in trained]
