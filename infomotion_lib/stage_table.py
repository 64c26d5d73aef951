"""The stages as one table, in the order that data walks through them: the only place that says what each is
called, needs and writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infomotion_lib.registry import imported

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infomotion_lib.paths import RunPaths

LOADED = "loaded"
"""Among what a stage learns from: the modules that it loads by name."""

RUN_CARD = "run_card.json"
"""Written last: a folder that has one holds a finished stage."""


@dataclass(frozen=True)
class Stage:
    """One step of the walk from raw videos to the paper's tables.

    Attributes
    ----------
    name : str
        Key of :data:`TABLE`.
    folder : str
        Its folder within a run; its notebook, where it has one, is called so too.
    title : str
        Its name for readers.
    parameters : str
        ``"module:Class"`` of the model of its parameters, or ``"module:function"`` that composes it.
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

    @property
    def number(self) -> str:
        """Number of its notebook, such as ``"03"``; empty for the stages that are plain functions."""
        number = self.folder[:2]
        return number if number.isdigit() and number != "00" else ""

    @property
    def label(self) -> str:
        """Short name with its number, such as ``03 graph_selection``."""
        return f"{self.number} {self.name}".strip()

    def outputs_of(self, parameters: Mapping[str, Any] | None = None) -> tuple[str, ...]:
        """Files that a run of these parameters, the defaults if none are given, promises to later stages."""
        more: tuple[str, ...] = imported(self.more)(parameters or {}) if self.more else ()
        return (*more, *self.outputs)

    def loaded(self, parameters: Mapping[str, Any] | None = None) -> tuple[str, ...]:
        """Dotted names of the modules that a run of these parameters, the defaults if none are given, loads
        by name.
        """
        names: tuple[str, ...] = imported(self.loads)(parameters or {}) if self.loads else ()
        return names

    def files(self, paths: RunPaths, parameters: Mapping[str, Any] | None = None) -> list[Path]:
        """Promised files of a run, the run card last."""
        names = (*self.outputs_of(parameters), *self.reports, RUN_CARD)
        return [paths.stage(self.name) / name for name in names]


TABLE: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            "data",
            "data",
            "Data",
            "infomotion_lib.phantom.parameters:DataParameters",
            (),
            ("sources.json", "data_report.csv"),
            learns=("phantom.dataset", "data.echodiffusion"),
        ),
        Stage(
            "labels",
            "00_labels",
            "Relabelling",
            "infomotion_lib.regressor.parameters:LabelsParameters",
            ("data",),
            ("labels.csv", "agreement.csv"),
            learns=("regressor.labels", "regressor.training"),
        ),
        Stage(
            "frame_index",
            "01_frame_index",
            "1 · Key frames",
            "infomotion_lib.frames.parameters:FrameIndexParameters",
            ("data", "labels"),
            ("frame_index.csv", "status_counts.csv", "detector_error.csv"),
            ("order_control.csv", "phase_votes.csv", "vote_counts.csv"),
        ),
        Stage(
            "ifa_training",
            "02_ifa_training",
            "2 · Motion vectors",
            "infomotion_lib.representations.parameters:stage_model",
            ("frame_index",),
            ("summary.json",),
            ("probe.csv", "missing_videos.csv"),
            more="infomotion_lib.representations.stage:promised_files",
            loads="infomotion_lib.representations.stage:modules_of",
            learns=(LOADED,),
        ),
        Stage(
            "graph_selection",
            "03_graph_selection",
            "3 · Graphs and selection",
            "infomotion_lib.selection.parameters:SelectionParameters",
            ("frame_index", "ifa_training"),
            ("graph_report.csv", "communities.csv", "selections.csv"),
            ("shortfalls.csv", "sweep.csv"),
        ),
        Stage(
            "evaluation",
            "04_evaluation",
            "4 · Evaluation",
            "infomotion_lib.evaluation.parameters:EvaluationParameters",
            ("frame_index", "graph_selection"),
            ("runs.csv", "predictions.csv", "table1.csv", "constants.csv"),
            ("tolerance.csv", "confusion.csv", "differences.csv", "claims.csv"),
            learns=("regressor.grid",),
        ),
        Stage(
            "latte_ablation",
            "05_latte_ablation",
            "5 · Latte ablation",
            "infomotion_lib.generators.parameters:LatteParameters",
            ("labels", "frame_index", "ifa_training", "graph_selection", "evaluation"),
            (
                "latte.safetensors",
                "label_consistency.csv",
                "selections.csv",
                "runs.csv",
                "fidelity.csv",
                "table2.csv",
            ),
            ("conditioning.csv", "pool_labels.csv", "manifest.csv", "predictions.csv", "losses.csv"),
            loads="infomotion_lib.representations.stage:modules_of",
            learns=(
                "generators.autoencoder",
                "generators.diffusion",
                "generators.pool",
                "regressor.grid",
                "regressor.labels",
            ),
        ),
    )
}
"""Stages by name, in the order that data walks through them."""

NOTEBOOK_STAGES = {stage.number: stage.name for stage in TABLE.values() if stage.number}
"""Stages that are notebooks, by their number."""
