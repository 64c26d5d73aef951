"""Where published code departs from its paper, or is silent: our switches for DISCOVR and MAFE."""

from __future__ import annotations

from infomotion_book.ledgers import WORDS
from infomotion_book.templates import line, part
from infomotion_lib.representations.discovr.variants import VARIANTS, WITHOUT_A_SWITCH, switch_rows
from infomotion_lib.representations.mafe import choices


def switches() -> str:
    """MyST block of DISCOVR's switches, their value in each variant and their source, and what has none."""
    values = {
        "caption": line(WORDS, "discovr"),
        "head": "What differs",
        "columns": {name: f"<code>{name}</code>" for name in VARIANTS},
        "rows": switch_rows(),
        "others": WITHOUT_A_SWITCH,
    }
    return part(WORDS, "switches", values)


def mafe_switches() -> str:
    """MyST block of what is not published of MAFE: switches, other values and sources, and what has none."""
    values = {
        "caption": line(WORDS, "mafe"),
        "head": "What is open",
        "columns": {"ours": "Here", "others": "Other values"},
        "rows": choices.choice_rows(),
        "others": choices.WITHOUT_A_SWITCH,
    }
    return part(WORDS, "switches", values)
