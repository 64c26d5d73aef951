"""What the committed rows of the study of vectors over pools say: which kind selects better than Random, and
than the paper's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.evidence.study import signed, spanned
from infomotion_book.html import again, figure, probability, spread, under
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.templates import filled, line, part
from infomotion_lib.parameters import read_profile
from infomotion_lib.reporting.figures.vectors import vectors_forest
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import save_figure, use_style
from infomotion_lib.representations.registry import PAPER, REPRESENTATIONS
from infomotion_lib.studies.selectors import comparison
from infomotion_lib.studies.selectors.arms import Configuration
from infomotion_lib.studies.selectors.rows import Tables, read_published
from infomotion_lib.studies.vectors import ARM, METHOD, PUBLISHED

COMMAND = "infomotion study vectors"
FIGURE = "vectors-pools.svg"
LEVEL = 0.05
WORDS = "vectors_notes.md.jinja"


@dataclass(frozen=True)
class VectorStudy:
    """The published rows and what follows from them."""

    tables: Tables

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Scored sets of all kinds and of Random."""
        return comparison.scored_sets(self.tables, arm=ARM)

    @cached_property
    def against_random(self) -> pd.DataFrame:
        """Every kind minus Random over pools, best first within a budget; Holm over all rows."""
        return comparison.compare(comparison.pool_differences(self.runs))

    @cached_property
    def against_paper(self) -> pd.DataFrame:
        """Every other kind minus the paper's motion vectors over pools; Holm over all rows."""
        reference = Configuration(METHOD, PAPER[0], str(self.tables.settings["selection_graph"]))
        differences = comparison.pool_differences(self.runs, reference=reference)
        return comparison.compare(differences[differences["feature"] != ""])

    @property
    def pools(self) -> int:
        """Pools in which a kind is compared with Random, at most."""
        return int(self.against_random["pools"].max())

    @property
    def smallest(self) -> int:
        """Smallest budget, videos per class."""
        return int(self.against_random["vpc"].min())

    def kept(self, table: pd.DataFrame, sign: int) -> list[dict[str, Any]]:
        """Rows of a comparison above (+1) or below (-1) its reference after correction."""
        return records(table[(table["p_holm"] < LEVEL) & (sign * table["difference"] > 0)])

    def values(self) -> dict[str, Any]:
        """What the page's sentences are made of."""
        halves = (self.against_random["t_high"] - self.against_random["t_low"]) / 2
        encoders = [
            row
            for row in records(self.against_random)
            if row["vpc"] == self.smallest and not REPRESENTATIONS[row["feature"]].oracle
        ]
        tables = {"random": self.against_random, "motion": self.against_paper}
        return {
            "pools": self.pools,
            "planned": max(int(read_profile("phantom-beyond")["study_pools"]), self.pools),
            "budgets": sorted(int(vpc) for vpc in self.against_random["vpc"].unique()),
            "networks": len(self.tables.networks),
            "half": float(halves.median()),
            "best": _told(encoders[0]),
            "compared": {name: len(table) for name, table in tables.items()},
            "above": {name: [_told(row) for row in self.kept(table, 1)] for name, table in tables.items()},
            "below": {name: [_told(row) for row in self.kept(table, -1)] for name, table in tables.items()},
        }


def find_study(folder: Path = PUBLISHED) -> VectorStudy | None:
    """The published rows, or None where there are not two pools to compare yet."""
    tables = read_published(folder)
    if tables is None:
        return None
    study = VectorStudy(tables)
    pools = set(comparison.pool_differences(study.runs)["pool"]) if len(study.runs) else set()
    return study if len(pools) > 1 else None


def fragment(folder: Path = PUBLISHED) -> str:
    """MyST text: what the study says, its figure and table; a line where it has not run."""
    study = find_study(folder)
    if study is None:
        return part(WORDS, "study_missing", {"command": COMMAND})
    shown = figure(f"_static/figures/{FIGURE}", _alt(study))
    return filled("vectors_study.md.jinja", study.values()) + shown + _table(study)


def write_figure(target: Path, folder: Path = PUBLISHED) -> Path | None:
    """The forest, where the study has run."""
    study = find_study(folder)
    if study is None:
        return None
    use_style()
    return save_figure(vectors_forest(study.against_random), target / FIGURE, alt=_alt(study)).path


def _alt(study: VectorStudy) -> str:
    return f"Kinds of vectors minus Random on {study.pools} phantom pools: " + "; ".join(
        f"{_told(row)['label']}, {row['vpc']} per class: {signed(row)}"
        for row in records(study.against_random)
    )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a comparison with the words for its kind."""
    return row | {"label": REPRESENTATIONS[str(row["feature"])].phrase}


def _table(study: VectorStudy) -> str:
    means = comparison.configuration_means(study.runs, metrics=("hard_accuracy",))
    by_kind = {(row["feature"], row["vpc"]): row for row in records(means)}
    beside = {(row["feature"], row["vpc"]): row for row in records(study.against_paper)}
    rows: list[list[object]] = []
    for row in records(study.against_random):
        own, other = by_kind[row["feature"], row["vpc"]], beside.get((row["feature"], row["vpc"]))
        rows.append(
            [
                under(_told(row)["label"], f"{row['vpc']} videos per class"),
                spread(own["mean"], own["sd"]),
                spanned(row),
                probability(row["p_holm"]),
                f"{row['pools_better']} of {row['pools']}",
                spanned(other) if other else "–",
                probability(other["p_holm"]) if other else "–",
            ]
        )
    rows += [
        [
            under("random videos", f"{own['vpc']} videos per class"),
            spread(own["mean"], own["sd"]),
            *["–"] * 5,
        ]
        for (name, _), own in by_kind.items()
        if name == ""
    ]
    comparisons = len(study.against_random), len(study.against_paper)
    head = ["Vectors", "Accuracy, %", "Minus Random", f"p, Holm ({comparisons[0]})", "Pools above 0"]
    head += ["Minus motion", f"p, Holm ({comparisons[1]})"]
    notes = (
        line(WORDS, "study", {"networks": len(study.tables.networks)}),
        again(COMMAND),
    )
    caption = f"One selector on several kinds of vectors, {study.pools} independent phantom pools"
    return page_table(of_rows(head, rows, caption=caption, notes=notes))
