"""Generated ledgers: run cards, claims, assumptions and the checklist."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from infomotion_book.editions import mark_of
from infomotion_book.html import code, folded, keep, link, note, number, span, under
from infomotion_book.notebooks import card_anchor
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.run_sentences import device, worked
from infomotion_lib import machine
from infomotion_lib.evaluation.claims import RULE, claims_ledger
from infomotion_lib.parameters import STAGES, read_profile
from infomotion_lib.paths import BOOK, PARAMS, RunPaths
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.results import Results, card_edition, records, title_of

LEGEND = (
    "VPC: videos a class. FID, FVD: Fréchet distances of images and of videos. Dist.: distilled. Synth:"
    " synthetic. Accuracies marked neither hard nor soft are hard.\n"
)
"""What the short names of the claims ledger mean."""


def provenance(all_results: list[Results]) -> str:
    """MyST text with every run card of every profile, one heading a stage."""
    parts = []
    for results in all_results:
        mark = mark_of(results, what="The results of this profile")
        parts.append("\n\n".join([f"## {results.title}", *([mark] if mark else []), ""]))
        for stage in results.stages:
            parts.append(
                f"({card_anchor(results, stage)})=\n### {title_of(stage)},"
                f" {results.profile}\n\n{_card(results, stage)}"
            )
    return "".join(parts)


def _card(results: Results, stage: str) -> str:
    card = results.card(stage)
    git = card.get("git", {})
    state = " with uncommitted changes" if git.get("dirty") else ""
    edition = card_edition(card) if stage == "data" else None
    packages = ", ".join(f"{name} {version}" for name, version in card.get("packages", {}).items())
    facts: list[list[str]] = [
        ["Commit", code(str(git.get("commit") or "unknown")[:12]) + state],
        *([["Code", code(card["code"]["science"])]] if "code" in card else []),
        ["Started", _moment(str(card.get("started_utc", "")))],
        ["Time", worked(card)],
        *([["Kept work of earlier code", code(", ".join(card["kept_from"]))]] if "kept_from" in card else []),
        ["Device", device(card)],
        *_machine(card),
        *([["Phantom", f"edition {edition}"]] if edition else []),
        ["Python", str(card.get("python", ""))],
        ["Packages", packages],
    ]
    caption = f"{title_of(stage)}, profile {results.profile}"
    shown = of_rows(["Fact", "Value"], facts, caption=caption, words=True)
    parts = [page_table(shown, head=False, titled=False)]
    for title, key, head, cut in (
        ("Parameters", "parameters", ["Parameter", "Value"], 200),
        ("Inputs and their SHA-256", "inputs", ["File", "SHA-256"], 16),
        ("Outputs and their SHA-256", "outputs", ["File", "SHA-256"], 16),
        ("Figures and their SHA-256", "figures", ["File", "SHA-256"], 16),
        ("Notes", "notes", ["Note", "Value"], 200),
    ):
        rows = [[code(name), code(_cut(value, cut))] for name, value in card.get(key, {}).items()]
        if rows:
            shown = of_rows(head, rows, caption=title, words=True)
            parts.append(folded(title, page_table(shown, titled=False)))
    url = f"results/{results.profile}/{results.place(stage)}/run_card.json"
    parts.append(note(link(url, "The card as JSON")))
    return "".join(parts)


def _machine(card: dict[str, Any]) -> list[list[str]]:
    """Rows on the machine, as far as the card describes it: older cards name the processor alone."""
    told = machine.of_card(card)
    rows = [["Processor", machine.in_words(told)]] if told.get("processor") else []
    if "instructions" in told:
        variables = ", ".join(f"{name}={value}" for name, value in told["variables"].items())
        torch = (
            f"{told['torch_capability']}, {told['torch_threads']} threads"
            if told["torch_capability"]
            else "not loaded"
        )
        rows += [
            ["Instruction sets", ", ".join(told["instructions"]) or machine.UNKNOWN],
            ["Torch computes with", torch],
            ["Cores", str(told["cores"])],
            ["Limits on instructions and threads", variables or "none"],
            [
                "System",
                ", ".join(str(told[name]) for name in ("system", "architecture", "c_library", "cxx_library")),
            ],
        ]
    return rows


def _moment(stamp: str) -> str:
    """A time stamp for readers, to the minute: ``20 November 2026, 13:46 UTC``."""
    try:
        return f"{datetime.fromisoformat(stamp):%-d %B %Y, %H:%M} UTC"
    except ValueError:
        return stamp


def _cut(value: Any, cut: int) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= cut else text[:cut] + "…"


def claims(root: Path) -> str:
    """MyST block with every number the paper claims; ours beside it where ``root`` holds a complete run of
    the ``paper`` profile.
    """
    ledger = claims_ledger(RunPaths("paper", root))
    answered, parts = bool(ledger["ours"].notna().any()), [LEGEND]
    head = [
        "Row",
        "Column",
        "Paper",
        "Unit",
        "Ours",
        *(["Difference", "Allowed"] if answered else []),
        "Status",
    ]
    for name, own in ledger.groupby("table", sort=False):
        rows = []
        for row in records(own):
            ours = (
                f"{number(row['ours'], 2)} ± {number(row['ours_sd'])}" if row["ours"] == row["ours"] else "–"
            )
            spread = f" ± {number(row['spread'])}" if row["spread"] == row["spread"] else ""
            rows.append(
                [
                    str(row["row"]).replace("Kmeans", "K-means"),
                    row["column"],
                    keep(f"{row['value']:g}{spread}"),
                    keep(row["unit"]),
                    ours + in_brackets([row.get("graph_flag")]),
                    *([number(row[column], 2) for column in ("delta", "tolerance")] if answered else []),
                    span("im-status", row["status"]),
                ]
            )
        title = {"table1": "Table 1", "table2": "Table 2", "abstract": "Abstract"}.get(str(name), str(name))
        caption, notes = f"{title} of the paper, number by number", (explained(str(rows)),)
        shown = of_rows(head, rows, caption=caption, notes=notes, words=True)
        parts.append(f"## {title} of the paper\n{page_table(shown, stack=True, titled=False)}")
    return "\n".join([*parts, f"## The rule\n\n{RULE[0].upper()}{RULE[1:]}\n"])


def assumptions() -> str:
    """MyST blocks with every value the text leaves open: parameter, value in each profile, basis,
    confidence.
    """
    ledger = pd.read_csv(BOOK / "ledgers" / "assumptions.csv", keep_default_na=False)
    fields = {name: field for model in STAGES.values() for name, field in model.model_fields.items()}
    profiles = {
        name: read_profile(name) for name in ("paper", "phantom") if (PARAMS / f"{name}.yml").is_file()
    }
    head = [
        "What the text leaves open",
        *map(code, ("paper", "phantom")),
        "Basis",
        "Can it change the ranking?",
    ]

    def row_of(row: dict[str, Any]) -> list[str]:
        name = row["parameter"]
        default = fields[name].default if name in fields else ""
        asked = Markup('<code class="im-under">{}</code>').format(name) if name else ""
        return [
            _prose(row["question"]) + asked,
            *(_value(profiles.get(profile, {}).get(name, default)) for profile in ("paper", "phantom")),
            under(_prose(row["basis"]), f"how sure: {row['confidence']}"),
            _prose(row["sensitivity"]),
        ]

    return _by_topic(ledger, head, row_of, caption="Assumptions: {}")


def _by_topic(
    ledger: pd.DataFrame, head: list[str], row_of: Callable[[dict[str, Any]], list[str]], *, caption: str
) -> str:
    """A heading and a table for each topic of a ledger."""
    parts = []
    for topic, own in ledger.groupby("topic", sort=False):
        shown = of_rows(
            head, map(row_of, records(own)), caption=caption.format(str(topic).lower()), words=True
        )
        parts.append(f"## {topic}\n{page_table(shown, stack=True, titled=False)}")
    return "\n".join(parts)


def _prose(text: str) -> Markup:
    """HTML of a cell of words: code between backticks is set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _value(value: Any) -> str:
    if isinstance(value, float) and abs(value - 2 / 3) < 1e-9:
        return "2/3"
    text = value if isinstance(value, str) else json.dumps(value)
    if not text:
        return "–"
    return code(text) if ", " in text else Markup('<code class="im-keep">{}</code>').format(text)


def checklist() -> str:
    """MyST blocks, one per topic: what good practice asks, where the project stands, and where to look."""
    ledger = pd.read_csv(BOOK / "ledgers" / "checklist.csv", keep_default_na=False)

    def row_of(row: dict[str, Any]) -> list[str]:
        page = str(row["where"])
        return [
            row["question"],
            span("im-status", row["status"]),
            link(page.replace(".md", ".html"), _page_title(page)),
        ]

    return _by_topic(ledger, ["Asked", "Status", "Where"], row_of, caption="Reproducibility checklist: {}")


def _page_title(page: str) -> str:
    """First heading of a page of the book; the name of a page that is written when the book is built."""
    file = BOOK / page
    return (
        file.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")
        if file.is_file()
        else "API reference"
    )
