"""The stages as one table: the only place that says what each needs and writes; the Snakefile and the runner read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from infomotion_lib.parameters import NOTEBOOK_STAGES
from infomotion_lib.paths import NOTEBOOKS, RunPaths
from infomotion_lib.provenance import RUN_CARD


@dataclass(frozen=True)
class Stage:
    """One step of the walk from raw videos to the paper's tables.

    Attributes
    ----------
    name : str
        Key in :data:`infomotion_lib.parameters.STAGES`.
    needs : tuple of str
        Stages whose outputs it reads.
    outputs : tuple of str
        Files it promises, relative to its folder; ``run_card.json`` comes last and is not listed.
    reports : tuple of str
        Files it promises too, which only people read: no later stage depends on them.
    learns : tuple of str
        Modules that make what it keeps from one run to the next, such as checkpoints: if their code changes, that is made anew.
    """

    name: str
    needs: tuple[str, ...]
    outputs: tuple[str, ...]
    reports: tuple[str, ...] = ()
    learns: tuple[str, ...] = ()

    @property
    def notebook(self) -> Path | None:
        """Its notebook in ``notebooks/``; None for the stages that are plain functions."""
        for number, stage in NOTEBOOK_STAGES.items():
            if stage == self.name:
                return NOTEBOOKS / f"{number}_{stage}.ipynb"
        return None

    @property
    def title(self) -> str:
        """Short name with its number, such as ``03 graph_selection``."""
        return self.notebook.stem.replace("_", " ", 1) if self.notebook else self.name

    def files(self, paths: RunPaths) -> list[Path]:
        """Promised files of a run, the run card last."""
        return [paths.stage(self.name) / name for name in (*self.outputs, *self.reports, RUN_CARD)]


TABLE: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("data", (), ("sources.json", "data_report.csv"), learns=("data.phantom.dataset", "data.echodiffusion")),
        Stage("labels", ("data",), ("labels.csv", "agreement.csv"), learns=("regressor.labels", "regressor.training")),
        Stage(
            "frame_index",
            ("data", "labels"),
            ("frame_index.csv", "status_counts.csv", "detector_error.csv"),
            ("order_control.csv", "phase_votes.csv", "vote_counts.csv"),
        ),
        Stage(
            "ifa_training",
            ("frame_index",),
            ("ifa.safetensors", "training_log.csv", "motion_features.npz", "appearance_features.npz", "summary.json"),
            ("probe.csv", "missing_videos.csv"),
            learns=("ifa.training", "ifa.features", "appearance"),
        ),
        Stage(
            "graph_selection",
            ("frame_index", "ifa_training"),
            ("graph_report.csv", "communities.csv", "selections.csv"),
            ("shortfalls.csv", "sweep.csv"),
        ),
        Stage(
            "evaluation",
            ("frame_index", "graph_selection"),
            ("runs.csv", "predictions.csv", "table1.csv", "constants.csv"),
            ("tolerance.csv", "confusion.csv", "differences.csv", "claims.csv"),
            learns=("regressor.grid",),
        ),
        Stage(
            "latte_ablation",
            ("labels", "frame_index", "ifa_training", "graph_selection", "evaluation"),
            ("latte.safetensors", "label_consistency.csv", "selections.csv", "runs.csv", "fidelity.csv", "table2.csv"),
            ("conditioning.csv", "pool_labels.csv", "manifest.csv", "predictions.csv", "losses.csv"),
            learns=("generators.autoencoder", "generators.diffusion", "generators.pool", "regressor.grid", "regressor.labels"),
        ),
    )
}
"""Stages by name, in the order that data walks through them."""
