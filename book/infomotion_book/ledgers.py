"""Generated ledgers: run cards, claims, assumptions, and the index of figures and their commands."""

from __future__ import annotations

import json
import re
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.editions import mark_of
from infomotion_book.html import block, number, table
from infomotion_book.notebooks import card_anchor
from infomotion_book.reading import device, worked
from infomotion_lib import machine
from infomotion_lib.evaluation.claims import RULE, claims_ledger
from infomotion_lib.parameters import STAGES, read_profile
from infomotion_lib.paths import BOOK, PARAMS, RunPaths
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.results import Results, card_edition, title_of

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
    commit = str(git.get("commit") or "unknown")
    state = " with uncommitted changes" if git.get("dirty") else ""
    facts = [
        ["Commit", f"<code>{escape(commit[:12])}</code>{state}"],
        *([["Code", f"<code>{escape(card['code']['science'])}</code>"]] if "code" in card else []),
        ["Started", escape(_moment(str(card.get("started_utc", ""))))],
        ["Time", worked(card)],
        *(
            [["Kept work of earlier code", f"<code>{escape(', '.join(card['kept_from']))}</code>"]]
            if "kept_from" in card
            else []
        ),
        ["Device", escape(device(card))],
        *_machine(card),
        *([["Phantom", f"edition {edition}"]] if stage == "data" and (edition := card_edition(card)) else []),
        ["Python", escape(str(card.get("python", "")))],
        [
            "Packages",
            escape(", ".join(f"{name} {version}" for name, version in card.get("packages", {}).items())),
        ],
    ]
    head = block(table([], facts, caption=f"{title_of(stage)}, profile {results.profile}", titled=False))
    more = "".join(
        f"````{{dropdown}} {title}\n{block(table(names, rows, caption=title, titled=False))}````\n\n"
        for title, names, rows in (
            ("Parameters", ["Parameter", "Value"], _pairs(card.get("parameters", {}))),
            ("Inputs and their SHA-256", ["File", "SHA-256"], _pairs(card.get("inputs", {}), cut=16)),
            ("Outputs and their SHA-256", ["File", "SHA-256"], _pairs(card.get("outputs", {}), cut=16)),
            ("Figures and their SHA-256", ["File", "SHA-256"], _pairs(card.get("figures", {}), cut=16)),
            ("Notes", ["Note", "Value"], _pairs(card.get("notes", {}))),
        )
        if rows
    )
    link = f"results/{results.profile}/{results.place(stage)}/run_card.json"
    return head + more + block(f'<p class="im-note"><a href="{link}">The card as JSON</a></p>')


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
    return [[name, escape(value)] for name, value in rows]


def _moment(stamp: str) -> str:
    """A time stamp for readers, to the minute: ``20 November 2026, 13:46 UTC``."""
    try:
        return f"{datetime.fromisoformat(stamp):%-d %B %Y, %H:%M} UTC"
    except ValueError:
        return stamp


def _pairs(values: dict[str, Any], cut: int = 200) -> list[list[str]]:
    def shown(value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        return escape(text if len(text) <= cut else text[:cut] + "…")

    return [
        [f"<code>{escape(str(name))}</code>", f"<code>{shown(value)}</code>"]
        for name, value in values.items()
    ]


def claims(root: Path) -> str:
    """MyST block with every number the paper claims; ours beside it where ``root`` holds a complete run of
    the ``paper`` profile.
    """
    ledger = claims_ledger(RunPaths("paper", root))
    answered, parts = bool(ledger["ours"].notna().any()), [LEGEND]
    for name in map(str, dict.fromkeys(ledger["table"])):
        rows = []
        for row in ledger[ledger["table"] == name].to_dict("records"):
            spread = f" ± {number(row['spread'])}" if row["spread"] == row["spread"] else ""
            ours = (
                f"{number(row['ours'], 2)} ± {number(row['ours_sd'])}" if row["ours"] == row["ours"] else "–"
            )
            ours += in_brackets([row.get("graph_flag")])
            status = f'<span class="im-status">{escape(str(row["status"]))}</span>'
            paper = f'<span class="im-keep">{row["value"]:g}{spread}</span>'
            judged = [number(row[column], 2) for column in ("delta", "tolerance")] if answered else []
            unit = f'<span class="im-keep">{escape(str(row["unit"]))}</span>'
            rows.append(
                [
                    escape(str(row["row"]).replace("Kmeans", "K-means")),
                    escape(str(row["column"])),
                    paper,
                    unit,
                    ours,
                    *judged,
                    status,
                ]
            )
        title = {"table1": "Table 1", "table2": "Table 2", "abstract": "Abstract"}.get(name, name)
        head = [
            "Row",
            "Column",
            "Paper",
            "Unit",
            "Ours",
            *(["Difference", "Allowed"] if answered else []),
            "Status",
        ]
        html = table(
            head,
            rows,
            caption=f"{title} of the paper, number by number",
            note=explained(str(rows)),
            stack=True,
            titled=False,
        )
        parts.append(f"## {title} of the paper\n{block(html)}")
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
    parts = []
    for topic in map(str, dict.fromkeys(ledger["topic"])):
        rows = []
        for row in ledger[ledger["topic"] == topic].to_dict("records"):
            name = row["parameter"]
            default = fields[name].default if name in fields else ""
            values = [
                _value(profiles.get(profile, {}).get(name, default)) for profile in ("paper", "phantom")
            ]
            code = f'<code class="im-under">{escape(name)}</code>' if name else ""
            sure = f'<span class="im-under">how sure: {escape(row["confidence"])}</span>'
            rows.append(
                [
                    f"{_prose(row['question'])}{code}",
                    *values,
                    f"{_prose(row['basis'])}{sure}",
                    _prose(row["sensitivity"]),
                ]
            )
        head = [
            "What the text leaves open",
            "<code>paper</code>",
            "<code>phantom</code>",
            "Basis",
            "Can it change the ranking?",
        ]
        shown = table(head, rows, caption=f"Assumptions: {topic.lower()}", stack=True, titled=False)
        parts.append(f"## {topic}\n{block(shown)}")
    return "\n".join(parts)


def _prose(text: str) -> str:
    """HTML of a cell of words: code between backticks is set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _value(value: Any) -> str:
    if isinstance(value, float) and abs(value - 2 / 3) < 1e-9:
        return "2/3"
    text = value if isinstance(value, str) else json.dumps(value)
    kept = "" if ", " in text else ' class="im-keep"'
    return f"<code{kept}>{escape(text)}</code>" if text else "–"


def checklist() -> str:
    """MyST blocks, one a topic: what good practice asks, where the project stands, and where to look."""
    ledger = pd.read_csv(BOOK / "ledgers" / "checklist.csv", keep_default_na=False)
    parts = []
    for topic, own in ledger.groupby("topic", sort=False):
        rows = [
            [
                escape(str(row["question"])),
                f'<span class="im-status">{escape(str(row["status"]))}</span>',
                f'<a href="{str(row["where"]).replace(".md", ".html")}">{_page_title(str(row["where"]))}</a>',
            ]
            for row in own.to_dict("records")
        ]
        html = table(
            ["Asked", "Status", "Where"],
            rows,
            caption=f"Reproducibility checklist: {topic}",
            stack=True,
            titled=False,
        )
        parts.append(f"## {topic}\n{block(html)}")
    return "\n".join(parts)


def _page_title(page: str) -> str:
    """First heading of a page of the book; the name of a page that is written when the book is built."""
    file = BOOK / page
    return (
        escape(file.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# "))
        if file.is_file()
        else "API reference"
    )
