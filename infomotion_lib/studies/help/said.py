"""What the command prints: the registration, and the answer once it may be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from infomotion_lib.studies.help.answers import answer_table, gate_table
from infomotion_lib.studies.help.published import rows_in
from infomotion_lib.studies.help.registration import Registration
from infomotion_lib.studies.help.tables import arm_table, is_finished, secondary_table, sentences, worlds_of


def about(registered: Registration) -> Iterator[str]:
    """Name, hash and worlds of the registration."""
    content = registered.content
    yield f"Registered: {content['name']}, edition {content['edition']}, sha256 {registered.hash}"
    for world in registered.worlds:
        faults = content["worlds"][world]
        yield f"  world {world}: {json.dumps(faults) if faults else 'no fault'}"


def so_far(folder: str | Path, registered: Registration) -> Iterator[str]:
    """Counts of rows, and the tables of each stage whose last row is there."""
    gate = rows_in(folder, 0, registered)
    rule = registered.content["stage_0"]
    every = len(registered.worlds) * len(rule["seeds"]) * sum(rule["sets"].values())
    yield f"Stage 0: {len(gate)} of {every} rows in {folder}"
    if len(gate) < every:
        yield "  The headroom is shown after the last of them."
        return
    yield gate_table(gate, registered).round(2).to_string(index=False)
    worlds = worlds_of(gate, registered)
    if not worlds:
        yield "No world passed the gate: that is the finding, and nothing is compared."
        return
    rows = rows_in(folder, 1, registered)
    rule = registered.content["stage_1"]
    every = len(worlds) * rule["pools"] * sum(rule["sets"].values())
    yield f"Stage 1 ({', '.join(worlds)}): {len(rows)} of {every} rows in {folder}"
    if not is_finished(rows, worlds, registered):
        yield "  The answer is given after the last of them."
        return
    answers = answer_table(rows, worlds, registered)
    for table in (
        answers,
        secondary_table(rows, worlds, registered),
        arm_table(rows, worlds, registered),
    ):
        yield table.round(3).to_string(index=False)
    yield from sentences(answers, registered)
