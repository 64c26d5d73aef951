"""Generated ledgers: run cards, claims, assumptions, the checklist, and our switches for DISCOVR and MAFE."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pandas as pd
from markupsafe import Markup

from infomotion_book.addresses import card_anchor
from infomotion_book.editions import mark_of
from infomotion_book.html import code
from infomotion_book.run_sentences import device, worked
from infomotion_book.templates import line, part
from infomotion_lib import machine
from infomotion_lib.evaluation.claims import rule_with_its_score
from infomotion_lib.parameters import STAGES, read_profile
from infomotion_lib.paths import BOOK, PARAMS
from infomotion_lib.reporting.flags import in_brackets
from infomotion_lib.reporting.results import Results, card_edition, records, title_of
from infomotion_lib.representations.discovr.variants import VARIANTS, WITHOUT_A_SWITCH, switch_rows
from infomotion_lib.representations.mafe import choices

PROFILES = ("paper", "phantom")
"""Profiles whose values the ledger of assumptions shows."""

WORDS = "ledgers.md.jinja"

EFFECTS = tuple(line(WORDS, "effects").split("; "))
"""Headings of the ledger of assumptions, in the order of the page."""

_MORE = (
    ("Parameters", "parameters", ["Parameter", "Value"], 200),
    ("Inputs and their SHA-256", "inputs", ["File", "SHA-256"], 16),
    ("Outputs and their SHA-256", "outputs", ["File", "SHA-256"], 16),
    ("Figures and their SHA-256", "figures", ["File", "SHA-256"], 16),
    ("Notes", "notes", ["Note", "Value"], 200),
)
"""Folded tables of a run card: title, key on the card, heads, and characters after which values are cut."""


def card_facts(results: Results, stage: str) -> dict[str, str]:
    """What a run card knows of how its stage ran, code between backticks; what it does not know is left out.

    Older cards name the processor alone of their machine.
    """
    card = results.card(stage)
    git, on = card.get("git", {}), machine.of_card(card)
    state = " with uncommitted changes" if git.get("dirty") else ""
    edition = card_edition(card) if stage == "data" else None
    packages = ", ".join(f"{name} {version}" for name, version in card.get("packages", {}).items())
    return {
        "Commit": f"`{str(git.get('commit') or 'unknown')[:12]}`{state}",
        **({"Code": f"`{card['code']['science']}`"} if "code" in card else {}),
        "Started": _moment(str(card.get("started_utc", ""))),
        "Time": worked(card),
        **({"Kept work of earlier code": f"`{', '.join(card['kept_from'])}`"} if "kept_from" in card else {}),
        "Device": device(card),
        **({"Processor": machine.in_words(on)} if on.get("processor") else {}),
        **(_machine_facts(on) if "instructions" in on else {}),
        **({"Phantom": f"edition {edition}"} if edition else {}),
        "Python": str(card.get("python", "")),
        "Packages": packages,
    }


def _machine_facts(on: dict[str, Any]) -> dict[str, str]:
    torch, threads = on["torch_capability"], on["torch_threads"]
    limits = ", ".join(f"{name}={value}" for name, value in on["variables"].items())
    return {
        "Instruction sets": ", ".join(on["instructions"]) or machine.UNKNOWN,
        "Torch computes with": f"{torch}, {threads} threads" if torch else "not loaded",
        "Cores": str(on["cores"]),
        "Limits on instructions and threads": limits or "none",
        "System": ", ".join(str(on[name]) for name in ("system", "architecture", "c_library", "cxx_library")),
    }


def provenance(all_results: list[Results]) -> str:
    """MyST text with every run card of every profile, one heading per stage."""
    reads = {
        "mark": mark_of,
        "title": title_of,
        "anchor": card_anchor,
        "facts": card_facts,
        "tables": _tables,
    }
    return part(WORDS, "provenance", {"all_results": all_results, **reads}) if all_results else ""


def _tables(card: dict[str, Any]) -> list[tuple[str, list[str], list[tuple[str, str]]]]:
    """Title, heads and rows of the folded tables of a run card that have rows."""
    return [
        (title, head, [(name, _cut(value, cut)) for name, value in card[key].items()])
        for title, key, head, cut in _MORE
        if card.get(key)
    ]


def _moment(stamp: str) -> str:
    """A time stamp for readers, to the minute: ``20 November 2026, 13:46 UTC``."""
    try:
        return f"{datetime.fromisoformat(stamp):%-d %B %Y, %H:%M} UTC"
    except ValueError:
        return stamp


def _cut(value: Any, cut: int) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= cut else text[:cut] + "…"


def claims(ledger: pd.DataFrame) -> str:
    """MyST block: every number the paper claims and ours next to it, from the ledger of claims."""
    titles = {"table1": "Table 1", "table2": "Table 2", "abstract": "Abstract"}
    marked = ledger.assign(flag=[in_brackets([flag]) for flag in ledger["graph_flag"]])
    tables = _by(marked.assign(table=ledger["table"].map(lambda name: titles.get(name, name))), "table")
    values = {"tables": tables, "compared": ledger["ours"].notna().any(), "rule": rule_with_its_score()}
    return part(WORDS, "claims", values)


def assumed() -> pd.DataFrame:
    """Every value that the text leaves open: the ledger's columns, and the value in each of ``PROFILES``."""
    ledger = pd.read_csv(BOOK / "ledgers" / "assumptions.csv", keep_default_na=False)
    defaults = {
        name: field.default for model in STAGES.values() for name, field in model.model_fields.items()
    }
    for profile in PROFILES:
        used = read_profile(profile) if (PARAMS / f"{profile}.yml").is_file() else {}
        values = [used.get(name, defaults.get(name, "")) for name in ledger["parameter"]]
        ledger[profile] = pd.Series(values, dtype=object)
    return ledger


def assumptions() -> str:
    """MyST blocks of them: parameter, values, basis, confidence; first those that can change the ranking."""
    ledger = assumed()
    ledger["effect"] = ledger["sensitivity"].map(effect)
    ledger["name"] = [
        Markup('<code class="im-under">{}</code>').format(name) if name else ""
        for name in ledger["parameter"]
    ]
    for profile in PROFILES:
        ledger[profile] = ledger[profile].map(_value)
    ordered = ledger.sort_values("effect", key=lambda kinds: kinds.map(EFFECTS.index), kind="stable")
    return part(WORDS, "assumptions", {"tables": _by(ordered, "effect"), "profiles": PROFILES})


def effect(sensitivity: str) -> str:
    """Which of ``EFFECTS`` an entry of the ledger's column ``sensitivity`` states.

    >>> effect("yes, in Table 2"), effect("little")
    ('Can change the ranking', 'Hardly changes the ranking')
    """
    first = re.split(r"\W", sensitivity, maxsplit=1)[0]
    if first == "yes":
        return EFFECTS[0]
    return EFFECTS[2] if first in ("no", "little") else EFFECTS[1]


def _by(ledger: pd.DataFrame, column: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of a ledger by the values of a column."""
    return {str(value): records(rows) for value, rows in ledger.groupby(column, sort=False)}


def _value(value: Any) -> str:
    if isinstance(value, float) and abs(value - 2 / 3) < 1e-9:
        return "2/3"
    text = value if isinstance(value, str) else json.dumps(value)
    if not text:
        return "–"
    return code(text) if ", " in text else Markup('<code class="im-keep">{}</code>').format(text)


def asked() -> pd.DataFrame:
    """What good practice asks: ``topic``, ``question``, ``status``, ``where`` (a page) and its ``title``."""
    ledger = pd.read_csv(BOOK / "ledgers" / "checklist.csv", keep_default_na=False)
    return ledger.assign(title=ledger["where"].map(_page_title))


def checklist() -> str:
    """MyST blocks, one per topic: what good practice asks, where the project stands, and where to look."""
    return part(WORDS, "checklist", {"tables": _by(asked(), "topic")})


def _page_title(page: str) -> str:
    """First heading of a page of the book; the name of a page that is written when the book is built."""
    file = BOOK / page
    return (
        file.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")
        if file.is_file()
        else "API reference"
    )


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
