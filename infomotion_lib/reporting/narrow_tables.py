"""Tables too wide for a page as several narrower ones, one under the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from infomotion_lib.reporting.shown_table import ShownTable
from infomotion_lib.reporting.style import METHOD_NAMES
from infomotion_lib.reporting.table2 import DISTANCE_HEADS, UNCUT
from infomotion_lib.reporting.tables import QUOTED, QUOTED_TOO


@dataclass(frozen=True)
class Stacked:
    """Tables one under the other.

    Attributes
    ----------
    parts : sequence of ShownTable
        From top to bottom.
    """

    parts: Sequence[ShownTable]

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self.parts))

    def _repr_html_(self) -> str:
        return "".join(part._repr_html_() for part in self.parts)


def quoted_below(shown: ShownTable) -> Stacked:
    """Our numbers in one table, the paper's in a second below: side by side they do not fit a page."""
    frame = shown.frame
    names, theirs = list(frame)[:2], [str(name) for name in frame if str(name).endswith(QUOTED)]
    caption = shown.caption.split(QUOTED_TOO)[0]
    if not theirs:
        return Stacked((ShownTable(frame, caption, shown.notes, keys=2, small=True),))
    about = tuple(note for note in shown.notes if note.startswith("Quoted"))
    rest = tuple(note for note in shown.notes if note not in about)
    ours = ShownTable(frame.drop(columns=theirs), caption, rest, keys=2, small=True)
    known = frame[~frame[theirs].isin(["", "–"]).all(axis=1)]
    known = known[[*names, *theirs]].rename(
        columns={name: name.removesuffix(f": {QUOTED}") for name in theirs}
    )
    known["selector"] = known["selector"].str.replace(r" [(\[].*", "", regex=True)  # graph and flag are ours
    paper = ShownTable(known.drop_duplicates(), "The same in the paper (quoted)", about, keys=2, small=True)
    return Stacked((ours, paper))


def halves(shown: ShownTable) -> Stacked:
    """Table 2 as two tables, distances and accuracies, each with the paper's numbers in rows of their own."""
    frame, columns = shown.frame, [str(name) for name in shown.frame]
    caption = shown.caption.split(QUOTED_TOO)[0]
    pairs = {ours: columns[columns.index(ours) + 1] for ours in columns[2::2]}
    distances = [name for name in pairs if name in DISTANCE_HEADS.values()]
    pools = frame[(frame["selector"] == METHOD_NAMES["infomotion"]) & ~frame["pool"].str.endswith(UNCUT)]
    far = pools[["pool", *(name for ours in distances for name in (ours, pairs[ours]))]]
    rows = []
    for row in frame.to_dict("records"):
        rows.append(
            {"pool": row["pool"], "selector": row["selector"]}
            | {name: row[name] for name in pairs if name not in distances}
        )
        quoted = {name: row[pairs[name]] for name in pairs if name not in distances}
        if set(quoted.values()) != {"–"}:
            rows.append({"pool": row["pool"], "selector": f"{row['selector']}, {QUOTED}"} | quoted)
    about = tuple(note for note in shown.notes if "distance" in note)
    rest = tuple(note for note in shown.notes if note not in about)
    accuracy = ShownTable(pd.DataFrame(rows), f"{caption}: accuracy", rest, keys=2, small=True)
    distance = ShownTable(far, f"{caption}: distance to reference clips", about, small=True)
    return Stacked((distance, accuracy) if distances else (accuracy,))
