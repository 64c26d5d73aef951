"""What the privacy filter catches and costs on new phantoms, from the frozen rows of that study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.templates import line
from infomotion_lib.frozen import FROZEN
from infomotion_lib.generators.privacy.record import OTHERS
from infomotion_lib.reporting.figures.privacy import filter_roc
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import save_figure, use_style
from infomotion_lib.studies.privacy import ROC, TABLE

FIGURE = "privacy-filter-roc.svg"
WORDS = "filter_words.md.jinja"
FOUND = 0.9
"""AUC from which the page counts a kind of copy as found."""


def values(table: pd.DataFrame) -> dict[str, Any]:
    """``pools``, videos by split, ``price`` (percent of other hearts left out: ``mean, low, high``), and the
    kinds of copies, the best found first, each with its mean, least and largest ``auc`` and percent
    ``caught``; ``found`` and ``missed`` are their names.
    """
    kinds = [_kind(name, part) for name, part in table.groupby("kind", sort=False)]
    copies = sorted((kind for kind in kinds if kind["kind"] != OTHERS), key=lambda kind: -kind["auc"]["mean"])
    first = records(table)[0]
    return {
        "pools": int(table["seed"].nunique()),
        "train": first["train"],
        "val": first["val"],
        "test": first["test"],
        "price": next(kind["caught"] for kind in kinds if kind["kind"] == OTHERS),
        "copies": copies,
        "found": [kind["kind"] for kind in copies if kind["auc"]["mean"] >= FOUND],
        "missed": [kind["kind"] for kind in copies if kind["auc"]["mean"] < FOUND],
        "bound": FOUND,
        "others": OTHERS,
    }


def find_values(folder: Path = FROZEN / "studies") -> dict[str, Any] | None:
    """The same of the frozen rows, with the ``alt`` text of the curves; None where the study has not run."""
    if not (folder / TABLE).is_file():
        return None
    said = values(pd.read_csv(folder / TABLE))
    return said | {"alt": line(WORDS, "alt", said)}


def write_figure(target: Path, folder: Path = FROZEN / "studies") -> Path | None:
    """The curves, where the study has run."""
    said = find_values(folder)
    if said is None:
        return None
    use_style()
    curves = filter_roc(pd.read_csv(folder / ROC), title=line(WORDS, "title", said))
    return save_figure(curves, target / FIGURE, alt=said["alt"]).path


def _kind(name: object, part: pd.DataFrame) -> dict[str, Any]:
    return {"kind": str(name), "auc": _over(part["auc"]), "caught": _over(100 * part["caught"])}


def _over(column: pd.Series) -> dict[str, float]:
    return {"mean": float(column.mean()), "low": float(column.min()), "high": float(column.max())}
