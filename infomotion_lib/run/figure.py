"""One figure drawn again: its notebook is executed on a run as it lies, into a scratch folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infomotion_lib.errors import ParameterError, did_you_mean
from infomotion_lib.parameters import read_profile, stage_parameters, stages_called
from infomotion_lib.paths import RunPaths, notebook_of, require_own, run_paths
from infomotion_lib.run.here import require_here, with_whole_paths
from infomotion_lib.run.lock import only_run
from infomotion_lib.run.notebook import execute
from infomotion_lib.run.runner import refuse_other_limit
from infomotion_lib.run.scratch import prepare_scratch, scratch_of, values_of_run
from infomotion_lib.stage_table import TABLE, notebook_stages

_SAVED = re.compile(r'"figures" / "([\w.]+\.(?:svg|webp))"')
_NAMED = re.compile(r'"([\w.]+\.(?:svg|webp))"')


@dataclass(frozen=True)
class Drawn:
    """Pictures that one notebook drew.

    Attributes
    ----------
    folder : Path
        Scratch folder of the stage: tables, run card and the executed copy too.
    pictures : tuple of Path
        What it drew; the one that was asked for comes first.
    """

    folder: Path
    pictures: tuple[Path, ...]


def drawn_by(notebook: Path) -> list[str]:
    """File names of the figures that a notebook saves, in the order of its cells."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return list(dict.fromkeys([*_SAVED.findall(source), *_NAMED.findall(source)]))


def figures() -> dict[str, list[str]]:
    """File names of the figures of every notebook, by its number, such as ``"03"``."""
    notebooks = {number: notebook_of(TABLE[stage]) for number, stage in notebook_stages().items()}
    return {number: drawn_by(file) for number, file in notebooks.items() if file and file.is_file()}


def draw_figure(
    name: str,
    profile: str,
    *,
    overrides: Mapping[str, Any] | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Drawn:
    """Pictures of the notebook that draws ``name``, drawn again on the run of a profile, which stays as it
    is.

    Parameters
    ----------
    name : str
        A figure, such as ``"recipes"`` or ``"recipes.svg"``; or a notebook or its stage, such as ``"03"``.
    profile : str
        Name of a profile, or path of a ``.yml`` file. A run that was made with other values keeps those.
    overrides : mapping, optional
        Parameters of that notebook that differ.
    say : callable, optional
        Takes a line when the notebook starts.

    Raises
    ------
    ParameterError
        Unknown figure or parameter, or a wrong value.
    StageError
        A stage before it has not finished, or the notebook failed.
    """
    changes = with_whole_paths(overrides or {})
    values = with_whole_paths(read_profile(profile))
    paths = run_paths(values["profile"], changes.get("runs_dir", values.get("runs_dir", "runs")))
    require_own(paths, profile)
    values = values_of_run(paths.profile, paths.root.parent) or values
    step = TABLE[_stage_of(name, paths, {**values, **changes})]
    parameters = stage_parameters(step.name, values, overrides=changes)
    require_here({step.name: parameters})
    refuse_other_limit(step, parameters, paths)
    notebook = notebook_of(step)
    if notebook is None:
        raise ParameterError(
            f"Stage {step.name} draws nothing.", remedy="`infomotion figure` lists what can be drawn."
        )
    with only_run(scratch_of(paths)):
        folder = prepare_scratch(step, parameters, paths)
        say(f"{step.label}: executing {notebook.name} on {paths.root}")
        copy = folder / notebook.name
        execute(
            notebook,
            copy,
            parameters=parameters.model_dump(),
            arithmetic=parameters.arithmetic,
            threads=parameters.workers,
        )
    pictures = [file for file in sorted((folder / "figures").glob("*")) if file.is_file()]
    return Drawn(folder, tuple(sorted(pictures, key=lambda file: name not in (file.name, file.stem))))


def _stage_of(name: str, paths: RunPaths, values: Mapping[str, Any]) -> str:
    """Stage that draws a figure; of the pools, which share a notebook, that of the generator in ``values``,
    else the first whose run has that figure.
    """
    known = figures()
    numbers = [
        number for number, files in known.items() if name in [*files, *(Path(file).stem for file in files)]
    ]
    if len(numbers) > 1:
        raise ParameterError(
            f"Several notebooks draw {name}.", remedy=f"Name the notebook: {' or '.join(numbers)}."
        )
    drawn = [
        stage.name
        for stage in TABLE.values()
        for file in (paths.stage(stage.name) / "figures").glob("*")
        if name in (file.name, file.stem)
    ]
    if not numbers and drawn:
        return drawn[0]
    try:
        stages = stages_called(numbers[0] if numbers else name, values)
    except ParameterError:
        names = [*known, *(Path(file).stem for files in known.values() for file in files)]
        raise ParameterError(
            f"Unknown figure: {name}",
            remedy=f"{did_you_mean(name, names)} `infomotion figure` lists them.".strip(),
        ) from None
    chosen = [stage for stage in stages if TABLE[stage].generator == values.get("generator")]
    return next((stage for stage in (*chosen, *drawn) if stage in stages), stages[0])


def listing() -> str:
    """Names of all figures, under that of their notebook."""
    lines = []
    for number, files in figures().items():
        notebook = notebook_of(TABLE[notebook_stages()[number]])
        names = ", ".join(Path(file).stem for file in files)
        lines.append(f"{notebook.stem if notebook else number}: {names}")
    return "\n".join(lines)
