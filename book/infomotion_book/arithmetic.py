"""What several machines compute: the hashes of the same short trainings, and of single operations of the
libraries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from infomotion_book.html import code
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.templates import filled
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.shown_table import ShownTable

STUDIES = FROZEN / "studies"
SHOWN = 8
"""Digits of a hash that the page shows; two that begin so are equal in the file too, or the page says that
they are not.
"""

PIECES = {
    "regressor": "EF regressor, 20 steps",
    "motion_network": "motion network, 4 steps",
    "appearance": "appearance network, 5 steps",
    "autoencoder": "autoencoder, 5 steps",
    "latte": "Latte, 5 steps and two samples",
    "kmeans": "picks of K-means",
    "graph": "neighbour graph",
    "infomap": "Infomap's partition",
}


@dataclass(frozen=True)
class Agreement:
    """Pieces that more than one machine has computed.

    Attributes
    ----------
    compared : int
        How many.
    unlike : list of str
        Those whose hashes differ.
    """

    compared: int
    unlike: list[str]


def agreement(hashes: pd.DataFrame) -> Agreement:
    """How far machines agree: a row of hashes per piece, a column per machine, missing where not computed."""
    compared = hashes[hashes.notna().sum(axis=1) > 1]
    kinds = compared.nunique(axis=1)
    return Agreement(len(compared), [str(piece) for piece in kinds.index[kinds > 1]])


def short_trainings(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, str]]:
    """Of each arithmetic: its name, hashes as :func:`agreement` takes them, and the libraries' versions."""
    for arithmetic, part in rows.groupby("arithmetic", sort=False):
        hashes = part.set_index(["piece", "machine"])["sha256"].unstack("machine")  # noqa: PD010  # hashes are not to be averaged
        hashes = hashes.reindex([name for name in PIECES if name in hashes.index]).rename(index=PIECES)
        machines = sorted(hashes.columns, key=lambda name: ("emulated" in str(name), str(name)))
        yield str(arithmetic), hashes[machines], str(part["versions"].iloc[0])


def operations(rows: pd.DataFrame) -> dict[str, Agreement]:
    """How far machines agree on single operations of the libraries, by mode."""
    return {
        str(mode): agreement(part.drop(columns="mode").set_index("piece"))
        for mode, part in rows.groupby("mode", sort=False)
    }


def training_tables(file: Path = STUDIES / "machines.csv") -> str:
    """MyST text: a table of hashes for each arithmetic, a column per machine, and which pieces are equal."""
    if not file.is_file():
        return f"No machine has been written down yet: `infomotion machine --out {file.name}`.\n"
    return "".join(_hash_table(*part) for part in short_trainings(pd.read_csv(file)))


def _hash_table(arithmetic: str, hashes: pd.DataFrame, versions: str) -> str:
    shown = hashes.map(lambda value: "–" if value != value else code(value[:SHOWN])).astype(object)
    shown.insert(0, "Piece", hashes.index)
    name = "Portable arithmetic" if arithmetic == "portable" else "The machine's own arithmetic"
    note = filled("hashes.md.jinja", {"agreed": agreement(hashes), "versions": versions})
    return page_table(ShownTable(shown, name, (note,), words=True))


def operations_table(file: Path = STUDIES / "processor_probe.csv") -> str:
    """MyST block: in each mode, how many of the libraries' operations give the same on two machines, and
    which do not.
    """
    if not file.is_file():
        return "Single operations have not been compared yet.\n"
    rows = pd.read_csv(file)
    body = [
        [mode, f"{both.compared - len(both.unlike)} of {both.compared}", "; ".join(both.unlike) or "none"]
        for mode, both in operations(rows).items()
    ]
    notes = (
        f"{' and '.join(rows.columns.drop(['mode', 'piece']))}.",
        Markup("Rows with all hashes: {}.").format(code(f"book/results/studies/{file.name}")),
    )
    caption = "Single operations on two machines"
    shown = of_rows(["Mode", "Equal", "Unlike"], body, caption=caption, notes=notes, words=True)
    return page_table(shown, stack=True)
