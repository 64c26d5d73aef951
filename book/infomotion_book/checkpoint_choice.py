"""What the choice of weights by VAL would change in Table 1, drawn from the frozen rows of the checkpoint
study.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.html import again, folded, number, probability, signed, under, with_interval
from infomotion_book.page_table import of_rows, page_table
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


@dataclass(frozen=True)
class Choice:
    """What the study says.

    Attributes
    ----------
    rows : list of dict
        Per cell of Table 1 the hard accuracy of the last weights and of the best on VAL, and the change.
    beyond : int
        Differences beyond chance after Holm's correction.
    compared, crossed : int
        Selectors beside Random in the same cell, and how many change sides with it.
    """

    rows: list[dict[str, Any]]
    beyond: int
    compared: int
    crossed: int

    @property
    def small(self) -> list[float]:
        """Differences of the selected sets."""
        return [row["difference"] for row in self.rows if row["vpc"]]

    @property
    def whole(self) -> list[float]:
        """Differences of the whole sets."""
        return [row["difference"] for row in self.rows if not row["vpc"]]


def choice(summary: pd.DataFrame) -> Choice:
    """What the frozen summary of the study says of hard accuracy."""
    rows = records(summary[summary["metric"] == "hard_accuracy"])
    random = {(row["source"], row["vpc"]): row for row in rows if row["method"] == "random" and row["vpc"]}
    pairs = [
        (row, random[row["source"], row["vpc"]])
        for row in rows
        if row["method"] != "random" and (row["source"], row["vpc"]) in random
    ]
    crossed = sum((row["last"] > base["last"]) != (row["val"] > base["val"]) for row, base in pairs)
    return Choice(rows, sum(row["p_holm"] < 0.05 for row in rows), len(pairs), crossed)


def checkpoint_choice(folder: Path = FROZEN / "studies") -> str:
    """MyST text: sentences on the differences, and a folded table of them; a line of text where the study has
    not run.
    """
    file = folder / "checkpoint_summary.csv"
    if not file.is_file():
        return f"What that choice changes has not been measured yet: `{COMMAND}`.\n"
    found = choice(pd.read_csv(file, keep_default_na=False, na_values={"p_value": [""], "p_holm": [""]}))
    small = found.small
    crossed = (
        f"In {found.crossed or 'none'} of {found.compared} comparisons "
        f"{'a selector changes' if found.crossed else 'does a selector change'} sides with Random."
        if found.compared
        else ""
    )
    said = (
        f"On the phantom the choice moves the hard accuracy of a selected set by {signed(min(small))} to"
        f" {signed(max(small))} points, {signed(sum(small) / len(small))} on average, and that of a"
        f" whole set by {' and '.join(map(signed, found.whole))}. Of {len(found.rows)} differences"
        f" {found.beyond or 'none'} {'are' if found.beyond > 1 else 'is'} beyond chance after Holm's"
        f" correction. {crossed} {EARLIER if _earlier(folder) else ''}\n\n"
    )
    lines = [
        [
            under(
                method_cell(row["method"], row["graph"], [row]),
                f"{SOURCE_NAMES[row['source']]}, {size_name(row['vpc'])}",
            ),
            number(row["last"]),
            number(row["val"]),
            with_interval(row, sign=True),
            probability(row["p_holm"]),
        ]
        for row in found.rows
    ]
    head = [under("Method", "source, size"), "Last step", "Best on VAL", "Change", "p, Holm"]
    notes = (
        f"Hard accuracy in percent on the phantom, means of {int(found.rows[0]['n'])} runs; best on VAL minus"
        " last step, run by run, with its 95 % bootstrap interval over these runs.",
        explained(str(lines)),
        "VAL is asked every 100 steps; the learning rate falls to nought, so that the last weights differ"
        " little from those before.",
        again(COMMAND),
    )
    caption = "Table 1 by the last weights and by the best on VAL"
    table = page_table(of_rows(head, lines, caption=caption, notes=notes))
    return said + folded("The same table by either choice", table)


def _earlier(folder: Path) -> bool:
    """Whether the frozen Table 1 has been made anew since the study, which compares with the runs of its own
    day.
    """
    own, frozen = (
        folder / "checkpoint_last_runs.csv",
        folder.parent / "phantom" / "04_evaluation" / RUNS,
    )
    return own.is_file() and frozen.is_file() and own.read_bytes() != frozen.read_bytes()
