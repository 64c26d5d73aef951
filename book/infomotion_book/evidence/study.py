"""What the committed rows of the evidence study say, each part worked out once, and its figures."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup
from matplotlib.figure import Figure

from infomotion_book import html
from infomotion_book.html import keep, span
from infomotion_book.templates import line
from infomotion_lib.parameters import read_profile
from infomotion_lib.phantom.plan import EDITION
from infomotion_lib.reporting.figures.evidence import (
    arm_differences,
    configuration_name,
    confirmation_pairs,
    evidence_forest,
)
from infomotion_lib.reporting.flags import mark_of
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import METHOD_NAMES, save_figure, use_style
from infomotion_lib.studies.selectors import comparison
from infomotion_lib.studies.selectors.arms import (
    ARMS,
    CORE,
    EQUAL_STEPS,
    MAIN,
    WORLDS,
    Configuration,
)
from infomotion_lib.studies.selectors.confirmation import screen_and_confirm
from infomotion_lib.studies.selectors.rows import PUBLISHED, Tables, published_folder, read_published

LEVEL = 0.05
COMMAND = "infomotion study selectors"
MOTION = Configuration("infomotion", "motion", "knn")
RIVALS = tuple(
    configuration for configuration in CORE if configuration.method in ("random", "kmeans", "infodist")
)
"""InfoMotion as the paper has it, and those that its Table 1 puts below it."""

Row = dict[str, Any]
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Evidence:
    """The published rows and what follows from them.

    Attributes
    ----------
    tables : Tables
        Of the edition of the phantom that the main study was run on.
    later : Tables, optional
        Of the current edition, as far as arms have been run on it.
    """

    tables: Tables
    later: Tables | None = None

    @cached_property
    def runs(self) -> pd.DataFrame:
        """Scored sets of the main study."""
        return comparison.scored_sets(self.tables)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Every configuration minus Random, a row per pool."""
        return comparison.pool_differences(self.runs)

    @cached_property
    def compared(self) -> pd.DataFrame:
        """The same over pools."""
        return comparison.compare(self.differences)

    @cached_property
    def confirmed(self) -> pd.DataFrame:
        """Screening beside confirmation."""
        return screen_and_confirm(self.differences)

    @cached_property
    def smallest(self) -> int:
        """Smaller budget, videos per class; that of the arms."""
        return int(self.runs.loc[self.runs["vpc"] > 0, "vpc"].min())

    @cached_property
    def core_runs(self) -> pd.DataFrame:
        """Scored sets of the core configurations at the smaller budget."""
        return self.runs[is_core(self.runs) & (self.runs["vpc"] == self.smallest)]

    @cached_property
    def planned_pools(self) -> int:
        """Pools that the study wants, or that it has where those are more."""
        complete = self.tables.finished.query("complete")["arm"].eq(MAIN).sum()
        return max(int(read_profile("phantom-large")["study_pools"]), int(complete))

    @cached_property
    def changed(self) -> Tables:
        """What ablations are read from: the current edition, once each of them has all its pools there beside
        the unchanged phantom, else that of the main study.
        """
        if self.later is None:
            return self.tables
        complete = self.later.finished.query("complete").groupby("arm").size()
        arms = (EQUAL_STEPS, *WORLDS)
        return self.later if min(complete.get(arm, 0) for arm in arms) >= self.planned_pools else self.tables

    @property
    def unchanged(self) -> str:
        """Arm that ablations are compared with: unchanged pools, and in the current edition the networks of
        the ablations.
        """
        return MAIN if self.changed is self.tables else EQUAL_STEPS

    @cached_property
    def arm_runs(self) -> dict[str, pd.DataFrame]:
        """Scored sets of every arm at the smaller budget; on unchanged pools (``main``) of the core
        configurations.
        """
        own = {name: comparison.scored_sets(self.changed, arm=name) for name in (self.unchanged, *WORLDS)}
        found = {MAIN: own.pop(self.unchanged)} | own
        found[MAIN] = found[MAIN][is_core(found[MAIN])]
        return {name: runs[runs["vpc"] == self.smallest] for name, runs in found.items()}

    @cached_property
    def arms(self) -> dict[str, pd.DataFrame]:
        """Differences of the core configurations from Random, a row per pool, of each arm that has run; the
        main study first.

        An arm enters with two pools in which InfoMotion can be compared; without any, nothing does.
        """
        found = {name: comparison.pool_differences(runs) for name, runs in self.arm_runs.items() if len(runs)}
        enough = {
            name: own
            for name, own in found.items()
            if name == MAIN or (own["method"] == MOTION.method).sum() > 1
        }
        return enough if len(enough) > 1 else {}

    @cached_property
    def unhealthy(self) -> dict[str, dict[Key, float]]:
        """Share of the class graphs behind each configuration that are collapsed or shattered, percent, in
        each arm; 0 for none.

        Of its budgets that with the larger share counts.
        """
        found: dict[str, dict[Key, float]] = {name: {} for name in (MAIN, *WORLDS)}
        for name, shares in found.items():
            for row in records(comparison.graph_health(self.runs if name == MAIN else self.arm_runs[name])):
                shares[key_of(row)] = max(shares.get(key_of(row), 0.0), row["collapsed"] + row["shattered"])
        return found

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """Figures by name, those that can be drawn."""
        use_style()
        marks = {key: self.mark(key) for key in self.unhealthy[MAIN]}
        drawn = {"forest": evidence_forest(self.compared, marks=marks)}
        if len(self.confirmed):
            drawn["confirmation"] = confirmation_pairs(self.confirmed, marks=marks)
        if self.arms:
            named = {
                "\n".join(textwrap.wrap(ARMS[name].meaning, 34)): comparison.compare(own)
                for name, own in self.arms.items()
            }
            drawn["arms"] = arm_differences(
                named, marks={key: self.mark(key, *self.arms) for key in self.unhealthy[MAIN]}
            )
        return drawn

    def alt(self, name: str) -> str:
        """Alt text of a figure: what is drawn, and its headline."""
        return f"{line('evidence_notes.md.jinja', name)} {self.figures[name].get_suptitle()}."

    def figure(self, name: str) -> str:
        """MyST block that shows a figure; empty where it cannot be drawn."""
        if name not in self.figures:
            return ""
        return html.figure(f"_static/figures/evidence-{name}.svg", self.alt(name))

    def mark(self, key: Key, *arms: str) -> str:
        """Mark, after a space, of a configuration with unhealthy graphs in an arm; by default in the main
        study.
        """
        return mark_of(max(self.unhealthy[arm].get(key, 0.0) for arm in arms or (MAIN,)))

    def named(self, row: Row, *arms: str) -> Markup:
        """HTML of a table cell: the method of a row with its mark, below it its vectors and graph."""
        return self.cell(key_of(row), *arms)

    def cell(self, key: Key, *arms: str) -> Markup:
        """The same of a configuration."""
        method, *rest = configuration_name(*key).split(" · ")
        return keep(method + self.mark(key, *arms)) + (
            span("im-under im-keep", " · ".join(rest)) if rest else Markup()
        )

    def short(self, key: Key, *arms: str) -> str:
        """Method of a configuration with its mark."""
        return METHOD_NAMES[key[0]] + self.mark(key, *arms)

    def title(self, row: Row, *arms: str) -> str:
        """The same in a line of text."""
        return configuration_name(*key_of(row)) + self.mark(key_of(row), *arms)

    def listed(self, rows: list[Row], half: str = "") -> str:
        """Configurations with their marks, budget and difference, in a line; ``none`` without any."""
        told = (f"{self.title(row)} ({row['vpc']} per class, {html.difference(row, half)})" for row in rows)
        return "; ".join(told) or "none"


def find_evidence(folder: Path = PUBLISHED) -> Evidence | None:
    """The published rows, or None where there are not two pools to compare yet."""
    tables = read_published(folder)
    if tables is None:
        return None
    evidence = Evidence(tables, read_published(published_folder(EDITION, folder)))
    return evidence if len(evidence.differences["pool"].unique()) > 1 else None


def write_figures(target: Path, folder: Path = PUBLISHED) -> list[Path]:
    """Paths of the figures drawn into ``target``, ``evidence-<name>.svg``; none if it has not run."""
    evidence = find_evidence(folder)
    if evidence is None:
        return []
    return [
        save_figure(figure, target / f"evidence-{name}.svg", alt=evidence.alt(name)).path
        for name, figure in evidence.figures.items()
    ]


def is_core(table: pd.DataFrame) -> pd.Series[bool]:
    """Which rows of a table belong to a core configuration."""
    return (
        table[["method", "feature", "graph"]]
        .apply(tuple, axis=1)
        .isin({configuration.key for configuration in CORE})
    )


def key_of(row: Row) -> Key:
    """Method, feature and graph of a row."""
    return str(row["method"]), str(row["feature"]), str(row["graph"])
