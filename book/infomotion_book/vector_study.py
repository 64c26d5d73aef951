"""What the study of vectors over pools says: which kind selects better than Random, and than the paper's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.templates import line
from infomotion_lib.parameters import read_profile
from infomotion_lib.reporting.figures.vectors import vectors_forest
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import save_figure, use_style
from infomotion_lib.representations.registry import PAPER, REPRESENTATIONS
from infomotion_lib.studies.selectors import comparison
from infomotion_lib.studies.selectors.arms import Configuration
from infomotion_lib.studies.selectors.rows import Tables, read_published
from infomotion_lib.studies.vectors import ARM, METHOD, PUBLISHED

FIGURE = "vectors-pools.svg"
LEVEL = 0.05


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
        return _labelled(table[(table["p_holm"] < LEVEL) & (sign * table["difference"] > 0)])

    @property
    def planned(self) -> int:
        """Pools that the study wants, or that it has where those are more."""
        return max(int(read_profile("phantom-beyond")["study_pools"]), self.pools)

    @property
    def budgets(self) -> list[int]:
        """Videos per class."""
        return sorted(int(vpc) for vpc in self.against_random["vpc"].unique())

    @property
    def half(self) -> float:
        """Median half of the intervals of the differences from Random, points."""
        return float((self.against_random["t_high"] - self.against_random["t_low"]).median() / 2)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Every kind minus Random, with the ``mean`` and ``sd_networks`` of its networks, and ``beside``: the
        same minus the paper's vectors, None for these.
        """
        beside = {(row["feature"], row["vpc"]): row for row in records(self.against_paper)}
        shown = []
        for row in _labelled(self.against_random):
            key = row["feature"], row["vpc"]
            own = self._means[key]
            shown.append(row | {"mean": own["mean"], "sd_networks": own["sd"], "beside": beside.get(key)})
        return shown

    @property
    def random_rows(self) -> list[dict[str, Any]]:
        """Mean and spread of Random, a row per budget."""
        return [own for (name, _), own in self._means.items() if name == ""]

    @cached_property
    def _means(self) -> dict[tuple[str, int], dict[str, Any]]:
        means = comparison.configuration_means(self.runs, metrics=("hard_accuracy",))
        return {(row["feature"], row["vpc"]): row for row in records(means)}

    @property
    def alt(self) -> str:
        """Alt text of the forest."""
        return line("vectors_alt.md.jinja", "study", {"pools": self.pools, "rows": self.rows})


def find_study(folder: Path = PUBLISHED) -> VectorStudy | None:
    """The published rows, or None where there are not two pools to compare yet."""
    tables = read_published(folder)
    if tables is None:
        return None
    study = VectorStudy(tables)
    pools = set(comparison.pool_differences(study.runs)["pool"]) if len(study.runs) else set()
    return study if len(pools) > 1 else None


def write_figure(target: Path, folder: Path = PUBLISHED) -> Path | None:
    """The forest, where the study has run."""
    study = find_study(folder)
    if study is None:
        return None
    use_style()
    return save_figure(vectors_forest(study.against_random), target / FIGURE, alt=study.alt).path


def _labelled(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a comparison with the words for their kind."""
    return [row | {"label": REPRESENTATIONS[str(row["feature"])].phrase} for row in records(table)]
