"""Stage 02 as one function: frame index in, fitted representations and a file of vectors for each out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_lib.errors import DataError
from infomotion_lib.frame_table import PAIR_COLUMNS
from infomotion_lib.losses import joined, losses
from infomotion_lib.parameters import StageParameters
from infomotion_lib.provenance import read_run_card
from infomotion_lib.registry import imported
from infomotion_lib.representations.base import Fitted
from infomotion_lib.representations.registry import PAPER, REPRESENTATIONS
from infomotion_lib.representations.vectors import MISSING_COLUMNS, Vectors, read_features
from infomotion_lib.stage_table import RUN_CARD


@dataclass(frozen=True)
class Represented:
    """What stage 02 made.

    Attributes
    ----------
    fitted : dict of str to Fitted
        By name of the representation.
    vectors : dict of str to Vectors
        Of all videos, by name of the representation.
    files : tuple of Path
        What lies in the folder of the stage now.
    cpu_seconds : dict of str to dict
        By name of the representation, CPU time of this process to ``fit`` it and to make its ``vectors``, and
        the number of ``videos``; little where earlier work was taken up.
    losses : str
        What is to be said of videos without a vector; empty where a quarter at most has none.
    """

    fitted: Mapping[str, Fitted]
    vectors: dict[str, Vectors]
    files: tuple[Path, ...]
    cpu_seconds: dict[str, dict[str, float]]
    losses: str = ""

    def missing(self) -> pd.DataFrame:
        """``source, file_name, status`` of the videos that lack a vector of some representation; the first of
        them gives the reason.
        """
        lists = pd.concat([table.missing for table in self.vectors.values()], ignore_index=True)
        kept = lists.drop_duplicates(["source", "file_name"])[list(MISSING_COLUMNS)]
        return kept.sort_values(["source", "file_name"], kind="stable").reset_index(drop=True)

    def summary(self) -> dict[str, Any]:
        """Numbers of the first representation; those of the others under their names."""
        (first, *others) = self.fitted
        return self.fitted[first].summary() | {name: self.fitted[name].summary() for name in others}


def fit_representations(
    rows: pd.DataFrame, *, teacher: str, folder: str | Path, parameters: Any
) -> Represented:
    """Every representation of a run, fitted, with the vectors of all videos written to
    ``<name>_features.npz``.

    TRAIN rows of one source teach, its VAL rows choose. Work that was cut short is taken up.

    Parameters
    ----------
    rows : DataFrame
        Frame index of all sources with a ``path`` column.
    teacher : str
        The source that teaches.
    folder : path
        Where files and checkpoints go.
    parameters : StageParameters
        Of :func:`infomotion_lib.representations.parameters.stage_model`.

    Raises
    ------
    DataError
        If a representation finds nothing to learn from, too many videos get no vector, or it leaves a file
        that it promised unwritten.
    """
    place, p = Path(folder), parameters
    fitted: dict[str, Fitted] = {}
    vectors: dict[str, Vectors] = {}
    spent: dict[str, dict[str, float]] = {}
    told: list[str] = []
    for name in p.representations:
        begun = time.process_time()
        fitted[name] = fit_one(name, rows, teacher=teacher, folder=place, parameters=p)
        learnt = time.process_time()
        vectors[name] = fitted[name].vectors(rows, workers=p.workers, out=vector_file(place, name))
        done = time.process_time()
        spent[name] = {
            "fit": round(learnt - begun, 1),
            "vectors": round(done - learnt, 1),
            "videos": len(vectors[name]),
        }
        told.append(_losses(name, vectors[name], rows, allowed=p.allow_losses))
    files = tuple(place / file for file in promised_files(p.model_dump()))
    if absent := [file.name for file in files if not file.is_file()]:
        raise DataError(f"Representations left files unwritten: {', '.join(absent)}", where=f"In {place}")
    return Represented(fitted, vectors, files, spent, joined(told))


def fit_one(name: str, rows: pd.DataFrame, *, teacher: str, folder: str | Path, parameters: Any) -> Fitted:
    """One representation of a run, fitted; arguments as of :func:`fit_representations`."""
    train, val = (rows[(rows["source"] == teacher) & (rows["split"] == split)] for split in ("TRAIN", "VAL"))
    fitted: Fitted = (
        REPRESENTATIONS[name]
        .load()
        .fit(train, val, folder=Path(folder), parameters=parameters, device=parameters.device)
    )
    return fitted


def _losses(name: str, table: Vectors, rows: pd.DataFrame, *, allowed: bool) -> str:
    """What is to be said of videos that lack a vector though they have what it needs."""
    known = (
        rows[list(PAIR_COLUMNS)].notna().all(axis=1)
        if REPRESENTATIONS[name].needs == "phases"
        else rows["n_frames"].notna()
    )
    able = rows.loc[known, ["source", "file_name"]]
    lost = table.missing.merge(able, on=["source", "file_name"])
    return losses(lost, len(able), of=f"videos have no {name} vector", allowed=allowed)


def load_representations(
    names: Iterable[str], folder: str | Path, *, parameters: Any, device: str
) -> dict[str, Fitted]:
    """What :func:`fit_representations` left in a folder, by name, ready for other videos; those that cannot
    be applied to any are left out.
    """
    return {
        name: REPRESENTATIONS[name].load().load(Path(folder), parameters=parameters, device=device)
        for name in names
        if REPRESENTATIONS[name].portable
    }


def extract(
    name: str,
    videos: pd.DataFrame,
    *,
    folder: str | Path,
    device: str = "auto",
    workers: int = 1,
    out: str | Path | None = None,
) -> Vectors:
    """Vectors of videos by a representation that stage 02 has fitted.

    Parameters
    ----------
    name : str
        A registered representation.
    videos : DataFrame
        Rows of a frame index with a ``path`` column; where no phases are needed, ``source``,
        ``file_name`` and ``path`` are enough.
    folder : path
        Folder of stage 02. Its run card says with which parameters it was fitted; without one, with the
        defaults.
    device : {"auto", "cpu", "cuda"}
        Where networks run.
    workers : int
        Decoding threads.
    out : path, optional
        File to write the vectors to.

    Raises
    ------
    ParameterError
        If there is no such representation.
    CheckpointError, DataError
        If it has not been fitted there, or finds no video.
    """
    entry = REPRESENTATIONS[name]
    values = read_run_card(folder)["parameters"] if (Path(folder) / RUN_CARD).is_file() else {}
    model = imported(entry.parameters) if entry.parameters else StageParameters
    known = {key: value for key, value in values.items() if key in model.model_fields}
    fitted: Fitted = entry.load().load(Path(folder), parameters=model.model_construct(**known), device=device)
    return fitted.vectors(videos, workers=workers, out=None if out is None else Path(out))


def read_vectors(names: Iterable[str], folder: str | Path) -> dict[str, Vectors]:
    """The vectors that stage 02 wrote, by name of the representation."""
    return {name: read_features(vector_file(folder, name)) for name in names}


def vector_file(folder: str | Path, name: str) -> Path:
    """File of the vectors of one representation."""
    return Path(folder) / f"{name}_features.npz"


def modules_of(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Dotted names of the modules behind the representations of a run."""
    return tuple(REPRESENTATIONS[name].module for name in parameters.get("representations", PAPER))


def promised_files(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the files that stage 02 writes for the representations of a run."""
    names = tuple(parameters.get("representations", PAPER))
    made = [file for name in names for file in REPRESENTATIONS[name].files]
    return (*made, *(vector_file("", name).name for name in names))
