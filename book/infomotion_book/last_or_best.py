"""What the choice of weights by VAL would change in Table 1, drawn from the frozen rows of the checkpoint
study.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.html import block, folded, number, probability, signed, table
from infomotion_book.table1 import method_cell
from infomotion_lib.files import RUNS
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import SOURCE_NAMES
from infomotion_lib.reporting.summary import size_name

COMMAND = "infomotion study checkpoint"
EARLIER = (
    "The study was made beside an earlier run of the profile, on edition 1 of the phantom; Table 1 has been"
    " made anew since."
)


def last_or_best(folder: Path = FROZEN / "studies") -> str:
    """MyST text: sentences on the differences, and a folded table of them; a line of text where the study has
    not run.
    """
    file = folder / "checkpoint_summary.csv"
    if not file.is_file():
        return f"What that choice changes has not been measured yet: `{COMMAND}`.\n"
    summary = pd.read_csv(file, keep_default_na=False, na_values={"p_value": [""], "p_holm": [""]})
    hard = records(summary[summary["metric"] == "hard_accuracy"])
    small = [row for row in hard if row["vpc"]]
    changes = [row["difference"] for row in small]
    beyond = [row for row in hard if row["p_holm"] < 0.05]
    said = (
        f"On the phantom the choice moves the hard accuracy of a selected set by {signed(min(changes))} to"
        f" {signed(max(changes))} points, {signed(sum(changes) / len(changes))} on average, and that of a"
        f" whole set by {' and '.join(signed(row['difference']) for row in hard if not row['vpc'])}. Of"
        f" {len(hard)} differences {len(beyond) or 'none'} {'are' if len(beyond) > 1 else 'is'} beyond chance"
        f" after Holm's correction. {_leads(hard)} {EARLIER if _earlier(folder) else ''}\n\n"
    )
    lines = [
        [
            f"{method_cell(row['method'], row['graph'], [row])}"
            f'<span class="im-under">{SOURCE_NAMES[row["source"]]}, {size_name(row["vpc"])}</span>',
            number(row["last"]),
            number(row["val"]),
            f"{signed(row['difference'])} [{number(row['ci_low'])}, {number(row['ci_high'])}]",
            probability(row["p_holm"]),
        ]
        for row in hard
    ]
    head = [
        'Method<span class="im-under">source, size</span>',
        "Last step",
        "Best on VAL",
        "Change",
        "p, Holm",
    ]
    note = (
        f"Hard accuracy in percent on the phantom, means of {int(hard[0]['n'])} runs; best on VAL minus last"
        f" step, run by run, with its 95 % bootstrap interval over these runs. {explained(str(lines))} VAL is"
        " asked every 100 steps; the learning rate falls to nought, so that the last weights differ little"
        f" from those before. Regenerate: <code>{COMMAND}</code>."
    )
    shown = table(
        head, lines, caption="Table 1 by the last weights and by the best on VAL", numeric_from=1, note=note
    )
    return said + folded("The same table by either choice", block(shown))


def _earlier(folder: Path) -> bool:
    """Whether the frozen Table 1 has been made anew since the study, which compares with the runs of its own
    day.
    """
    own, frozen = (
        folder / "checkpoint_last_runs.csv",
        folder.parent / "phantom" / "04_evaluation" / RUNS,
    )
    return own.is_file() and frozen.is_file() and own.read_bytes() != frozen.read_bytes()


def _leads(rows: list[dict[str, Any]]) -> str:
    """Sentence: in how many cells a selector changes sides with Random."""
    random = {(row["source"], row["vpc"]): row for row in rows if row["method"] == "random"}
    others = [
        row
        for row in rows
        if row["vpc"] and row["method"] != "random" and (row["source"], row["vpc"]) in random
    ]
    crossed = sum(
        (row["last"] > base["last"]) != (row["val"] > base["val"])
        for row in others
        for base in [random[row["source"], row["vpc"]]]
    )
    if not others:
        return ""
    if not crossed:
        return f"In none of {len(others)} comparisons does a selector change sides with Random."
    return f"In {crossed} of {len(others)} comparisons a selector changes sides with Random."
