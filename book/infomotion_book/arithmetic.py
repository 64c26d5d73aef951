"""What several machines compute: the hashes of the same short trainings, and of single operations of the
libraries.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import pandas as pd

from infomotion_book.html import block, table
from infomotion_lib.frozen import FROZEN

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
    """MyST text: a table of hashes for each arithmetic, a column a machine, and which pieces are equal."""
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
    body = [
        [
            PIECES[str(piece)],
            *("–" if value != value else f"<code>{value[:SHOWN]}</code>" for value in values),
        ]
        for piece, values in zip(wide.index, wide.to_numpy().tolist(), strict=True)
    ]
    name = "Portable arithmetic" if arithmetic == "portable" else "The machine's own arithmetic"
    note = (
        f"Beginnings of SHA-256 over all weights and what they then give. {verdict(wide)} Versions:"
        f" {escape(rows['versions'].iloc[0])}."
    )
    return block(table(["Piece", *map(escape, wide.columns)], body, caption=name, note=note))


def verdict(wide: pd.DataFrame) -> str:
    """Sentence on which rows of a table of hashes (a column a machine) are equal; empty where there is
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


def probe(file: Path = STUDIES / "processor_probe.csv") -> str:
    """MyST block: in each mode, how many of the libraries' operations give the same on two machines, and
    which do not.
    """
    if not file.is_file():
        return "Single operations have not been compared yet.\n"
    rows = pd.read_csv(file)
    machines = [name for name in rows.columns if name not in ("mode", "piece")]
    body = []
    for mode, own in rows.groupby("mode", sort=False):
        unlike = own.loc[own[machines].ne(own[machines[0]], axis=0).any(axis=1), "piece"].tolist()
        body.append(
            [
                escape(str(mode)),
                f"{len(own) - len(unlike)} of {len(own)}",
                escape("; ".join(unlike)) or "none",
            ]
        )
    note = (
        f"{escape(' and '.join(machines))}. Rows with all hashes:"
        f" <code>book/results/studies/{file.name}</code>."
    )
    return block(
        table(
            ["Mode", "Equal", "Unlike"],
            body,
            caption="Single operations on two machines",
            note=note,
            stack=True,
        )
    )
