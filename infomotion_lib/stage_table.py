"""The stages as one table, in the order that data walks through them: the only place that says what each is
called, needs and writes.
"""

from __future__ import annotations

from collections.abc import Collection, ItemsView, Iterator, Mapping, ValuesView
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from infomotion_lib.files import (
    CONSTANTS,
    DATA_REPORT,
    FRAME_INDEX,
    LABELS,
    PINS,
    PREDICTIONS,
    RUNS,
    SELECTIONS,
    TABLE1,
    TABLE2,
    VIDEO_TABLE,
)
from infomotion_lib.registry import imported

if TYPE_CHECKING:
    from pathlib import Path

    from infomotion_lib.paths import RunPaths

LOADED = "loaded"
"""Among what a stage learns from: the modules that it loads by name."""

RUN_CARD = "run_card.json"
"""Written last: a folder that has one holds a finished stage."""


@dataclass(frozen=True)
class Spread:
    """How several jobs do the work of a stage: one prepares, each does a part, the stage takes up the rest.

    Attributes
    ----------
    kind : str
        Of these jobs: ``vector``, ``grid``, ``pool`` or ``pool_grid``. Rules of the workflow are called so,
        and the module in ``infomotion_lib/run/parts`` that says what they do.
    by : str
        Parameter that gives the number of parts; with 1 the stage works alone.
    """

    kind: str
    by: str


@dataclass(frozen=True)
class Stage:
    """One step of the walk from raw videos to the paper's tables.

    Attributes
    ----------
    name : str
        Key of :data:`TABLE`.
    folder : str
        Its folder within a run; its notebook, where it has one of its own, is called so too.
    title : str
        Its name for readers.
    parameters : str
        ``"module:Class"`` of the model of its parameters, or ``"module:function"`` or
        ``"module:function(word)"`` that composes it.
    needs : tuple of str
        Stages whose outputs it reads.
    outputs : tuple of str
        Files it promises, relative to its folder; the run card comes last and is not listed.
    reports : tuple of str
        Files it promises too, which only people read: no later stage depends on them.
    more : str
        ``"module:function"`` that gives further outputs for the parameters of a run; empty where it has none.
    loads : str
        ``"module:function"`` that names the modules which a run of some parameters loads by name, such as
        those of its representations; empty where it loads none.
    learns : tuple of str
        Modules that make what it keeps from one run to the next, such as checkpoints: if their code changes,
        that is made anew. :data:`LOADED` stands for those that it loads.
    sees : str
        ``"module:function"`` that gives hashes of what it learns of files that hold more, by ``stage/file``,
        for its parameters and the paths of the run; empty where it learns from whole files.
    notebook : str
        Name of its notebook where several stages share one; empty: that of its folder.
    generator : str
        Generator whose pool it makes; empty for all other stages.
    foretold_by : str
        ``"module:function"`` of its :class:`~infomotion_lib.outlook.Outlook`, called with the table of
        videos, its parameters and those of all stages; empty where it takes whatever there is. The module
        must be light.
    spread : Spread, optional
        How several jobs do its work where its parameters ask for it; None: it always works alone.
    """

    name: str
    folder: str
    title: str
    parameters: str
    needs: tuple[str, ...]
    outputs: tuple[str, ...]
    reports: tuple[str, ...] = ()
    more: str = ""
    loads: str = ""
    learns: tuple[str, ...] = ()
    sees: str = ""
    notebook: str = ""
    generator: str = ""
    foretold_by: str = ""
    spread: Spread | None = None

    @property
    def number(self) -> str:
        """Number of its notebook, such as ``"03"``; empty for the stages that are plain functions."""
        number = self.folder[:2]
        return number if number.isdigit() and number != "00" else ""

    @property
    def label(self) -> str:
        """Short name with its number, such as ``03 graph_selection``."""
        return f"{self.number} {self.name}".strip()

    def needs_of(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """Stages that a run of these parameters reads: of the pools, those of its generators."""
        wanted = parameters.get("generators", ())
        return tuple(
            need for need in self.needs if not TABLE[need].generator or TABLE[need].generator in wanted
        )

    def parts(self, parameters: Mapping[str, Any]) -> int:
        """Parts in which a run of these parameters does its work; 0 where the stage does it alone."""
        asked = int(parameters.get(self.spread.by, 1)) if self.spread else 1
        return asked if asked > 1 else 0

    def outputs_of(self, parameters: Mapping[str, Any] | None = None) -> tuple[str, ...]:
        """Files that a run of these parameters, the defaults if none are given, promises to later stages."""
        more: tuple[str, ...] = imported(self.more)(parameters or {}) if self.more else ()
        return (*more, *self.outputs)

    def loaded(self, parameters: Mapping[str, Any] | None = None) -> tuple[str, ...]:
        """Dotted names of the modules that a run of these parameters, the defaults if none are given, loads
        by name.
        """
        if self.generator:
            return (imported("infomotion_lib.generators.registry:GENERATORS")[self.generator].module,)
        names: tuple[str, ...] = imported(self.loads)(parameters or {}) if self.loads else ()
        return names

    def files(self, paths: RunPaths, parameters: Mapping[str, Any] | None = None) -> list[Path]:
        """Promised files of a run, the run card last."""
        names = (*self.outputs_of(parameters), *self.reports, RUN_CARD)
        return [paths.stage(self.name) / name for name in names]


_FIXED = (
    Stage(
        "data",
        "data",
        "Data",
        "infomotion_lib.data.parameters:stage_model",
        (),
        (VIDEO_TABLE, PINS, DATA_REPORT),
        loads="infomotion_lib.data.sources:modules_of",
        learns=(LOADED,),
    ),
    Stage(
        "labels",
        "00_labels",
        "Relabelling",
        "infomotion_lib.regressor.parameters:LabelsParameters",
        ("data",),
        (LABELS, "agreement.csv"),
        learns=("regressor.labels", "regressor.training"),
        foretold_by="infomotion_lib.regressor.outlook:outlook",
    ),
    Stage(
        "frame_index",
        "01_frame_index",
        "1 · Key frames",
        "infomotion_lib.frames.parameters:FrameIndexParameters",
        ("data", "labels"),
        (FRAME_INDEX, "status_counts.csv", "detector_error.csv"),
        ("order_control.csv", "phase_votes.csv", "vote_counts.csv"),
        foretold_by="infomotion_lib.frames.outlook:outlook",
    ),
    Stage(
        "ifa_training",
        "02_ifa_training",
        "2 · Motion vectors",
        "infomotion_lib.representations.parameters:stage_model",
        ("data", "frame_index"),
        ("summary.json",),
        ("probe.csv", "missing_videos.csv"),
        more="infomotion_lib.representations.stage:promised_files",
        loads="infomotion_lib.representations.stage:modules_of",
        learns=(LOADED,),
        sees="infomotion_lib.representations.lessons:seen_of_index",
        foretold_by="infomotion_lib.representations.outlook:outlook",
        spread=Spread("vector", "shards"),
    ),
    Stage(
        "graph_selection",
        "03_graph_selection",
        "3 · Graphs and selection",
        "infomotion_lib.selection.parameters:SelectionParameters",
        ("data", "frame_index", "ifa_training"),
        ("graph_report.csv", "communities.csv", SELECTIONS),
        ("shortfalls.csv", "sweep.csv"),
        foretold_by="infomotion_lib.selection.outlook:outlook",
    ),
    Stage(
        "evaluation",
        "04_evaluation",
        "4 · Evaluation",
        "infomotion_lib.evaluation.parameters:EvaluationParameters",
        ("data", "frame_index", "graph_selection"),
        (RUNS, PREDICTIONS, TABLE1, CONSTANTS),
        ("tolerance.csv", "confusion.csv", "differences.csv", "claims.csv"),
        learns=("regressor.grid",),
        foretold_by="infomotion_lib.evaluation.outlook:outlook",
        spread=Spread("grid", "grid_jobs"),
    ),
)

_ABLATION = Stage(
    "ablation",
    "06_ablation",
    "6 · Ablation of generators",
    "infomotion_lib.evaluation.ablation_parameters:AblationParameters",
    ("data", "labels", "frame_index", "ifa_training", "graph_selection", "evaluation"),
    ("label_consistency.csv", SELECTIONS, RUNS, "fidelity.csv", TABLE2),
    ("conditioning.csv", "pool_labels.csv", PREDICTIONS),
    loads="infomotion_lib.representations.stage:modules_of",
    learns=("regressor.grid", "regressor.labels"),
    foretold_by="infomotion_lib.evaluation.outlook:ablation_outlook",
    spread=Spread("pool_grid", "grid_jobs"),
)


POOLS = "05_generators"
"""Folder of the pools within a run, a folder per generator in it; their notebook is called so too."""


def pool_stage(generator: str) -> str:
    """Name of the stage that makes the pool of one generator.

    >>> pool_stage("latte")
    'latte_pool'
    """
    return f"{generator}_pool"


def _pool_stage(entry: Any) -> Stage:
    name = pool_stage(entry.name)
    return Stage(
        name,
        f"{POOLS}/{entry.name}",
        f"5 · Pool of {entry.label}",
        f"infomotion_lib.generators.parameters:pool_parameters({entry.name})",
        ("data", *entry.reads),
        ("manifest.csv", "hashes.csv"),
        learns=("generators.pool", "generators.cutting", LOADED),
        sees=entry.sees,
        notebook=POOLS,
        generator=entry.name,
        spread=Spread("pool", "shards") if entry.in_blocks else None,
        foretold_by="infomotion_lib.generators.outlook:outlook",
    )


@cache
def _with_pools(generators: tuple[Any, ...]) -> Mapping[str, Stage]:
    """Stages by name: fixed ones, and one for the pool of each generator."""
    pools = [_pool_stage(entry) for entry in generators]
    last = replace(_ABLATION, needs=(*_ABLATION.needs, *(pool.name for pool in pools)))
    return MappingProxyType({stage.name: stage for stage in (*_FIXED, *pools, last)})


class _Table(Mapping[str, Stage]):
    """Stages by name: fixed ones, and one for the pool of every registered generator."""

    def _stages(self) -> Mapping[str, Stage]:
        return _with_pools(tuple(imported("infomotion_lib.generators.registry:GENERATORS").values()))

    def __getitem__(self, name: str) -> Stage:
        return self._stages()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stages())

    def __len__(self) -> int:
        return len(self._stages())

    def values(self) -> ValuesView[Stage]:
        """All stages, looked up once."""
        return self._stages().values()

    def items(self) -> ItemsView[str, Stage]:
        """All names and stages, looked up once."""
        return self._stages().items()


TABLE: Mapping[str, Stage] = _Table()
"""Stages by name, in the order that data walks through them."""


def notebook_stages() -> dict[str, str]:
    """Stages that are notebooks, by their number; of the pools, which share a notebook, the one whose
    parameters it has.
    """
    shown = pool_stage(imported("infomotion_lib.generators.registry:IN_NOTEBOOK"))
    return {
        stage.number: stage.name
        for stage in TABLE.values()
        if stage.number and (not stage.generator or stage.name == shown)
    }


def folders() -> dict[str, str]:
    """Folder of each stage within a run, by its name."""
    return {stage.name: stage.folder for stage in TABLE.values()}


def stages_of(generators: Collection[str]) -> list[str]:
    """Names of the stages of a run that compares these generators, in their order."""
    return [name for name, stage in TABLE.items() if not stage.generator or stage.generator in generators]
