"""What the privacy filter catches and costs on new phantoms, from the frozen rows of that study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.html import again, figure, number
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.templates import filled, line, part
from infomotion_lib.frozen import FROZEN
from infomotion_lib.generators.privacy.record import OTHERS
from infomotion_lib.reporting.figures.privacy import filter_roc
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import save_figure, use_style
from infomotion_lib.studies.privacy import ROC, TABLE

COMMAND = "infomotion study privacy"
FIGURE = "privacy-filter-roc.svg"
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
    }


def fragment(folder: Path = FROZEN / "studies") -> str:
    """MyST text: what is caught, at what price, curve and table; a line where the study has not run."""
    if not (folder / TABLE).is_file():
        return part("measured.md.jinja", "study_missing", {"command": COMMAND})
    said = values(pd.read_csv(folder / TABLE))
    shown = figure(f"_static/figures/{FIGURE}", _alt(said))
    return filled("filter_study.md.jinja", said) + shown + _table(said)


def write_figure(target: Path, folder: Path = FROZEN / "studies") -> Path | None:
    """The curves, where the study has run."""
    if not (folder / TABLE).is_file():
        return None
    use_style()
    said = values(pd.read_csv(folder / TABLE))
    title = f"The filter finds {len(said['found'])} of {len(said['copies'])} kinds of planted copies"
    curves = filter_roc(pd.read_csv(folder / ROC), title=title)
    return save_figure(curves, target / FIGURE, alt=_alt(said)).path


def _kind(name: object, part: pd.DataFrame) -> dict[str, Any]:
    return {"kind": str(name), "auc": _over(part["auc"]), "caught": _over(100 * part["caught"])}


def _over(column: pd.Series) -> dict[str, float]:
    return {"mean": float(column.mean()), "low": float(column.min()), "high": float(column.max())}


def _alt(said: dict[str, Any]) -> str:
    return line("measured.md.jinja", "filter_alt", said)


def _table(said: dict[str, Any]) -> str:
    rows = [
        [kind["kind"], _spanned(kind["auc"], 2), f"{_spanned(kind['caught'], 0)} %"]
        for kind in said["copies"]
    ]
    rows.append([OTHERS, "–", f"{_spanned(said['price'], 0)} %"])
    notes = (
        line("measured.md.jinja", "filter"),
        again(COMMAND),
    )
    head = ["Planted", "AUC", "Left out"]
    return page_table(of_rows(head, rows, caption="The filter on hearts that it has not seen", notes=notes))


def _spanned(over: dict[str, float], digits: int) -> str:
    return f"{number(over['mean'], digits)} ({number(over['low'], digits)} to {number(over['high'], digits)})"
