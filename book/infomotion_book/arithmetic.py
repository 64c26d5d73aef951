"""What several machines compute: hashes of short trainings, and of single operations of libraries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from infomotion_book.templates import part
from infomotion_lib.frozen import FROZEN

STUDIES = FROZEN / "studies"
WORDS = "machines.md.jinja"

PIECES = {
    "regressor": "EF regressor, 20 steps",
    "motion_network": "motion network, 4 steps",
    "appearance": "appearance network, 5 steps",
    "autoencoder": "autoencoder, 5 steps",
    "latte": "Latte, 5 steps, two samples",
    "kmeans": "picks of K-means",
    "graph": "neighbour graph",
    "infomap": "Infomap's partition",
}


@dataclass(frozen=True)
class Agreement:
    """How many pieces more than one machine has computed, and those whose hashes differ."""

    compared: int
    unlike: list[str]


def agreement(hashes: pd.DataFrame) -> Agreement:
    """How far machines agree: a row of hashes per piece, a column per machine, missing where not computed."""
    compared = hashes[hashes.notna().sum(axis=1) > 1]
    kinds = compared.nunique(axis=1)
    return Agreement(len(compared), [str(piece) for piece in kinds.index[kinds > 1]])


def short_trainings(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, str]]:
    """Of each arithmetic: its name, hashes as :func:`agreement` takes them, and the libraries' versions."""
    for arithmetic, own in rows.groupby("arithmetic", sort=False):
        hashes = own.set_index(["piece", "machine"])["sha256"].unstack("machine")  # noqa: PD010  # hashes are not to be averaged
        hashes = hashes.reindex([name for name in PIECES if name in hashes.index]).rename(index=PIECES)
        machines = sorted(hashes.columns, key=lambda name: ("emulated" in str(name), str(name)))
        yield str(arithmetic), hashes[machines], str(own["versions"].iloc[0])


def operations(rows: pd.DataFrame) -> dict[str, Agreement]:
    """How far machines agree on single operations of the libraries, by mode."""
    return {
        str(mode): agreement(own.drop(columns="mode").set_index("piece"))
        for mode, own in rows.groupby("mode", sort=False)
    }


def training_tables(file: Path = STUDIES / "machines.csv") -> str:
    """MyST text: a table of hashes for each arithmetic, a column per machine, and which pieces are equal."""
    if not file.is_file():
        return part(WORDS, "trainings_missing")
    parts = short_trainings(pd.read_csv(file))
    trainings = [(name, hashes, versions, agreement(hashes)) for name, hashes, versions in parts]
    return part(WORDS, "trainings", {"trainings": trainings})


def operations_table(file: Path = STUDIES / "processor_probe.csv") -> str:
    """MyST block: in each mode, how many of the libraries' operations agree on two machines, and which do
    not.
    """
    if not file.is_file():
        return part(WORDS, "operations_missing")
    rows = pd.read_csv(file)
    machines = rows.columns.drop(["mode", "piece"])
    return part(
        WORDS, "operations", {"operations": operations(rows), "machines": machines, "file": file.name}
    )
