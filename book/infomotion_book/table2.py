"""Table 2 of the generator ablation as the book shows it, with what it must be read against."""

from __future__ import annotations

import re

import pandas as pd
from markupsafe import Markup

from infomotion_book.addresses import address
from infomotion_book.editions import todays_words
from infomotion_book.html import under
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.templates import part
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.reporting import table2 as shaped
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.shown_table import ShownTable
from infomotion_lib.reporting.style import METHOD_NAMES
from infomotion_lib.reporting.tables import QUOTED

STAGE = "ablation"


def table2(results: Results) -> str:
    """MyST blocks of both halves of Table 2, or an empty string where the ablation has not run."""
    found = results.table(STAGE, "table2")
    if found is None:
        return ""
    used = results.parameters
    real, synthetic = results.real_data, str(used.get("synthetic_data", "none"))
    names = shaped.pool_names(real=real, synthetic=synthetic, called=results.called)
    found["method"] = found["method"].fillna("")
    if shaped.is_real(real=real, synthetic=synthetic):
        given = [name for name, entry in GENERATORS.items() if entry.given]
        found = found[~found["generator"].isin(given) | (found["method"] != "")]
    uncut, constants = results.table("evaluation", "table1"), results.table("evaluation", "constants")
    shown = shaped.table2(found, data=results.kind, names=names, constants=constants, uncut=uncut)
    values = {
        "results": results,
        "stage": STAGE,
        "halves": [page_table(half, kind="im-table2") for half in halves(shown)],
        "csv": address(results, STAGE, "table2.csv"),
    }
    return part("table2.md.jinja", "text", values)


def halves(shown: ShownTable) -> tuple[ShownTable, ShownTable]:
    """Distances and accuracies as a table each, the paper's number below ours: together they do not fit a
    page.
    """
    ours = [str(name) for name in shown.frame if not str(name).endswith(QUOTED)][2:]
    distances = [name for name in ours if name in shaped.DISTANCE_HEADS.values()]
    pools = shown.frame[shown.frame["selector"] == METHOD_NAMES["infomotion"]]
    pools = pools[~pools["pool"].str.endswith(shaped.UNCUT)]
    about = [note for note in shown.notes if "distance" in note]
    rest = [note for note in shown.notes if note not in about]
    scores = [name for name in ours if name not in distances]
    return (
        _paired(pools, ["pool"], distances, f"{shown.caption}: distance to reference clips", about),
        _paired(shown.frame, ["pool", "selector"], scores, f"{shown.caption}: accuracy", rest),
    )


def _paired(
    frame: pd.DataFrame, names: list[str], ours: list[str], caption: str, notes: list[str]
) -> ShownTable:
    columns = list(frame.columns)
    quoted = {name: str(columns[columns.index(name) + 1]) for name in ours}
    rows = [
        [_name([row[name] for name in names])]
        + [_pair(row[name], quoted[name], row[quoted[name]]) for name in ours]
        for _, row in frame.iterrows()
    ]
    return of_rows([_name(names), *ours], rows, caption=caption, notes=notes)


def _name(names: list[str]) -> Markup:
    """What names a row, the wider part below the narrower."""
    *wider, narrow = reversed(names) if names[-1] == "no training" else names
    return under(narrow, *wider)


def _pair(ours: str, quoted_as: str, quoted: str) -> Markup:
    """Our number, below it its interval or flag and the paper's number, a distance by the paper's name for
    it.
    """
    lines: list[str] = ours.replace(" [", "\n[").split("\n")
    if quoted != "–":
        name = quoted_as.split(":")[0]
        distance = f", {name}" if name in shaped.DISTANCES else ""
        lines.append(Markup("<small>paper{}: {}</small>").format(distance, quoted))
    return Markup("<br>").join(lines)


def in_words(results: Results) -> list[str]:
    """What each pool did with the class it was asked for, and what the pools taught, a sentence each."""
    used = results.parameters
    synthetic = str(used.get("synthetic_data", "none"))
    names = shaped.pool_names(real=results.real_data, synthetic=synthetic, called=results.called)
    said = [
        shaped.conditioning_in_words(row, name=names[row["source"]])
        for row in records(results.table(STAGE, "conditioning"))
    ]
    gap = results.card(STAGE).get("notes", {}).get("gap")
    sentences = [*said, todays_words(str(gap), results)] if gap else said
    return [re.sub(r"(?<!\w)-(?=\d)", "−", sentence) for sentence in sentences]
