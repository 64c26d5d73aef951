"""The worlds changed in one respect: does the paper's order hold in them, and how far does each move
InfoMotion against Random?
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from infomotion_book.evidence.study import (
    COMMAND,
    LEVEL,
    MOTION,
    RIVALS,
    Evidence,
    Row,
    gain,
    key_of,
    signed,
    spanned,
)
from infomotion_book.evidence.tables import WHO
from infomotion_book.html import number, probability
from infomotion_book.page_table import of_rows, page_table
from infomotion_lib.evaluation.intervals import holm
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import METHOD_NAMES
from infomotion_lib.studies.selectors import comparison
from infomotion_lib.studies.selectors.arms import ARMS, CORE, MAIN
from infomotion_lib.studies.selectors.rows import APPEARANCE_FILE

CHANGED = tuple(name for name in ARMS if name != MAIN)
PLANNED_LEADS = len(RIVALS) * len(CHANGED)
PLANNED_CHANGES = (len(CORE) - 1) * len(CHANGED)


def order(evidence: Evidence) -> str:
    """In how many of the worlds tried the paper's order holds, in a few sentences; that none has been tried
    where none has.
    """
    leads = _leads(evidence)
    if not leads:
        return (
            f"None of these worlds has been tried far enough to judge yet. `{COMMAND} --arm label_noise` runs"
            " one of them.\n"
        )
    holding = sum(len(_apart(rows, 1)) == len(RIVALS) for rows in leads.values())
    half = float(np.median([(row["t_high"] - row["t_low"]) / 2 for rows in leads.values() for row in rows]))
    tried = f"the {len(leads)} world{'s' if len(leads) > 1 else ''} tried so far, of {len(CHANGED)} planned,"
    where = tried if len(leads) < len(CHANGED) else f"the {len(CHANGED)} worlds planned, all tried,"
    said = (
        f"The paper's order asks that InfoMotion{evidence.mark(MOTION.key, *leads)} lie above"
        f" {_names(evidence, *leads)}. It does in {holding} of {where} after Holm's correction for all"
        f" {PLANNED_LEADS} planned leads. Half of the intervals are narrower than ±{number(half)} points, so"
        " a lead much smaller than that cannot be seen."
    )
    if holding:
        said += " A condition under which the order appears may be one that the paper's data meet."
    else:
        said += " No condition tried is enough by itself, here, to bring about leads large enough to be seen."
    return f"{said} {explained(said)}".strip() + "\n"


def arms(evidence: Evidence) -> str:
    """What each world shows, and what has not been tried yet; then figure and table."""
    leads = _leads(evidence)
    if not leads:
        return _untried(evidence)
    moves = _moves(evidence)
    said = "".join(_bullet(evidence, name, rows, moves) for name, rows in leads.items())
    body = []
    for name, own in evidence.arms.items():
        for row in records(comparison.compare(own)):
            move = moves.get((name, *key_of(row)))
            moved = [spanned(move), probability(move["p_planned"])] if move else ["–", "–"]
            body.append(
                [
                    ARMS[name].meaning,
                    evidence.named(row, name),
                    spanned(row),
                    f"{row['pools_better']} of {row['pools']}",
                    *moved,
                ]
            )
    head = ["World", WHO, "Minus Random", "Pools above 0", "Moved by", f"p, Holm ({PLANNED_CHANGES})"]
    notes = (
        "Points, with 95 % intervals by t over pools. Moved by: the difference minus that of the phantom as"
        f" it is, in the pools that both have; p is that of the move, corrected for the {PLANNED_CHANGES}"
        " moves of all worlds planned, run yet or not, so that no world is judged more lightly for having"
        " run first.",
        explained(said, str(body)),
    )
    caption = "The core selectors in worlds changed in one respect, hard accuracy, points"
    shown = page_table(of_rows(head, body, caption=caption, keys=2, notes=notes))
    return f"{said}{_anew(evidence, list(leads))}{_untried(evidence)}\n{evidence.figure('arms')}{shown}"


def planned_holm(p_values: Sequence[float], planned: int) -> NDArray[np.float64]:
    """Holm's correction for as many comparisons as were planned: those not made yet count as if they had
    found nothing.

    >>> planned_holm([0.01, 0.5], 4).round(2).tolist()
    [0.04, 1.0]
    """
    return holm([*p_values, *(1.0 for _ in range(planned - len(p_values)))])[: len(p_values)]


def _leads(evidence: Evidence) -> dict[str, list[Row]]:
    """InfoMotion minus each rival in each world tried: a row per rival, ``p_planned`` corrected for all that
    were planned.
    """
    found: dict[str, list[Row]] = {}
    for name in CHANGED:
        if name not in evidence.arms:
            continue
        rows: list[Row] = []
        for rival in RIVALS:
            own = comparison.pool_differences(evidence.arm_runs[name], reference=rival)
            mine = own[(own[["method", "feature", "graph"]] == list(MOTION.key)).all(axis=1)]
            rows += [
                row | {"rival": METHOD_NAMES[rival.method] + evidence.mark(rival.key, name)}
                for row in records(comparison.compare(mine))
            ]
        if len(rows) == len(RIVALS):
            found[name] = rows
    every = [row for rows in found.values() for row in rows]
    for row, p in zip(every, planned_holm([row["p"] for row in every], PLANNED_LEADS), strict=True):
        row["p_planned"] = float(p)
    return found


def _moves(evidence: Evidence) -> dict[tuple[str, str, str, str], Row]:
    """How far each world moves each core selector against Random, by world and configuration."""
    found: dict[tuple[str, str, str, str], Row] = {}
    for name in evidence.arms:
        if name != MAIN:
            change = comparison.compare(comparison.change_of(evidence.arms[name], since=evidence.arms[MAIN]))
            found |= {(name, *key_of(row)): row for row in records(change)}
    for row, p in zip(
        found.values(), planned_holm([row["p"] for row in found.values()], PLANNED_CHANGES), strict=True
    ):
        row["p_planned"] = float(p)
    return found


def _bullet(
    evidence: Evidence, name: str, leads: list[Row], moves: dict[tuple[str, str, str, str], Row]
) -> str:
    above, below = _apart(leads, 1), _apart(leads, -1)
    parts = [f"above {', '.join(above)}"] * bool(above) + [f"below {', '.join(below)}"] * bool(below)
    told = (
        f"It lies {' and '.join(parts)}"
        if parts
        else f"None of these {len(leads)} differences is more than chance would explain"
    )
    pools = max(row["pools"] for row in leads)
    numbers = "; minus ".join(f"{row['rival']}: {signed(row)}" for row in leads)
    meaning = ARMS[name].meaning
    of = f"`{name}`, {pools} of {evidence.planned_pools} pools"
    own = f"InfoMotion{evidence.mark(MOTION.key, name)}"
    said = f"- **{meaning[0].upper()}{meaning[1:]}** ({of}). {own} minus {numbers}. {told}."
    move = moves.get((name, *MOTION.key))
    if move:
        verdict = "a change" if move["p_planned"] < LEVEL else "chance alone could explain it"
        said += (
            f" Against the phantom as it is, its lead over Random moves by {signed(move)} points: {verdict}."
        )
    widths = {record.get("width") for record in _networks(evidence, MAIN)}
    wider = "".join(
        f" {gain(record)}" for record in _networks(evidence, name) if record["width"] not in widths
    )
    return f"{said}{wider}\n"


def _networks(evidence: Evidence, arm: str) -> list[Row]:
    """How the training of the networks behind the vectors of an arm ended, those that are on record."""
    named = sorted(evidence.tables.networks_of(arm))
    return [record for name in named if (record := evidence.tables.network_called(name))]


def _anew(evidence: Evidence, arms: list[str]) -> str:
    """Which worlds have vectors of networks that were trained anew, and with that all their rows made on
    another machine.
    """
    tables, main = evidence.tables, _networks(evidence, MAIN)
    looks = {record["sha256"][APPEARANCE_FILE] for record in main}
    found, gains = [], set()
    for name in arms:
        own = _networks(evidence, name)
        wider = any(record["width"] not in {known["width"] for known in main} for record in own)
        same_looks = bool(own) and all(record["sha256"][APPEARANCE_FILE] in looks for record in own)
        if not (same_looks if wider else tables.networks_of(name) <= tables.networks_of(MAIN)):
            found.append(f"`{name}`")
            gains |= {record["gain_db"] for record in own if not wider}
    if not found:
        return ""
    here, there = (
        ", ".join(number(value) for value in sorted(values))
        for values in (gains, {record["gain_db"] for record in main})
    )
    beside = (
        f" The IFA network of the same width fills in frames {here} dB better than the average; that of the"
        f" main study, {there} dB."
        if here
        else ""
    )
    return (
        f"\nIn {', '.join(found)} the networks behind the vectors were trained anew from the same seeds and"
        " came out with other weights, as they do on another processor or with other libraries. So the"
        " networks trained on the chosen videos were made there too, and these rows, the moves above all,"
        f" hold what that changes.{beside}\n"
    )


def _untried(evidence: Evidence) -> str:
    tried, trained = set(_leads(evidence)), evidence.tables.networks.groupby("arm").size().to_dict()
    waiting = [f"`{name}` ({ARMS[name].meaning})" for name in CHANGED if name not in trained]
    begun = [
        f"`{name}` ({ARMS[name].meaning}; {trained[name]} networks)"
        for name in CHANGED
        if name in trained and name not in tried
    ]
    said = f"\nBegun, but with fewer than two pools to compare: {', '.join(begun)}.\n" if begun else ""
    return said + (f"\nNot run yet: {', '.join(waiting)}.\n" if waiting else "")


def _apart(leads: list[Row], sign: int) -> list[str]:
    """Rivals that InfoMotion is told from on one side, after correction."""
    return [row["rival"] for row in leads if row["p_planned"] < LEVEL and sign * row["difference"] > 0]


def _names(evidence: Evidence, *arms: str) -> str:
    names = [METHOD_NAMES[rival.method] + evidence.mark(rival.key, *arms) for rival in RIVALS]
    return f"{', '.join(names[:-1])} and {names[-1]}"
