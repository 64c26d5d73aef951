"""A data set folder checked for a run: what it holds, what looks wrong, what every stage will do with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_lib.data.check import NOT_READY, DataReport, report
from infomotion_lib.data.faults import MAX_UNUSABLE
from infomotion_lib.data.layout import is_selection
from infomotion_lib.data.look import LOOKED_THROUGH, odd_videos
from infomotion_lib.data.records import read_dataset
from infomotion_lib.data.sources import NONE, SOURCES
from infomotion_lib.errors import DataError
from infomotion_lib.parameters import StageParameters, classes_of
from infomotion_lib.run.outlook import as_table, foretell
from infomotion_lib.run.prepare import parameters_of, resolve

PAPER, OWN = "paper", "own"
"""Profiles that a folder is checked for where none is named: an EchoNet folder for the first."""


def check_for_run(
    folder: str | Path,
    *,
    layout: str = "auto",
    profile: str = "",
    overrides: Mapping[str, Any] | None = None,
    strict: bool = False,
    thorough: bool = False,
) -> DataReport:
    """Report on a folder that shall be the real data of a profile's run.

    Parameters
    ----------
    folder : path
        Folder with ``FileList.csv``.
    layout : {"auto", "echonet-dynamic", "echonet-synthetic"}
        See :func:`infomotion_lib.data.records.read_dataset`. Stages are foretold for the first of the two.
    profile : str
        Whose stages; :data:`PAPER` where the folder is called so, else :data:`OWN`.
    overrides : mapping, optional
        Parameters that differ from the profile.
    strict : bool
        Faults of single videos stop too.
    thorough : bool
        Decode every frame of every video.

    Raises
    ------
    DataError
        If it is the wrong folder or a faulty data set.
    ParameterError
        If the profile or a parameter is.
    """
    values = resolve(profile or _profile_of(Path(folder)), overrides=overrides)
    stages = parameters_of(values)
    most = 1.0 if stages["data"].allow_losses else MAX_UNUSABLE
    classes = classes_of(stages["data"])
    dataset = read_dataset(folder, layout=layout, strict=strict, max_unusable=most, labelled=classes == "ef")
    workers = stages["data"].workers
    found = replace(report(dataset), odd=odd_videos(dataset, workers=workers, thorough=thorough))
    if len(dataset.usable) > LOOKED_THROUGH and not thorough:
        seen = f"{LOOKED_THROUGH:,} of {len(dataset.usable):,} videos were decoded whole: --thorough, all."
        found = replace(found, dataset=replace(dataset, notes=(*dataset.notes, seen)))
    if dataset.layout != "echonet-dynamic" or is_selection(dataset.root):
        return found
    other, lacking = _second(stages["data"], dataset.place)
    real = as_table(dataset.videos, source="real", limit=stages["data"].limit, classes=classes)
    told = foretell(stages, pd.concat([real, *([] if other is None else [other])], ignore_index=True))
    name = values["profile"]
    if lacking:
        verdict = f"{NOT_READY} for the profile {name}: {lacking}"
    elif told.ready:
        verdict = f"Ready for the profile {name}: all stages can run."
    else:
        verdict = f"{NOT_READY} for the profile {name}: {told.verdict()}"
    ready = not profile or (told.ready and not lacking)
    return replace(found, stages=tuple(told.lines()), verdict=verdict, ready=ready)


def _profile_of(folder: Path) -> str:
    places = (folder.absolute(), folder.resolve())
    names = {part.name.lower() for place in places for part in (place, place.parent)}
    return PAPER if names & {"echonet-dynamic", "echonet-synthetic"} else OWN


def _second(parameters: StageParameters, root: Path) -> tuple[pd.DataFrame | None, str]:
    """Videos of the profile's synthetic source, drawn or beside the folder; or why they are not known."""
    name = parameters.synthetic_data
    if name == NONE:
        return None, ""
    entry = SOURCES[name]
    if not entry.folder:
        foresight = getattr(entry.load(), "foretell", None)
        if foresight is None:
            return None, ""
        videos = foresight(plays=entry.plays, parameters=parameters)
        return as_table(videos, source="synthetic", limit=parameters.limit), ""
    try:
        beside = entry.root(data_dir="", data_root=root.parent)
        videos = read_dataset(beside, name=name, layout=entry.layout).videos
    except DataError as error:
        return None, f"its synthetic source {name}: {error.what} -p synthetic_data=none goes without."
    return as_table(videos, source="synthetic", limit=parameters.limit), ""
