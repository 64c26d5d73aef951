"""Results of one profile as the book sees them: the same files, fresh from a run or frozen in the book."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_lib.data.sources import SOURCES
from infomotion_lib.frozen import FROZEN
from infomotion_lib.keys import CELL
from infomotion_lib.paths import run_paths
from infomotion_lib.reporting.style import data_name
from infomotion_lib.stage_table import RUN_CARD, TABLE

_ORDER = ("phantom", "phantom-beyond", "phantom-large", "phantom-gpu", "open", "paper", "smoke")


@dataclass(frozen=True)
class Results:
    """Files of one profile.

    Attributes
    ----------
    profile : str
        Name of the profile.
    root : Path
        ``runs/<profile>`` or ``book/results/<profile>``: both are laid out alike.
    """

    profile: str
    root: Path

    def folder(self, stage: str) -> Path:
        """Folder of one stage; it may not exist."""
        return self.root / self.place(stage)

    def place(self, stage: str) -> str:
        """Folder of one stage from that of the run, such as ``05_generators/latte``."""
        return TABLE[stage].folder if stage in TABLE else stage

    def table(self, stage: str, name: str) -> pd.DataFrame | None:
        """Table ``<name>.csv`` of a stage, or None where the stage has not written it or it holds no row."""
        file = self.folder(stage) / f"{name}.csv"
        if not file.is_file() or file.stat().st_size < 2:
            return None
        table = pd.read_csv(file, keep_default_na=False, na_values=[""])
        for column in ("graph", "method", "source", "flag", "graph_flag"):
            if column in table:
                table[column] = table[column].astype(object).fillna("")
        return table if len(table) else None

    def values(self, stage: str, name: str) -> dict[str, Any]:
        """Content of ``<name>.json`` of a stage; empty where there is none."""
        file = self.folder(stage) / f"{name}.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}

    def card(self, stage: str) -> dict[str, Any]:
        """Run card of a stage; empty where the stage has not finished."""
        return self.values(stage, RUN_CARD.removesuffix(".json"))

    def flagged(self, cells: pd.DataFrame) -> pd.DataFrame:
        """Rows of cells of Table 1 with ``graph_flag``: what was unhealthy about the graphs behind each."""
        known = self.table("evaluation", "table1")
        if known is None or "graph_flag" not in known:
            return cells.assign(graph_flag="")
        flags = known[[*CELL, "graph_flag"]].drop_duplicates(CELL)
        return cells.merge(flags, on=CELL, how="left").fillna({"graph_flag": ""})

    def notebook(self, stage: str) -> Path | None:
        """Executed notebook of a stage, or None."""
        notebooks = sorted(self.folder(stage).glob("[0-9]*.ipynb"))
        return notebooks[0] if notebooks and self.card(stage) else None

    def figures(self, stage: str) -> list[Path]:
        """Figure files of a stage, by name."""
        return sorted(
            file for file in (self.folder(stage) / "figures").glob("*") if file.suffix in (".svg", ".webp")
        )

    @property
    def stages(self) -> list[str]:
        """Finished stages, in the order of the walk; later stages come last."""
        known = [stage for stage in TABLE if self.card(stage)]
        more = sorted(
            card.parent.name
            for card in self.root.glob(f"*/{RUN_CARD}")
            if card.parent.name not in {self.folder(s).name for s in TABLE}
        )
        return known + more

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of all finished stages together."""
        merged: dict[str, Any] = {}
        for stage in self.stages:
            merged |= self.card(stage).get("parameters", {})
        return merged

    @property
    def real_data(self) -> str:
        """Data set that played the real source, by its parameter; empty where no stage has finished."""
        return str(self.parameters.get("real_data", ""))

    @property
    def first_source(self) -> str:
        """Value of the ``source`` column that stands for the real source: ``open`` for the published clips,
        else ``real``.
        """
        source = SOURCES.get(self.real_data)
        return str(source.plays) if source else "real"

    @property
    def is_phantom(self) -> bool:
        """Whether the real source was the phantom."""
        return self.real_data == "phantom"

    @property
    def kind(self) -> str:
        """Name of the real source within a sentence, such as ``phantom``.

        Raises
        ------
        ParameterError
            If the data set has no name yet; see :func:`infomotion_lib.reporting.style.data_name`.
        """
        return data_name(self.real_data, self.called.get(self.real_data, ""))

    @property
    def called(self) -> dict[str, str]:
        """What the videos of each data set are called, as the data stage found it."""
        called: dict[str, str] = self.card("data").get("notes", {}).get("called", {})
        return called

    @property
    def title(self) -> str:
        """Name for headings, such as ``Phantom (profile phantom)``."""
        return f"{self.kind[0].upper()}{self.kind[1:]} (profile {self.profile})"

    @property
    def exists(self) -> bool:
        """Whether any stage has finished."""
        return bool(self.stages)


def card_edition(card: Mapping[str, Any]) -> int | None:
    """Edition of the phantom on a card of the data stage: 1 where it says none, None where its real source is
    no phantom.
    """
    name = str(card.get("parameters", {}).get("real_data", "phantom"))
    source = SOURCES.get(name)
    if not source or not source.drawn_here:
        return None
    return min(card.get("notes", {}).get("phantom_edition", {}).values(), default=1)


def phantom_edition(results: Results) -> int | None:
    """Edition of the phantom that a profile was computed on: 1 where its card says none, None where its real
    source is no phantom.
    """
    return card_edition(results.card("data")) if results.is_phantom else None


def records(table: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Rows of a table as dictionaries; none without a table."""
    return (
        []
        if table is None
        else [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    )


def title_of(stage: str) -> str:
    """Name of a stage for readers, also for stages not known here."""
    name = stage.split("_", 1)[1] if stage[:1].isdigit() else stage
    return TABLE[name].title if name in TABLE else stage.replace("_", " ")


def frozen_results(folder: Path = FROZEN) -> list[Results]:
    """Every frozen profile with at least one finished stage, the readers' first one first."""
    profiles = [Results(path.name, path) for path in sorted(folder.glob("*")) if path.is_dir()]
    rank = {name: index for index, name in enumerate(_ORDER)}
    return sorted(
        (item for item in profiles if item.exists),
        key=lambda item: (rank.get(item.profile, len(rank)), item.profile),
    )


def results_of(profile: str, results_dir: str | Path | None = None) -> Results:
    """Results of a profile in ``results_dir``; without one, the run if it is complete, else the
    frozen copy.
    """
    if results_dir is not None:
        return Results(profile, Path(results_dir))
    fresh = Results(profile, run_paths(profile).root)
    return fresh if fresh.card("evaluation") else Results(profile, FROZEN / profile)
