"""What every stage of a run will do with its videos, and which cannot: foretold, and held at each stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from infomotion_lib.classes import Classes, group_name
from infomotion_lib.data.faults import MAX_UNUSABLE, OK, UNTRACED
from infomotion_lib.data.outside import state_outside
from infomotion_lib.data.records import first_per_class, read_dataset
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.data.videos import read_videos
from infomotion_lib.errors import DataError
from infomotion_lib.frame_table import has_frames, read_frame_index
from infomotion_lib.outlook import Outlook
from infomotion_lib.parameters import StageParameters, classes_of
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_run_card
from infomotion_lib.registry import imported
from infomotion_lib.run.fingerprint import science
from infomotion_lib.run.unlabelled import without_labels
from infomotion_lib.stage_table import RUN_CARD, TABLE


@dataclass(frozen=True)
class Foretold:
    """Outlooks of the stages of a run, in their order.

    Attributes
    ----------
    stages : dict of str to Outlook
        By name of the stage.
    needs : dict of str to tuple of str
        Stages that each one reads.
    """

    stages: Mapping[str, Outlook]
    needs: Mapping[str, tuple[str, ...]]

    def stopped(self, name: str) -> str:
        """First stage, this one or one that it reads, that is refused; empty where it can run."""
        for need in self.needs[name]:
            if need in self.stages and (at := self.stopped(need)):
                return at
        return name if self.stages[name].refusals else ""

    @property
    def ready(self) -> bool:
        """Whether all stages can run."""
        return not any(self.stopped(name) for name in self.stages)

    def until(self) -> str:
        """Number of the last notebook before the first one that cannot run; empty where there is none."""
        numbers = list(dict.fromkeys(TABLE[name].number for name in self.stages))
        stopped = {TABLE[name].number for name in self.stages if self.stopped(name)}
        first = next((place for place, number in enumerate(numbers) if number in stopped), len(numbers))
        return next((number for number in reversed(numbers[:first]) if number), "")

    def lines(self) -> list[tuple[str, str]]:
        """Label of each stage and what it will do, a row a line; further rows of a stage have no label."""
        rows: list[tuple[str, str]] = []
        for name, outlook in self.stages.items():
            at = self.stopped(name)
            if at and at != name:
                rows.append((TABLE[name].label, f"cannot run: it reads {TABLE[at].label}"))
            elif at:
                words = [str(refusal).replace("\n", " ") for refusal in outlook.refusals]
                rows += [
                    (TABLE[name].label if not number else "", f"cannot run: {text}")
                    for number, text in enumerate(words)
                ]
            else:
                rows.append((TABLE[name].label, outlook.work))
                rows += [("", remark) for remark in outlook.remarks]
        return rows

    def verdict(self) -> str:
        """Which stages can run, in a sentence."""
        if self.ready:
            return "all stages can run"
        able = [TABLE[name].label for name in self.stages if not self.stopped(name)]
        unable = [TABLE[name].label for name in self.stages if self.stopped(name)]
        how = f" `--until {number}` leaves what comes after {number} out." if (number := self.until()) else ""
        return f"{', '.join(able) or 'No stage'} can run; {', '.join(unable)} cannot.{how}"

    def require(self, until: str = "") -> None:
        """Nothing, if every stage up to ``until``, a stage's name, or all can run.

        Raises
        ------
        InfoMotionError
            With the first refusal, and which stages can run.
        """
        for name in self.stages if not until else self._closure(until):
            if at := self.stopped(name):
                refusal = self.stages[at].refusals[0]
                raise type(refusal)(
                    f"Stage {TABLE[at].label} cannot run: {refusal.what}",
                    where=refusal.where,
                    remedy=f"{refusal.remedy}\nNothing has run. {self.verdict()}",
                )

    def _closure(self, name: str) -> list[str]:
        """The stage and all that it rests on, in their order."""
        wanted = {name}
        for stage in reversed(list(self.stages)):
            wanted |= set(self.needs[stage]) if stage in wanted else set()
        return [stage for stage in self.stages if stage in wanted]


def foretell(stages: Mapping[str, StageParameters], videos: pd.DataFrame) -> Foretold:
    """Outlook of every stage that asks something of the videos.

    Parameters
    ----------
    stages : mapping of str to StageParameters
        Parameters of every stage of the run, by name.
    videos : DataFrame
        From :func:`videos_of_run`, or one source of it.
    """
    told, needs = {}, {}
    values = {key: value for parameters in stages.values() for key, value in parameters.model_dump().items()}
    for name, parameters in stages.items():
        if function := TABLE[name].foretold_by:
            outlook: Callable[..., Outlook] = imported(function)
            refusal = without_labels(values, last=name)
            told[name] = Outlook("", (refusal,)) if refusal else outlook(videos, parameters, stages)
            needs[name] = TABLE[name].needs_of(parameters.model_dump())
    return Foretold(told, needs)


def videos_of_run(stages: Mapping[str, StageParameters], paths: RunPaths) -> pd.DataFrame | None:
    """Table of all videos that a run will have, as :mod:`infomotion_lib.outlook` describes it: as the data
    stage listed them where that is up to date, else from headers and plans; None where they are not known
    before they are fetched.

    Raises
    ------
    DataError
        If a folder of the reader's is missing or no data set.
    """
    parameters = stages["data"]
    if (table := _as_listed(parameters, paths)) is not None:
        return table
    tables = []
    for source, name in parameters.sources.items():
        entry = SOURCES[name]
        if entry.folder:
            root = entry.root(data_dir="", data_root=parameters.data_root)
            most = 1.0 if parameters.allow_losses else MAX_UNUSABLE
            labelled = classes_of(parameters) == "ef"
            read = read_dataset(root, name=name, layout=entry.layout, max_unusable=most, labelled=labelled)
            videos = read.videos
        elif foresight := getattr(entry.load(), "foretell", None):
            videos = foresight(plays=entry.plays, parameters=parameters)
        else:
            return None
        tables.append(as_table(videos, source=source, limit=parameters.limit, classes=classes_of(parameters)))
    return pd.concat(tables, ignore_index=True)


def as_table(videos: pd.DataFrame, *, source: str, limit: int = 0, classes: Classes = "ef") -> pd.DataFrame:
    """Rows of one source of the table, from the videos of a data set."""
    kept = videos.copy()
    if limit:
        usable = first_per_class(videos[videos["status"] == OK], limit)["file_name"]
        kept = videos[videos["file_name"].isin(usable) | (videos["status"] != OK)].copy()
    untraced = kept["tracing"].isin(UNTRACED) | (kept["tracing"] == "")
    names = group_name(kept["ef"].to_numpy(dtype=float), classes)
    phases = np.where(untraced, "detect", "traced")
    return kept.assign(source=source, class_name=names, phases=phases).reset_index(drop=True)


def require_videos(
    name: str, parameters: StageParameters, paths: RunPaths, *, stages: Mapping[str, StageParameters]
) -> None:
    """Nothing, if a stage can run on what the stages before it have found.

    Parameters
    ----------
    stages : mapping of str to StageParameters
        Parameters of the stages that it reads, by name.

    Raises
    ------
    InfoMotionError
        The first of its refusals.
    """
    function = TABLE[name].foretold_by
    if not function or not paths.videos.is_file():
        return
    try:
        videos = _as_found(name, parameters, paths)
    except DataError:  # a damaged table, which the stage itself refuses
        return
    if videos is not None:
        outlook: Outlook = imported(function)(videos, parameters, stages)
        outlook.require()


def _as_found(name: str, parameters: StageParameters, paths: RunPaths) -> pd.DataFrame | None:
    """The table of videos as the stages before one have left it; None where no source of it is listed."""
    listed = read_videos(paths.videos, profile=parameters.profile)
    parts = [
        as_table(
            rows.drop(columns="source"),
            source=source,
            limit=parameters.limit,
            classes=classes_of(parameters),
        )
        for source in parameters.sources
        if len(rows := listed[listed["source"] == source])
    ]
    if not parts:
        return None
    videos = pd.concat(parts, ignore_index=True)
    if "frame_index" in TABLE[name].needs and paths.frame_index.is_file():
        known = ["source", "file_name", "ef", "class_name", "systole_start"]
        index = read_frame_index(paths.frame_index)[known]
        videos = videos.drop(columns=["ef", "class_name"]).merge(index, on=["source", "file_name"])
        videos["phases"] = np.where(has_frames(videos), "found", "none")
    return videos


def _as_listed(parameters: StageParameters, paths: RunPaths) -> pd.DataFrame | None:
    """The table from ``videos.csv``, if the data stage would give the same again."""
    if not (paths.data / RUN_CARD).is_file() or not paths.videos.is_file():
        return None
    card = read_run_card(paths.data)
    used = type(parameters).model_validate(_tuples(card["parameters"]), strict=False)
    if science(used) != science(parameters) or card["notes"].get("outside", {}) != state_outside(parameters):
        return None
    try:
        listed = read_videos(paths.videos, profile=parameters.profile)
    except DataError:  # damaged: as if it were not there
        return None
    parts = [
        as_table(
            listed[listed["source"] == source].drop(columns="source"),
            source=source,
            limit=parameters.limit,
            classes=classes_of(parameters),
        )
        for source in parameters.sources
    ]
    return pd.concat(parts, ignore_index=True)


def _tuples(values: Mapping[str, object]) -> dict[str, object]:
    """Parameters of a run card, lists as they are declared."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
