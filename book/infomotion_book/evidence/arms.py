"""The worlds changed in one respect: does the paper's order hold in them, and how far does each move
InfoMotion against Random?
"""

from __future__ import annotations

from infomotion_book.evidence import worlds
from infomotion_book.evidence.networks import TrainedAnew, trained_anew, wider
from infomotion_book.evidence.study import (
    COMMAND,
    LEVEL,
    MOTION,
    RIVALS,
    Evidence,
    Key,
    Row,
    gain,
    signed,
    spanned,
)
from infomotion_book.evidence.tables import WHO
from infomotion_book.evidence.worlds import CHANGED, PLANNED_CHANGES, PLANNED_LEADS, World
from infomotion_book.html import number, probability
from infomotion_book.page_table import of_rows, page_table
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.style import METHOD_NAMES
from infomotion_lib.studies.selectors.arms import ARMS


def order(evidence: Evidence) -> str:
    """In how many of the worlds tried the paper's order holds, in a few sentences; that none has been tried
    where none has.
    """
    shown = worlds.order(evidence)
    if shown is None:
        return (
            f"None of these worlds has been tried far enough to judge yet. `{COMMAND} --arm label_noise` runs"
            " one of them.\n"
        )
    tried = len(shown.tried)
    where = (
        f"the {tried} world{'s' if tried > 1 else ''} tried so far, of {len(CHANGED)} planned,"
        if tried < len(CHANGED)
        else f"the {tried} worlds planned, all tried,"
    )
    *names, last = (METHOD_NAMES[rival.method] + evidence.mark(rival.key, *shown.tried) for rival in RIVALS)
    said = (
        f"The paper's order asks that InfoMotion{evidence.mark(MOTION.key, *shown.tried)} lie above"
        f" {', '.join(names)} and {last}. It does in {shown.holding} of {where} after Holm's correction for"
        f" all {PLANNED_LEADS} planned leads. Half of the intervals are narrower than"
        f" ±{number(shown.half_width)} points, so a lead much smaller than that cannot be seen."
    )
    if shown.holding:
        said += " A condition under which the order appears may be one that the paper's data meet."
    else:
        said += " No condition tried is enough by itself, here, to bring about leads large enough to be seen."
    return f"{said} {explained(said)}".strip() + "\n"


def arms(evidence: Evidence) -> str:
    """What each world shows, and what has not been tried yet; then figure and table."""
    tried = worlds.worlds(evidence)
    if not tried:
        return _untried(evidence)
    moved = worlds.moves(evidence)
    said = "".join(
        _bullet(evidence, world, moved.get((world.name, MOTION.key)), wider(evidence, world.name))
        for world in tried.values()
    )
    anew = trained_anew(evidence, tried)
    return (
        f"{said}{_anew(anew) if anew else ''}{_untried(evidence)}\n{evidence.figure('arms')}"
        f"{_table(evidence, said)}"
    )


def _table(evidence: Evidence, said: str) -> str:
    """Every configuration in every world; flags that the bullets before it show are explained too."""
    body = [
        [
            ARMS[name].meaning,
            evidence.named(row, name),
            spanned(row),
            f"{row['pools_better']} of {row['pools']}",
            *([spanned(move), probability(move["p_planned"])] if move else ["–", "–"]),
        ]
        for name, row, move in worlds.changes(evidence)
    ]
    head = ["World", WHO, "Minus Random", "Pools above 0", "Moved by", f"p, Holm ({PLANNED_CHANGES})"]
    notes = (
        "Points, with 95 % intervals by t over pools. Moved by: the difference minus that of the phantom as"
        f" it is, in the pools that both have; p is that of the move, corrected for the {PLANNED_CHANGES}"
        " moves of all worlds planned, run yet or not, so that no world is judged more lightly for having"
        " run first.",
        explained(said, str(body)),
    )
    caption = "The core selectors in worlds changed in one respect, hard accuracy, points"
    return page_table(of_rows(head, body, caption=caption, keys=2, notes=notes))


def _bullet(evidence: Evidence, world: World, move: Row | None, wider: list[Row]) -> str:
    def rival(key: Key) -> str:
        return METHOD_NAMES[key[0]] + evidence.mark(key, world.name)

    parts = [
        f"{side} {', '.join(rival(row['rival']) for row in rows)}"
        for side, rows in (("above", world.above), ("below", world.below))
        if rows
    ]
    told = (
        f"It lies {' and '.join(parts)}"
        if parts
        else f"None of these {len(world.leads)} differences is more than chance would explain"
    )
    meaning = ARMS[world.name].meaning
    numbers = "; minus ".join(f"{rival(row['rival'])}: {signed(row)}" for row in world.leads)
    said = (
        f"- **{meaning[0].upper()}{meaning[1:]}** (`{world.name}`, {world.pools} of"
        f" {evidence.planned_pools} pools). InfoMotion{evidence.mark(MOTION.key, world.name)} minus"
        f" {numbers}. {told}."
    )
    if move:
        verdict = "a change" if move["p_planned"] < LEVEL else "within chance"
        said += (
            f" Against the phantom as it is, its lead over Random moves by {signed(move)} points: {verdict}."
        )
    return said + "".join(f" {gain(record)}" for record in wider) + "\n"


def _anew(anew: TrainedAnew) -> str:
    """Which worlds have vectors of networks that were trained anew, and with that all their rows made on
    another machine.
    """
    here, there = (", ".join(map(number, gains)) for gains in (anew.gains_db, anew.main_gains_db))
    beside = (
        f" The IFA network of the same width fills in frames {here} dB better than the average; that of the"
        f" main study, {there} dB."
        if here
        else ""
    )
    return (
        f"\nIn {', '.join(f'`{name}`' for name in anew.worlds)} the networks behind the vectors were trained"
        " anew from the same seeds and came out with other weights, as they do on another processor or with"
        " other libraries. So the networks trained on the chosen videos were made there too, and these rows,"
        f" the moves above all, hold what that changes.{beside}\n"
    )


def _untried(evidence: Evidence) -> str:
    begun, waiting = worlds.begun_and_waiting(evidence)
    parts = [f"`{name}` ({ARMS[name].meaning}; {count} networks)" for name, count in begun.items()]
    said = f"\nBegun, but with fewer than two pools to compare: {', '.join(parts)}.\n" if begun else ""
    names = ", ".join(f"`{name}` ({ARMS[name].meaning})" for name in waiting)
    return said + (f"\nNot run yet: {names}.\n" if waiting else "")
