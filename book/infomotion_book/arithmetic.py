"""What several machines compute: the hashes of the same short trainings, and of single operations of the
libraries.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from markupsafe import Markup

from infomotion_book.html import code
from infomotion_book.page_table import of_rows, page_table
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


def short_trainings(file: Path = STUDIES / "machines.csv") -> str:
    """MyST text: a table of hashes for each arithmetic, a column per machine, and which pieces are equal."""
    if not file.is_file():
        return f"No machine has been written down yet: `infomotion machine --out {file.name}`.\n"
    rows = pd.read_csv(file)
    return "".join(
        _hashes(own, str(arithmetic)) for arithmetic, own in rows.groupby("arithmetic", sort=False)
    )


def _hashes(rows: pd.DataFrame, arithmetic: str) -> str:
    wide = rows.set_index(["piece", "machine"])["sha256"].unstack("machine")  # noqa: PD010  # hashes are not to be averaged
    wide = wide.reindex([name for name in PIECES if name in wide.index])
    wide = wide[sorted(wide.columns, key=lambda name: ("emulated" in str(name), str(name)))]
    shown = wide.map(lambda value: "–" if value != value else code(value[:SHOWN])).astype(object)
    shown.insert(0, "Piece", [PIECES[str(piece)] for piece in wide.index])
    name = "Portable arithmetic" if arithmetic == "portable" else "The machine's own arithmetic"
    notes = (
        f"Beginnings of SHA-256 over all weights and what they then give. {verdict(wide)}"
        f" Versions: {rows['versions'].iloc[0]}.",
    )
    return page_table(ShownTable(shown, name, notes, words=True))


def verdict(wide: pd.DataFrame) -> str:
    """Sentence on which rows of a table of hashes (a column per machine) are equal; empty where there is
    nothing to compare.
    """
    compared = wide[wide.notna().sum(axis=1) > 1]
    if compared.empty:
        return ""
    unlike = [
        PIECES.get(str(piece), str(piece)) for piece, count in compared.nunique(axis=1).items() if count > 1
    ]
    if not unlike:
        return f"All {len(compared)} pieces that more than one machine has computed are equal."
    return (
        f"{len(unlike)} of the {len(compared)} pieces that more than one machine has computed differ:"
        f" {', '.join(unlike)}."
    )


def unlike_operations(rows: pd.DataFrame) -> dict[str, tuple[int, list[str]]]:
    """In each mode, how many operations were compared (a row of hashes each, a column per machine), and which
    are unlike.
    """
    machines = [name for name in rows.columns if name not in ("mode", "piece")]
    differ = rows[machines].ne(rows[machines[0]], axis=0).any(axis=1)
    return {
        str(mode): (len(own), own.loc[differ[own.index], "piece"].tolist())
        for mode, own in rows.groupby("mode", sort=False)
    }


def probe(file: Path = STUDIES / "processor_probe.csv") -> str:
    """MyST block: in each mode, how many of the libraries' operations give the same on two machines, and
    which do not.
    """
    if not file.is_file():
        return "Single operations have not been compared yet.\n"
    rows = pd.read_csv(file)
    machines = [name for name in rows.columns if name not in ("mode", "piece")]
    body = [
        [mode, f"{total - len(unlike)} of {total}", "; ".join(unlike) or "none"]
        for mode, (total, unlike) in unlike_operations(rows).items()
    ]
    notes = (
        f"{' and '.join(machines)}.",
        Markup("Rows with all hashes: {}.").format(code(f"book/results/studies/{file.name}")),
    )
    caption = "Single operations on two machines"
    shown = of_rows(["Mode", "Equal", "Unlike"], body, caption=caption, notes=notes, words=True)
    return page_table(shown, stack=True)
