"""The vectors of stage 02, made by several jobs once the networks behind them are trained: blocks of videos
that the stage takes up.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.paths import RunPaths
from infomotion_lib.representations.parameters import FitParameters
from infomotion_lib.representations.registry import REPRESENTATIONS
from infomotion_lib.share import Share

if TYPE_CHECKING:
    import pandas as pd

    from infomotion_lib.representations.base import Shareable


def prepare(parameters: FitParameters, paths: RunPaths) -> None:
    """Fit every representation whose vectors are made in blocks."""
    _fit(_in_blocks(parameters), parameters, paths)


def fit_all(parameters: FitParameters, paths: RunPaths) -> None:
    """Fit every representation of the run."""
    _fit(parameters.representations, parameters, paths)


def _fit(names: Iterable[str], parameters: FitParameters, paths: RunPaths) -> None:
    from infomotion_lib.representations.stage import fit_one

    rows = _rows(parameters, paths)
    for name in names:
        fit_one(
            name,
            rows,
            teacher=next(iter(parameters.sources)),
            folder=paths.stage("ifa_training"),
            parameters=parameters,
        )


def part(share: Share, parameters: FitParameters, paths: RunPaths) -> None:
    """Make one share of the blocks of each of these representations."""
    from infomotion_lib.representations.stage import load_representations, vector_file

    folder, rows = paths.stage("ifa_training"), _rows(parameters, paths)
    fitted = load_representations(
        _in_blocks(parameters), folder, parameters=parameters, device=parameters.device
    )
    for name, ready in fitted.items():
        cast("Shareable", ready).make_blocks(
            rows, share, workers=parameters.workers, out=vector_file(folder, name)
        )


def take_up(folder: Path) -> None:
    """Nothing: blocks lie where the representation looks for its own."""


def _in_blocks(parameters: FitParameters) -> list[str]:
    return [name for name in parameters.representations if REPRESENTATIONS[name].in_blocks]


def _rows(parameters: FitParameters, paths: RunPaths) -> pd.DataFrame:
    """Frame index of all sources with paths, as the notebook has it."""
    from infomotion_lib.data.videos import open_sources
    from infomotion_lib.representations.ifa.triplets import attach_paths

    return attach_paths(read_frame_index(paths.frame_index), open_sources(parameters, paths))
