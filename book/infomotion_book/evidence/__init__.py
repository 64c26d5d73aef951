"""The evidence pages: values from the committed rows, and the templates that are filled with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infomotion_book.editions import edition_mark
from infomotion_book.evidence import earlier, mislabelled, networks, values, worlds
from infomotion_book.evidence.study import (
    COMMAND,
    LEVEL,
    MOTION,
    RIVALS,
    Evidence,
    find_evidence,
    write_figures,
)
from infomotion_book.schedule import trained_longer
from infomotion_book.templates import blocks, part, parts
from infomotion_lib.reporting.results import records
from infomotion_lib.studies.selectors.arms import ARMS, MAIN
from infomotion_lib.studies.selectors.comparison import METRICS
from infomotion_lib.studies.selectors.rows import PUBLISHED, edition_of

TEMPLATES = ("evidence.md.jinja", "evidence_worlds.md.jinja", "evidence_earlier.md.jinja")

__all__ = ["Evidence", "find_evidence", "fragments", "write_figures"]


def fragments(folder: Path = PUBLISHED) -> dict[str, str]:
    """Every generated part of the pages, by name; each says so where the study has not run."""
    evidence = find_evidence(folder)
    if evidence is None:
        missing = part("evidence_notes.md.jinja", "missing", {"command": COMMAND})
        return {block: missing for name in TEMPLATES for block in blocks(name)}
    known = page_values(evidence)
    return {block: text for name in TEMPLATES for block, text in parts(name, known).items()}


def page_values(evidence: Evidence) -> dict[str, Any]:
    """All that the templates speak of."""
    tables, order = evidence.tables, values.paper_order(evidence)
    tried, by_style = worlds.worlds(evidence), values.by_style(evidence)
    begun, waiting = worlds.begun_and_waiting(evidence)
    return {
        "evidence": evidence,
        "command": COMMAND,
        "level": LEVEL,
        "motion": MOTION.key,
        "rivals": [rival.key for rival in RIVALS],
        "settings": tables.settings,
        "trained": len(tables.networks),
        "edition": edition_mark(edition_of(tables.settings)),
        "edition_number": edition_of(tables.settings),
        "changed_edition": edition_of(evidence.changed.settings),
        "longer": trained_longer(tables.settings),
        "networks": networks.networks(tables, MAIN),
        "several_trainings": len(tables.networks_of(MAIN)) > 1,
        "extent": values.extent(evidence),
        "verdict": values.verdict(evidence),
        "paper_order": order,
        "paper_above": len(values.apart(order, 1)),
        "paper_below": len(values.apart(order, -1)),
        "room": values.room_by_budget(evidence),
        "differences": values.differences(evidence),
        "means": values.means(evidence),
        "metrics": METRICS,
        "constants": values.constants(evidence),
        "confirmation": records(evidence.confirmed),
        "confirmed": values.confirmed(evidence),
        "unhealthy": values.unhealthy_graphs(evidence),
        "few": values.few_communities(evidence),
        "health": values.health(evidence),
        "by_style": by_style,
        "styles": list(next(iter(by_style.values()), {})),
        "headroom": values.headroom(evidence),
        "equal_steps": values.equal_steps(evidence),
        "meanings": {name: arm.meaning for name, arm in ARMS.items()},
        "order": worlds.order(evidence),
        "worlds": tried,
        "moves": worlds.moves(evidence),
        "changes": worlds.changes(evidence),
        "wider": {name: networks.wider(evidence, name) for name in tried},
        "anew": networks.trained_anew(evidence, tried),
        "begun": begun,
        "waiting": waiting,
        "planned": worlds.CHANGED,
        "planned_leads": worlds.PLANNED_LEADS,
        "planned_changes": worlds.PLANNED_CHANGES,
        "noisy": mislabelled.ARM,
        "picked": mislabelled.picked(evidence),
        "earlier_room": records(earlier.headroom_by_steps()),
        "repeated": earlier.repeated(evidence),
        "appearance": earlier.error_of_appearance(evidence),
    }
